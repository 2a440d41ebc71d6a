package people

import (
	"errors"
	"net/http"
	"strings"

	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// askMail is POST /login/mail: the form of the sign-in page, without its password.
// The answer is the same whether or not there is such an account (PW-25).
func (p *Pages) askMail(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	again := func(form page.Form) page.View { return p.loginView(r, form, f) }
	if err := p.checkForm(r, f); err != nil {
		return p.again(w, r, err, p.Show, again)
	}
	s := step{Kind: stepMailed, Email: clip(f["identifier"]), ReturnTo: f.returnTo(), Beside: f["beside"] != ""}
	res, err := p.o.SignIn.AskByMail(r.Context(), p.SignInRequest(r, s.Email, secret.Text{}))
	if err != nil {
		return p.again(w, r, err, p.Show, again)
	}
	s.Flow = res.Flow.Reveal()
	return p.goOn(w, s, p.spoken(r, "/login/verify"))
}

// mailAgain is POST /login/resend of such a mail. The newer one replaces the older.
func (p *Pages) mailAgain(w http.ResponseWriter, r *http.Request, s step) error {
	in := p.SignInRequest(r, s.Email, secret.Text{})
	var err error
	if in.Flow, err = flowToken(proof.Enter, s); err != nil {
		return err
	}
	res, err := p.o.SignIn.AskByMail(r.Context(), in)
	if err != nil {
		return p.again(w, r, err, p.Show, func(form page.Form) page.View { return p.codeView(form, page.CodeMail, s) })
	}
	p.flash(w, page.NoticeMailSent, "")
	s.Flow = res.Flow.Reveal()
	return p.goOn(w, s, p.spoken(r, "/login/verify"))
}

// mailedRequest signs in by what came by mail, whose flow secret s holds.
func (p *Pages) mailedRequest(r *http.Request, s step, back signin.Mailed) (signin.Request, error) {
	in := p.SignInRequest(r, s.Email, secret.Text{})
	if s.Beside {
		in.Replaces = ""
	}
	var err error
	back.Flow, err = flowToken(proof.Enter, s)
	in.Response.Mailed, in.Least = &back, p.least(r, s.ReturnTo)
	return in, err
}

// mailedCode is POST /login/verify with the code of such a mail.
func (p *Pages) mailedCode(w http.ResponseWriter, r *http.Request, f form, s step) error {
	in, err := p.mailedRequest(r, s, signin.Mailed{Code: secret.NewText(f["code"])})
	if err != nil {
		return err
	}
	res, err := p.o.SignIn.SignIn(r.Context(), in)
	if errors.Is(err, proof.ErrWrongCode) {
		err = at("code", err)
	}
	if err != nil {
		return p.again(w, r, err, p.Show, func(form page.Form) page.View { return p.codeView(form, page.CodeMail, s) })
	}
	return p.entered(w, r, res, s)
}

// showMagic is GET /magic, from the link of such a mail. It changes nothing, since
// scanners open links: in the browser that asked it offers a button, in any other
// the code to type there (PW-37).
func (p *Pages) showMagic(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	about, _, err := p.peekMagic(r, f["token"])
	if err != nil {
		return p.dead(w, r, page.LinkLogin, err)
	}
	return p.Show(w, r, http.StatusOK, magicView(page.Form{}, about, f["token"]))
}

func magicView(again page.Form, about signin.MailedLink, token string) page.Magic {
	v := page.Magic{Form: again, Email: about.Address, Asked: about.Asked, Code: about.Code.Reveal()}
	if about.Own {
		v.Token = token
	}
	var from []string
	for _, part := range []string{about.Device, about.Place, about.IP} {
		if part != "" {
			from = append(from, part)
		}
	}
	v.From = strings.Join(from, ", ")
	return v
}

// peekMagic looks at a link, and at the step of this browser, if it is the one that
// asked. Only the cookie counts: nobody can plant it (SE-10).
func (p *Pages) peekMagic(r *http.Request, token string) (signin.MailedLink, step, error) {
	link, err := linkToken(proof.Enter, token)
	if err != nil {
		return signin.MailedLink{}, step{}, err
	}
	var flow secret.Token
	s, err := p.stepOf(r, "", stepMailed)
	if err == nil {
		flow, err = flowToken(proof.Enter, s)
	}
	if err != nil {
		flow = secret.Token{} // another browser's
	}
	about, err := p.o.SignIn.PeekMail(r.Context(), link, flow)
	return about, s, err
}

// magic is POST /magic: the button of the link's page. In a browser that did not
// ask, it shows the code like GET does.
func (p *Pages) magic(w http.ResponseWriter, r *http.Request, f form) error {
	about, s, err := p.peekMagic(r, f["token"])
	if err != nil {
		return p.dead(w, r, page.LinkLogin, err)
	}
	if !about.Own {
		return p.Show(w, r, http.StatusOK, magicView(page.Form{}, about, f["token"]))
	}
	link, err := linkToken(proof.Enter, f["token"])
	if err != nil {
		return err
	}
	in, err := p.mailedRequest(r, s, signin.Mailed{Link: link})
	if err != nil {
		return err
	}
	res, err := p.o.SignIn.SignIn(r.Context(), in)
	if errors.Is(err, proof.ErrWrongCode) {
		web.Of(r).Refused(err)
		return p.dead(w, r, page.LinkLogin, proof.ErrExpired.Because(err))
	}
	if err != nil {
		return p.again(w, r, err, p.Show, func(form page.Form) page.View { return magicView(form, about, f["token"]) })
	}
	return p.entered(w, r, res, s)
}
