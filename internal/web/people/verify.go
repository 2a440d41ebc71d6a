package people

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// showVerify is GET /verify: with a token the page behind a mailed link, which
// changes nothing; without one the page for the code, or the good end.
func (p *Pages) showVerify(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	if f["token"] == "" {
		return p.showVerifyStep(w, r)
	}
	about, err := p.peekVerify(r, f["token"])
	if err != nil {
		return p.dead(w, r, page.LinkVerify, err)
	}
	if about.Purpose == proof.Address && about.Owner != web.Of(r).Caller.User {
		return account.ErrConfirmElsewhere // the way back leads here
	}
	return p.Show(w, r, http.StatusOK, p.verifyView(page.Form{}, about, f["token"]))
}

func (p *Pages) showVerifyStep(w http.ResponseWriter, r *http.Request) error {
	s, err := p.stepOf(r, "", stepSignUp, stepVerified)
	switch {
	case err != nil:
		return p.to(w, "/login")
	case s.Kind == stepSignUp:
		return p.Show(w, r, http.StatusOK, p.codeView(page.Form{}, page.CodeSignup, s))
	}
	v := page.Verified{Purpose: page.VerifyPurpose(s.Purpose), Email: s.Email}
	if s.ReturnTo != "" {
		v.ReturnTo = loginPath(s.ReturnTo)
	}
	return p.Show(w, r, http.StatusOK, v)
}

// verifyView asks for a password where nobody had asked to sign up: the one that
// was chosen then may be a stranger's (PW-36).
func (p *Pages) verifyView(again page.Form, about account.Pending, token string) page.Verify {
	v := page.Verify{Form: again, Purpose: page.VerifyAddress, Email: about.Address, Name: about.Name, Token: token}
	life := account.AddressLife
	if about.Purpose == proof.SignUp {
		v.Purpose, life = page.VerifySignup, account.SignUpLife
		v.Choose, v.Keyless, v.MinLength, v.Options = !about.Asked || about.Keyless, about.Keyless, p.o.MinLength, optionsOf(about.Ask)
	}
	v.Asked = about.ExpiresAt.Add(-life)
	return v
}

// peekVerify finds out which of the two kinds of link token is.
func (p *Pages) peekVerify(r *http.Request, token string) (about account.Pending, err error) {
	for _, purpose := range []proof.Purpose{proof.SignUp, proof.Address} {
		about, err = p.peek(r, purpose, token)
		if !errors.Is(err, proof.ErrExpired) {
			break
		}
	}
	return about, err
}

func (p *Pages) peek(r *http.Request, purpose proof.Purpose, token string) (account.Pending, error) {
	link, err := linkToken(purpose, token)
	if err != nil {
		return account.Pending{}, err
	}
	return p.o.Account.Peek(r.Context(), purpose, account.Answer{Link: link, Flow: p.asked(r, purpose)})
}

// asked is the flow secret of this browser's own sign-up; zero when it has none.
func (p *Pages) asked(r *http.Request, purpose proof.Purpose) secret.Token {
	s, err := p.stepOf(r, "", stepSignUp)
	if err != nil || purpose != proof.SignUp {
		return secret.Token{}
	}
	flow, _ := flowToken(purpose, s)
	return flow
}

func linkToken(purpose proof.Purpose, text string) (secret.Token, error) {
	t, err := secret.Parse(purpose.LinkPurpose(), text)
	if err != nil {
		return t, proof.ErrExpired.Because(err)
	}
	return t, nil
}

// dead answers a link that opens nothing (any more).
func (p *Pages) dead(w http.ResponseWriter, r *http.Request, kind page.LinkKind, err error) error {
	if !errors.Is(err, proof.ErrExpired) {
		return err
	}
	web.Of(r).Refused(err)
	return p.Show(w, r, proof.ErrExpired.Kind.Status(), page.DeadLink{Kind: kind, Code: proof.ErrExpired.Code, RequestID: web.Of(r).ID})
}

// verify is POST /verify: the button of the link's page, or the code of a sign-up.
func (p *Pages) verify(w http.ResponseWriter, r *http.Request, f form) error {
	if f["token"] == "" {
		return p.verifyCode(w, r, f)
	}
	about, err := p.peekVerify(r, f["token"])
	if err != nil {
		return p.dead(w, r, page.LinkVerify, err)
	}
	link, err := linkToken(about.Purpose, f["token"])
	if err != nil {
		return err
	}
	done := step{Kind: stepVerified, Email: about.Address, Purpose: string(page.VerifyAddress)}
	if about.Purpose == proof.SignUp {
		done.Purpose = string(page.VerifySignup)
		own := account.Answer{Link: link, Flow: p.asked(r, proof.SignUp)}
		var made account.SignedUp
		made, err = p.o.Account.FinishSignUp(r.Context(), stranger(r), own, chosenIn(f))
		if err == nil && made.Ask != nil { // nothing was chosen yet
			return p.Show(w, r, http.StatusOK, p.verifyView(page.Form{}, about, f["token"]))
		}
	} else {
		_, err = p.o.Account.ConfirmEmail(r.Context(), web.Of(r).Caller, account.Answer{Link: link}, p.lang(r))
	}
	if errors.Is(err, proof.ErrExpired) {
		return p.dead(w, r, page.LinkVerify, err)
	}
	if err != nil {
		return p.again(w, r, renamed(err, newPassword), p.Show, func(form page.Form) page.View { return p.verifyView(form, about, f["token"]) })
	}
	// Where the person was going is known when it is the browser that signed up.
	if s, err := p.stepOf(r, "", stepSignUp); err == nil && user.EmailKey(s.Email) == user.EmailKey(about.Address) {
		done.ReturnTo = s.ReturnTo
	}
	return p.goOn(w, done, "/verify")
}

func (p *Pages) verifyCode(w http.ResponseWriter, r *http.Request, f form) error {
	s, err := p.stepOf(r, f["flow"], stepSignUp)
	if err != nil {
		return err
	}
	flow, err := flowToken(proof.SignUp, s)
	if err != nil {
		return err
	}
	code := cmp.Or(f["code"], s.Code)
	made, err := p.o.Account.FinishSignUp(r.Context(), stranger(r), account.Answer{Flow: flow, Code: secret.NewText(code)}, chosenIn(f))
	if made.Ask != nil {
		s.Code = code
		return p.firstPasskey(w, r, s, made.Ask, err)
	}
	if err := codeFault(err); err != nil {
		return p.again(w, r, err, p.Show, func(form page.Form) page.View { return p.codeView(form, page.CodeSignup, s) })
	}
	return p.goOn(w, step{Kind: stepVerified, Email: s.Email, Purpose: string(page.VerifySignup), ReturnTo: s.ReturnTo}, "/verify")
}

// codeFault makes whatever a code can be into one answer: wrong, out of tries,
// expired, replaced, or of a flow nobody was mailed for (PW-30).
func codeFault(err error) error {
	if errors.Is(err, proof.ErrWrongCode) || errors.Is(err, proof.ErrExpired) {
		return at("code", proof.ErrWrongCode.Because(err))
	}
	return err
}
