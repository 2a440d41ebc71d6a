package browser

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
)

//go:embed axe/axe.min.js.gz
var axeSource []byte

// violation is a finding of axe-core.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

// Axe checks the page against WCAG 2.2 AA as far as a machine can, and returns what
// it holds against it. The page must have JavaScript switched on.
func (p *Page) Axe() []string {
	p.t.Helper()
	gz, err := gzip.NewReader(bytes.NewReader(axeSource))
	if err != nil {
		p.t.Fatal(err)
	}
	source, err := io.ReadAll(gz)
	if err != nil {
		p.t.Fatal(err)
	}
	p.Eval(string(source)+"\n;undefined", nil)
	var found []violation
	p.Eval(`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
		.then(r => r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help,
			nodes: v.nodes.map(n => ({html: n.html, failureSummary: n.failureSummary}))})))`, &found)
	var out []string
	for _, v := range found {
		for _, n := range v.Nodes {
			out = append(out, fmt.Sprintf("%s (%s): %s: %s: %s", v.ID, v.Impact, v.Help, n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", " ")))
		}
	}
	return out
}
