// Command mortise is the server and the console of Mortise in one file.
//
// This package owns the command line: names, flags, exit codes, settings and
// output. It holds no rule about accounts: commands talk to /api/v1, over the
// socket of the running server or, when none runs, to the same handler in this
// process. What the server is made of comes in through Backend, in wire.go.
//
// Rules of the surface: data goes to standard output and words to standard
// error; JSON as soon as standard output is no terminal; secrets are never
// arguments; what destroys shows first what it will do and asks.
package main
