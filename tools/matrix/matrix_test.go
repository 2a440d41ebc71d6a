package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const checklist = `# A checklist
- SE-1 Session secret: 256 bits.
- SE-2 Look-up by hash | more.
- **SE-4** is bold.
  - SE-5 in a nested list is text
- **TH-1 (C) A birth races the act.** **Rule:** versions.
See SE-9 for details.
`

func TestParseStandard(t *testing.T) {
	got := parseStandard("s.md", checklist)
	want := []statement{
		{id{"SE", 1}, "s.md", "Session secret: 256 bits."},
		{id{"SE", 2}, "s.md", "Look-up by hash / more."},
		{id{"SE", 4}, "s.md", "is bold."},
		{id{"TH", 1}, "s.md", "(C) A birth races the act. Rule: versions."},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestGistCutsAtAWord(t *testing.T) {
	got := gist(strings.Repeat("wörter ", 30))
	if !strings.HasSuffix(got, "wörter …") || len([]rune(got)) > 92 {
		t.Errorf("got %q", got)
	}
}

func TestCited(t *testing.T) {
	exists := func(i id) bool { return i.number != 12 }
	cases := map[string]string{
		"// TH-32 PW-15":          "[TH-32 PW-15]",
		"// SE-10..SE-13":         "[SE-10 SE-11 SE-13]",
		"// SE-10..13, SE-20":     "[SE-10 SE-11 SE-13 SE-20]",
		"// SA-30 … SA-32":        "[SA-30 SA-31 SA-32]",
		"// SE-10..PW-12":         "[SE-10]",
		"RSA-2048 and XTH-1":      "[]",
		"// (AU-40) and AU-23.":   "[AU-40 AU-23]",
		`t.Run("PW-1", func() {}`: "[PW-1]",
	}
	for text, want := range cases {
		if got := fmt.Sprint(cited(text, exists)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func newTestMatrix() *matrix { return newMatrix(parseStandard("s.md", checklist)) }

func TestReadFile(t *testing.T) {
	m := newTestMatrix()
	src := `package x
// SE-4 outside a test proves nothing.

// TestA shows it. SE-1
func TestA(t *testing.T) {
	// TH-1
}
func helper() { /* SE-2 */ }
`
	if err := readFile(m, "a/x_test.go", []byte(src)); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(m.of("SE", true), m.of("SE", false), m.of("TH", true)); got != "[SE-1] [SE-2 SE-4] [TH-1]" {
		t.Errorf("got %s", got)
	}
}

func TestContractTestsCount(t *testing.T) {
	m := newTestMatrix()
	src := "package storetest\nfunc races(t *testing.T) { /* TH-1 */ }\nfunc make() { /* SE-1 */ }"
	if err := readFile(m, "internal/store/storetest/s.go", []byte(src)); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(m.of("TH", true), m.of("SE", true)); got != "[TH-1] []" {
		t.Errorf("got %s", got)
	}
}

func TestUnknownIDIsAnError(t *testing.T) {
	err := readFile(newTestMatrix(), "x_test.go", []byte("package x\nfunc TestA() { /* SE-99 */ }"))
	if err == nil || !strings.Contains(err.Error(), "cites SE-99") {
		t.Errorf("got %v", err)
	}
}

func TestPage(t *testing.T) {
	m := newTestMatrix()
	m.cite(id{"SE", 2}, test{"a/x_test.go", "TestB"})
	m.cite(id{"SE", 2}, test{"a/x_test.go", "TestA"})
	page := m.page()
	for _, want := range []string{
		"| SE- | sessions, cookies, CSRF, headers, forward auth | 3 | 1 | 2 |",
		"| | | 4 | 1 | 3 |",
		"- [TH-1](standards/s.md) (C) A birth",
		"| [SE-2](standards/s.md) | Look-up by hash / more. | [a/x_test.go:TestA](../a/x_test.go)<br>[a/x_test.go:TestB](../a/x_test.go) |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if strings.Index(page, "## Without") > strings.Index(page, "## With a") {
		t.Error("the open ones come first")
	}
}
