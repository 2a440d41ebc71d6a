// Package arch holds the import policy of Mortise as a test, and nothing else.
//
// policy.txt says, one line a package, which of our packages it may import, and
// which packages may touch the parts of the standard library and of other people's
// modules that carry risk. A package or module without a line fails the test, so
// a new edge in the graph is always somebody's decision. The files are read with
// go/parser: a test that shells out to go list is answered from the test cache.
package arch
