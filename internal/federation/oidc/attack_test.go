package oidc_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/testenv/upstream"
)

// Every way an ID token can be wrong is refused, by every service, and for its own
// reason: a check that is taken out fails here. The good token before and after shows
// that nothing else was wrong. TH-40 JW-10 JW-11 JW-12 JW-13 JW-20 JW-21 JW-22 JW-23
// JW-26 JW-28 OA-110 OA-113
func TestIDTokensThatAreRefused(t *testing.T) {
	table := map[upstream.Fault]error{
		upstream.WrongAudience: jwt.ErrAudience, upstream.SecondAudience: jwt.ErrAudience, upstream.WrongParty: jwt.ErrAudience,
		upstream.WrongIssuer: jwt.ErrIssuer, upstream.Expired: jwt.ErrExpired, upstream.NotYet: jwt.ErrNotYet, upstream.FromTheFuture: jwt.ErrIssuedAt,
		upstream.NoExpiry: jwt.ErrClaims, upstream.NoSubject: jwt.ErrClaims, upstream.LongSubject: jwt.ErrClaims,
		upstream.Unsigned: jose.ErrAlgorithm, upstream.PublicSecret: jose.ErrAlgorithm, upstream.OldKey: jose.ErrUnknownKey,
		upstream.OldKeyRenamed: jose.ErrSignature, upstream.ForeignKey: jose.ErrSignature, upstream.CriticalHeader: jose.ErrCritical,
		upstream.AccessToken: jose.ErrType, upstream.HugeToken: jose.ErrTooLarge, upstream.NoIDToken: jose.ErrMalformed,
		upstream.OtherNonce: nil, upstream.NoNonce: nil, upstream.OtherHash: nil, upstream.Twice: nil, // reasons of the package
	}
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, kind)
			r.person(t, federation.Ask{})
			for fault, reason := range table {
				r.up.Mend()
				r.up.Break(fault)
				st, err := r.signIn(t, federation.Ask{})
				if !errors.Is(err, federation.ErrStatement) || reason != nil && !errors.Is(err, reason) {
					t.Errorf("%s: %v (%v), want %v", fault, err, errors.Unwrap(err), reason)
				}
				if st.Subject != "" || st.Claims != nil {
					t.Errorf("%s: it says %+v all the same", fault, st)
				}
			}
			r.up.Mend()
			r.person(t, federation.Ask{})
		})
	}
}

// The algorithm is pinned to the connection's list, whatever the service publishes.
// JW-10
func TestAlgorithmIsPinned(t *testing.T) {
	r := newRig(t, upstream.Google)
	r.con.Settings.Algorithms = []string{"ES256"}
	_, err := r.signIn(t, federation.Ask{})
	refuses(t, "RS256 where ES256 is pinned", err, jose.ErrUnknownKey)
	r.con.Settings.Algorithms = []string{"PS256", "RS256"}
	r.person(t, federation.Ask{})
}

// What the browser brings is judged before a secret goes anywhere: mix-up (RFC 9207,
// OA-111), an answer to another attempt, a code of somebody else.
func TestAnswersThatAreRefused(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	attacker := newRig(t, upstream.OIDC)
	attempt := func() (federation.Kept, federation.Answer) {
		address, kept := r.begin(t, r.con, federation.Ask{})
		return kept, r.answer(r.up.SignIn(t, address))
	}
	for name, c := range map[string]struct {
		edit func(*federation.Kept, *federation.Answer)
		want error
	}{
		"mix-up: another's iss":     {func(_ *federation.Kept, a *federation.Answer) { a.Issuer = attacker.up.URL }, federation.ErrStatement},
		"iss is missing":            {func(_ *federation.Kept, a *federation.Answer) { a.Issuer = "" }, federation.ErrStatement},
		"iss with a slash":          {func(_ *federation.Kept, a *federation.Answer) { a.Issuer += "/" }, federation.ErrStatement},
		"began with another issuer": {func(k *federation.Kept, _ *federation.Answer) { k.Issuer = attacker.up.URL }, federation.ErrStatement},
		"error, another's iss": {func(_ *federation.Kept, a *federation.Answer) {
			a.Error, a.Issuer = "access_denied", attacker.up.URL
		}, federation.ErrStatement},
		"no code":        {func(_ *federation.Kept, a *federation.Answer) { a.Code = "" }, federation.ErrStatement},
		"endless code":   {func(_ *federation.Kept, a *federation.Answer) { a.Code = strings.Repeat("x", 9000) }, federation.ErrStatement},
		"invented code":  {func(_ *federation.Kept, a *federation.Answer) { a.Code = "x" }, federation.ErrRefused},
		"other callback": {func(k *federation.Kept, _ *federation.Answer) { k.Callback += "2" }, federation.ErrRefused},
		"substituted code": {func(_ *federation.Kept, a *federation.Answer) { // of another browser's attempt: PKCE
			_, other := attempt()
			a.Code = other.Code
		}, federation.ErrRefused},
		"substituted verifier, nonce": {func(k *federation.Kept, a *federation.Answer) { // and without PKCE: the nonce
			other, answer := attempt()
			k.Verifier, a.Code = other.Verifier, answer.Code
		}, federation.ErrStatement},
		"denied":    {func(_ *federation.Kept, a *federation.Answer) { a.Error = "access_denied" }, federation.ErrRefused},
		"fault":     {func(_ *federation.Kept, a *federation.Answer) { a.Error = "server_error" }, federation.ErrUpstream},
		"no wonder": {func(*federation.Kept, *federation.Answer) {}, nil},
	} {
		kept, answer := attempt()
		before := r.up.Asked("/token")
		c.edit(&kept, &answer)
		st, err := r.Finish(t.Context(), r.con, kept, answer)
		if !errors.Is(err, c.want) || (err == nil) != (st.Subject != "") {
			t.Errorf("%s: %v (%v), want %v", name, err, errors.Unwrap(err), c.want)
		}
		if answer.Error != "" || answer.Issuer != r.up.URL {
			if r.up.Asked("/token") != before || attacker.up.Asked("/token") != 0 {
				t.Errorf("%s: a code was sent to somebody", name)
			}
		}
	}
}

// A code goes once.
func TestCodeIsSpent(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	address, kept := r.begin(t, r.con, federation.Ask{})
	a := r.answer(r.up.SignIn(t, address))
	if _, err := r.Finish(t.Context(), r.con, kept, a); err != nil {
		t.Fatal(err)
	}
	_, err := r.Finish(t.Context(), r.con, kept, a)
	refuses(t, "the second time", err, federation.ErrRefused)
}

// Errors of the authorization answer tell the person and the service apart.
func TestDenied(t *testing.T) {
	for _, kind := range kinds {
		r := newRig(t, kind)
		r.up.Break(upstream.Deny)
		_, err := r.signIn(t, federation.Ask{})
		refuses(t, string(kind), err, federation.ErrRefused)
		r.up.Mend()
		r.up.Break(upstream.Broken)
		_, err = r.signIn(t, federation.Ask{})
		refuses(t, string(kind), err, federation.ErrUpstream)
	}
}

// UserInfo about somebody else is refused, and has no say about the token. OA-113
func TestUserInfoOfAnother(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	r.up.Break(upstream.OtherPersonInfo)
	_, err := r.signIn(t, federation.Ask{})
	refuses(t, "UserInfo of another", err, federation.ErrStatement)
}

// An address and whether it was checked come from one answer: UserInfo that says an
// address was checked says nothing about another one in the ID token. TH-40
func TestCheckedIsOfTheSameAddress(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	r.con.Settings.Trust = []string{"*"}
	st, err := r.signIn(t, federation.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := r.con.Person(st); err != nil || !p.Verified {
		t.Fatalf("%+v, %v", p, err)
	}
	address, kept := r.begin(t, r.con, federation.Ask{})
	a := r.answer(r.up.SignIn(t, address))
	r.up.SayInToken(map[string]any{"email": "victim@example.org"})
	st, err = r.Finish(t.Context(), r.con, kept, a)
	if err != nil {
		t.Fatal(err)
	}
	if p, _ := r.con.Person(st); p.Verified || p.Email != "victim@example.org" {
		t.Errorf("%+v", p)
	}
}

// An e-mail that the service has not checked, or is not trusted with, never counts.
// TH-40 OA-114
func TestUncheckedAddressDoesNotCount(t *testing.T) {
	for _, kind := range kinds {
		r := newRig(t, kind)
		p := upstream.Ada
		p.HostedDomain = "example.org"
		r.up.Be(p)
		if kind != upstream.Microsoft {
			r.con.Settings.Trust = []string{"example.org"}
			if got := r.person(t, federation.Ask{}); !got.Verified {
				t.Errorf("%s: checked and trusted, and does not count", kind)
			}
		}
		r.up.Break(upstream.Unverified)
		if got := r.person(t, federation.Ask{}); got.Verified || got.Email != p.Email {
			t.Errorf("%s: %+v", kind, got)
		}
		r.up.Mend()
		r.con.Settings.Trust = []string{"example.com"}
		if got := r.person(t, federation.Ask{}); got.Verified {
			t.Errorf("%s: not trusted, and counts", kind)
		}
	}
}

// Another subject is another person, whatever else is the same. TH-40
func TestChangedSubject(t *testing.T) {
	r := newRig(t, upstream.Google)
	first := r.person(t, federation.Ask{})
	p := upstream.Ada
	p.Subject = "999"
	r.up.Be(p)
	if second := r.person(t, federation.Ask{}); second.Subject == first.Subject || second.Email != first.Email {
		t.Errorf("%+v", second)
	}
}

// The discovery document is of the issuer that was configured, byte for byte, and
// its endpoints are https. OA-112
func TestDiscoveryOfAnother(t *testing.T) {
	for _, kind := range kinds {
		for fault, want := range map[upstream.Fault]error{
			upstream.OtherDocument: federation.ErrStatement, upstream.PlainEndpoint: federation.ErrStatement,
			upstream.Down: federation.ErrUpstream, upstream.Nonsense: federation.ErrUpstream, upstream.Redirects: federation.ErrUpstream, upstream.Huge: federation.ErrUpstream,
		} {
			r := newRig(t, kind)
			r.up.Break(fault)
			_, _, err := r.Begin(t.Context(), r.con, federation.Ask{Callback: callback, State: "s"})
			refuses(t, string(kind)+" "+string(fault), err, want)
			if r.up.Asked("/elsewhere") != 0 {
				t.Error("a redirect was followed")
			}
		}
	}
}

// What goes wrong later is the service's fault, and a page can say so.
func TestUpstreamFails(t *testing.T) {
	for fault, want := range map[upstream.Fault]error{
		upstream.Down: federation.ErrUpstream, upstream.Nonsense: federation.ErrUpstream, upstream.Redirects: federation.ErrUpstream,
		upstream.Huge: federation.ErrUpstream, upstream.NoKeys: federation.ErrUpstream, upstream.RefuseSecret: federation.ErrRefused,
	} {
		r := newRig(t, upstream.OIDC)
		address, kept := r.begin(t, r.con, federation.Ask{})
		a := r.answer(r.up.SignIn(t, address))
		r.up.Break(fault)
		_, err := r.Finish(t.Context(), r.con, kept, a)
		refuses(t, string(fault), err, want)
	}
}

// Clocks differ by no more than the bound. JW-20
func TestSkew(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	for off, ok := range map[time.Duration]bool{
		50 * time.Second: true, -50 * time.Second: true, 70 * time.Second: false, -3600*time.Second - 50*time.Second: true, -3600*time.Second - 70*time.Second: false,
	} {
		r.up.Now = func() time.Time { return r.clock.Now().Add(off) }
		if _, err := r.signIn(t, federation.Ask{}); (err == nil) != ok {
			t.Errorf("%v: %v", off, err)
		}
	}
}

// Secrets are in no address that a browser is sent to.
func TestAddressHasNoSecret(t *testing.T) {
	for _, kind := range kinds {
		r := newRig(t, kind)
		address, kept := r.begin(t, r.con, federation.Ask{})
		for _, secret := range []string{upstream.Secret, url.QueryEscape(upstream.Secret), kept.Verifier.Reveal(), upstream.Key()} {
			if strings.Contains(address, secret) {
				t.Errorf("%s: %s", kind, address)
			}
		}
	}
}

// A key that Microsoft limits to one issuer signs for that one alone.
func TestLimitedKey(t *testing.T) {
	for tenant, ok := range map[string]bool{upstream.Tenant: true, "{tenantid}": true, "11111111-2222-3333-4444-555555555555": false} {
		r := newRig(t, upstream.Microsoft)
		r.up.LimitKey(r.up.URL + "/" + tenant + "/v2.0")
		if _, err := r.signIn(t, federation.Ask{}); (err == nil) != ok || err != nil && !errors.Is(err, jwt.ErrIssuer) {
			t.Errorf("%s: %v", tenant, err)
		}
	}
}

// An ID token that names the code it was made for is for no other. JW-26
func TestCodeHash(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	r.up.SayInToken(map[string]any{"c_hash": "LDktKdoQak3Pk0cnXxCltA"})
	_, err := r.signIn(t, federation.Ask{})
	refuses(t, "another code's hash", err, federation.ErrStatement)
}
