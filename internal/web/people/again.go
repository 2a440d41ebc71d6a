package people

import (
	"net/http"
	"strconv"

	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// showAgain is GET /login?again=1 of whoever is signed in.
func (p *Pages) showAgain(w http.ResponseWriter, r *http.Request, f form) error {
	return p.Show(w, r, http.StatusOK, p.againView(r, page.Form{}, f))
}

func (p *Pages) againView(r *http.Request, again page.Form, f form) page.Again {
	v := page.Again{Form: again, ReturnTo: f.returnTo(), ACR: acrOf(f), Code: p.enrolled(r), Phone: p.byPhone(r), Calls: p.calls(), Passkey: p.hasPasskey(r), Services: p.proofs(r), NoPassword: p.noPassword(r)}
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
	if web.Of(r).Identity == nil {
		p.flash(w, page.NoticeSignInAgain, "")
		return p.to(w, p.loginFor(r, f.returnTo()))
	}
	view := func(form page.Form) page.View { return p.againView(r, form, f) }
	if err := p.checkForm(r, f); err != nil {
		return p.again(w, r, err, p.Show, view)
	}
	return p.proveAgain(w, r, f)
}

// proveAgain judges a proof of who is signed in, from a form or from a service.
func (p *Pages) proveAgain(w http.ResponseWriter, r *http.Request, f form) error {
	q := web.Of(r)
	view := func(form page.Form) page.View { return p.againView(r, form, f) }
	proof := proofOf(f)
	var err error
	if proof.Federated, err = p.serviceProof(r, f, againAct); err != nil {
		return p.again(w, r, err, p.Show, view)
	}
	in := proven(q.Caller, proof)
	in.Least, _ = strconv.Atoi(acrOf(f)) // none asks for nothing
	s, fresh, err := p.o.SignIn.Reauthenticate(r.Context(), q.Caller, q.Secret, in)
	if err != nil {
		return p.again(w, r, confirmFault(err), p.Show, view)
	}
	p.o.Frame.SetCookie(w, p.o.Frame.Names().Session, fresh.Reveal(), s.ExpiresAt.Sub(p.o.Now()))
	return p.onward(w, f.returnTo(), "/account")
}

// acrOf is the level that whoever sent the person here asks for.
func acrOf(f form) string {
	if acr := f["acr"]; acr == "1" || acr == "2" || acr == "3" {
		return acr
	}
	return ""
}
