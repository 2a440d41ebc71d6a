package federation

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/web"
)

// parameters of an answer; others are not looked at.
var parameters = []string{"state", "code", "iss", "error", "error_description", "user"}

// longest is what a Location may have that a browser sends back in one line.
const longest = 8 << 10

// posted turns a form that a service sent into a GET, with which browsers send the
// attempt's cookie wherever the form came from.
func (s surface) posted(w http.ResponseWriter, r *http.Request) error {
	f, err := s.o.Desk.Read(w, r)
	if err != nil {
		return err
	}
	q := url.Values{}
	for _, name := range parameters {
		if f[name] != "" {
			q.Set(name, f[name])
		}
	}
	to := s.o.BasePath + "/federation/" + url.PathEscape(r.PathValue("connection")) + "/callback?" + q.Encode()
	if len(to) > longest {
		return web.ErrTooLarge
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// callback is GET /federation/{connection}/callback.
func (s surface) callback(w http.ResponseWriter, r *http.Request) error {
	q, err := s.o.Desk.Read(w, r)
	if err != nil {
		return err
	}
	sealed, err := s.o.Desk.Arrived(w, r, q["state"])
	if err != nil {
		return err
	}
	out, err := s.o.Flow.Finish(r.Context(), federate.Return{
		By: web.Of(r).Caller, Connection: r.PathValue("connection"), State: q["state"], Sealed: sealed,
		Answer: federation.Answer{Code: q["code"], Issuer: q["iss"], Error: q["error"], ErrorDescription: q["error_description"], User: q["user"]},
	})
	if err != nil {
		return s.failed(w, r, out, err)
	}
	if out.Carry.Page != "" {
		return s.tell(w, out, nil)
	}
	switch out.Purpose {
	case federate.Test:
		return s.o.Desk.Show(w, r, http.StatusOK, trial(out))
	case federate.Link:
		return s.o.Desk.AskLink(w, r, out.Pending)
	case federate.StepUp:
		return s.o.Desk.StepUp(w, r, out)
	}
	if out.Pending != "" {
		return s.o.Desk.AskExisting(w, out.Pending)
	}
	return s.o.Desk.SignInWith(w, r, out)
}

// failed leads back to where the attempt began, and says why. What was not begun here
// leads nowhere.
func (s surface) failed(w http.ResponseWriter, r *http.Request, out federate.Outcome, err error) error {
	switch {
	case out.Connection.ID.IsZero(), problem.Of(err).Kind == problem.Internal:
		return err
	case out.Carry.Page != "":
		return s.tell(w, out, err)
	case out.Purpose == federate.Test:
		return err
	case errors.Is(err, federation.ErrRefused):
		return s.o.Desk.ServiceRefused(w, r, out)
	case out.Purpose == federate.Link:
		return s.o.Desk.ConnectionsAgain(w, r, err)
	case out.Purpose == federate.StepUp:
		return s.o.Desk.StepUpAgain(w, r, out.Carry, err)
	case errors.Is(err, federation.ErrUpstream):
		return s.o.Desk.ServiceDown(w, r, out.Connection, out.Carry.ReturnTo, err)
	}
	return s.o.Desk.LoginAgain(w, r, out.Carry, err)
}

// tell brings an answer to the page of a program that began the sign-in: what it is
// needs the secret of its flow to be of use.
func (s surface) tell(w http.ResponseWriter, out federate.Outcome, err error) error {
	u, bad := url.Parse(out.Carry.Page)
	if bad != nil {
		return federation.ErrAttempt.Because(bad)
	}
	q := u.Query()
	switch {
	case err != nil:
		q.Set("error", problem.Of(err).Code)
	case out.Pending != "":
		q.Set("error", "link_required")
	default:
		q.Set("federated", out.Answer)
	}
	u.RawQuery = q.Encode()
	w.Header().Set("Location", u.String())
	w.WriteHeader(http.StatusSeeOther)
	return nil
}
