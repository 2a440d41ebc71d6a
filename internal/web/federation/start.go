package federation

import (
	"errors"
	"net/http"
	"strings"

	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/web"
)

// errAhead: a browser that only looks ahead goes nowhere.
var errAhead = problem.New(problem.Unavailable, "prefetch_refused", "Open this page yourself to go on.")

// start is GET /federation/{connection}/start. Services begin a sign-in here too
// (OpenID Connect Core, 4): with iss, which must be the connection's, and
// target_link_uri, which must be a page of ours.
func (s surface) start(w http.ResponseWriter, r *http.Request) error {
	if strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") {
		return errAhead
	}
	q, err := s.o.Desk.Read(w, r)
	if err != nil {
		return err
	}
	wish := federate.Wish{
		By: web.Of(r).Caller, Connection: r.PathValue("connection"), Purpose: federate.SignIn, LoginHint: hint(q["login_hint"]),
		Locales: s.o.Desk.Locales(r), Issuer: q["iss"],
		Carry: federate.Carry{ReturnTo: s.returnTo(q), Beside: q["beside"] != ""},
	}
	switch {
	case q["test"] != "":
		wish.Purpose, wish.Ticket = federate.Test, q["test"]
	case q["program"] != "": // its session is another than this browser's
		wish.Program = q["program"]
	case web.Of(r).Identity != nil && !wish.Carry.Beside:
		return s.onward(w, wish.Carry.ReturnTo)
	}
	b, err := s.o.Flow.Start(r.Context(), wish)
	if err != nil && b.Page != "" {
		return s.tell(w, federate.Outcome{Carry: federate.Carry{Page: b.Page}}, err)
	}
	if errors.Is(err, federation.ErrUpstream) {
		return s.o.Desk.ServiceDown(w, r, b.Connection, wish.Carry.ReturnTo, err)
	}
	if err != nil {
		return err
	}
	return s.o.Desk.Depart(w, r, b)
}

// returnTo is where signing in leads on to: a path of ours, as our pages write it, or
// an address of ours, as other services do.
func (s surface) returnTo(q map[string]string) string {
	if target := q["target_link_uri"]; target != "" && q["return_to"] == "" {
		path, ok := s.o.Frame.Path(target)
		if !ok {
			return ""
		}
		if _, query, has := strings.Cut(target, "?"); has {
			query, _, _ = strings.Cut(query, "#")
			path += "?" + query
		}
		return s.o.Desk.ReturnTo(s.o.BasePath + path)
	}
	return s.o.Desk.ReturnTo(q["return_to"])
}

func (s surface) onward(w http.ResponseWriter, to string) error {
	if to == "" {
		to = s.o.BasePath + "/account"
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// hint bounds what is passed on about who might sign in.
func hint(text string) string {
	const most = 254
	if len(text) > most || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return ""
	}
	return text
}
