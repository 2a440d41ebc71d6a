package people

import (
	"errors"
	"net/http"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// showRecover is GET /recover, and the good end of it.
func (p *Pages) showRecover(w http.ResponseWriter, r *http.Request) error {
	if s, err := p.stepOf(r, "", stepRecovered); err == nil {
		p.o.Frame.ClearCookie(w, p.o.Frame.Names().Flow)
		return p.Show(w, r, http.StatusOK, page.Recovered{ReturnTo: s.ReturnTo})
	}
	f, err := query(r)
	if err != nil {
		return err
	}
	return p.Show(w, r, http.StatusOK, page.Recover{Identifier: clip(f["identifier"]), ReturnTo: f.returnTo()})
}

// startRecovery is POST /recover, also to send the message again. The answer is
// the same whether or not there is such an account (PW-30).
func (p *Pages) startRecovery(w http.ResponseWriter, r *http.Request, f form) error {
	typed := clip(f["identifier"])
	flow, err := p.o.Account.StartRecovery(r.Context(), stranger(r), typed, p.lang(r))
	if err != nil {
		return p.again(w, r, err, p.Show, func(form page.Form) page.View {
			return page.Recover{Form: form, Identifier: typed, ReturnTo: f.returnTo()}
		})
	}
	to := f.returnTo()
	if f["flow"] != "" {
		p.flash(w, page.NoticeMailSent, "")
		if s, err := p.stepOf(r, f["flow"], stepRecover); err == nil {
			to = s.ReturnTo
		}
	}
	return p.goOn(w, step{Kind: stepRecover, Email: typed, Flow: flow.Reveal(), ReturnTo: to}, "/recover/code")
}

// showRecoverCode is GET /recover/code.
func (p *Pages) showRecoverCode(w http.ResponseWriter, r *http.Request) error {
	s, err := p.stepOf(r, "", stepRecover)
	if err != nil {
		return p.to(w, "/recover")
	}
	return p.Show(w, r, http.StatusOK, p.codeView(page.Form{}, page.CodeRecover, s))
}

// tradeCode is POST /recover/code. What the code is traded for travels sealed,
// never in an address.
func (p *Pages) tradeCode(w http.ResponseWriter, r *http.Request, f form) error {
	s, err := p.stepOf(r, f["flow"], stepRecover)
	if err != nil {
		return err
	}
	flow, err := flowToken(proof.Recover, s)
	if err != nil {
		return err
	}
	link, err := p.o.Account.TradeCode(r.Context(), stranger(r), account.Answer{Flow: flow, Code: secret.NewText(f["code"])})
	if err := codeFault(err); err != nil {
		return p.again(w, r, err, p.Show, func(form page.Form) page.View { return p.codeView(form, page.CodeRecover, s) })
	}
	return p.goOn(w, step{Kind: stepPassword, Email: s.Email, Flow: link.Reveal(), ReturnTo: s.ReturnTo}, "/recover/password")
}

// showRecoverPassword is GET /recover/password, from the mailed link or after a
// code. It changes nothing.
func (p *Pages) showRecoverPassword(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	token := f["token"]
	if token == "" {
		s, err := p.stepOf(r, "", stepPassword)
		if err != nil {
			return p.to(w, "/recover")
		}
		token = s.Flow
	}
	about, err := p.peek(r, proof.Recover, token)
	if err != nil {
		return p.dead(w, r, page.LinkRecover, err)
	}
	return p.Show(w, r, http.StatusOK, p.recoverView(page.Form{}, about, token))
}

func (p *Pages) recoverView(again page.Form, about account.Pending, token string) page.RecoverPassword {
	v := page.RecoverPassword{Form: again, Username: about.Address, Token: token, MinLength: p.o.MinLength, Lost: about.Factors, OnlyPasskeys: about.OnlyPasskeys}
	for _, s := range about.Sessions {
		v.Sessions = append(v.Sessions, sessionView(s))
	}
	return v
}

// recoverPassword is POST /recover/password. Nobody is signed in by it (PW-33).
func (p *Pages) recoverPassword(w http.ResponseWriter, r *http.Request, f form) error {
	about, err := p.peek(r, proof.Recover, f["token"])
	if err != nil {
		return p.dead(w, r, page.LinkRecover, err)
	}
	link, err := linkToken(proof.Recover, f["token"])
	if err != nil {
		return err
	}
	_, err = p.o.Account.FinishRecovery(r.Context(), stranger(r), account.Answer{Link: link}, secret.NewText(f["new-password"]), p.lang(r))
	if errors.Is(err, proof.ErrExpired) {
		return p.dead(w, r, page.LinkRecover, err)
	}
	if err != nil {
		return p.again(w, r, renamed(err, newPassword), p.Show, func(form page.Form) page.View { return p.recoverView(form, about, f["token"]) })
	}
	done := step{Kind: stepRecovered}
	// Where the person was going is known when it is the browser that asked.
	if s, err := p.stepOf(r, "", stepRecover, stepPassword); err == nil && user.EmailKey(s.Email) == user.EmailKey(about.Address) {
		done.ReturnTo = s.ReturnTo
	}
	return p.goOn(w, done, "/recover")
}
