package mortisetest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Call is a request of a program, not of a browser, that still lacks its
// credential.
type Call struct{ method, path, body string }

// Get begins a call of a handler that need not be Mortise's; finish it with Bearer
// or Anonymous.
func Get(path string) Call { return Call{http.MethodGet, path, ""} }

// Post is Get with a body of JSON.
func Post(path, body string) Call { return Call{http.MethodPost, path, body} }

// Bearer is the call with an access token.
func (c Call) Bearer(token string) *http.Request {
	r := c.Anonymous()
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

// Anonymous is the call without credentials.
func (c Call) Anonymous() *http.Request {
	r := httptest.NewRequest(c.method, "https://app.example.com"+c.path, strings.NewReader(c.body))
	r.Header.Set("Accept", "application/json")
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// asProgram takes from r what only browsers send.
func asProgram(r *http.Request) {
	for _, name := range []string{"Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"} {
		r.Header.Del(name)
	}
}

func withForm(r *http.Request, text string) *http.Request {
	asProgram(r)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	return r
}

// Bearer builds a request to the server with an access token; see Call.
func (s *Server) Bearer(t testing.TB, method, path string, body any, token string) *http.Request {
	t.Helper()
	r := s.Request(t, method, path, body)
	asProgram(r)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}
