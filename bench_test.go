package mortise_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/mortisetest"
)

// nothing is a handler that costs nothing.
var nothing = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// BenchmarkRequireWarm is a session that was checked before, while the freshness
// proof lives (the clock stands still), beside the bare handler. The bound: at most 1 µs
// and 2 allocations above it.
func BenchmarkRequireWarm(b *testing.B) {
	srv := mortisetest.NewServer(b)
	r := srv.User(b).Get("/")
	for _, c := range []struct {
		name string
		h    http.Handler
	}{
		{"bare", nothing},
		{"require", srv.Auth.Require()(nothing)},
		{"role", srv.Auth.Require(mortise.AnyOf(mortise.Role("admin"), mortise.FreshWithin(time.Hour)))(nothing)},
		{"stranger", srv.Auth.Identify(nothing)},
	} {
		b.Run(c.name, func(b *testing.B) {
			req := r
			if c.name == "stranger" {
				req = srv.Request(b, "GET", "/", nil)
			}
			w := httptest.NewRecorder()
			c.h.ServeHTTP(w, req)
			b.ReportAllocs()
			for b.Loop() {
				c.h.ServeHTTP(w, req)
			}
		})
	}
}
