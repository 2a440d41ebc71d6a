package people

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/endsession"
	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// services are the buttons of the sign-in page. Without them it works all the same.
func (p *Pages) services(r *http.Request) []page.Service {
	if p.o.Federation == nil {
		return nil
	}
	all, err := p.o.Federation.Buttons(r.Context())
	if err != nil {
		return nil
	}
	last, _ := web.Cookie(r, p.o.Frame.Names().Last)
	out := make([]page.Service, 0, len(all))
	for _, c := range all {
		out = append(out, page.Service{Name: c.Name, Label: c.Title(), Last: c.Name == last})
	}
	slices.SortStableFunc(out, func(a, b page.Service) int {
		switch {
		case a.Last == b.Last:
			return 0
		case a.Last:
			return -1
		}
		return 1
	})
	return out
}

// proofs are the services that can confirm that it is whoever is signed in.
func (p *Pages) proofs(r *http.Request) (out []page.Service) {
	if p.o.Federation == nil {
		return nil
	}
	links, err := p.o.Federation.Links(r.Context(), web.Of(r).Caller)
	if err != nil {
		return nil
	}
	for _, l := range links {
		s := page.Service{Name: l.Connection.Name, Label: l.Connection.Title()}
		if l.Proves && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// locales are what a service may speak to this person in.
func (p *Pages) locales(r *http.Request) []string { return []string{p.lang(r)} }

// Locales is locales, for the surface of services.
func (p *Pages) Locales(r *http.Request) []string { return p.locales(r) }

// attempts is how many sign-ins with services one browser may have under way.
const attempts = 4

// Depart leaves an attempt with the browser and sends it to the service. A form's
// answer does not redirect to another origin: browsers would hold that against our
// form-action.
func (p *Pages) Depart(w http.ResponseWriter, r *http.Request, b federate.Begun) error {
	names := p.o.Frame.Names()
	under := 0
	for _, c := range r.Cookies() {
		if !strings.HasPrefix(c.Name, names.Attempt) || c.Name == names.Attempt+b.Tag {
			continue
		}
		if under++; under >= attempts {
			p.o.Frame.ClearCookie(w, c.Name)
		}
	}
	p.o.Frame.SetCookie(w, names.Attempt+b.Tag, b.Sealed, b.Life)
	if r.Method != http.MethodPost {
		return p.away(w, b.Address)
	}
	w.Header().Set("Refresh", "0; url="+b.Address)
	return p.Show(w, r, http.StatusOK, page.Onward{To: template.URL(b.Address), Service: b.Connection.Title()}) //nolint:gosec // made by the protocol of a connection that an administrator set up
}

// Arrived takes the attempt that the browser kept for a state; "" when there is none.
func (p *Pages) Arrived(w http.ResponseWriter, r *http.Request, state string) (string, error) {
	name := p.o.Frame.Names().Attempt + federate.Tag(state)
	text, err := web.Cookie(r, name)
	if text != "" {
		p.o.Frame.ClearCookie(w, name)
	}
	return text, err
}

// SignInWith ends a sign-in by a service in a session, or asks for what the account
// needs beside it. Whoever signed in here meanwhile stays signed in.
func (p *Pages) SignInWith(w http.ResponseWriter, r *http.Request, out federate.Outcome) error {
	p.o.Frame.SetCookie(w, p.o.Frame.Names().Last, out.Connection.Name, year)
	in := p.SignInRequest(r, "", secret.Text{})
	in.Response = signin.Response{Federated: out.Vouched}
	s := step{Email: out.Person.Email, ReturnTo: p.ReturnTo(out.Carry.ReturnTo), Beside: out.Carry.Beside || web.Of(r).Identity != nil}
	if in.Least = p.least(r, s.ReturnTo); s.Beside {
		in.Replaces = ""
	}
	res, err := p.o.SignIn.SignIn(r.Context(), in)
	if err != nil {
		return p.LoginAgain(w, r, out.Carry, err)
	}
	return p.entered(w, r, res, s)
}

// LoginAgain is the sign-in page with what was wrong at a service.
func (p *Pages) LoginAgain(w http.ResponseWriter, r *http.Request, c federate.Carry, err error) error {
	f := form{"return_to": c.ReturnTo}
	if c.Beside {
		f["beside"] = "1"
	}
	return p.again(w, r, err, p.Show, func(form page.Form) page.View { return p.loginView(r, form, f) })
}

// AskExisting leaves a link that waits with the browser, and explains.
func (p *Pages) AskExisting(w http.ResponseWriter, pending string) error {
	p.o.Frame.SetCookie(w, p.o.Frame.Names().Pending, pending, federate.PendingLife)
	return p.to(w, "/login/link")
}

// ServiceRefused goes back to where an attempt began: the service, or the person
// there, said no.
func (p *Pages) ServiceRefused(w http.ResponseWriter, r *http.Request, out federate.Outcome) error {
	to := p.ReturnTo(out.Carry.ReturnTo)
	switch {
	case out.Carry.Act != "":
		return p.confirmAgain(w, r, out.Carry.Act, "", federation.ErrRefused)
	case out.Purpose == federate.Link:
		return p.ConnectionsAgain(w, r, federation.ErrRefused)
	}
	p.flash(w, page.NoticeServiceRefused, out.Connection.Title())
	q := url.Values{}
	for name, value := range map[string]string{"return_to": to, "again": flag(out.Purpose == federate.StepUp), "beside": flag(out.Carry.Beside)} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return p.to(w, strings.TrimSuffix("/login?"+q.Encode(), "?"))
}

func flag(on bool) string {
	if on {
		return "1"
	}
	return ""
}

// ServiceDown says that a service does not answer, and offers the other ways.
func (p *Pages) ServiceDown(w http.ResponseWriter, r *http.Request, c federation.Connection, returnTo string, cause error) error {
	e := problem.Of(cause)
	web.Of(r).Refused(cause)
	v := page.ServiceDown{Label: c.Title(), Code: e.Code, Retry: "/federation/" + c.Name + "/start", ReturnTo: p.ReturnTo(returnTo)}
	for _, s := range p.services(r) {
		if s.Name != c.Name {
			v.Others = append(v.Others, s)
		}
	}
	w.Header().Set("Retry-After", "30")
	return p.Show(w, r, e.Kind.Status(), v)
}

// startFailed answers what could not be begun.
func (p *Pages) startFailed(w http.ResponseWriter, r *http.Request, c federation.Connection, err error, again func(error) error) error {
	if errors.Is(err, federation.ErrUpstream) && web.Of(r).Identity == nil {
		return p.ServiceDown(w, r, c, "", err)
	}
	return again(err)
}

// boundTo is what a service's answer is good for: one act, of one session.
func boundTo(r *http.Request, act string) string {
	sum := sha256.Sum256([]byte(act))
	return account.ConfirmBound(web.Of(r).Caller) + " " + hex.EncodeToString(sum[:])
}

// confirmByService is POST /account/confirm/service: off to prove the act there.
func (p *Pages) confirmByService(w http.ResponseWriter, r *http.Request, f form) error {
	if _, err := p.parkedOf(r, f["flow"]); err != nil {
		return err
	}
	b, err := p.o.Federation.Start(r.Context(), federate.Wish{
		By: web.Of(r).Caller, Connection: f["connection"], Purpose: federate.StepUp, Locales: p.locales(r),
		Carry: federate.Carry{Act: f["flow"], Bound: boundTo(r, f["flow"])},
	})
	if err != nil {
		return p.confirmAgain(w, r, f["flow"], "", err)
	}
	return p.Depart(w, r, b)
}

// StepUp is what came back for somebody who is signed in: the act is shown once more
// with the answer beside it, or the sign-in is done again.
func (p *Pages) StepUp(w http.ResponseWriter, r *http.Request, out federate.Outcome) error {
	if out.Carry.Act != "" {
		return p.confirmService(w, r, out)
	}
	f := form{"return_to": out.Carry.ReturnTo, "federated": out.Answer}
	if p.enrolled(r) { // the second step is asked for beside it
		v := p.againView(r, page.Form{}, f)
		v.Federated, v.Service, v.Services, v.Passkey = out.Answer, out.Connection.Title(), nil, false
		return p.Show(w, r, http.StatusOK, v)
	}
	return p.proveAgain(w, r, f)
}

// StepUpAgain shows what was to be confirmed, with what was wrong.
func (p *Pages) StepUpAgain(w http.ResponseWriter, r *http.Request, c federate.Carry, err error) error {
	if c.Act != "" {
		return p.confirmAgain(w, r, c.Act, "", err)
	}
	f := form{"return_to": c.ReturnTo}
	return p.again(w, r, err, p.Show, func(form page.Form) page.View { return p.againView(r, form, f) })
}

func (p *Pages) confirmService(w http.ResponseWriter, r *http.Request, out federate.Outcome) error {
	act, err := p.parkedOf(r, out.Carry.Act)
	if err != nil {
		return err
	}
	v := p.confirmView(r, page.Form{}, act)
	v.Flow, v.Federated, v.Service, v.Services, v.Passkey = out.Carry.Act, out.Answer, out.Connection.Title(), nil, false
	return p.own(w, r, http.StatusOK, v)
}

// confirmAgain shows a parked act with what was wrong.
func (p *Pages) confirmAgain(w http.ResponseWriter, r *http.Request, flow, field string, err error) error {
	act, bad := p.parkedOf(r, flow)
	if bad != nil {
		return errors.Join(bad, err)
	}
	if field != "" {
		err = at(field, err)
	}
	return p.again(w, r, err, p.own, func(form page.Form) page.View { return p.confirmView(r, form, act) })
}

// againByService is POST /login/again/service.
func (p *Pages) againByService(w http.ResponseWriter, r *http.Request, f form) error {
	if web.Of(r).Identity == nil {
		return p.to(w, p.loginFor(r, f.returnTo()))
	}
	carry := federate.Carry{ReturnTo: f.returnTo(), Bound: boundTo(r, againAct)}
	b, err := p.o.Federation.Start(r.Context(), federate.Wish{
		By: web.Of(r).Caller, Connection: f["connection"], Purpose: federate.StepUp, Locales: p.locales(r), Carry: carry,
	})
	if err != nil {
		return p.StepUpAgain(w, r, carry, err)
	}
	return p.Depart(w, r, b)
}

// againAct stands for signing in again, where it is an act.
const againAct = "again"

// serviceProof is what a service vouched for, from the field of a form, once.
func (p *Pages) serviceProof(r *http.Request, f form, act string) (*federation.Vouched, error) {
	if f["federated"] == "" || p.o.Federation == nil {
		return nil, nil
	}
	return p.o.Federation.Redeem(r.Context(), boundTo(r, act), f["federated"])
}

// parting is the way out of the service that the session began with. Ask before it
// ends.
func (p *Pages) parting(r *http.Request) (federate.Farewell, error) {
	if p.o.Federation == nil {
		return federate.Farewell{}, nil
	}
	return p.o.Federation.Farewell(r.Context(), web.Of(r).Caller, "")
}

// Parting is parting for somebody whom an app signs out, and who then goes on to the
// app.
func (p *Pages) Parting(r *http.Request, who endsession.Who, to string) (federate.Farewell, error) {
	if p.o.Federation == nil {
		return federate.Farewell{}, nil
	}
	return p.o.Federation.Farewell(r.Context(), user.By(who.User, who.Session.String(), web.Of(r).Caller.Source), to)
}

// onwardTo is where a browser goes that signed out of a service for an app.
func (p *Pages) onwardTo(state string) string {
	if p.o.Federation == nil || state == "" {
		return ""
	}
	return p.o.Federation.Onward(state)
}

// signedOutThere is signedOut for who may be signed in to a service still.
func (p *Pages) signedOutThere(w http.ResponseWriter, r *http.Request, bye federate.Farewell, everywhere bool) error {
	v := page.LoggedOut{Everywhere: everywhere, Service: page.Parting{Label: bye.Label, To: template.URL(bye.Address)}} //nolint:gosec // made by the protocol of a connection
	if further, err := p.o.Frame.Further(r); err == nil {
		v.Others = len(further) > 0
	}
	if bye.Always {
		w.Header().Set("Refresh", "0; url="+bye.Address)
	}
	p.Forget(w, r, endsession.Who{})
	return p.Show(w, r, http.StatusOK, v)
}
