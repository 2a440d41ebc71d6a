package e2e

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// visitor is a browser without a screen: it keeps cookies, follows redirects and
// fills in the forms it was shown.
type visitor struct {
	t    testing.TB
	base string
	http *http.Client
}

// visit makes a visitor of the server at base.
func visit(t testing.TB, base string, trust *tls.Config) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	transport := &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{t: t, base: base, http: &http.Client{Jar: jar, Transport: transport, Timeout: patience}}
}

// sheet is an answer.
type sheet struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
	url    *url.URL
}

func (v *visitor) try(method, path, kind string, body []byte) (sheet, error) {
	v.t.Helper()
	to := path
	if !strings.HasPrefix(path, "http") {
		to = v.base + path
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, to, bytes.NewReader(body))
	must(v.t, err)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	resp, err := v.http.Do(r)
	if err != nil {
		return sheet{t: v.t}, err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return sheet{v.t, resp.StatusCode, resp.Header, got, resp.Request.URL}, err
}

func (v *visitor) get(path string) sheet {
	v.t.Helper()
	s, err := v.try(http.MethodGet, path, "", nil)
	must(v.t, err)
	return s
}

// post sends a form without having looked at its page.
func (v *visitor) post(path string, fields url.Values) sheet {
	v.t.Helper()
	s, err := v.tryPost(path, fields)
	must(v.t, err)
	return s
}

func (v *visitor) tryPost(path string, fields url.Values) (sheet, error) {
	v.t.Helper()
	return v.try(http.MethodPost, path, "application/x-www-form-urlencoded", []byte(fields.Encode()))
}

// submit fills in the form on s that goes to action: names and values by turns.
func (v *visitor) submit(s sheet, action string, fields ...string) sheet {
	v.t.Helper()
	return v.post(action, s.form(action, fields...))
}

// api calls the JSON API and decodes what it answers.
func (v *visitor) api(method, path string, in any) (status int, out map[string]any) {
	v.t.Helper()
	status, out, err := v.tryAPI(method, path, in)
	must(v.t, err)
	return status, out
}

func (v *visitor) tryAPI(method, path string, in any) (status int, out map[string]any, err error) {
	v.t.Helper()
	var body []byte
	kind := ""
	if in != nil {
		body, err = json.Marshal(in)
		must(v.t, err)
		kind = "application/json"
	}
	s, err := v.try(method, "/api/v1"+path, kind, body)
	if err != nil {
		return 0, nil, err
	}
	if len(s.body) > 0 {
		if err := json.Unmarshal(s.body, &out); err != nil {
			v.t.Fatalf("%s %s: %d %s: %v", method, path, s.status, s.body, err)
		}
	}
	return s.status, out, nil
}

// signIn signs in by the page.
func (v *visitor) signIn(email, password string) sheet {
	v.t.Helper()
	return v.submit(v.get("/login"), "/login", "identifier", email, "password", password)
}

// is wants the visitor to stand on a page.
func (s sheet) is(status int, path string) sheet {
	s.t.Helper()
	if s.status != status || s.url.Path != path {
		s.t.Fatalf("it is %d %s, want %d %s: %s", s.status, s.url.Path, status, path, s.text())
	}
	return s
}

// form collects the fields of the form that goes to action.
func (s sheet) form(action string, fields ...string) url.Values {
	s.t.Helper()
	doc, err := html.Parse(bytes.NewReader(s.body))
	must(s.t, err)
	values := url.Values{}
	found := false
	for n := range doc.Descendants() {
		if n.Data != "form" || attr(n, "action") != action {
			continue
		}
		found = true
		for in := range n.Descendants() {
			if in.Data == "input" && (attr(in, "type") != "checkbox" || has(in, "checked")) {
				values.Set(attr(in, "name"), attr(in, "value"))
			}
		}
		break
	}
	if !found {
		s.t.Fatalf("%d %s has no form for %s: %s", s.status, s.url, action, s.text())
	}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return values
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text is what the page says.
func (s sheet) text() string {
	doc, err := html.Parse(bytes.NewReader(s.body))
	if err != nil {
		return string(s.body)
	}
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "style" {
			if t := strings.TrimSpace(n.Data); t != "" {
				b.WriteString(t + " ")
			}
		}
	}
	return b.String()
}

// code is the stable error code that the page shows.
func (s sheet) code() string {
	doc, err := html.Parse(bytes.NewReader(s.body))
	must(s.t, err)
	for n := range doc.Descendants() {
		if attr(n, "id") == "error-code" && n.FirstChild != nil {
			return n.FirstChild.Data
		}
	}
	return ""
}
