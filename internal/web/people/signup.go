package people

import (
	"net/http"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// showSignUp is GET /signup.
func (p *Pages) showSignUp(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	if !p.signUpOpen(r) {
		return account.ErrNoSignUp
	}
	return p.Show(w, r, http.StatusOK, p.signUpView(r, page.Form{}, f))
}

func (p *Pages) signUpView(r *http.Request, again page.Form, f form) page.Signup {
	return page.Signup{Form: again, DisplayName: f["display-name"], Email: clip(f["email"]), ReturnTo: f.returnTo(), MinLength: p.o.MinLength, Passkeys: p.o.Passkeys != nil, Services: p.services(r)}
}

// signUp is POST /signup. The answer is the same whether or not the address is
// known (PW-30).
func (p *Pages) signUp(w http.ResponseWriter, r *http.Request, f form) error {
	flow, err := p.o.Account.StartSignUp(r.Context(), account.SignUp{
		By: stranger(r), Name: f["display-name"], Email: f["email"], Password: secret.NewText(f["new-password"]),
		Passkey: f["with"] == withPasskey, Lang: p.lang(r),
	})
	if err != nil {
		return p.again(w, r, renamed(err, newPerson), p.Show, func(form page.Form) page.View { return p.signUpView(r, form, f) })
	}
	return p.goOn(w, step{Kind: stepSignUp, Email: clip(f["email"]), Flow: flow.Reveal(), ReturnTo: f.returnTo()}, "/verify")
}

// resendSignUp is POST /signup/resend.
func (p *Pages) resendSignUp(w http.ResponseWriter, r *http.Request, f form) error {
	s, err := p.stepOf(r, f["flow"], stepSignUp)
	if err != nil {
		return err
	}
	flow, err := flowToken(proof.SignUp, s)
	if err != nil {
		return err
	}
	next, err := p.o.Account.ResendSignUp(r.Context(), stranger(r), flow, s.Email, p.lang(r))
	if err != nil {
		return p.again(w, r, err, p.Show, func(form page.Form) page.View { return p.codeView(form, page.CodeSignup, s) })
	}
	s.Flow = next.Reveal()
	p.flash(w, page.NoticeMailSent, "")
	return p.goOn(w, s, "/verify")
}
