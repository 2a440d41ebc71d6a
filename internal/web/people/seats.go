package people

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/verify"
)

// takeSeat makes the browser act with a session. What hung on the one before, or
// on nobody, is dropped.
func (p *Pages) takeSeat(w http.ResponseWriter, secret string, who *verify.Identity) {
	names := p.o.Frame.Names()
	p.o.Frame.SetCookie(w, names.Session, secret, who.ExpiresAt.Sub(p.o.Now()))
	for _, name := range []string{names.Browser, names.Flow, names.Setup} {
		p.o.Frame.ClearCookie(w, name)
	}
}

// setAside keeps the session that the browser acted with, if any, as the first of
// the further ones, with a new secret. What does not fit is signed out.
func (p *Pages) setAside(w http.ResponseWriter, r *http.Request, former *verify.Identity, further []web.Held) error {
	if former != nil {
		h := web.Held{Secret: web.Of(r).Secret, Identity: former}
		fresh, err := p.renewed(r, h)
		if err != nil {
			return err
		}
		if h.Secret = fresh; fresh != "" {
			further = append([]web.Held{h}, further...)
		}
	}
	for len(further) > web.MaxFurther {
		last := len(further) - 1
		if err := p.signOutHeld(r, further[last]); err != nil {
			return err
		}
		further = further[:last]
	}
	p.keepHeld(w, further)
	return nil
}

func (p *Pages) keepHeld(w http.ResponseWriter, held []web.Held) {
	until := p.o.Now()
	secrets := make([]string, len(held))
	for i, h := range held {
		secrets[i] = h.Secret
		if h.Identity.ExpiresAt.After(until) {
			until = h.Identity.ExpiresAt
		}
	}
	p.o.Frame.KeepFurther(w, secrets, until.Sub(p.o.Now()))
}

// renewed gives a session another secret; "" when it has ended meanwhile.
func (p *Pages) renewed(r *http.Request, h web.Held) (string, error) {
	by, err := callerOf(r, h.Identity)
	if err != nil {
		return "", err
	}
	fresh, err := p.o.SignIn.Rotate(r.Context(), by, h.Secret)
	if errors.Is(err, session.ErrEnded) {
		return "", nil
	}
	return fresh.Reveal(), err
}

func (p *Pages) signOutHeld(r *http.Request, h web.Held) error {
	by, err := callerOf(r, h.Identity)
	if err != nil {
		return err
	}
	return p.o.SignIn.SignOut(r.Context(), by)
}

// settle makes room for a session just born: the one the browser came with is set
// aside when it signed in beside it, and an account is signed in once.
func (p *Pages) settle(w http.ResponseWriter, r *http.Request, subject string, beside bool) error {
	further, err := p.o.Frame.Further(r)
	if err != nil {
		return err
	}
	former := web.Of(r).Identity
	if !beside && len(further) == 0 {
		return nil
	}
	var rest []web.Held
	for _, h := range further {
		if h.Identity.Subject != subject {
			rest = append(rest, h)
		} else if err := p.signOutHeld(r, h); err != nil {
			return err
		}
	}
	if !beside {
		former = nil // the new one has replaced it
	} else if former != nil && former.Subject == subject {
		if err := p.o.SignIn.SignOut(r.Context(), web.Of(r).Caller); err != nil {
			return err
		}
		former = nil
	}
	return p.setAside(w, r, former, rest)
}

func chooserPath(returnTo string) string {
	if returnTo == "" {
		return "/choose"
	}
	return "/choose?" + url.Values{"return_to": {returnTo}}.Encode()
}
