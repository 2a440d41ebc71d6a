package e2e

import (
	"net/url"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
	"github.com/mortise-auth/mortise/mortisetest"
)

// TestHomeInABrowser is being sent to one's organisation by the domain of one's address,
// in Chromium, with and without scripts: while its service is away; by an address alone
// and by the button, as somebody new and again; an address elsewhere stays. Then it is
// required: a password leads there and no further, but for an owner who may break the
// glass. The service is on another origin, as it is in life. TH-40
func TestHomeInABrowser(t *testing.T) {
	t.Parallel()
	b := browser.Launch(t, testenv.Chromium(t), "--ignore-certificate-errors")
	for _, one := range []struct {
		name    string
		options browser.Options
	}{
		{"home-script", browser.Options{}},
		{"home-plain", browser.Options{NoScript: true, Language: "de"}},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			srv := mortisetest.NewServer(t, mortisetest.Listen())
			idp := srv.IdP(t, mortisetest.OIDC, mortisetest.HomeOf("acme", "acme.example"))
			idp.Person(mortisetest.UpstreamPerson{Subject: "noor", Name: "Noor Khan", Email: "noor@acme.example", Verified: true})
			p := open(t, b, one.name, srv.URL(""), one.options)
			p.homeAway(srv, idp)
			p.home(idp)
			p.bound(srv, idp)
		})
	}
}

// homeAway is being sent to a service that does not answer: the page says so and has
// the other ways, and nobody is locked out by trying.
func (p *tab) homeAway(srv *mortisetest.Server, idp *mortisetest.IdP) {
	p.t.Helper()
	idp.Fail(mortisetest.UpstreamDown)
	p.goTo("/auth/login")
	p.send("organization", "identifier", "noor@acme.example")
	p.at("/auth/login")
	if got := p.Text("error-code"); got != "federation_unavailable" {
		p.t.Errorf("%s: %s", p.name, got)
	}
	idp.Fail(mortisetest.NoFault)
	srv.Clock.Advance(5 * time.Minute) // it is not asked again for every sign-in
	p.Submit("other-ways")
	p.at("/auth/login")
}

func (p *tab) home(idp *mortisetest.IdP) {
	p.t.Helper()
	for _, button := range []string{"submit", "organization"} {
		p.goTo("/auth/login")
		p.send(button, "identifier", "Noor@Acme.example")
		p.isAt(idp, "Noor@Acme.example")
		p.Wait("person-noor")
		p.Click("person-noor")
		p.Submit("submit")
		p.at("/auth/account")
		p.goTo("/auth/account/connections")
		p.goTo("/auth/logout")
		p.Submit("logout-confirm")
	}
	for _, elsewhere := range []string{"noor@sub.acme.example", "noor@acme.example.test"} {
		p.goTo("/auth/login")
		p.send("organization", "identifier", elsewhere)
		p.at("/auth/login")
		if p.Text("error-code") != "federation_no_home" || p.Value("identifier") != elsewhere {
			p.t.Errorf("%s: %s: %q, %q kept", p.name, elsewhere, p.Text("error-code"), p.Value("identifier"))
		}
	}
}

// bound is an organisation that requires its own sign-in: the password of one of its
// people leads there and signs nobody in, and an owner who may break the glass is let in.
func (p *tab) bound(srv *mortisetest.Server, idp *mortisetest.IdP) {
	p.t.Helper()
	glass := srv.User(p.t, mortisetest.Email("glass@acme.example"), mortisetest.Organization("acme", "owner"))
	ada := srv.User(p.t, mortisetest.Email("ada@acme.example"), mortisetest.Organization("acme"))
	idp.Person(mortisetest.UpstreamPerson{Subject: "ada", Name: "Ada Lovelace", Email: ada.Email, Verified: true})
	srv.RequireSSO(p.t, "acme", glass)

	p.goTo("/auth/login")
	p.send("submit", "identifier", ada.Email, "password", "not hers, surely")
	p.at("/auth/login")
	p.send("submit", "identifier", ada.Email, "password", ada.Password)
	p.isAt(idp, ada.Email)
	p.Goto(p.base + "/auth/account") // the window is closed there
	p.at("/auth/login")

	p.send("organization", "identifier", ada.Email)
	p.isAt(idp, ada.Email)
	p.Wait("person-ada")
	p.Click("person-ada")
	p.Submit("submit")
	p.at("/auth/login/link") // the account was there first: she proves that it is hers
	p.Submit("continue")
	p.at("/auth/login")
	srv.Clock.Advance(time.Minute) // what she proves is proven after this began
	p.send("submit", "password", ada.Password)
	p.at("/auth/account/connections/link")
	p.Submit("submit")
	p.at("/auth/account")
	p.goTo("/auth/logout")
	p.Submit("logout-confirm")

	p.goTo("/auth/login")
	p.send("submit", "identifier", glass.Email, "password", glass.Password)
	p.at("/auth/account")
}

// isAt wants the tab to stand on the page of idp, which was told whom to expect.
func (p *tab) isAt(idp *mortisetest.IdP, hint string) {
	p.t.Helper()
	var at *url.URL
	eventually(p.t, p.name+" at "+idp.Issuer, func() bool { // a page of ours is between, where scripts run
		var err error
		at, err = url.Parse(p.URL())
		must(p.t, err)
		return at.Scheme+"://"+at.Host == idp.Issuer
	})
	if got := at.Query().Get("login_hint"); got != hint {
		p.t.Errorf("%s: it was told to expect %q", p.name, got)
	}
}
