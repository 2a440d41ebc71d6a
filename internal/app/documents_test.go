package app

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/egress"
)

// OA-71 JW-45: an endpoint of a client that hangs, redirects, answers two gigabytes
// or an error gives nothing, soon and at no cost.
func TestDocumentsOfStrangers(t *testing.T) {
	t.Parallel()
	leave := make(chan struct{})
	chunk := []byte(strings.Repeat("x", 64<<10))
	mux := http.NewServeMux()
	mux.HandleFunc("/good", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(`{"keys":[]}`)) })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/good", http.StatusFound) })
	mux.HandleFunc("/gone", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNotFound) })
	mux.HandleFunc("/hangs", func(w http.ResponseWriter, r *http.Request) { <-leave })
	mux.HandleFunc("/drips", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"keys":`))
		w.(http.Flusher).Flush()
		<-leave
	})
	sent := 0
	mux.HandleFunc("/huge", func(w http.ResponseWriter, r *http.Request) {
		for range 2 << 30 / len(chunk) {
			n, err := w.Write(chunk)
			if sent += n; err != nil {
				return
			}
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(leave) })
	client, err := egress.New(egress.Options{Allow: []string{strings.TrimPrefix(s.URL, "http://")}, Now: time.Now})
	must(t, err)
	d := documents{client, 200 * time.Millisecond}
	if b, err := d.JSON(t.Context(), s.URL+"/good"); err != nil || string(b) != `{"keys":[]}` {
		t.Errorf("%q %v", b, err)
	}
	for path, want := range map[string]error{"/moved": nil, "/gone": nil, "/hangs": egress.ErrFailed, "/drips": egress.ErrFailed, "/huge": egress.ErrTooLarge} {
		if b, err := d.JSON(t.Context(), s.URL+path); err == nil || b != nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %d bytes, %v", path, len(b), err)
		}
	}
	unnamed, err := egress.New(egress.Options{Now: time.Now})
	must(t, err)
	if _, err := (documents{unnamed, time.Second}).JSON(t.Context(), s.URL+"/good"); !errors.Is(err, egress.ErrBlocked) {
		t.Errorf("a private address: %v", err)
	}
}
