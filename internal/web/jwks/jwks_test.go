package jwks_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/web/jwks"
)

type ring struct {
	doc signing.Document
	err error
}

func (r *ring) Published(context.Context, signing.Use) (signing.Document, error) { return r.doc, r.err }

func newRing(tb testing.TB) *ring {
	tb.Helper()
	key, err := jose.Generate(jose.EdDSA)
	if err != nil {
		tb.Fatal(err)
	}
	set := jose.NewKeySet(key.Public())
	return &ring{doc: signing.Document{Set: set, JSON: set.JSON(), MaxAge: 15 * time.Minute}}
}

func ask(h http.Handler, method, known string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/oauth2/jwks", nil)
	if known != "" {
		r.Header.Set("If-None-Match", known)
	}
	w := httptest.NewRecorder()
	w.Header().Set("Access-Control-Allow-Credentials", "true") // a careless wrapper (TH-36)
	h.ServeHTTP(w, r)
	return w
}

// JW-40: cacheable by anybody, for as long as the schedule says and no longer, and
// cheap to renew.
func TestHandler(t *testing.T) {
	keys := newRing(t)
	h := jwks.Handler(keys, signing.Token)
	first := ask(h, "GET", "")
	tag := first.Header().Get("ETag")
	if first.Code != 200 || first.Body.String() != string(keys.doc.JSON) || tag == "" {
		t.Fatalf("%d %q %s", first.Code, tag, first.Body)
	}
	for name, want := range map[string]string{
		"Cache-Control": "public, max-age=900", "Content-Type": "application/json", "X-Content-Type-Options": "nosniff",
		"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "", "Set-Cookie": "",
	} {
		if got := first.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for known, want := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, tag[:5]: 200, "": 200} {
		if got := ask(h, "GET", known); got.Code != want || (want == 304) != (got.Body.Len() == 0) || got.Header().Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d with %d bytes, want %d", known, got.Code, got.Body.Len(), want)
		}
	}
	*keys = *newRing(t)
	if changed := ask(h, "GET", tag); changed.Code != 200 || changed.Header().Get("ETag") == tag {
		t.Errorf("other keys: %d %s", changed.Code, changed.Header().Get("ETag"))
	}
	keys.err = problem.New(problem.Unavailable, "test_away", "We are away.")
	if away := ask(h, "GET", ""); away.Code != 503 || away.Header().Get("Cache-Control") != "" {
		t.Errorf("unknown keys: %d, %v", away.Code, away.Header())
	}
}

// bare is the floor: the same bytes and nothing else.
func bare(keys *ring) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(keys.doc.JSON) })
}

type sink struct{ h http.Header }

func (s sink) Header() http.Header       { return s.h }
func (sink) WriteHeader(int)             {}
func (sink) Write(b []byte) (int, error) { return len(b), nil }

func BenchmarkHandler(b *testing.B) {
	keys := newRing(b)
	for name, h := range map[string]http.Handler{"ours": jwks.Handler(keys, signing.Token), "bare": bare(keys)} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/oauth2/jwks", nil)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(sink{http.Header{}}, r)
			}
		})
	}
}
