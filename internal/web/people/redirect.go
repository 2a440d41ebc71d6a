package people

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// to answers 303 to one of our own paths.
func (p *Pages) to(w http.ResponseWriter, path string) error {
	return p.away(w, p.o.BasePath+path)
}

// away answers 303 to a path on this origin that ReturnTo let through.
func (p *Pages) away(w http.ResponseWriter, path string) error {
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// onward goes where the person was going, else to one of our own paths.
func (p *Pages) onward(w http.ResponseWriter, returnTo, otherwise string) error {
	if returnTo != "" {
		return p.away(w, returnTo)
	}
	return p.to(w, otherwise)
}

// loginPath is the sign-in page that leads on to returnTo.
func loginPath(returnTo string) string {
	if returnTo == "" {
		return "/login"
	}
	return "/login?" + url.Values{"return_to": {returnTo}}.Encode()
}

// loginFor is loginPath in the language that the app asked for.
func (p *Pages) loginFor(r *http.Request, returnTo string) string {
	return p.spoken(r, loginPath(returnTo))
}

// spoken is a path of ours, with the language that the app asked for.
func (p *Pages) spoken(r *http.Request, path string) string {
	asked := p.askedFor(r)
	if asked == "" {
		return path
	}
	if strings.Contains(path, "?") {
		return path + "&ui_locales=" + asked
	}
	return path + "?ui_locales=" + asked
}

// askAgain sends whoever is signed in to prove it once more and come back: the page
// is for a recent sign-in.
func (p *Pages) askAgain(w http.ResponseWriter, r *http.Request) {
	q := url.Values{"again": {"1"}}
	if r.Method == http.MethodPost {
		p.flash(w, page.NoticeNotYet, "")
	}
	if returnTo, ok := ReturnTo(p.o.BasePath + p.look(r)); ok {
		q.Set("return_to", returnTo)
	}
	_ = p.to(w, "/login?"+q.Encode())
}

// askToSignIn sends a browser without a live session to sign in and come back.
// The secret of an ended session is of no use to it.
func (p *Pages) askToSignIn(w http.ResponseWriter, r *http.Request) {
	if web.Of(r).Secret != "" {
		p.o.Frame.ClearCookie(w, p.o.Frame.Names().Session)
		p.flash(w, page.NoticeSignInAgain, "")
	}
	returnTo, _ := ReturnTo(p.o.BasePath + p.look(r))
	_ = p.to(w, loginPath(returnTo))
}
