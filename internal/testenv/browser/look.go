package browser

import (
	"encoding/base64"
	"os"
	"path/filepath"
)

// URL is the address the person sees.
func (p *Page) URL() (url string) {
	p.t.Helper()
	p.look("location.href", &url)
	return url
}

// Title is the title of the page.
func (p *Page) Title() (title string) {
	p.t.Helper()
	p.look("document.title", &title)
	return title
}

// HTML is the document as it stands.
func (p *Page) HTML() (html string) {
	p.t.Helper()
	p.look("document.documentElement.outerHTML", &html)
	return html
}

// Has tells whether there is an element with this id.
func (p *Page) Has(id string) (has bool) {
	p.t.Helper()
	p.look(byID(id)+" !== null", &has)
	return has
}

// Text is what the element with this id shows, or "" when there is none; the text
// of the whole page for "".
func (p *Page) Text(id string) (text string) {
	p.t.Helper()
	element := byID(id)
	if id == "" {
		element = "document.body"
	}
	p.look(element+"?.innerText ?? ''", &text)
	return text
}

// Value is what the field with this id holds.
func (p *Page) Value(id string) (value string) {
	p.t.Helper()
	p.look(byID(id)+"?.value ?? ''", &value)
	return value
}

// Cookie is a cookie as the browser keeps it.
type Cookie struct {
	Name, Value, Domain, Path, SameSite string
	Secure, HTTPOnly, Session           bool
	Expires                             float64 // Unix seconds; -1 for a session cookie
}

// Cookies are those the browser would send to the page's address.
func (p *Page) Cookies() []Cookie {
	p.t.Helper()
	var jar struct{ Cookies []Cookie }
	p.Call("Network.getCookies", nil, &jar)
	return jar.Cookies
}

// ClearCookies forgets all cookies of this page.
func (p *Page) ClearCookies() {
	p.t.Helper()
	p.Call("Network.clearBrowserCookies", nil, nil)
}

// Screenshot writes a PNG of the whole page, not only of what fits the window.
func (p *Page) Screenshot(path string) {
	p.t.Helper()
	var shot struct{ Data string }
	p.Call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// Overflows tells whether the page is wider than its window: sideways scrolling.
func (p *Page) Overflows() (overflows bool) {
	p.t.Helper()
	p.Eval("document.documentElement.scrollWidth > document.documentElement.clientWidth", &overflows)
	return overflows
}

// Cramped is what a thumb would miss, being under 24 pixels high or wide and no link
// within a sentence (WCAG 2.5.8), and text that is cut off.
func (p *Page) Cramped() (found []string) {
	p.t.Helper()
	p.Eval(cramped, &found)
	return found
}

const cramped = `(() => {
	const shown = (e) => e.checkVisibility() && !e.ariaHidden && (getComputedStyle(e).display !== "inline" || e.tagName === "INPUT");
	const wider = (e) => getComputedStyle(e, "::after").position === "absolute"; // it is hit by a row around it
	const told = (e) => e.tagName.toLowerCase() + " #" + e.id + " " + (e.innerText || e.type || "").slice(0, 60);
	const small = (r) => r.width > 0 && (r.width < 24 || r.height < 24);
	const cut = (e) => e.clientWidth > 1 && e.scrollWidth > e.clientWidth + 1;
	const all = (what, is, how) => [...document.querySelectorAll(what)].filter((e) => shown(e) && is(e)).map((e) => how + told(e));
	return [
		...all("a, button, input, select, summary, [tabindex]", (e) => !wider(e) && small((e.closest("label") ?? e).getBoundingClientRect()), "too small: "),
		...all("button, a, td, dd, dt, li, p, h1, h2, h3, label", cut, "cut off: "),
	];
})()`

// Complaints are what the browser's console holds against the pages so far: script
// errors, refusals by the content policy, parts that did not load. The status of
// the page itself is no complaint: forms answer 422 on purpose.
func (p *Page) Complaints() []string { return p.watch.complaints() }

// Request is one answer the browser received.
type Request struct {
	URL, Kind string // Kind: Document, Stylesheet, Script, Image, Font, Fetch …
	Status    int
	Bytes     int // as sent: headers and compressed body
}

// Requests are all answers so far, in the order they came, redirects excluded.
func (p *Page) Requests() []Request { return p.watch.requests() }
