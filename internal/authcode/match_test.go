package authcode

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	uri      = "https://app.example.test/cb"
)

// RFC 7636, appendix B.
func TestChallenge(t *testing.T) {
	if got := Challenge(verifier); got != "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" {
		t.Error(got)
	}
}

// OA-13 OA-14 OA-34 OA-35
func TestMatch(t *testing.T) {
	right := Presented{Client: "web", RedirectURI: uri, Verifier: verifier}
	for name, tc := range map[string]struct {
		ok   bool
		code func(*Code)
		come func(*Presented)
	}{
		"right":                           {true, nil, nil},
		"no address":                      {true, nil, func(p *Presented) { p.RedirectURI = "" }},
		"no address, OAuth 2.0":           {false, nil, func(p *Presented) { p.RedirectURI, p.NeedsRedirect = "", true }},
		"no address, none given":          {true, func(c *Code) { c.RedirectGiven = false }, func(p *Presented) { p.RedirectURI, p.NeedsRedirect = "", true }},
		"another address":                 {false, nil, func(p *Presented) { p.RedirectURI += "/" }},
		"another client":                  {false, nil, func(p *Presented) { p.Client = "Web" }},
		"no verifier":                     {false, nil, func(p *Presented) { p.Verifier = "" }},
		"the challenge":                   {false, nil, func(p *Presented) { p.Verifier = Challenge(verifier) }},
		"a verifier nobody asked for":     {false, func(c *Code) { c.Challenge = "" }, nil},
		"neither challenge nor verifier":  {true, func(c *Code) { c.Challenge = "" }, func(p *Presented) { p.Verifier = "" }},
		"the key":                         {true, func(c *Code) { c.JKT = "k" }, func(p *Presented) { p.JKT = "k" }},
		"another key":                     {false, func(c *Code) { c.JKT = "k" }, func(p *Presented) { p.JKT = "l" }},
		"no key":                          {false, func(c *Code) { c.JKT = "k" }, nil},
		"a key, and the request had none": {true, nil, func(p *Presented) { p.JKT = "k" }},
	} {
		c, p := Code{Client: "web", RedirectURI: uri, RedirectGiven: true, Challenge: Challenge(verifier)}, right
		if tc.code != nil {
			tc.code(&c)
		}
		if tc.come != nil {
			tc.come(&p)
		}
		if err := c.Match(p); (err == nil) != tc.ok || err != nil && !errors.Is(err, ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// OA-13: only a verifier of the right form that hashes to the challenge proves.
func TestVerifiers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.StringMatching(`[A-Za-z0-9._~-]{43,128}`).Draw(t, "verifier")
		other := rapid.OneOf(rapid.StringMatching(`[A-Za-z0-9._~-]{43,128}`), rapid.String()).Draw(t, "other")
		if !proves(v, Challenge(v)) || !ValidChallenge(Challenge(v)) {
			t.Fatal("a right verifier is refused")
		}
		if other != v && proves(other, Challenge(v)) {
			t.Fatal("a wrong one is taken")
		}
	})
	for _, bad := range []string{"", strings.Repeat("a", 42), strings.Repeat("a", 129), strings.Repeat("a", 42) + "ä", strings.Repeat("a", 43) + "+", strings.Repeat("a", 43) + " "} {
		if ValidVerifier(bad) || proves(bad, Challenge(bad)) {
			t.Errorf("%q is taken", bad)
		}
	}
	for _, bad := range []string{"", verifier[:42], verifier + "a", strings.Repeat("=", 43), strings.Repeat("a", 42) + "b"} {
		if ValidChallenge(bad) {
			t.Errorf("%q is a challenge", bad)
		}
	}
}

// OA-15
func TestLife(t *testing.T) {
	at := time.Unix(1, 0)
	c := Code{ExpiresAt: at}
	if c.Expired(at.Add(-time.Nanosecond)) || !c.Expired(at) || Life > time.Minute {
		t.Error("not at its time")
	}
}
