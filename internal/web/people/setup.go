package people

import (
	"errors"
	"net/http"

	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/setup"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// showSetup is GET /setup: the code, then the first administrator, then the end;
// after that there is nothing here.
func (p *Pages) showSetup(w http.ResponseWriter, r *http.Request) error {
	if s, err := p.stepOf(r, "", stepSetup); err == nil {
		return p.Show(w, r, http.StatusOK, page.SetupDone{Email: s.Email, Passkey: s.Purpose == withKey})
	}
	if err := p.setupOpen(r); err != nil {
		return err
	}
	taken, err := p.o.Setup.Taken(r.Context(), p.setupBrowser(r))
	if err != nil {
		return err
	}
	if taken {
		return p.Show(w, r, http.StatusOK, page.SetupPerson{MinLength: p.o.MinLength, Passkeys: p.o.Passkeys != nil})
	}
	return p.Show(w, r, http.StatusOK, page.SetupCode{})
}

func (p *Pages) setupOpen(r *http.Request) error {
	needed, err := p.o.Setup.Needed(r.Context())
	if err == nil && !needed {
		return instance.ErrSetupDone
	}
	return err
}

func (p *Pages) setupBrowser(r *http.Request) secret.Token {
	cookie, _ := web.Cookie(r, p.o.Frame.Names().Setup)
	return setup.Browser(cookie)
}

// takeSetup is POST /setup: the code becomes this browser's cookie.
func (p *Pages) takeSetup(w http.ResponseWriter, r *http.Request, f form) error {
	by := stranger(r)
	browser, err := p.o.Setup.Take(r.Context(), by, ratelimit.SourceOf(by.Source.IP), f["code"])
	if err != nil {
		return p.setupAgain(w, r, err, func(form page.Form) page.View { return page.SetupCode{Form: form} })
	}
	p.o.Frame.SetCookie(w, p.o.Frame.Names().Setup, browser.Reveal(), setup.Life)
	return p.to(w, "/setup")
}

// What the forms of the second step say in the field "with".
const (
	withPasskey = "passkey" // the button that asks for one
	withKey     = "key"     // the page that has asked
)

// completeSetup is POST /setup/administrator. It signs nobody in: a session is
// born only by a sign-in.
func (p *Pages) completeSetup(w http.ResponseWriter, r *http.Request, f form) error {
	chosen := chosenIn(f)
	u := setup.Administrator{Name: f["display-name"], Email: f["email"], Password: chosen.Password, Passkey: chosen.Passkey, Lang: p.lang(r)}
	if f["with"] == withPasskey {
		return p.askSetupKey(w, r, u, nil)
	}
	_, err := p.o.Setup.Complete(r.Context(), stranger(r), p.setupBrowser(r), u)
	switch {
	case err != nil && f["with"] == withKey:
		return p.askSetupKey(w, r, u, err)
	case err != nil:
		return p.setupPersonAgain(w, r, u, err)
	}
	p.o.Frame.ClearCookie(w, p.o.Frame.Names().Setup)
	done := step{Kind: stepSetup, Email: clip(u.Email)}
	if u.Password.IsZero() {
		done.Purpose = withKey
	}
	return p.goOn(w, done, "/setup")
}

func (p *Pages) setupPersonAgain(w http.ResponseWriter, r *http.Request, u setup.Administrator, err error) error {
	return p.setupAgain(w, r, renamed(err, newPerson), func(form page.Form) page.View {
		return page.SetupPerson{Form: form, DisplayName: u.Name, Email: clip(u.Email), MinLength: p.o.MinLength, Passkeys: p.o.Passkeys != nil}
	})
}

// askSetupKey asks for the passkey of the administrator to be. why is what was wrong
// with the answer before. Name and address travel along in the form: nothing is kept.
func (p *Pages) askSetupKey(w http.ResponseWriter, r *http.Request, u setup.Administrator, why error) error {
	ask, err := p.o.Setup.Ask(r.Context(), p.setupBrowser(r), u)
	if err != nil {
		return p.setupPersonAgain(w, r, u, err)
	}
	v := page.SetupKey{DisplayName: u.Name, Email: u.Email, MinLength: p.o.MinLength, Options: optionsOf(&ask)}
	if why == nil {
		return p.Show(w, r, http.StatusOK, v)
	}
	return p.setupAgain(w, r, renamed(why, newPerson), func(form page.Form) page.View { v.Form = form; return v })
}

func (p *Pages) setupAgain(w http.ResponseWriter, r *http.Request, err error, view func(page.Form) page.View) error {
	if errors.Is(err, instance.ErrSetupClosed) {
		web.Of(r).Refused(err)
		return p.Show(w, r, instance.ErrSetupClosed.Kind.Status(), page.SetupClosed{RequestID: web.Of(r).ID})
	}
	if errors.Is(err, instance.ErrSetupCode) {
		err = at("code", err)
	}
	return p.again(w, r, err, p.Show, view)
}
