package people

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// showLogin is GET /login. Whoever is signed in goes on at once, unless they are to
// prove it again, or want to sign in to another account beside it.
func (p *Pages) showLogin(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	if web.Of(r).Identity != nil {
		switch {
		case f["again"] != "" && f["acr"] != "" && !p.reaches(r, f["acr"]):
			p.flash(w, page.NoticeSecondNeeded, "")
			return p.to(w, securityPath)
		case f["again"] != "":
			return p.showAgain(w, r, f)
		case f["beside"] == "":
			return p.onward(w, f.returnTo(), "/account")
		}
	}
	return p.Show(w, r, http.StatusOK, p.loginView(r, page.Form{}, f))
}

func (p *Pages) loginView(r *http.Request, again page.Form, f form) page.Login {
	v := page.Login{Form: again, Identifier: clip(cmp.Or(f["identifier"], f["login_hint"])), ReturnTo: f.returnTo(), Signup: p.signUpOpen(r), Beside: f["beside"] != "", Passkeys: p.o.Passkeys != nil, Mail: p.o.SignIn.ByMail(), Services: p.services(r), Homes: p.homes(r)}
	if seats, err := p.seats(r); err == nil {
		v.Seats = len(seats)
	}
	if p.o.DevEntry != nil {
		v.Dev = p.o.DevEntry(r)
	}
	return v
}

// signUpOpen reports whether sign-up is worth a link. The flow decides.
func (p *Pages) signUpOpen(r *http.Request) bool {
	if !p.o.SignUp {
		return false
	}
	ready, err := p.o.Ready(r.Context())
	return err == nil && ready
}

// login is POST /login. A form that was overtaken, by the back button or by a
// sign-in in another tab, is shown again with what was typed.
func (p *Pages) login(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	again := func(form page.Form) page.View { return p.loginView(r, form, f) }
	if err := p.checkForm(r, f); err != nil {
		return p.again(w, r, err, p.Show, again)
	}
	in := p.SignInRequest(r, f["identifier"], secret.NewText(f["password"]))
	where := step{Email: f["identifier"], ReturnTo: f.returnTo(), Beside: f["beside"] != ""}
	if where.Beside {
		in.Replaces = ""
	}
	in.Least = p.least(r, where.ReturnTo)
	if in.Response.Passkey, err = p.signInPasskey(r, f); err != nil {
		return p.again(w, r, err, p.Show, again)
	}
	if in.Response.Passkey != nil { // it says whose it is; what stands in the field does not matter
		in.Identifier, in.Response.Password = "", secret.Text{}
	}
	if f["home"] != "" {
		in.Response.Password = secret.Text{}
	}
	if in.Response.Passkey == nil && in.Response.Password.IsZero() {
		if sent, err := p.sendHome(w, r, f); sent || err != nil {
			return err
		}
		if f["home"] != "" && f["identifier"] != "" {
			return p.again(w, r, at("identifier", federate.ErrNoHome), p.Show, again)
		}
	}
	res, err := p.o.SignIn.SignIn(r.Context(), in)
	if errors.Is(err, signin.ErrSSORequired) {
		if sent, err := p.sendHome(w, r, f); sent {
			return err
		}
	}
	if err != nil {
		gone := p.forgotten(r, f, err)
		return p.again(w, r, err, p.Show, func(form page.Form) page.View {
			v := p.loginView(r, form, f)
			v.Forgotten = gone
			return v
		})
	}
	return p.entered(w, r, res, where)
}

// least is what the app asks of a sign-in that leads back to its request.
func (p *Pages) least(r *http.Request, returnTo string) int {
	u, err := url.Parse(returnTo)
	if err != nil || p.o.Authorize == nil || !strings.HasSuffix(u.Path, "/oauth2/authorize") {
		return 0
	}
	v, err := p.o.Desk.Visit(r)
	if err != nil {
		return 0
	}
	return p.o.Authorize.Least(r.Context(), u.Query().Get("flow"), v)
}

// SignInRequest is what the flow wants to know about a sign-in from this browser.
func (p *Pages) SignInRequest(r *http.Request, identifier string, password secret.Text) signin.Request {
	q := web.Of(r)
	known, _ := web.Cookie(r, p.o.Frame.Names().Device)
	trusted, _ := web.Cookie(r, p.o.Frame.Names().Trust) // two cookies are as good as none
	return signin.Request{
		By: stranger(r), Identifier: identifier, Response: signin.Response{Password: password},
		Device: known, Trusted: trusted, Replaces: q.Secret, Lang: p.lang(r), Upstream: p.upstream(r),
	}
}

// stranger is the caller of acts that must not borrow from whoever is signed in.
func stranger(r *http.Request) user.Caller { return user.Anonymous(web.Of(r).Caller.Source) }

// Enter settles a sign-in: the browser gets the session's secret and loses what
// it held before (SE-3, SE-4), or is asked for the mailed code.
func (p *Pages) Enter(w http.ResponseWriter, r *http.Request, res signin.Result, identifier, returnTo string) error {
	return p.entered(w, r, res, step{Email: identifier, ReturnTo: returnTo})
}

func (p *Pages) entered(w http.ResponseWriter, r *http.Request, res signin.Result, s step) error {
	if res.Next != nil {
		return p.askSecond(w, r, res, s)
	}
	if !res.Complete() {
		s.Kind, s.Email, s.Flow = stepLogin, clip(s.Email), res.Flow.Reveal()
		return p.goOn(w, s, p.spoken(r, "/login/verify"))
	}
	if err := p.seated(w, r, res, s); err != nil {
		return err
	}
	if !res.Due.IsZero() {
		return p.to(w, soon(res.Due, s.ReturnTo))
	}
	return p.onward(w, s.ReturnTo, "/account")
}

// seated gives the browser what a complete sign-in leaves with it.
func (p *Pages) seated(w http.ResponseWriter, r *http.Request, res signin.Result, s step) error {
	names := p.o.Frame.Names()
	if res.Trusted != "" {
		p.o.Frame.SetCookie(w, names.Trust, res.Trusted, res.TrustUntil.Sub(p.o.Now()))
	}
	p.o.Frame.SetCookie(w, names.Session, res.Secret.Reveal(), res.Session.ExpiresAt.Sub(p.o.Now()))
	p.o.Frame.SetCookie(w, names.Device, res.Device, year)
	for _, name := range []string{names.Browser, names.Flow, names.Setup} {
		p.o.Frame.ClearCookie(w, name)
	}
	return p.settle(w, r, res.User.ID.String(), s.Beside)
}

// showLoginCode is GET /login/verify.
func (p *Pages) showLoginCode(w http.ResponseWriter, r *http.Request) error {
	s, err := p.stepOf(r, "", stepLogin, stepMailed)
	if err != nil {
		return p.to(w, "/login")
	}
	purpose := page.CodeLogin
	if s.Kind == stepMailed {
		purpose = page.CodeMail
	}
	return p.Show(w, r, http.StatusOK, p.codeView(page.Form{}, purpose, s))
}

// codeView keeps the step in the form, so that each tab has its own.
func (p *Pages) codeView(again page.Form, purpose page.CodePurpose, s step) page.Code {
	return page.Code{Form: again, Purpose: purpose, Email: s.Email, Flow: p.seal(sealStep, s)}
}

// loginCode is POST /login/verify: code and password in one request, since
// nothing is kept between the two. Once the code was right it is spent, so
// whatever goes wrong after it starts again from the sign-in page.
func (p *Pages) loginCode(w http.ResponseWriter, r *http.Request, f form) error {
	s, err := p.stepOf(r, f["flow"], stepLogin, stepMailed)
	if err != nil {
		return err
	}
	if s.Kind == stepMailed {
		return p.mailedCode(w, r, f, s)
	}
	in := p.SignInRequest(r, s.Email, secret.NewText(f["password"]))
	if s.Beside {
		in.Replaces = ""
	}
	in.Code, in.Least = secret.NewText(f["code"]), p.least(r, s.ReturnTo)
	if in.Flow, err = flowToken(proof.SignIn, s); err != nil {
		return err
	}
	res, err := p.o.SignIn.SignIn(r.Context(), in)
	if errors.Is(err, proof.ErrWrongCode) {
		err = at("code", err)
	}
	if errors.Is(err, signin.ErrWrong) {
		typed := form{"identifier": s.Email, "return_to": s.ReturnTo}
		if s.Beside {
			typed["beside"] = "1"
		}
		return p.again(w, r, err, p.Show, func(form page.Form) page.View { return p.loginView(r, form, typed) })
	}
	if err != nil {
		return p.again(w, r, err, p.Show, func(form page.Form) page.View { return p.codeView(form, page.CodeLogin, s) })
	}
	return p.entered(w, r, res, s)
}

// resendLogin is POST /login/resend.
func (p *Pages) resendLogin(w http.ResponseWriter, r *http.Request, f form) error {
	s, err := p.stepOf(r, f["flow"], stepLogin, stepMailed)
	if err != nil {
		return err
	}
	if s.Kind == stepMailed {
		return p.mailAgain(w, r, s)
	}
	in := p.SignInRequest(r, s.Email, secret.Text{})
	if in.Flow, err = flowToken(proof.SignIn, s); err != nil {
		return err
	}
	res, err := p.o.SignIn.ResendCode(r.Context(), in)
	if err != nil {
		return p.again(w, r, err, p.Show, func(form page.Form) page.View { return p.codeView(form, page.CodeLogin, s) })
	}
	p.flash(w, page.NoticeMailSent, "")
	return p.entered(w, r, res, s)
}

func flowToken(purpose proof.Purpose, s step) (secret.Token, error) {
	t, err := secret.Parse(purpose.FlowPurpose(), s.Flow)
	if err != nil {
		return t, signin.ErrFlow.Because(err)
	}
	return t, nil
}
