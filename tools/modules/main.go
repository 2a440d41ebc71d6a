// Command modules says what came of the protocol modules, from the events of
//
//	go test -json -run '^TestConformance' ./e2e/conformance | modules [-doc FILE]
//
// It prints one line a module and the output of those that failed, and writes the
// table into FILE between its two marks. A test says beside passing: the attributes
// outcome (WARNING, SKIPPED) and note, and its plan's name in plan.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	doc := flag.String("doc", "", "write the table into this `file`")
	flag.Parse()
	r := newResults()
	d := json.NewDecoder(os.Stdin)
	for {
		var e event
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			fatal(err)
		}
		r.add(e)
	}
	fmt.Print(r.report())
	if *doc != "" && r.good() {
		if err := r.writeInto(*doc); err != nil {
			fatal(err)
		}
	}
	if !r.good() {
		os.Exit(1)
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "modules:", err)
	os.Exit(1)
}
