package mortisetest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Fill types text into the field with this id; for a list it is the value of the
// option.
func (b *Browser) Fill(id, text string) *Browser {
	b.t.Helper()
	n := b.field(id)
	if kind, _ := attr(n, "type"); kind == "checkbox" || kind == "radio" {
		b.fail("#%s is to be ticked, not filled", id)
	}
	if n.DataAtom == atom.Select && !slices.Contains(choices(n), text) {
		b.fail("#%s has no option %q but %q", id, text, choices(n))
	}
	b.filled[id] = text
	return b
}

// Tick sets or clears the box with this id.
func (b *Browser) Tick(id string, on bool) *Browser {
	b.t.Helper()
	n := b.field(id)
	if kind, _ := attr(n, "type"); kind != "checkbox" && kind != "radio" {
		b.fail("#%s is to be filled, not ticked", id)
	}
	b.filled[id] = ""
	if on {
		b.clearGroup(n)
		b.filled[id] = "on"
	}
	return b
}

// clearGroup clears the other choices of a radio button.
func (b *Browser) clearGroup(n *html.Node) {
	name, _ := attr(n, "name")
	if kind, _ := attr(n, "type"); kind != "radio" {
		return
	}
	for other := range b.page.root.Descendants() {
		kind, _ := attr(other, "type")
		group, _ := attr(other, "name")
		if id, ok := attr(other, "id"); ok && kind == "radio" && group == name && b.formOf(other) == b.formOf(n) {
			b.filled[id] = ""
		}
	}
}

// field returns what can be typed into.
func (b *Browser) field(id string) *html.Node {
	b.t.Helper()
	n := b.open().byID(id)
	if n == nil || !slices.Contains([]atom.Atom{atom.Input, atom.Textarea, atom.Select}, n.DataAtom) {
		b.fail("there is no field #%s", id)
	}
	if has(n, "disabled") || has(n, "readonly") {
		b.fail("#%s cannot be changed", id)
	}
	return n
}

// Submit presses the button with the id submit.
func (b *Browser) Submit() *Browser {
	b.t.Helper()
	return b.Press("submit")
}

// Press presses the button, or follows the link, with this id.
func (b *Browser) Press(id string) *Browser {
	b.t.Helper()
	n := b.open().byID(id)
	switch {
	case n == nil:
		b.fail("there is no button #%s", id)
	case n.DataAtom == atom.A:
		b.follow(n)
	case n.DataAtom != atom.Button && n.DataAtom != atom.Input, has(n, "disabled"):
		b.fail("#%s cannot be pressed", id)
	default:
		b.submit(n)
	}
	return b
}

// Follow follows the first link that reads text.
func (b *Browser) Follow(text string) *Browser {
	b.t.Helper()
	n := b.open().find(func(n *html.Node) bool {
		var s strings.Builder
		readable(n, &s)
		return n.DataAtom == atom.A && collapse(s.String()) == collapse(text)
	})
	if n == nil {
		b.fail("there is no link %q", text)
	}
	b.follow(n)
	return b
}

func (b *Browser) follow(n *html.Node) {
	b.t.Helper()
	href, ok := attr(n, "href")
	target, err := b.page.address.Parse(href)
	if !ok || err != nil {
		b.fail("the link leads nowhere: %q", href)
	}
	b.visit(visit{method: http.MethodGet, target: target, site: "same-origin"})
}

func (b *Browser) submit(button *html.Node) {
	b.t.Helper()
	form := b.formOf(button)
	if form == nil {
		b.fail("the button belongs to no form")
	}
	action, method := either(button, "formaction", form, "action"), either(button, "formmethod", form, "method")
	if kind := either(button, "formenctype", form, "enctype"); kind != "" && kind != "application/x-www-form-urlencoded" {
		b.fail("forms of type %s are not known to this browser", kind)
	}
	target, err := b.page.address.Parse(action)
	if err != nil {
		b.fail("the form leads nowhere: %q", action)
	}
	values := b.values(form, button)
	v := visit{method: http.MethodGet, target: target, site: "same-origin"}
	if strings.EqualFold(method, "post") {
		v.method, v.body, v.origin = http.MethodPost, values.encode(), b.originHeader()
	} else {
		target.RawQuery = values.encode()
	}
	b.visit(v)
}

// originHeader is what browsers send with a form: null from a page that wants no
// referrer (Fetch, "append a request Origin header").
func (b *Browser) originHeader() string {
	if b.page.header.Get("Referrer-Policy") == "no-referrer" {
		return "null"
	}
	return b.page.address.Scheme + "://" + b.page.address.Host
}

func either(first *html.Node, name string, second *html.Node, other string) string {
	if v, ok := attr(first, name); ok {
		return v
	}
	v, _ := attr(second, other)
	return v
}

// formOf is the form that a control belongs to.
func (b *Browser) formOf(n *html.Node) *html.Node {
	if id, ok := attr(n, "form"); ok {
		return b.page.byID(id)
	}
	for up := range n.Ancestors() {
		if up.DataAtom == atom.Form {
			return up
		}
	}
	return nil
}

// pairs are a form's values in the order of the page.
type pairs []string

func (p *pairs) add(name, value string) {
	if name != "" {
		*p = append(*p, url.QueryEscape(name)+"="+url.QueryEscape(value))
	}
}

func (p pairs) encode() string { return strings.Join(p, "&") }

// values are the successful controls of form when button is pressed.
func (b *Browser) values(form, button *html.Node) pairs {
	var all pairs
	for n := range b.page.root.Descendants() {
		if n.Type != html.ElementNode || has(n, "disabled") || b.formOf(n) != form {
			continue
		}
		name, _ := attr(n, "name")
		switch n.DataAtom {
		case atom.Input:
			b.input(&all, n, name, n == button)
		case atom.Button:
			if v, _ := attr(n, "value"); n == button {
				all.add(name, v)
			}
		case atom.Textarea:
			var text strings.Builder
			readable(n, &text)
			all.add(name, b.typed(n, strings.TrimSpace(text.String())))
		case atom.Select:
			all.add(name, b.typed(n, selected(n)))
		}
	}
	return all
}

func (b *Browser) input(all *pairs, n *html.Node, name string, pressed bool) {
	kind, _ := attr(n, "type")
	value, given := attr(n, "value")
	switch kind {
	case "submit", "image", "button", "reset":
		if pressed {
			all.add(name, value)
		}
	case "checkbox", "radio":
		on := ""
		if has(n, "checked") {
			on = "on"
		}
		if b.typed(n, on) == "" {
			return
		}
		if !given {
			value = "on"
		}
		all.add(name, value)
	default:
		all.add(name, b.typed(n, value))
	}
}

// typed is what was filled into n, or what it held.
func (b *Browser) typed(n *html.Node, held string) string {
	id, _ := attr(n, "id")
	if text, ok := b.filled[id]; ok && id != "" {
		return text
	}
	return held
}

func optionValue(o *html.Node) string {
	if v, ok := attr(o, "value"); ok {
		return v
	}
	var text strings.Builder
	readable(o, &text)
	return collapse(text.String())
}

// choices are the values of a list.
func choices(list *html.Node) []string {
	var all []string
	for o := range list.Descendants() {
		if o.DataAtom == atom.Option {
			all = append(all, optionValue(o))
		}
	}
	return all
}

// selected is the value a list starts with.
func selected(list *html.Node) string {
	value := ""
	first := true
	for o := range list.Descendants() {
		if o.DataAtom == atom.Option && (first || has(o, "selected")) {
			value, first = optionValue(o), false
		}
	}
	return value
}
