package mortisetest_test

import (
	"testing"
	"time"

	"github.com/mortise-auth/mortise/mortisetest"
)

// Somebody else's account signs in, comes back, and is refused when an answer is
// wrong.
func TestIdP(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	idp := srv.IdP(t, mortisetest.OIDC)
	idp.Person(mortisetest.UpstreamPerson{Subject: "grace", Name: "Grace Hopper", Email: "grace@example.test", Verified: true})
	idp.Person(mortisetest.UpstreamPerson{Subject: "ada", Name: "Ada Lovelace", Email: "ada@example.test", Verified: true})

	b := srv.Browser(t)
	idp.Choose(b.Open("/auth/login").See("Continue with Test IdP").Press("continue-"+idp.Connection), "grace")
	b.Open("/auth/account").See("Grace Hopper")
	idp.Rotate(t)
	srv.Clock.Advance(5 * time.Minute) // keys are not fetched for every answer
	again := srv.Browser(t)
	idp.Choose(again.Open("/auth/login").Press("continue-"+idp.Connection), "grace")
	again.Open("/auth/account").See("Grace Hopper")

	for _, f := range []mortisetest.Fault{
		mortisetest.WrongAudience, mortisetest.UpstreamIssuer, mortisetest.OldKey, mortisetest.ExpiredIDToken, mortisetest.ReplayedNonce,
	} {
		idp.Fail(f)
		c := srv.Browser(t)
		idp.Choose(c.Open("/auth/login").Press("continue-"+idp.Connection), "grace")
		idp.Fail(mortisetest.NoFault)
		c.Open("/auth/account").Miss("Grace Hopper")
	}
}

// TH-40: two providers are two, though they tell the same subject.
func TestTwoIdPs(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	one, two := srv.IdP(t, mortisetest.OIDC), srv.IdP(t, mortisetest.OIDC)
	one.Person(mortisetest.UpstreamPerson{Subject: "1", Name: "First", Email: "first@example.test", Verified: true})
	two.Person(mortisetest.UpstreamPerson{Subject: "1", Name: "Second", Email: "second@example.test", Verified: true})
	for idp, name := range map[*mortisetest.IdP]string{one: "First", two: "Second"} {
		b := srv.Browser(t)
		idp.Choose(b.Open("/auth/login").Press("continue-"+idp.Connection), "1")
		b.Open("/auth/account").See(name)
	}
}

// TH-40: an address in an organisation's domain leads to its service, with or without an
// account; a password does no more once that is required, but of an owner who may break
// the glass.
func TestHome(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	idp := srv.IdP(t, mortisetest.OIDC, mortisetest.HomeOf("acme", "acme.example"))
	idp.Person(mortisetest.UpstreamPerson{Subject: "noor", Name: "Noor Khan", Email: "noor@acme.example", Verified: true})
	glass := srv.User(t, mortisetest.Email("glass@acme.example"), mortisetest.Organization("acme", "owner"))
	ada := srv.User(t, mortisetest.Email("ada@acme.example"), mortisetest.Organization("acme"))

	b := srv.Browser(t)
	b.Open("/auth/login").Fill("identifier", "noor@elsewhere.example").Press("organization").Problem("federation_no_home")
	idp.Choose(b.Fill("identifier", "noor@acme.example").Press("organization").Follow("Continue"), "noor")
	b.Open("/auth/account").See("Noor Khan")

	enter := func(u *mortisetest.User) *mortisetest.Browser {
		return srv.Browser(t).Open("/auth/login").Fill("identifier", u.Email).Fill("password", u.Password).Submit()
	}
	enter(ada).At("/auth/account")
	srv.RequireSSO(t, "acme", glass)
	enter(ada).Follow("Continue").See("Noor Khan") // who can be chosen over there
	enter(glass).At("/auth/account")
}
