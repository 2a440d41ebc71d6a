package people

import (
	"net/http"

	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// showLogout is GET /logout: it asks, and when nobody is signed in says so.
func (p *Pages) showLogout(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	if to := p.onwardTo(f["state"]); to != "" { // back from a service, for an app
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	q := web.Of(r)
	seats, err := p.seats(r)
	if err != nil {
		return err
	}
	if q.Identity == nil {
		return p.Show(w, r, http.StatusOK, page.LoggedOut{Everywhere: f["scope"] == "all", Others: len(seats) > 0})
	}
	live, err := p.o.Account.Sessions(r.Context(), q.Caller)
	if err != nil {
		return err
	}
	return p.Show(w, r, http.StatusOK, page.Logout{Sessions: len(live), Others: seats[1:], ReturnTo: f.returnTo()})
}

// logout is POST /logout. Sent again, or after the session ended elsewhere, it
// has nothing to do and says the same. Ending all sessions needs a proof.
func (p *Pages) logout(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	q := web.Of(r)
	if q.Identity == nil {
		return p.signedOut(w, f.returnTo(), "/logout")
	}
	if err := p.checkForm(r, f); err != nil {
		return err
	}
	if f["scope"] == "all" {
		return p.park(w, r, parked{Act: page.ActEndAll}, "/logout")
	}
	bye, err := p.parting(r)
	if err != nil {
		return err
	}
	if err := p.o.SignIn.SignOut(r.Context(), q.Caller); err != nil {
		return err
	}
	if f["scope"] == "browser" {
		if err := p.signOutFurther(w, r); err != nil {
			return err
		}
	}
	if bye.Address != "" && f.returnTo() == "" {
		return p.signedOutThere(w, r, bye, false)
	}
	return p.signedOut(w, f.returnTo(), "/logout")
}

// signOutFurther ends every other session that this browser holds.
func (p *Pages) signOutFurther(w http.ResponseWriter, r *http.Request) error {
	further, err := p.o.Frame.Further(r)
	if err != nil {
		return err
	}
	for _, h := range further {
		if err := p.signOutHeld(r, h); err != nil {
			return err
		}
	}
	p.keepHeld(w, nil)
	return nil
}

// signedOut forgets the session and leads on.
func (p *Pages) signedOut(w http.ResponseWriter, returnTo, otherwise string) error {
	p.forget(w)
	return p.onward(w, returnTo, otherwise)
}

// forget takes from the browser what belonged to the session. The cookie that
// makes it a known device stays: it opens nothing, and keeps strangers' guesses
// from locking its owner out. So Clear-Site-Data does not name cookies (SE-15).
func (p *Pages) forget(w http.ResponseWriter) {
	names := p.o.Frame.Names()
	for _, name := range []string{names.Session, names.Flow, names.Browser} {
		p.o.Frame.ClearCookie(w, name)
	}
	if p.o.BasePath == "" { // below a path, the origin is somebody else's too
		w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	}
}
