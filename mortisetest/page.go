package mortisetest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// page is an answer as a browser shows it.
type page struct {
	address *url.URL
	status  int
	header  http.Header
	body    string
	root    *html.Node
	text    string // what a person can read, white space collapsed
}

func newPage(t testing.TB, address *url.URL, resp *http.Response) *page {
	t.Helper()
	p := &page{address: address, status: resp.StatusCode, header: resp.Header, body: read(t, resp)}
	p.text = collapse(p.body)
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		root, err := html.Parse(strings.NewReader(p.body))
		if err != nil {
			t.Fatalf("mortisetest: %s: %v", address, err)
		}
		var text strings.Builder
		readable(root, &text)
		p.root, p.text = root, collapse(text.String())
	}
	return p
}

func collapse(s string) string { return strings.Join(strings.Fields(s), " ") }

// readable writes the text of n that a browser shows.
func readable(n *html.Node, to *strings.Builder) {
	switch {
	case n.Type == html.TextNode:
		to.WriteString(n.Data)
	case n.Type == html.ElementNode && slices.Contains([]atom.Atom{atom.Script, atom.Style, atom.Template, atom.Head}, n.DataAtom):
		return
	}
	block := n.Type == html.ElementNode && !slices.Contains(inline, n.DataAtom)
	if block {
		to.WriteByte(' ')
	}
	for c := range n.ChildNodes() {
		readable(c, to)
	}
	if block {
		to.WriteByte(' ')
	}
}

// inline elements do not part the words around them.
var inline = []atom.Atom{atom.A, atom.Abbr, atom.B, atom.Bdi, atom.Code, atom.Em, atom.I, atom.Kbd, atom.Mark, atom.Small, atom.Span, atom.Strong, atom.Time, atom.Wbr}

// attr returns an attribute of n, and whether it has it.
func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val, true
		}
	}
	return "", false
}

func has(n *html.Node, name string) bool {
	_, ok := attr(n, name)
	return ok
}

// find returns the first element for which ok holds.
func (p *page) find(ok func(*html.Node) bool) *html.Node {
	if p.root == nil {
		return nil
	}
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && ok(n) {
			return n
		}
	}
	return nil
}

func (p *page) byID(id string) *html.Node {
	return p.find(func(n *html.Node) bool { v, _ := attr(n, "id"); return v == id })
}

// describe is the page in a failure text: where, what, and what could be used.
func (p *page) describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s\n  %s\n", p.status, p.address, clip(p.text))
	for _, kind := range []struct {
		title string
		atoms []atom.Atom
	}{
		{"fields", []atom.Atom{atom.Input, atom.Textarea, atom.Select}},
		{"buttons", []atom.Atom{atom.Button}},
		{"links", []atom.Atom{atom.A}},
	} {
		if ids := p.ids(kind.atoms); len(ids) > 0 {
			fmt.Fprintf(&b, "  %s: %s\n", kind.title, strings.Join(ids, ", "))
		}
	}
	return b.String()
}

func (p *page) ids(kinds []atom.Atom) []string {
	var ids []string
	if p.root == nil {
		return nil
	}
	for n := range p.root.Descendants() {
		if id, ok := attr(n, "id"); ok && slices.Contains(kinds, n.DataAtom) {
			ids = append(ids, id)
		}
	}
	return ids
}

// open returns the page that is open.
func (b *Browser) open() *page {
	b.t.Helper()
	if b.page == nil {
		b.t.Fatal("mortisetest: no page is open; call Open first")
	}
	return b.page
}

func (b *Browser) fail(format string, args ...any) {
	b.t.Helper()
	text := fmt.Sprintf(format, args...) + "; the page is:\n" + b.page.describe()
	if len(b.jar.refused) > 0 {
		text += "  cookies refused: " + strings.Join(b.jar.refused, "; ") + "\n"
	}
	b.t.Fatal(text)
}

// See checks that the page shows text. White space does not count.
func (b *Browser) See(text string) *Browser {
	b.t.Helper()
	if !strings.Contains(b.open().text, collapse(text)) {
		b.fail("want to see %q", text)
	}
	return b
}

// Miss checks that the page does not show text.
func (b *Browser) Miss(text string) *Browser {
	b.t.Helper()
	if strings.Contains(b.open().text, collapse(text)) {
		b.fail("do not want to see %q", text)
	}
	return b
}

// At checks the path of the page, without its query.
func (b *Browser) At(path string) *Browser {
	b.t.Helper()
	if b.open().address.Path != path {
		b.fail("want to be at %s", path)
	}
	return b
}

// Status checks the status of the page.
func (b *Browser) Status(want int) *Browser {
	b.t.Helper()
	if b.open().status != want {
		b.fail("want status %d", want)
	}
	return b
}

// Problem checks the code that a page shows in its element error-code.
func (b *Browser) Problem(code string) *Browser {
	b.t.Helper()
	n := b.open().byID("error-code")
	if n == nil {
		b.fail("want the problem %s, and the page shows none", code)
	}
	var text strings.Builder
	readable(n, &text)
	if got := collapse(text.String()); got != code {
		b.fail("want the problem %s, not %s", code, got)
	}
	return b
}

// Has tells whether the page has an element with this id.
func (b *Browser) Has(id string) bool {
	b.t.Helper()
	return b.open().byID(id) != nil
}

// Text is what a person can read on the page, with single spaces.
func (b *Browser) Text() string {
	b.t.Helper()
	return b.open().text
}

// Address is where the browser is.
func (b *Browser) Address() *url.URL {
	b.t.Helper()
	u := *b.open().address
	return &u
}

// Header returns a header of the page's answer.
func (b *Browser) Header(name string) string {
	b.t.Helper()
	return b.open().header.Get(name)
}
