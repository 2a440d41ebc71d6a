package main

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testidp"
)

// devConnection is what the connection with the provider of made-up people is called.
const devConnection = "test"

// devPeople are who can be chosen there: somebody new, somebody who has an account
// here already, somebody without an address, and somebody with another's.
var devPeople = []testidp.Person{
	{Subject: "grace", Name: "Grace Hopper", GivenName: "Grace", FamilyName: "Hopper", Email: "grace@example.test", Verified: true, Locale: "en", Groups: []string{"staff"}, Note: "new here"},
	{Subject: "ada", Name: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace", Email: "ada@example.test", Verified: true, Locale: "en", Groups: []string{"staff", "admins"}, Note: "has an account already, which asks for a proof"},
	{Subject: "noor", Name: "Noor", Locale: "de"},
	{Subject: "mallory", Name: "Mallory", Email: "ben@example.test", Note: "says that this address is theirs"},
}

// devProvider is the provider below /dev/idp of url, and the connection with it.
// Its secret is made up for each run.
func devProvider(at string) (*testidp.Provider, apply.Connection, error) {
	base := strings.TrimRight(at, "/")
	issuer, label, text := base+"/dev/idp", "Test IdP", secret.NewText(secret.New("dev.idp").Reveal())
	p, err := testidp.New(testidp.Options{
		Issuer: issuer, Now: time.Now, Title: "Test IdP", People: devPeople,
		Client: testidp.Client{ID: "mortise-dev", Secret: text, Redirects: []string{base + "/federation/" + devConnection + "/callback"}},
	})
	return p, apply.Connection{ID: devConnection, ConnectionMembers: apply.ConnectionMembers{
		Type: "oidc", Label: &label, Issuer: &issuer, ClientID: "mortise-dev", Secret: text, Trust: []string{"*"},
	}}, err
}

// beside puts the provider below its path, under the public address only: elsewhere
// the rest sends browsers there first.
func beside(p *testidp.Provider, rest http.Handler) http.Handler {
	u, err := url.Parse(p.Issuer())
	if err != nil {
		return rest
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == u.Host && strings.HasPrefix(r.URL.Path, p.Path()+"/") {
			p.ServeHTTP(w, r)
			return
		}
		rest.ServeHTTP(w, r)
	})
}
