package app

import (
	"net/http"
	"net/http/pprof"
)

// AdminHandler serves operators: metrics and profiles. It belongs on a listener
// of its own, on loopback.
func (a *App) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /healthz", health)
	mux.HandleFunc("GET /readyz", a.readiness)
	return mux
}
