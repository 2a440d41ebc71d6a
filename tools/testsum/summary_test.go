package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestSummary(t *testing.T) {
	cases := []struct {
		name, events string
		ok           bool
		last         string
		contains     string
	}{
		{"pass", `{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Elapsed":0.1}`, true, "1 passed, 0 failed", "ok       1 passed   0 failed"},
		{"fail shows its output", `{"Action":"output","Package":"p","Test":"TestA","Output":"what went wrong\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`, false, "0 passed, 1 failed", "what went wrong"},
		{"a pass hides its output", `{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}`, true, "1 passed, 0 failed", ""},
		{"skip fails", `{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p"}`, false, "1 passed, 1 failed", "skipped: p TestB"},
		{"package without tests is no skip", `{"Action":"skip","Package":"p"}
{"Action":"pass","Package":"q","Test":"TestA"}
{"Action":"pass","Package":"q"}`, true, "1 passed, 0 failed", ""},
		{"panic after the last test", `{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"WARNING: DATA RACE\n"}
{"Action":"fail","Package":"p"}`, false, "1 passed, 1 failed", "DATA RACE"},
		{"test that never ended", `{"Action":"output","Package":"p","Test":"TestA","Output":"goroutine 1\n"}
{"Action":"fail","Package":"p"}`, false, "0 passed, 1 failed", "goroutine 1"},
		{"does not build", `{"Action":"build-output","ImportPath":"p","Output":"undefined: x\n"}
{"Action":"build-fail","ImportPath":"p"}
{"Action":"fail","Package":"p","FailedBuild":"p"}`, false, "0 passed, 1 failed", "undefined: x"},
		{"nothing ran", ``, false, "0 passed, 1 failed", "No test was run."},
		{"other lines are shown", "go: downloading\n" + `{"Action":"pass","Package":"p","Test":"TestA"}`, true, "1 passed, 0 failed", "go: downloading"},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			s := newSummary(&out)
			if err := read(s, strings.NewReader(tt.events)); err != nil {
				t.Fatal(err)
			}
			if ok := s.close(); ok != tt.ok {
				t.Errorf("ok is %v", ok)
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if last := lines[len(lines)-1]; last != tt.last {
				t.Errorf("last line %q, want %q", last, tt.last)
			}
			if !strings.Contains(out.String(), tt.contains) || strings.Contains(out.String(), "chatter") {
				t.Errorf("output:\n%s", out.String())
			}
		})
	}
}
