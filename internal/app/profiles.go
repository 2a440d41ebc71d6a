package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"time"
)

// profiles serves what go tool pprof and go tool trace ask for, at the addresses they
// know. The handlers of net/http/pprof would bring a reader of profiles into the binary,
// to subtract one from another.
func profiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/{$}", listProfiles)
	mux.HandleFunc("GET /debug/pprof/{name}", namedProfile)
	mux.HandleFunc("GET /debug/pprof/profile", during(30, pprof.StartCPUProfile, pprof.StopCPUProfile))
	mux.HandleFunc("GET /debug/pprof/trace", during(1, trace.Start, trace.Stop))
}

func listProfiles(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "profile\ntrace")
	for _, p := range pprof.Profiles() {
		fmt.Fprintln(w, p.Name(), p.Count())
	}
}

func namedProfile(w http.ResponseWriter, r *http.Request) {
	p := pprof.Lookup(r.PathValue("name"))
	if p == nil {
		http.Error(w, "There is no such profile. /debug/pprof/ lists them.", http.StatusNotFound)
		return
	}
	readable, _ := strconv.Atoi(r.FormValue("debug"))
	if readable > 0 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	_ = p.WriteTo(w, readable) // whoever asked may be gone
}

// during records for as many seconds as the request says, at most ten minutes.
func during(otherwise int, start func(io.Writer) error, stop func()) http.HandlerFunc {
	const most = 600
	return func(w http.ResponseWriter, r *http.Request) {
		seconds, err := strconv.Atoi(r.FormValue("seconds"))
		if err != nil || seconds < 1 || seconds > most {
			seconds = otherwise
		}
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // it takes as long as that
		if err := start(w); err != nil {                                // one at a time
			http.Error(w, "This cannot be recorded right now: "+err.Error(), http.StatusConflict)
			return
		}
		defer stop()
		ctx, cancel := context.WithTimeout(r.Context(), time.Duration(seconds)*time.Second)
		defer cancel()
		<-ctx.Done()
	}
}
