package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// matrix joins statements and the tests that cite them.
type matrix struct {
	statements map[id]statement
	tests      map[id]map[test]bool
}

func newMatrix(statements []statement) *matrix {
	m := &matrix{statements: map[id]statement{}, tests: map[id]map[test]bool{}}
	for _, s := range statements {
		m.statements[s.id] = s
		m.tests[s.id] = map[test]bool{}
	}
	return m
}

func (m *matrix) exists(i id) bool { _, ok := m.statements[i]; return ok }

// cite notes that t cites i. It is false when no standard has i.
func (m *matrix) cite(i id, t test) bool {
	if !m.exists(i) {
		return false
	}
	m.tests[i][t] = true
	return true
}

// of lists the ids of a prefix in order, those with a test or those without.
func (m *matrix) of(prefix string, tested bool) []id {
	var out []id
	for i := range m.statements {
		if i.prefix == prefix && (len(m.tests[i]) > 0) == tested {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b id) int { return cmp.Compare(a.number, b.number) })
	return out
}

// counts is the summary, as plain lines.
func (m *matrix) counts() string {
	var b strings.Builder
	for _, p := range prefixes {
		open, done := len(m.of(p.name, false)), len(m.of(p.name, true))
		fmt.Fprintf(&b, "%s  %3d of %3d with a test  %s\n", p.name, done, open+done, p.covers)
	}
	return b.String()
}

func (m *matrix) page() string {
	var b strings.Builder
	b.WriteString("# Standards matrix\n\nMade by `make matrix` from the marks in the tests; do not edit. The statements are in [standards/](standards/README.md).\n\n")
	b.WriteString("| ids | about | all | with a test | open |\n| --- | --- | ---: | ---: | ---: |\n")
	all, done := 0, 0
	for _, p := range prefixes {
		o, d := len(m.of(p.name, false)), len(m.of(p.name, true))
		all, done = all+o+d, done+d
		fmt.Fprintf(&b, "| %s- | %s | %d | %d | %d |\n", p.name, p.covers, o+d, d, o)
	}
	fmt.Fprintf(&b, "| | | %d | %d | %d |\n\n## Without a test\n", all, done, all-done)
	for _, p := range prefixes {
		m.open(&b, p.name)
	}
	b.WriteString("\n## With a test\n")
	for _, p := range prefixes {
		m.done(&b, p.name)
	}
	return b.String()
}

func (m *matrix) open(b *strings.Builder, prefix string) {
	ids := m.of(prefix, false)
	if len(ids) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### %s: %d open\n\n", prefix, len(ids))
	for _, i := range ids {
		fmt.Fprintf(b, "- %s %s\n", m.link(i), m.statements[i].gist)
	}
}

func (m *matrix) done(b *strings.Builder, prefix string) {
	ids := m.of(prefix, true)
	if len(ids) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### %s: %d with a test\n\n| id | statement | tests |\n| --- | --- | --- |\n", prefix, len(ids))
	for _, i := range ids {
		fmt.Fprintf(b, "| %s | %s | %s |\n", m.link(i), m.statements[i].gist, m.links(i))
	}
}

func (m *matrix) link(i id) string {
	return fmt.Sprintf("[%s](standards/%s)", i, m.statements[i].file)
}

func (m *matrix) links(i id) string {
	tests := slices.SortedFunc(maps.Keys(m.tests[i]), func(a, b test) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.name, b.name))
	})
	var out []string
	for _, t := range tests {
		out = append(out, fmt.Sprintf("[%s:%s](../%s)", t.file, t.name, t.file))
	}
	return strings.Join(out, "<br>")
}
