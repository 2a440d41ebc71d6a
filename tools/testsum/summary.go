package main

import (
	"fmt"
	"io"
	"strings"
)

// event is one line of test2json (see go doc test2json).
type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // of build events
	FailedBuild                   string // of a package that did not build
	Elapsed                       float64
}

// summary counts tests and keeps the output of those still undecided.
type summary struct {
	out            io.Writer
	passed, failed int
	skipped        []string
	brokenRuns     int
	output         map[string]*strings.Builder // by test, by package, by build
	inPackage      map[string]*tally
}

type tally struct{ passed, failed, skipped int }

func newSummary(out io.Writer) *summary {
	return &summary{out: out, output: map[string]*strings.Builder{}, inPackage: map[string]*tally{}}
}

// failures is everything that makes the run a failed one.
func (s *summary) failures() int { return s.failed + len(s.skipped) + s.brokenRuns }

func (s *summary) add(e event) {
	key := e.Package + " " + e.Test
	if e.ImportPath != "" {
		key = e.ImportPath
	}
	switch e.Action {
	case "output", "build-output":
		s.buffer(key).WriteString(e.Output)
	case "build-fail":
		fmt.Fprintf(s.out, "\n--- does not build: %s\n%s", e.ImportPath, s.take(key))
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.closePackage(e, s.take(key))
		} else {
			s.closeTest(e, s.take(key))
		}
	}
}

func (s *summary) buffer(key string) *strings.Builder {
	if s.output[key] == nil {
		s.output[key] = &strings.Builder{}
	}
	return s.output[key]
}

func (s *summary) take(key string) string {
	defer delete(s.output, key)
	return s.buffer(key).String()
}

func (s *summary) tally(pkg string) *tally {
	if s.inPackage[pkg] == nil {
		s.inPackage[pkg] = &tally{}
	}
	return s.inPackage[pkg]
}

func (s *summary) closeTest(e event, output string) {
	switch e.Action {
	case "pass":
		s.passed++
		s.tally(e.Package).passed++
		return
	case "skip":
		s.skipped = append(s.skipped, e.Package+" "+e.Test)
		s.tally(e.Package).skipped++
	case "fail":
		s.failed++
		s.tally(e.Package).failed++
	}
	fmt.Fprintf(s.out, "\n--- %s: %s %s\n%s", e.Action, e.Package, e.Test, output)
}

// closePackage prints the line of a package, and its own output when it failed
// although each of its tests passed (a panic, a data race after the last test, or
// a build failure).
func (s *summary) closePackage(e event, output string) {
	t := s.tally(e.Package)
	if e.Action == "fail" && t.failed == 0 {
		s.failed++
		t.failed++
		fmt.Fprintf(s.out, "\n--- fail: %s\n%s%s", e.Package, output, s.undecided(e.Package))
	}
	if t.passed+t.failed+t.skipped == 0 {
		return // no test files
	}
	fmt.Fprintf(s.out, "%-5s%5d passed %3d failed %7.1fs  %s\n", verdict(*t), t.passed, t.failed, e.Elapsed, e.Package)
}

// undecided returns what tests of pkg printed that never came to an end.
func (s *summary) undecided(pkg string) string {
	var b strings.Builder
	for key, output := range s.output {
		if strings.HasPrefix(key, pkg+" ") {
			b.WriteString(output.String())
			delete(s.output, key)
		}
	}
	return b.String()
}

func verdict(t tally) string {
	if t.failed+t.skipped > 0 {
		return "FAIL"
	}
	return "ok"
}

// broken notes that go test itself failed in dir.
func (s *summary) broken(dir string, err error) {
	s.brokenRuns++
	fmt.Fprintf(s.out, "\n--- go test in %s: %v\n", dir, err)
}

// close prints the last lines and tells whether everything passed.
func (s *summary) close() bool {
	for _, name := range s.skipped {
		fmt.Fprintf(s.out, "skipped: %s\n", name)
	}
	if len(s.skipped) > 0 {
		fmt.Fprintln(s.out, "A skipped test counts as failed: make it run, or remove it.")
	}
	if s.passed+s.failures() == 0 {
		fmt.Fprintln(s.out, "No test was run.")
		s.brokenRuns++
	}
	fmt.Fprintf(s.out, "%d passed, %d failed\n", s.passed, s.failures())
	return s.failures() == 0
}
