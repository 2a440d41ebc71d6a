package mortisetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Get, Post, Put, Patch and Delete build requests as a script on the host's own
// page sends them, with a session of u. A body is JSON text, url.Values for a form,
// nil for none, or anything else to be written as JSON.
func (u *User) Get(path string) *http.Request { return u.Request(http.MethodGet, path, nil) }

// Post is documented at Get.
func (u *User) Post(path string, body any) *http.Request {
	return u.Request(http.MethodPost, path, body)
}

// Put is documented at Get.
func (u *User) Put(path string, body any) *http.Request {
	return u.Request(http.MethodPut, path, body)
}

// Patch is documented at Get.
func (u *User) Patch(path string, body any) *http.Request {
	return u.Request(http.MethodPatch, path, body)
}

// Delete is documented at Get.
func (u *User) Delete(path string) *http.Request { return u.Request(http.MethodDelete, path, nil) }

// Request is documented at Get. Requests of one User share a session.
func (u *User) Request(method, path string, body any) *http.Request {
	u.t.Helper()
	if u.cookie == nil {
		u.cookie = u.Session(u.t)
	}
	r := u.srv.Request(u.t, method, path, body)
	r.AddCookie(u.cookie)
	return r
}

// Request builds a request of nobody; see User.Get.
func (s *Server) Request(t testing.TB, method, path string, body any) *http.Request {
	t.Helper()
	kind, text := encode(t, body)
	r := httptest.NewRequest(method, s.URL(path), strings.NewReader(text)).WithContext(t.Context())
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	origin := s.base.Scheme + "://" + s.base.Host
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", agent)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Sec-Fetch-Mode", "cors")
	r.Header.Set("Sec-Fetch-Dest", "empty")
	if method != http.MethodGet && method != http.MethodHead {
		r.Header.Set("Origin", origin)
	}
	return r
}

func encode(t testing.TB, body any) (kind, text string) {
	t.Helper()
	const asJSON = "application/json"
	switch b := body.(type) {
	case nil:
		return "", ""
	case string:
		return asJSON, b
	case []byte:
		return asJSON, string(b)
	case url.Values:
		return "application/x-www-form-urlencoded", b.Encode()
	}
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatalf("mortisetest: write the body: %v", err)
	}
	return asJSON, string(raw)
}

// Answer is what a handler said. Its checks fail the test and print what was
// answered instead; they return the Answer, so they can be chained.
type Answer struct {
	*http.Response
	Text string // the body

	t       testing.TB
	request string
}

// Do hands r to h and returns the answer.
func Do(t testing.TB, h http.Handler, r *http.Request) *Answer {
	t.Helper()
	request := r.Method + " " + r.URL.RequestURI()
	resp := serve(h, r)
	return &Answer{Response: resp, Text: read(t, resp), t: t, request: request}
}

// Status checks the status code.
func (a *Answer) Status(want int) *Answer {
	a.t.Helper()
	if a.StatusCode != want {
		a.t.Fatalf("%s: want status %d, got %s", a.request, want, a.describe())
	}
	return a
}

// Problem checks for an RFC 9457 answer with this status and code.
func (a *Answer) Problem(status int, code string) *Answer {
	a.t.Helper()
	var p struct{ Code string }
	kind := a.Header.Get("Content-Type")
	if err := json.Unmarshal([]byte(a.Text), &p); err != nil || p.Code != code || a.StatusCode != status || !strings.HasPrefix(kind, "application/problem+json") {
		a.t.Fatalf("%s: want problem %d %s, got %s", a.request, status, code, a.describe())
	}
	return a
}

// See checks that the body contains text.
func (a *Answer) See(text string) *Answer {
	a.t.Helper()
	if !strings.Contains(a.Text, text) {
		a.t.Fatalf("%s: want %q, got %s", a.request, text, a.describe())
	}
	return a
}

// JSON reads the body into v.
func (a *Answer) JSON(v any) *Answer {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.Text), v); err != nil {
		a.t.Fatalf("%s: %v in %s", a.request, err, a.describe())
	}
	return a
}

func (a *Answer) describe() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d", a.StatusCode)
	for _, name := range []string{"Location", "Content-Type", "Retry-After", "Request-Id"} {
		if v := a.Header.Get(name); v != "" {
			fmt.Fprintf(&b, "\n  %s: %s", name, v)
		}
	}
	fmt.Fprintf(&b, "\n  %s", clip(a.Text))
	return b.String()
}

func clip(s string) string {
	const most = 2000
	if len(s) > most {
		return s[:most] + " …"
	}
	return s
}
