package people

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// formWays are the second steps that a form can answer.
var formWays = []string{"otp", "sms", "recovery"}

// askSecond leaves a half-done sign-in with the browser, which alone may finish it.
func (p *Pages) askSecond(w http.ResponseWriter, r *http.Request, res signin.Result, s step) error {
	bound, err := p.bound(r)
	if err != nil {
		return err
	}
	if bound == "" { // it came by another service, and no page of ours before
		bound = "browser " + p.newBrowser(w)
	}
	s.Kind, s.Email, s.Flow, s.Purpose, s.Bound = stepSecond, clip(s.Email), res.Flow.Reveal(), "", bound
	path := "/login/second"
	if slices.Contains(res.Next, "enroll") {
		path = enrolPath
	}
	return p.goOn(w, s, p.spoken(r, path))
}

// secondStep is the half-done sign-in of this browser. With ErrFlow comes what is
// known of the way back.
func (p *Pages) secondStep(r *http.Request, hidden string) (step, error) {
	s, err := p.stepOf(r, hidden, stepSecond)
	if err != nil {
		return s, err
	}
	if bound, err := p.bound(r); err != nil || bound != s.Bound {
		return s, signin.ErrFlow.Because(err)
	}
	return s, nil
}

// showSecond is GET /login/second.
func (p *Pages) showSecond(w http.ResponseWriter, r *http.Request) error {
	s, err := p.secondStep(r, "")
	if err != nil {
		return p.to(w, p.loginFor(r, s.ReturnTo))
	}
	v, err := p.secondView(r, s)
	if errors.Is(err, signin.ErrFlow) {
		return p.to(w, p.loginFor(r, s.ReturnTo))
	}
	if err != nil {
		return err
	}
	return p.Show(w, r, http.StatusOK, v)
}

// fromTheStart is the sign-in page after a half-done sign-in is over.
func (p *Pages) fromTheStart(w http.ResponseWriter, r *http.Request, s step, why error) error {
	web.Of(r).Refused(why)
	e := problem.Of(why)
	return p.Show(w, r, e.Kind.Status(), p.loginView(r, page.Form{Problem: e}, s.form()))
}

// form is the sign-in form as it was when s began.
func (s step) form() form {
	f := form{"identifier": s.Email, "return_to": s.ReturnTo}
	if s.Beside {
		f["beside"] = "1"
	}
	return f
}

// secondView asks for the way that was chosen, or else the quickest.
func (p *Pages) secondView(r *http.Request, s step) (page.Second, error) {
	in, err := p.secondRequest(r, s)
	if err != nil {
		return page.Second{}, err
	}
	ways, err := p.o.SignIn.Ways(r.Context(), in)
	if err != nil {
		return page.Second{}, err
	}
	v := page.Second{Flow: p.seal(sealStep, s), Sent: s.Sent, Calls: p.calls(), Called: s.Called}
	for _, way := range ways {
		switch {
		case way == "passkey":
			v.Passkey, v.Quick = true, v.Way == "" && s.Purpose == "" && len(ways) > 1
		case !slices.Contains(formWays, way):
		case v.Way == "" && (s.Purpose == "" || s.Purpose == way):
			v.Way = way
		default:
			v.Ways = append(v.Ways, way)
		}
	}
	if v.Way == "" && !v.Passkey {
		return v, signin.ErrFlow
	}
	v.Remember, err = p.o.SignIn.Remembers(r.Context(), in)
	return v, err
}

func (p *Pages) secondRequest(r *http.Request, s step) (signin.Request, error) {
	in := p.SignInRequest(r, "", secret.Text{})
	if s.Beside {
		in.Replaces = ""
	}
	flow, err := secret.Parse(challenge.Purpose, s.Flow)
	if err != nil {
		return in, signin.ErrFlow.Because(err)
	}
	in.Flow = flow
	return in, nil
}

// chooseSecond is POST /login/second/way: another way to take the step.
func (p *Pages) chooseSecond(w http.ResponseWriter, r *http.Request, f form) error {
	s, err := p.secondStep(r, f["flow"])
	if err != nil {
		return err
	}
	if s.Purpose = f["way"]; !slices.Contains(formWays, s.Purpose) {
		return web.ErrBadRequest
	}
	return p.goOn(w, s, p.spoken(r, "/login/second"))
}

// takeSecond is POST /login/second. Where another tab was faster, this one follows.
func (p *Pages) takeSecond(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	s, over := p.secondStep(r, f["flow"])
	if err := p.checkForm(r, f); err != nil {
		if web.Of(r).Identity != nil && !s.Beside && s.Kind == stepSecond {
			return p.to(w, p.loginFor(r, s.ReturnTo))
		}
		return err
	}
	if over != nil {
		return p.fromTheStart(w, r, s, over)
	}
	in, err := p.secondRequest(r, s)
	if err != nil {
		return err
	}
	was := s.Purpose
	if in.Response, s.Purpose = typedSecond(f); s.Purpose == "otp" && was == "sms" {
		s.Purpose = was
	}
	in.Remember = f["remember-device"] == "yes"
	if in.Response.Passkey, err = p.signInPasskey(r, f); err != nil {
		return err
	}
	if in.Response.Passkey != nil { // whatever stands in the field does not matter
		in.Response = signin.Response{Passkey: in.Response.Passkey}
	}
	res, err := p.o.SignIn.Continue(r.Context(), in)
	if err == nil {
		return p.entered(w, r, res, s)
	}
	if errors.Is(err, signin.ErrSSORequired) {
		if sent, err := p.sendHome(w, r, s.form()); sent {
			return err
		}
	}
	if errors.Is(err, signin.ErrFlow) {
		return p.fromTheStart(w, r, s, err)
	}
	v, gone := p.secondView(r, s)
	if errors.Is(gone, signin.ErrFlow) {
		return p.fromTheStart(w, r, s, gone)
	}
	if gone != nil {
		return errors.Join(gone, err)
	}
	return p.again(w, r, at(fieldOf(v.Way), err), p.Show, func(form page.Form) page.View { v.Form = form; return v })
}

// reaches reports whether the caller can sign in with that assurance. What cannot
// be told counts as yes: they are asked for what they have.
func (p *Pages) reaches(r *http.Request, acr string) bool {
	level, err := strconv.Atoi(acr)
	if err != nil {
		return true
	}
	reach, err := p.o.SignIn.Reach(r.Context(), web.Of(r).Caller.User)
	return err != nil || reach >= level
}

func typedSecond(f form) (r signin.Response, way string) {
	if code, ok := f["recovery-code"]; ok {
		return signin.Response{Recovery: secret.NewText(code)}, "recovery"
	}
	if code := f["code"]; recovery.Looks(code) {
		return signin.Response{Recovery: secret.NewText(code)}, "otp"
	}
	return signin.Response{OTP: secret.NewText(f["code"])}, "otp"
}

func fieldOf(way string) string {
	if way == "recovery" {
		return "recovery-code"
	}
	return "code"
}
