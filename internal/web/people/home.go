package people

import (
	"errors"
	"net/http"

	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/web"
)

// homes reports whether the sign-in page is to say that an address alone may do.
func (p *Pages) homes(r *http.Request) bool {
	if p.o.Federation == nil {
		return false
	}
	some, err := p.o.Federation.Homes(r.Context())
	return err == nil && some
}

// sendHome sends a browser to the service of the organisation that has the domain of the
// identifier. Whether there is an account is not asked (PW-25). It reports whether it
// has answered.
func (p *Pages) sendHome(w http.ResponseWriter, r *http.Request, f form) (bool, error) {
	if p.o.Federation == nil || f["identifier"] == "" {
		return false, nil
	}
	c, err := p.o.Federation.Home(r.Context(), f["identifier"])
	if errors.Is(err, federation.ErrUnknown) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	b, err := p.o.Federation.Start(r.Context(), federate.Wish{
		By: stranger(r), Connection: c.Name, Purpose: federate.SignIn, LoginHint: clip(f["identifier"]), Locales: p.locales(r),
		Carry: federate.Carry{ReturnTo: f.returnTo(), Beside: f["beside"] != ""},
	})
	if errors.Is(err, federation.ErrUpstream) {
		return true, p.ServiceDown(w, r, c, f.returnTo(), err)
	}
	if err != nil {
		return true, err
	}
	return true, p.Depart(w, r, b)
}

// upstream is whom an organisation's service has vouched for in this browser.
func (p *Pages) upstream(r *http.Request) signin.Upstream {
	text, err := web.Cookie(r, p.o.Frame.Names().Pending)
	if err != nil || text == "" || p.o.Federation == nil {
		return signin.Upstream{}
	}
	wait, err := p.o.Federation.Waiting(r.Context(), stranger(r), text)
	if err != nil {
		return signin.Upstream{}
	}
	return signin.Upstream{Organization: wait.Connection.Organization, Email: wait.Email}
}
