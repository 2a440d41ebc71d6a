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
		return p.Show(w, r, http.StatusOK, page.SetupDone{Email: s.Email})
	}
	if err := p.setupOpen(r); err != nil {
		return err
	}
	taken, err := p.o.Setup.Taken(r.Context(), p.setupBrowser(r))
	if err != nil {
		return err
	}
	if taken {
		return p.Show(w, r, http.StatusOK, page.SetupPerson{MinLength: p.o.MinLength})
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

// completeSetup is POST /setup/administrator. It signs nobody in: a session is
// born only by a sign-in.
func (p *Pages) completeSetup(w http.ResponseWriter, r *http.Request, f form) error {
	u := setup.Administrator{Name: f["display-name"], Email: f["email"], Password: secret.NewText(f["new-password"]), Lang: p.lang(r)}
	if _, err := p.o.Setup.Complete(r.Context(), stranger(r), p.setupBrowser(r), u); err != nil {
		return p.setupAgain(w, r, renamed(err, newPerson), func(form page.Form) page.View {
			return page.SetupPerson{Form: form, DisplayName: u.Name, Email: clip(u.Email), MinLength: p.o.MinLength}
		})
	}
	p.o.Frame.ClearCookie(w, p.o.Frame.Names().Setup)
	return p.goOn(w, step{Kind: stepSetup, Email: clip(u.Email)}, "/setup")
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
