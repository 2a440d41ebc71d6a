package oidc_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/testenv/upstream"
)

var kinds = []upstream.Kind{upstream.OIDC, upstream.Google, upstream.Microsoft, upstream.Apple, upstream.GitLab}

// Every service, from our button to a person, twice: the same person is the same
// subject. OA-110 OA-113
func TestSignIn(t *testing.T) {
	ada := upstream.Ada
	for kind, want := range map[upstream.Kind]federation.Person{
		upstream.OIDC:      {Subject: ada.Subject, Email: ada.Email, Name: ada.Name, GivenName: ada.Given, FamilyName: ada.Family, Session: "session-of-" + ada.Subject},
		upstream.Google:    {Subject: ada.Subject, Email: ada.Email, Name: ada.Name, GivenName: ada.Given, FamilyName: ada.Family, Picture: "https://lh3.googleusercontent.com/a/x=s96-c"},
		upstream.Microsoft: {Subject: ada.Subject, Email: ada.Email, Name: ada.Name},
		upstream.Apple:     {Subject: ada.Subject, Email: ada.Email, Verified: true},
		upstream.GitLab:    {Subject: ada.Subject, Email: ada.Email, Name: ada.Name},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, kind)
			want.Connection, want.Issuer = r.con.ID, r.up.URL
			if kind == upstream.Microsoft {
				want.Issuer += "/" + upstream.Tenant + "/v2.0"
			}
			for range 2 {
				got := r.person(t, federation.Ask{})
				if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(got, "AuthTime")); diff != "" {
					t.Error(diff)
				}
			}
			if n := r.up.Asked("/.well-known/openid-configuration") + r.up.Asked("/common/v2.0/.well-known/openid-configuration"); n != 1 {
				t.Errorf("the discovery document was fetched %d times", n)
			}
		})
	}
}

// What is asked is what OpenID Connect and the service's documentation say. OA-110
func TestAuthorizationAddress(t *testing.T) {
	age := 5*time.Minute + time.Millisecond
	ask := federation.Ask{
		LoginHint: "ada@example.org", Prompt: "login", MaxAge: &age, ACRValues: []string{"a", "b"}, Locales: []string{"de", "en"}, DomainHints: []string{"example.org"},
	}
	common := map[string]string{
		"response_type": "code", "client_id": upstream.ClientID, "redirect_uri": callback, "state": "state-1", "code_challenge_method": "S256",
		"login_hint": "ada@example.org", "prompt": "login", "acr_values": "a b", "ui_locales": "de en",
	}
	for kind, own := range map[upstream.Kind]map[string]string{
		upstream.OIDC:      {"scope": "openid profile email", "max_age": "300"},
		upstream.Google:    {"scope": "openid profile email", "hd": "example.org"},
		upstream.Microsoft: {"scope": "openid profile email", "max_age": "300", "domain_hint": "example.org"},
		upstream.Apple:     {"scope": "openid name email", "response_mode": "form_post"},
		upstream.GitLab:    {"scope": "openid profile email", "max_age": "300"},
	} {
		r := newRig(t, kind)
		address, kept := r.begin(t, r.con, ask)
		got := query(t, address)
		if len(got.Get("nonce")) != 43 || got.Get("nonce") != kept.Nonce || len(got.Get("code_challenge")) != 43 || len(kept.Verifier.Reveal()) != 43 {
			t.Errorf("%s: %v", kind, got)
		}
		want := map[string]string{"nonce": got.Get("nonce"), "code_challenge": got.Get("code_challenge")}
		for _, more := range []map[string]string{common, own} {
			for name, value := range more {
				want[name] = value
			}
		}
		flat := map[string]string{}
		for name, values := range got {
			flat[name] = values[0]
		}
		if diff := cmp.Diff(want, flat); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
		again, _ := r.begin(t, r.con, ask)
		if other := query(t, again); other.Get("nonce") == got.Get("nonce") || other.Get("code_challenge") == got.Get("code_challenge") {
			t.Errorf("%s: two attempts share a nonce or verifier", kind)
		}
	}
}

// Every way to prove who we are that the kinds know; each service is strict. OA-31
func TestClientAuthentication(t *testing.T) {
	for _, method := range []string{"", federation.AuthBasic, federation.AuthPost} {
		r := newRig(t, upstream.OIDC)
		r.con.Settings.AuthMethod = method
		r.person(t, federation.Ask{})
	}
	r := newRig(t, upstream.OIDC)
	r.con.Settings.AuthMethod, r.con.Settings.KeyID = federation.AuthPrivateKeyJWT, "our-key"
	r.con.Secret = federation.Sealed(upstream.Key())
	r.person(t, federation.Ask{})
	r.con.Settings.ClientID = "another"
	address, kept := r.begin(t, r.con, federation.Ask{})
	_ = address
	_, err := r.Finish(t.Context(), r.con, kept, federation.Answer{Code: "x", Issuer: r.up.URL})
	refuses(t, "another client's assertion", err, federation.ErrRefused)
}

// Apple: the name comes once and beside everything signed; an address in that form
// is nobody's. A relay address counts and no other may pretend to be one.
func TestApple(t *testing.T) {
	r := newRig(t, upstream.Apple)
	p := upstream.Ada
	p.Email, p.PrivateEmail, p.FirstRun = "x1@privaterelay.appleid.com", true, true
	r.up.Be(p)
	got := r.person(t, federation.Ask{})
	if got.Name != "Ada Lovelace" || got.GivenName != "Ada" || !got.Verified || got.Email != p.Email {
		t.Errorf("%+v", got)
	}
	p.FirstRun = false
	r.up.Be(p)
	if got := r.person(t, federation.Ask{}); got.Name != "" {
		t.Errorf("%+v", got)
	}
	address, kept := r.begin(t, r.con, federation.Ask{})
	a := r.answer(r.up.SignIn(t, address))
	a.User = `{"name":{"firstName":"Ada"},"email":"victim@example.org"}`
	st, err := r.Finish(t.Context(), r.con, kept, a)
	if err != nil || st.Claims["email"] != p.Email || st.Claims["given_name"] != "Ada" {
		t.Errorf("%+v, %v", st, err)
	}
	r.up.Say(map[string]any{"email": "someone@example.org"})
	if got := r.person(t, federation.Ask{}); got.Verified {
		t.Error("a private address of another domain counts")
	}
}

// Microsoft: who may answer is a question of tenants. nOAuth: the claim email of an
// app for every tenant is whatever a tenant's administrator wrote (TH-40, OA-114).
func TestMicrosoft(t *testing.T) {
	const other, personal = "11111111-2222-3333-4444-555555555555", "9188040d-6c67-4c5b-b112-36a304b66dad"
	r := newRig(t, upstream.Microsoft)
	p := upstream.Ada
	p.Tenant = other
	r.up.Be(p)
	if got := r.person(t, federation.Ask{}); got.Verified || got.Issuer != r.up.URL+"/"+other+"/v2.0" {
		t.Errorf("%+v", got)
	}
	p.DomainVerified = true
	r.up.Be(p)
	if got := r.person(t, federation.Ask{}); !got.Verified {
		t.Error("an address of a domain that the tenant owns does not count")
	}
	for name, tenants := range map[string][]string{"another": {upstream.Tenant}, "the other": {other}} {
		r.con.Settings.Tenants = tenants
		_, err := r.signIn(t, federation.Ask{})
		if (err == nil) != (tenants[0] == other) {
			t.Errorf("tenant %s: %v", name, err)
		}
	}
	r.con.Settings.Tenants = nil
	for name, claims := range map[string]map[string]any{
		"issuer of another tenant": {"iss": r.up.URL + "/" + upstream.Tenant + "/v2.0"},
		"no tenant":                {"tid": nil},
		"template":                 {"tid": "{tenantid}", "iss": r.up.URL + "/{tenantid}/v2.0"},
		"path":                     {"tid": "x/y", "iss": r.up.URL + "/x/y/v2.0"},
	} {
		r.up.Say(claims)
		_, err := r.signIn(t, federation.Ask{})
		refuses(t, name, err, federation.ErrStatement)
	}
	r.up.Say(nil)
	p.Tenant, p.DomainVerified, p.Email = personal, false, "ada@outlook.com"
	r.up.Be(p)
	if got := r.person(t, federation.Ask{}); !got.Verified {
		t.Error("Microsoft's own address of a personal account does not count")
	}
	p.Email, p.DomainVerified = "ada@example.org", true
	r.up.Be(p)
	if got := r.person(t, federation.Ask{}); got.Verified {
		t.Error("another address of a personal account counts")
	}
}

// Google: gmail.com, and the Workspace domain that the person is of.
func TestGoogleAddresses(t *testing.T) {
	r := newRig(t, upstream.Google)
	for _, one := range []struct {
		email, hd string
		verified  bool
		want      bool
	}{
		{"ada@gmail.com", "", true, true},
		{"ada@GoogleMail.com", "", true, true},
		{"ada@gmail.com", "", false, false},
		{"ada@example.org", "example.org", true, true},
		{"ada@example.org", "example.com", true, false},
		{"ada@example.org", "", true, false},
		{"ada@example.org", "example.org", false, false},
	} {
		p := upstream.Ada
		p.Email, p.HostedDomain, p.Verified = one.email, one.hd, one.verified
		r.up.Be(p)
		if got := r.person(t, federation.Ask{}); got.Verified != one.want {
			t.Errorf("%+v: %v", one, got.Verified)
		}
	}
	r.up.Say(map[string]any{"iss": "accounts.google.com"})
	_, err := r.signIn(t, federation.Ask{})
	refuses(t, "Google's other name at another address", err, federation.ErrStatement)
}

// What the ID token lacks is asked from UserInfo, and only then.
func TestUserInfo(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	r.con.Settings.Mapping = federation.Mapping{Roles: map[string][]string{"engineers": {"editor"}, "staff": {"reader", "editor"}}}
	p := upstream.Ada
	p.Groups = []string{"staff", "engineers", "staff"}
	r.up.Be(p)
	got := r.person(t, federation.Ask{})
	if !slices.Equal(got.Groups, []string{"engineers", "staff"}) || !slices.Equal(got.Roles, []string{"editor", "reader"}) {
		t.Errorf("%+v", got)
	}
	r.up.Say(map[string]any{"email": "ada@example.org", "email_verified": true, "name": "A", "groups": []string{"x"}})
	before := r.up.Asked("/userinfo")
	r.person(t, federation.Ask{})
	if n := r.up.Asked("/userinfo"); n != before {
		t.Error("UserInfo was asked although the ID token says all")
	}
}

// A service that proves people anew when asked to must say when it did. OA-94
func TestFreshness(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	age := time.Minute
	st, err := r.signIn(t, federation.Ask{MaxAge: &age})
	if err != nil || !st.AuthTime.Equal(r.clock.Now()) {
		t.Fatalf("%v, %v", st.AuthTime, err)
	}
	for _, fault := range []upstream.Fault{upstream.NoAuthTime, upstream.OldAuthTime} {
		r.up.Mend()
		r.up.Break(fault)
		_, err := r.signIn(t, federation.Ask{MaxAge: &age})
		refuses(t, string(fault), err, federation.ErrStatement)
		if _, err := r.signIn(t, federation.Ask{}); err != nil {
			t.Errorf("%s, unasked: %v", fault, err)
		}
	}
	google := newRig(t, upstream.Google)
	if st, err := google.signIn(t, federation.Ask{MaxAge: &age}); err != nil || !st.AuthTime.IsZero() {
		t.Errorf("Google knows no max_age: %v, %v", st.AuthTime, err)
	}
}
