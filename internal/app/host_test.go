package app

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// The command line speaks to the socket without knowing below which path the
// server is mounted; whoever knows it may use it.
func TestHostBelowAPath(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.URL = "https://app.example.org/auth" })
	for _, path := range []string{"/api/v1/roles", "/auth/api/v1/roles", "/api/v1/organizations/a%2Fb"} {
		w := httptest.NewRecorder()
		r.HostHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://unix"+path, http.NoBody))
		if w.Code == http.StatusNotFound && w.Header().Get("Content-Type") != "application/problem+json" || path[len(path)-5:] == "roles" && w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
