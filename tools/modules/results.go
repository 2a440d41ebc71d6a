package main

import (
	"fmt"
	"os"
	"strings"
)

// event is one line of test2json.
type event struct {
	Action, Test, Output, Key, Value, FailedBuild string
}

// results are plans in the order they were met, each with its modules.
type results struct {
	plans  []*plan
	tests  map[string]*result
	broken []string // output of what belongs to no module
	failed bool
}

type plan struct {
	name    string
	modules []*result
}

type result struct {
	module, outcome, note string
	output                strings.Builder
	top                   *plan
}

func newResults() *results { return &results{tests: map[string]*result{}} }

func (r *results) add(e event) {
	if e.Test == "" {
		if e.Action == "fail" {
			r.failed = true
		}
		if e.Action == "build-output" {
			r.broken = append(r.broken, e.Output)
		}
		return
	}
	t := r.test(e.Test)
	switch e.Action {
	case "output":
		t.output.WriteString(e.Output)
	case "attr":
		r.attribute(t, e)
	case "pass", "fail", "skip":
		if t.outcome == "" || e.Action != "pass" {
			t.outcome = map[string]string{"pass": "PASSED", "fail": "FAILED", "skip": "NOT RUN"}[e.Action]
		}
		r.failed = r.failed || e.Action != "pass"
	}
}

func (r *results) attribute(t *result, e event) {
	switch e.Key {
	case "outcome":
		t.outcome = e.Value
	case "note":
		t.note = strings.TrimPrefix(t.note+"; "+e.Value, "; ")
	case "plan":
		t.top.name = e.Value
	}
}

// test finds a test by its name, TestConformancePlan or TestConformancePlan/module.
func (r *results) test(name string) *result {
	if t := r.tests[name]; t != nil {
		return t
	}
	top, module, isModule := strings.Cut(name, "/")
	t := &result{module: module}
	r.tests[name] = t
	if isModule {
		t.top = r.test(top).top
		t.top.modules = append(t.top.modules, t)
		return t
	}
	t.top = &plan{name: top}
	r.plans = append(r.plans, t.top)
	return t
}

func (r *results) good() bool { return !r.failed && len(r.tests) > 0 }

// report is for a terminal.
func (r *results) report() string {
	var b strings.Builder
	b.WriteString(strings.Join(r.broken, ""))
	count := map[string]int{}
	for _, p := range r.plans {
		fmt.Fprintf(&b, "\n%s\n", p.name)
		for _, t := range p.modules {
			count[t.outcome]++
			fmt.Fprintf(&b, "  %-8s %s\n", t.outcome, strings.TrimSpace(t.module+"  "+t.note))
			if t.outcome == "FAILED" {
				b.WriteString(t.output.String())
			}
		}
	}
	fmt.Fprintf(&b, "\n%d passed, %d with a warning, %d not offered, %d failed\n", count["PASSED"], count["WARNING"], count["SKIPPED"], count["FAILED"]+count["NOT RUN"])
	return b.String()
}

// table is for the documentation.
func (r *results) table() string {
	var b strings.Builder
	for _, p := range r.plans {
		fmt.Fprintf(&b, "\n### %s\n\n| module | result | |\n|---|---|---|\n", p.name)
		for _, t := range p.modules {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", t.module, t.outcome, t.note)
		}
	}
	return b.String()
}

const (
	begin = "<!-- results: written by scripts/conformance -->\n"
	end   = "\n<!-- end of results -->"
)

// writeInto replaces what stands between the marks of a document.
func (r *results) writeInto(path string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, opened := strings.Cut(string(old), begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		return fmt.Errorf("%s has no marks for the results", path)
	}
	return os.WriteFile(path, []byte(before+begin+r.table()+end+after), 0o644)
}
