package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

// Problem is how every error looks (RFC 9457).
type Problem struct {
	Type      string          `json:"type" doc:"Address of a page that explains the code." format:"uri"`
	Title     string          `json:"title" doc:"What happened, the same for every occurrence."`
	Status    int             `json:"status" doc:"The HTTP status."`
	Code      string          `json:"code" doc:"Stable name of the error, for programs."`
	Detail    string          `json:"detail" doc:"What happened this time and what to do."`
	Errors    []problem.Field `json:"errors,omitempty" doc:"The faulty members, by JSON pointer. A pointer that starts with ? names a query parameter."`
	Why       string          `json:"why,omitempty" doc:"A code under which an administrator finds the reason: mortise why CODE."`
	RequestID string          `json:"request_id" doc:"Names this request in the logs."`
}

// fail writes err as a problem document.
func (s *surface) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problem.Of(err)
	title := p.Public
	if declared, ok := problem.Lookup(p.Code); ok {
		title = declared.Public
	}
	title, _, _ = strings.Cut(title, ". ")
	out := Problem{
		Type: s.link("/errors/" + p.Code), Title: strings.TrimSuffix(title, "."), Status: statusOf(p, r), Code: p.Code,
		Detail: p.Public, Errors: p.Fields, Why: web.Of(r).Why, RequestID: web.Of(r).ID,
	}
	body, err := json.Marshal(out)
	if err != nil {
		s.Log.Error("a problem was not written", "error", err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	if c := web.Challenge(r, web.RealmOf(s.link("")), p); c != "" {
		h.Set("WWW-Authenticate", c)
	}
	w.WriteHeader(out.Status)
	s.send(w, append(body, '\n'))
}

// statusOf tells a stale If-Match by its own status (RFC 9110, 13.1.1).
func statusOf(p *problem.Error, r *http.Request) int {
	if p.Is(user.ErrStale) && r.Header.Get("If-Match") != "" {
		return http.StatusPreconditionFailed
	}
	return web.Status(r, p)
}

// send writes a body. Whoever hung up is not told.
func (s *surface) send(w http.ResponseWriter, body []byte) {
	if _, err := w.Write(body); err != nil {
		s.Log.Debug("an answer was not taken", "error", err)
	}
}
