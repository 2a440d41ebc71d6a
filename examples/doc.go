// Package examples holds programs that are complete, small and tested: each folder
// is one. Run them from here, for instance with "go run ./nethttp", and open
// http://localhost:8080.
//
// Webapp, bff, spa, native, device, machine, resource and exchange are programs that sign people
// in at a Mortise that runs on its own, or take its tokens; the comment of each says how
// to start it with "mortise dev --apply" and its apply.yaml.
package examples
