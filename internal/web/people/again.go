package people

import (
	"net/http"

	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// showAgain is GET /login?again=1 of whoever is signed in.
func (p *Pages) showAgain(w http.ResponseWriter, r *http.Request, f form) error {
	return p.Show(w, r, http.StatusOK, p.againView(r, page.Form{}, f))
}

func (p *Pages) againView(r *http.Request, again page.Form, f form) page.Again {
	v := page.Again{Form: again, ReturnTo: f.returnTo(), Code: p.enrolled(r), Phone: p.byPhone(r), Passkey: p.hasPasskey(r)}
	if who := web.Of(r).Identity; who != nil {
		v.Username = who.Email
	}
	further, err := p.o.Frame.Further(r)
	v.Others = err == nil && len(further) > 0
	return v
}

// reauthenticate is POST /login/again: the same session, proven now (OA-94). A session that
// ended meanwhile is signed in to anew.
func (p *Pages) reauthenticate(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	q := web.Of(r)
	if q.Identity == nil {
		p.flash(w, page.NoticeSignInAgain, "")
		return p.to(w, p.loginFor(r, f.returnTo()))
	}
	view := func(form page.Form) page.View { return p.againView(r, form, f) }
	if err := p.checkForm(r, f); err != nil {
		return p.again(w, r, err, p.Show, view)
	}
	s, fresh, err := p.o.SignIn.Reauthenticate(r.Context(), q.Caller, q.Secret, proven(q.Caller, proofOf(f)))
	if err != nil {
		return p.again(w, r, confirmFault(err), p.Show, view)
	}
	p.o.Frame.SetCookie(w, p.o.Frame.Names().Session, fresh.Reveal(), s.ExpiresAt.Sub(p.o.Now()))
	return p.onward(w, f.returnTo(), "/account")
}
