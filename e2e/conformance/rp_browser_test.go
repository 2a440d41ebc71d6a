package conformance

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// browser is what a person looks at: no JavaScript, cookies by the rules, redirects
// and Refresh followed.
type browser struct {
	*run
	jar  http.CookieJar
	page page
	seen []string // what the person was shown since open: login, again, consent, choose, respond, error:CODE
}

// page is what is open.
type page struct {
	*run
	url    *url.URL
	status int
	header http.Header
	body   string
	doc    *html.Node
}

func (m *run) browser() *browser {
	m.Helper()
	jar, err := cookiejar.New(nil)
	m.must(err)
	return &browser{run: m, jar: jar}
}

// open follows a link of the relying party's.
func (b *browser) open(address string) *browser {
	b.Helper()
	b.seen = nil
	return b.navigate(http.MethodGet, address, nil, "cross-site")
}

// send is a form of the relying party's.
func (b *browser) send(address string, form url.Values) *browser {
	b.Helper()
	b.seen = nil
	return b.navigate(http.MethodPost, address, form, "cross-site")
}

func (b *browser) navigate(method, address string, form url.Values, site string) *browser {
	b.Helper()
	target, err := url.Parse(address)
	b.must(err)
	for range 12 {
		resp := b.load(method, target, form, site)
		b.page = b.read(target, resp)
		to, ok := b.page.onward()
		if !ok {
			return b
		}
		if site == "same-origin" && to.Host != target.Host {
			site = "cross-site"
		}
		method, form, target = http.MethodGet, nil, to
	}
	b.Fatalf("there is no end to the redirects, the last one to %s", target)
	return b
}

func (b *browser) load(method string, target *url.URL, form url.Values, site string) *http.Response {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, target.String(), strings.NewReader(form.Encode()))
	b.must(err)
	for k, v := range map[string]string{
		"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "Accept-Language": "en", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
		"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Sec-Fetch-Site": site,
	} {
		r.Header.Set(k, v)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", map[bool]string{true: b.issuer, false: "null"}[site == "same-origin"])
	}
	if method != http.MethodPost || site == "same-origin" { // SameSite=Lax is the least that our cookies are
		for _, c := range b.jar.Cookies(target) {
			r.AddCookie(c)
		}
	}
	resp, err := b.http.Do(r)
	b.must(err)
	b.jar.SetCookies(target, resp.Cookies())
	return resp
}

func (b *browser) read(target *url.URL, resp *http.Response) page {
	b.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	b.must(err)
	doc, err := html.Parse(bytes.NewReader(body))
	b.must(err)
	return page{b.run, target, resp.StatusCode, resp.Header, string(body), doc}
}

// onward is where a page leads by itself.
func (p page) onward() (*url.URL, bool) {
	p.Helper()
	to := p.header.Get("Location")
	if p.status/100 != 3 {
		_, to, _ = strings.Cut(p.header.Get("Refresh"), "url=")
	}
	if to == "" {
		return nil, false
	}
	u, err := p.url.Parse(to)
	p.must(err)
	return u, true
}

// walk does what the pages ask of the person, until there is nothing more to do.
func (b *browser) walk() *browser {
	b.Helper()
	for range 8 {
		what := b.shown()
		if what == "" {
			return b
		}
		b.seen = append(b.seen, what)
		switch what {
		case "login":
			b.press("submit", "identifier", b.person.email, "password", b.person.password)
		case "again":
			b.press("submit", "password", b.person.password)
		case "consent":
			b.press("approve")
		case "respond":
			b.press("continue")
		default:
			return b
		}
	}
	b.Fatalf("there is no end to the pages: %v", b.seen)
	return b
}

// shown names the page that is open; "" is none of the server's.
func (b *browser) shown() string {
	b.Helper()
	p := b.page
	switch {
	case "https://"+p.url.Host != b.issuer:
		return ""
	case p.code() != "":
		return "error:" + p.code()
	case p.find("identifier") != nil:
		return "login"
	case p.find("password") != nil:
		return "again"
	case p.find("approve") != nil:
		return "consent"
	case p.find("respond") != nil:
		return "respond"
	case p.find("logout-confirm") != nil:
		return "logout"
	case p.url.Path == "/choose":
		return "choose"
	}
	return "page"
}

// was reports whether the person was shown it.
func (b *browser) was(what string) bool { return slices.Contains(b.seen, what) }

// press fills in fields and presses a button of the form it is in, all by their ids.
func (b *browser) press(button string, fields ...string) *browser {
	b.Helper()
	at := b.page.find(button)
	form := at
	for form != nil && form.Data != "form" {
		form = form.Parent
	}
	if form == nil {
		b.Fatalf("%s (%d) has no button %s: %s", b.page.url, b.page.status, button, b.page.text())
	}
	values := collect(form)
	for i := 0; i < len(fields); i += 2 {
		in := b.page.find(fields[i])
		if in == nil {
			b.Fatalf("%s has no field %s", b.page.url, fields[i])
		}
		values.Set(attr(in, "name"), fields[i+1])
	}
	if name := attr(at, "name"); name != "" {
		values.Set(name, attr(at, "value"))
	}
	to, err := b.page.url.Parse(attr(form, "action"))
	b.must(err)
	site := "same-origin"
	if to.Host != b.page.url.Host {
		site = "cross-site"
	}
	return b.navigate(http.MethodPost, to.String(), values, site)
}

// collect is what a form sends without a button.
func collect(form *html.Node) url.Values {
	values := url.Values{}
	for in := range form.Descendants() {
		kind := attr(in, "type")
		ticked := kind != "checkbox" && kind != "radio" || slices.ContainsFunc(in.Attr, func(a html.Attribute) bool { return a.Key == "checked" })
		if in.Data == "input" && ticked && attr(in, "name") != "" {
			values.Add(attr(in, "name"), attr(in, "value"))
		}
	}
	return values
}

func (p page) find(id string) *html.Node {
	for n := range p.doc.Descendants() {
		if n.Type == html.ElementNode && attr(n, "id") == id {
			return n
		}
	}
	return nil
}

// links are the addresses that the page leads to or loads.
func (p page) links() (out []string) {
	for n := range p.doc.Descendants() {
		for _, name := range []string{"href", "src"} {
			if v := attr(n, name); v != "" {
				out = append(out, v)
			}
		}
	}
	return out
}

// code is the stable code of an error page.
func (p page) code() string {
	if n := p.find("error-code"); n != nil && n.FirstChild != nil {
		return n.FirstChild.Data
	}
	return ""
}

func (p page) text() string {
	var b strings.Builder
	for n := range p.doc.Descendants() {
		if t := strings.TrimSpace(n.Data); n.Type == html.TextNode && t != "" {
			b.WriteString(t + " ")
		}
	}
	return b.String()
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
