package web

import (
	"net/http"
	"strings"
	"sync"
)

// place is that of a route among those of the Frame that the request entered.
type place int

func (p place) ServeHTTP(w http.ResponseWriter, r *http.Request) { Of(r).routes[p].ServeHTTP(w, r) }

// routings are the multiplexers of this process, by their patterns. Which patterns
// there are depends on no instance, and finding out that no two of hundreds
// contradict each other takes longer than most of what a start does.
var routings sync.Map

// routing sends a request to the place of its pattern.
func routing(patterns []string) *http.ServeMux {
	key := strings.Join(patterns, "\n")
	if mux, ok := routings.Load(key); ok {
		return mux.(*http.ServeMux)
	}
	mux := http.NewServeMux()
	for i, p := range patterns {
		mux.Handle(p, place(i))
	}
	kept, _ := routings.LoadOrStore(key, mux)
	return kept.(*http.ServeMux)
}

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// unmatched tells a wrong method from an unknown address.
func unmatched(mux *http.ServeMux, r *http.Request) error {
	var allowed []string
	for _, m := range methods {
		probe := &http.Request{Method: m, URL: r.URL, Host: r.Host}
		if _, pattern := mux.Handler(probe); pattern != "/" && pattern != "" {
			allowed = append(allowed, m)
		}
	}
	if allowed != nil {
		return ErrMethod.Becausef("allowed: %s", strings.Join(allowed, ", "))
	}
	return ErrNotFound
}
