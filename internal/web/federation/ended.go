package federation

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/web"
)

// ended is POST /federation/{connection}/backchannel-logout (OpenID Connect
// Back-Channel Logout 1.0, 2.5 and 2.8): 200 when it was done, 400 when the token is
// not to be believed. One that came before is among these.
func (s surface) ended(w http.ResponseWriter, r *http.Request) error {
	f, err := s.o.Desk.Read(w, r)
	if err == nil {
		err = s.o.Flow.Ended(r.Context(), web.Of(r).Caller.Source, r.PathValue("connection"), f["logout_token"])
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if err == nil {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	status, code := http.StatusBadRequest, "invalid_request"
	switch e := problem.Of(err); {
	case errors.Is(err, federation.ErrUnknown):
		status = http.StatusNotFound
	case e.Kind == problem.Unavailable, e.Kind == problem.Internal, e.Kind == problem.Limited:
		status, code = e.Kind.Status(), "temporarily_unavailable"
	}
	web.Of(r).Refused(err)
	h.Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(map[string]string{"error": code})
}
