package passkey

import (
	"encoding/base64"

	"github.com/mortise-auth/mortise/internal/user"
)

// Algorithms of COSE that a key may have, best first (PW-52).
const (
	EdDSA int64 = -8
	ES256 int64 = -7
	RS256 int64 = -257
)

var algorithms = []int64{EdDSA, ES256, RS256}

// CreationOptions is PublicKeyCredentialCreationOptionsJSON.
type CreationOptions struct {
	RP          rpEntity       `json:"rp"`
	User        userEntity     `json:"user"`
	Challenge   string         `json:"challenge"`
	Params      []param        `json:"pubKeyCredParams"`
	Timeout     int64          `json:"timeout"`
	Exclude     []descriptor   `json:"excludeCredentials"`
	Selection   selection      `json:"authenticatorSelection"`
	Attestation string         `json:"attestation"`
	Extensions  map[string]any `json:"extensions"`
}

// RequestOptions is PublicKeyCredentialRequestOptionsJSON. Allowing none means
// that the authenticator finds out which (PW-53).
type RequestOptions struct {
	Challenge    string       `json:"challenge"`
	Timeout      int64        `json:"timeout"`
	RPID         string       `json:"rpId"`
	Allow        []descriptor `json:"allowCredentials"`
	Verification string       `json:"userVerification"`
}

type rpEntity struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type userEntity struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

type param struct {
	Type string `json:"type"`
	Alg  int64  `json:"alg"`
}

type descriptor struct {
	Type       string   `json:"type"`
	ID         string   `json:"id"`
	Transports []string `json:"transports,omitempty"`
}

type selection struct {
	ResidentKey        string `json:"residentKey"`
	RequireResidentKey bool   `json:"requireResidentKey"`
	UserVerification   string `json:"userVerification"`
}

// Person is whom a passkey is made for, as authenticators show them.
type Person struct {
	ID      user.ID
	Address string // what they sign in with
	Name    string
}

// Creation is what to hand to navigator.credentials.create. Bound names the browser
// or session that must answer; have are the passkeys of the person already, which
// the authenticator is not to make again.
func (c *Ceremonies) Creation(p Purpose, who Person, bound string, have []Passkey) CreationOptions {
	name := who.Name
	if name == "" {
		name = who.Address
	}
	verification := "required"
	if p == Upgrade {
		verification = "preferred" // nobody is asked to do anything
	}
	o := CreationOptions{
		RP:          rpEntity{c.o.Site.ID, c.o.Site.Name},
		User:        userEntity{c.Handle(who.ID), who.Address, name},
		Challenge:   c.challenge(p, who.ID, bound),
		Timeout:     life.Milliseconds(),
		Exclude:     descriptors(have),
		Selection:   selection{"required", true, verification},
		Attestation: c.o.Policy.conveyance(),
		Extensions:  map[string]any{"credProps": true},
	}
	for _, alg := range algorithms {
		o.Params = append(o.Params, param{"public-key", alg})
	}
	return o
}

// Request is what to hand to navigator.credentials.get. At a sign-in only is empty,
// so that the answer tells nobody whose account has what; to confirm an act it
// holds the passkeys of who is signed in, and subject is them.
func (c *Ceremonies) Request(p Purpose, subject user.ID, bound string, only []Passkey) RequestOptions {
	return RequestOptions{
		Challenge: c.challenge(p, subject, bound), Timeout: life.Milliseconds(), RPID: c.o.Site.ID,
		Allow: descriptors(only), Verification: "required",
	}
}

func descriptors(list []Passkey) []descriptor {
	out := make([]descriptor, 0, len(list))
	for _, p := range list {
		out = append(out, descriptor{"public-key", base64.RawURLEncoding.EncodeToString(p.Credential), p.Transports})
	}
	return out
}

// Handle is the user handle of an account: it looks random, tells nothing and
// never changes (PW-51).
func (c *Ceremonies) Handle(id user.ID) string {
	h := c.handle(id)
	return base64.RawURLEncoding.EncodeToString(h[:])
}

func (c *Ceremonies) handle(id user.ID) [32]byte {
	return c.o.Keys.MAC("passkey-user", c.o.Instance[:], id[:])
}

// Signals is what the Signal API of browsers wants to know of an account (PW-73).
type Signals struct {
	RPID     string   `json:"rpId"`
	User     string   `json:"userId"`
	Name     string   `json:"name"`
	Display  string   `json:"displayName"`
	Accepted []string `json:"allAcceptedCredentialIds"` // all of them: one left out is hidden
}

// Signals describes who and all that they have.
func (c *Ceremonies) Signals(who Person, have []Passkey) Signals {
	s := Signals{RPID: c.o.Site.ID, User: c.Handle(who.ID), Name: who.Address, Display: who.Name, Accepted: []string{}}
	for _, p := range have {
		s.Accepted = append(s.Accepted, base64.RawURLEncoding.EncodeToString(p.Credential))
	}
	return s
}
