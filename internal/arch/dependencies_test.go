package arch

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	required = regexp.MustCompile(`(?m)^\t(\S+) v\S+$`) // direct ones: the others say "// indirect"
	listed   = regexp.MustCompile("`([a-z0-9.]+\\.[a-z]+/[^` ]+)`")
)

// Every module that ours names is justified, and no other is.
func TestDependenciesAreJustified(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	page, err1 := os.ReadFile("../../docs/dependencies.md")
	if err != nil || err1 != nil {
		t.Fatal(err, err1)
	}
	tables := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		first, _, _ := strings.Cut(line[1:], "|")
		for _, m := range listed.FindAllStringSubmatch(first, -1) {
			tables[m[1]] = true
		}
	}
	for _, m := range required.FindAllStringSubmatch(string(mod), -1) {
		if !tables[m[1]] {
			t.Errorf("docs/dependencies.md says nothing of %s", m[1])
		}
		delete(tables, m[1])
	}
	for name := range tables {
		t.Errorf("docs/dependencies.md has %s, go.mod has not", name)
	}
}
