package app

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What go tool pprof and go tool trace ask for is there: gzip of a profile, a trace.
func TestProfiles(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	profiles(mux)
	get := func(path string) *httptest.ResponseRecorder {
		t.Helper()
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/debug/pprof/"+path, nil))
		return w
	}
	for path, head := range map[string]string{
		"heap": "\x1f\x8b", "goroutine?debug=1": "goroutine profile:", "": "profile\n", "trace?seconds=1": "go 1.", "profile?seconds=1": "\x1f\x8b",
	} {
		if got := get(path); got.Code != 200 || !bytes.HasPrefix(got.Body.Bytes(), []byte(head)) {
			t.Errorf("%s: %d %.40q", path, got.Code, got.Body)
		}
	}
	if got := get("cookies"); got.Code != 404 || !strings.Contains(got.Body.String(), "lists them") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}
