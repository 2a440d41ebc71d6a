package register

import (
	"net/http"

	"github.com/mortise-auth/mortise/internal/web"
)

// shared lets the page that asks read the answer, its error too. It allows no
// credentials of the browser: none are read here, and whoever knows a registration
// access token may be anywhere.
func (s *surface) shared(h web.Handler) web.Handler {
	if !s.Pages {
		return h
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		if origin := r.Header.Get("Origin"); origin != "" {
			web.Share(w, web.Sharing{Origin: origin})
		}
		return h(w, r)
	}
}

func preflight(methods string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if origin := r.Header.Get("Origin"); origin != "" {
			web.Share(w, web.Sharing{Origin: origin, Methods: methods, Headers: "Authorization, Content-Type, MCP-Protocol-Version"})
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}
