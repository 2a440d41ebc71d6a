package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestResults(t *testing.T) {
	r := newResults()
	for _, e := range []event{
		{Action: "run", Test: "TestConformanceX"},
		{Action: "attr", Test: "TestConformanceX", Key: "plan", Value: "x-plan"},
		{Action: "run", Test: "TestConformanceX/x-one"},
		{Action: "pass", Test: "TestConformanceX/x-one"},
		{Action: "attr", Test: "TestConformanceX/x-two", Key: "outcome", Value: "WARNING"},
		{Action: "attr", Test: "TestConformanceX/x-two", Key: "note", Value: "why"},
		{Action: "pass", Test: "TestConformanceX/x-two"},
		{Action: "pass", Test: "TestConformanceX"},
	} {
		r.add(e)
	}
	doc := filepath.Join(t.TempDir(), "doc.md")
	if err := os.WriteFile(doc, []byte("before\n"+begin+"old"+end+"\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.writeInto(doc); err != nil || !r.good() {
		t.Fatal(err, r.good())
	}
	got, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	want := "before\n" + begin + "\n### x-plan\n\n| module | result | |\n|---|---|---|\n| `x-one` | PASSED |  |\n| `x-two` | WARNING | why |\n" + end + "\nafter\n"
	if string(got) != want {
		t.Errorf("%s", got)
	}
	r.add(event{Action: "attr", Test: "TestConformanceX/x-three", Key: "outcome", Value: "WARNING"})
	r.add(event{Action: "output", Test: "TestConformanceX/x-three", Output: "broken\n"})
	r.add(event{Action: "fail", Test: "TestConformanceX/x-three"})
	if r.good() || !strings.Contains(r.report(), "FAILED   x-three\nbroken") || !strings.Contains(r.report(), "1 passed, 1 with a warning, 0 not offered, 1 failed") {
		t.Errorf("%s", r.report())
	}
	if err := r.writeInto(os.DevNull); err == nil {
		t.Error("a document without marks is taken")
	}
}
