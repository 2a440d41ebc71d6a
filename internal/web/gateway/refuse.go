package gateway

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/clientaddr"
	"github.com/mortise-auth/mortise/internal/decision"
	flow "github.com/mortise-auth/mortise/internal/gateway"
	"github.com/mortise-auth/mortise/internal/problem"
)

// refused is a request that may not pass.
type refused struct {
	o *flow.Original
	d *flow.Decision
	f family
	p *problem.Error
	c clientaddr.Client
}

// status is what the proxy is answered.
func (x *refused) status() int {
	status := x.p.Kind.Status()
	switch {
	case x.d.SignIn && x.f != original:
		return http.StatusFound
	case x.f == original && status < 500 && status != http.StatusUnauthorized:
		return http.StatusForbidden // nginx passes on 401 and 403 and turns everything else into 500
	}
	return status
}

// challenge says by which scheme to come, and to who presented a token what was wrong
// with it.
func (x *refused) challenge() string {
	fault := "invalid_token"
	if errors.Is(x.p, authn.ErrNonce) {
		fault = "use_dpop_nonce"
	}
	switch {
	case x.o.Token.Token == "":
		return "Bearer"
	case x.o.Token.DPoP:
		return `DPoP error="` + fault + `", algs="ES256 EdDSA PS256"`
	}
	return `Bearer error="invalid_token"`
}

func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, x refused) {
	head := w.Header()
	head["X-Content-Type-Options"] = noSniff
	status := x.status()
	if x.d.SignIn {
		head.Set("Location", h.link("/forward-auth/start?url="+url.QueryEscape(x.o.Scheme+"://"+x.o.Host+x.o.Target)))
	}
	if status == http.StatusUnauthorized {
		head.Set("WWW-Authenticate", x.challenge())
		if x.o.Token.Nonce != "" {
			head.Set("DPoP-Nonce", x.o.Token.Nonce)
		}
	}
	if x.p.RetryAfter > 0 {
		head.Set("Retry-After", strconv.Itoa(int(math.Ceil(x.p.RetryAfter.Seconds()))))
	}
	why := h.explain(r, &x)
	if why != "" {
		head.Set("Mortise-Why", why)
	}
	level := slog.LevelInfo
	if x.p.Kind == problem.Internal || x.p.Kind == problem.Unavailable || x.f == unclear {
		level = slog.LevelWarn
	}
	h.o.Log.LogAttrs(r.Context(), level, "gateway refused", slog.String("host", x.o.Host), slog.String("method", x.o.Method), slog.Int("rule", x.d.Rule),
		slog.Int("status", status), slog.String("code", x.p.Code), slog.String("cause", x.p.Error()), slog.String("client", x.c.Addr.String()), slog.String("why", why))
	if x.o.Navigate && !x.d.SignIn {
		h.apologize(w, status, x.p, why)
		return
	}
	body, _ := json.Marshal(struct { // texts and a number cannot fail
		Type   string `json:"type"`
		Status int    `json:"status"`
		Code   string `json:"code"`
		Detail string `json:"detail"`
		Why    string `json:"why,omitempty"`
	}{h.link("/errors/" + x.p.Code), status, x.p.Code, x.p.Public, why})
	head.Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a proxy that is gone needs no answer
}

// checks are what a request passes, in order; those from "site" on are the stages
// of the flow.
var checks = []string{"proxy", "original", "site", "address", "scheme", "rule", "credential", "origin", "requirements", "identity"}

// reached is the index in checks of the one that refused.
func (x *refused) reached() int {
	switch {
	case !x.c.ViaProxy:
		return 0
	case x.o.Host == "" || x.f == unclear || x.p.Is(flow.ErrOriginal):
		return 1
	}
	return 2 + int(x.d.Stage)
}

// explained are the kinds of errors that say no to somebody, rather than that
// something went wrong or was misspelt.
var explained = []problem.Kind{problem.Unauthenticated, problem.Forbidden, problem.Limited}

// explain remembers why the request is refused, for administrators. A stranger
// without any credential is not worth a record.
func (h *Handler) explain(r *http.Request, x *refused) string {
	if h.o.Explain == nil || !slices.Contains(explained, x.p.Kind) || flow.Stranger(x.d.Err) {
		return ""
	}
	route := x.o.Host
	if x.d.Rule > 0 {
		route += " rule " + strconv.Itoa(x.d.Rule)
	}
	d := decision.Record{Refusal: x.p.Code, Method: x.o.Method, Route: route, Credential: credential(x.o), UserAgent: r.UserAgent()}
	if x.c.Addr.IsValid() {
		d.IP = x.c.Addr.String()
	}
	if cause := x.p.Unwrap(); cause != nil {
		d.Reason = cause.Error()
	}
	if x.d.Found != nil {
		d.Subject, d.Session = x.d.Found.Subject, x.d.Found.Session
	}
	last := x.reached()
	for _, name := range checks[:last] {
		d.Checks = append(d.Checks, decision.Check{Name: name, Passed: true})
	}
	c := decision.Check{Name: checks[last]}
	c.Wanted, c.Got = x.p.Compared()
	d.Checks = append(d.Checks, c)
	return h.o.Explain(r.Context(), d)
}

func credential(o *flow.Original) string {
	switch {
	case o.Token.Token != "":
		return "bearer"
	case o.Gate != "":
		return "gate"
	case o.Session != "":
		return "session"
	}
	return "none"
}
