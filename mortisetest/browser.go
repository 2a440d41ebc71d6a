package mortisetest

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// agent is what the kit's requests call themselves.
const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// Browser visits pages as a browser without scripts does: it follows redirects,
// keeps cookies by the rules, says where requests come from, and fills in forms.
// Its methods fail the test with what is on the page, and return the Browser, so
// that visits read as sentences. It is not safe for concurrent use.
type Browser struct {
	// Lang is sent as Accept-Language.
	Lang string

	t      testing.TB
	origin *url.URL
	now    func() time.Time
	send   func(*http.Request) *http.Response
	away   func(host string) http.Handler // who else is there; nil, or nil for a host: nobody
	jar    jar                            // of origin
	page   *page
	filled map[string]string // by element id, of the page that is open
}

// NewBrowser returns a browser for a server that listens at origin, such as
// http://localhost:8080. For a Server of this package use Server.Browser.
func NewBrowser(t testing.TB, origin string) *Browser {
	b := newBrowser(t, origin, time.Now)
	client := &http.Client{
		Timeout:       30 * time.Second,
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(client.CloseIdleConnections)
	b.send = func(r *http.Request) *http.Response {
		t.Helper()
		resp, err := client.Do(r)
		if err != nil {
			t.Fatalf("mortisetest: %v", err)
		}
		return resp
	}
	return b
}

func newBrowser(t testing.TB, origin string, now func() time.Time) *Browser {
	u, err := url.Parse(origin)
	if err != nil {
		t.Fatalf("mortisetest: %v", err)
	}
	return &Browser{Lang: "en", t: t, origin: u, now: now}
}

// Open types an address: a path of the host, or an absolute address on it, such as
// a link from a mail.
func (b *Browser) Open(address string) *Browser {
	b.t.Helper()
	target, err := b.origin.Parse(address)
	if err != nil {
		b.t.Fatalf("mortisetest: %q is no address: %v", address, err)
	}
	b.visit(visit{method: http.MethodGet, target: target, site: "none"})
	return b
}

// visit is one navigation.
type visit struct {
	method string
	target *url.URL
	body   string
	site   string // Sec-Fetch-Site
	origin string // Origin, of what changes something
}

const maxRedirects = 10

func (b *Browser) visit(v visit) {
	b.t.Helper()
	for range maxRedirects {
		resp := b.answer(v)
		next, again := redirected(v, resp)
		if !again {
			b.page, b.filled = newPage(b.t, v.target, resp), map[string]string{}
			return
		}
		_ = resp.Body.Close()
		v = next
	}
	b.t.Fatalf("the browser was redirected more than %d times, the last time to %s", maxRedirects, v.target)
}

// answer is that of the server, or of somebody else whom this test has put there,
// who keeps no cookies.
func (b *Browser) answer(v visit) *http.Response {
	b.t.Helper()
	if v.target.Host == b.origin.Host && v.target.Scheme == b.origin.Scheme {
		resp := b.send(b.request(v, b.jar))
		for _, c := range resp.Cookies() {
			b.jar.set(v.target, c, b.now())
		}
		return resp
	}
	if b.away != nil && v.target.Scheme == "https" {
		if h := b.away(v.target.Host); h != nil {
			return serve(h, b.request(v, jar{}))
		}
	}
	b.t.Fatalf("the browser was sent off to %s, which this test does not serve", v.target)
	return nil
}

func (b *Browser) request(v visit, jar jar) *http.Request {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), v.method, v.target.String(), strings.NewReader(v.body))
	if err != nil {
		b.t.Fatalf("mortisetest: %v", err)
	}
	h := r.Header
	h.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	h.Set("Accept-Language", b.Lang)
	h.Set("User-Agent", agent)
	h.Set("Sec-Fetch-Site", v.site)
	h.Set("Sec-Fetch-Mode", "navigate")
	h.Set("Sec-Fetch-Dest", "document")
	h.Set("Sec-Fetch-User", "?1")
	if v.method == http.MethodPost {
		h.Set("Content-Type", "application/x-www-form-urlencoded")
		h.Set("Origin", v.origin)
	}
	for _, c := range jar.cookies(v.target, b.now()) {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	return r
}

// redirected tells where resp sends the browser, if anywhere.
func redirected(v visit, resp *http.Response) (visit, bool) {
	to, err := resp.Location()
	if err != nil || resp.StatusCode/100 != 3 {
		return v, false
	}
	from := v.target
	v.target = from.ResolveReference(to)
	if v.target.Host != from.Host {
		v.site = "cross-site"
	}
	keeps := resp.StatusCode == http.StatusTemporaryRedirect || resp.StatusCode == http.StatusPermanentRedirect
	if v.method == http.MethodPost && !keeps {
		v.method, v.body = http.MethodGet, ""
	}
	return v, true
}

func read(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("mortisetest: read the answer: %v", err)
	}
	return string(raw)
}

// Cookie returns the value of a cookie that the open page's address gets, or "".
func (b *Browser) Cookie(name string) string {
	target := b.origin
	if b.page != nil {
		target = b.page.address
	}
	for _, c := range b.jar.cookies(target, b.now()) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// Restart closes the browser and opens it again: cookies without an expiry are gone.
func (b *Browser) Restart() *Browser {
	old := b.jar.kept
	b.jar, b.page, b.filled = jar{}, nil, nil
	for _, k := range old {
		if !k.expires.IsZero() {
			b.jar.kept = append(b.jar.kept, k)
		}
	}
	return b
}
