// Package examples holds programs that are complete, small and tested: each folder
// is one. Run them from here, for instance with "go run ./nethttp", and open
// http://localhost:8080.
package examples
