package conformance

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// answer is what the server answered a program.
type answer struct {
	*run
	status int
	header http.Header
	body   []byte
}

func (m *run) do(r *http.Request) answer {
	m.Helper()
	resp, err := m.http.Do(r)
	m.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	m.must(err)
	return answer{m, resp.StatusCode, resp.Header, body}
}

func (m *run) get(address string) answer {
	m.Helper()
	r, err := http.NewRequestWithContext(m.Context(), http.MethodGet, address, nil)
	m.must(err)
	return m.do(r)
}

// kind is the media type of the answer.
func (a answer) kind() string {
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	return kind
}

// object is the JSON object that was answered; nil when it is none.
func (a answer) object() map[string]any {
	var out map[string]any
	_ = json.Unmarshal(a.body, &out)
	return out
}

// refused wants an error in OAuth form.
func (a answer) refused(codes ...string) {
	a.Helper()
	got := text(a.object(), "error")
	for _, code := range codes {
		if got == code && a.status >= 400 && a.status < 500 && a.kind() == "application/json" {
			return
		}
	}
	a.Fatalf("%d %s, want one of %v", a.status, a.body, codes)
}

// discovery is the server's metadata, fetched as relying parties do.
func (m *run) discovery() map[string]any {
	m.Helper()
	a := m.get(m.issuer + "/.well-known/openid-configuration")
	out := a.object()
	if a.status != http.StatusOK || a.kind() != "application/json" || out == nil {
		m.Fatalf("discovery: %d %s", a.status, a.kind())
	}
	return out
}

// discovered is an address from the metadata.
func (m *run) discovered(name string) string {
	m.Helper()
	s := text(m.discovery(), name)
	if !strings.HasPrefix(s, "https://") {
		m.Fatalf("%s is %q", name, s)
	}
	return s
}

// post sends a form to an endpoint as the client, by its method of authentication.
func (c *client) post(endpoint string, form url.Values, header ...string) answer {
	c.Helper()
	r := c.request(endpoint, form)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return c.do(r)
}

// request is an authenticated form, not sent yet.
func (c *client) request(endpoint string, form url.Values) *http.Request {
	c.Helper()
	form = with(form)
	basic := false
	switch c.auth {
	case "client_secret_post":
		form.Set("client_id", c.id)
		form.Set("client_secret", c.secret)
	case "private_key_jwt":
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", c.assertion(nil))
	case "none":
		form.Set("client_id", c.id)
	default:
		basic = true
	}
	r, err := http.NewRequestWithContext(c.Context(), http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	c.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	if basic {
		r.SetBasicAuth(url.QueryEscape(c.id), url.QueryEscape(c.secret))
	}
	return r
}

// with is a copy of form with fields changed: names and values by turns; an empty
// value takes the field away.
func with(form url.Values, fields ...string) url.Values {
	out := url.Values{}
	for k, v := range form {
		out[k] = v
	}
	for i := 0; i < len(fields); i += 2 {
		if fields[i+1] == "" {
			out.Del(fields[i])
			continue
		}
		out.Set(fields[i], fields[i+1])
	}
	return out
}
