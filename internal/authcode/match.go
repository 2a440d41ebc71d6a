package authcode

import "crypto/subtle"

// Presented is what came with a code to the token endpoint.
type Presented struct {
	Client      string // authenticated, or a public one that named itself
	RedirectURI string // empty: absent
	Verifier    string // empty: absent
	JKT         string // of the key that was proven in this request; empty: none
	// NeedsRedirect: the client is of OAuth 2.0 and must repeat the address (OA-35).
	NeedsRedirect bool
}

// Match reports whether p is right in everything that c is bound to, or says
// ErrMismatch, whose cause names what is not (OA-13, OA-14, OA-34, OA-35). It
// looks at no state and changes none.
func (c *Code) Match(p Presented) error {
	switch {
	case p.Client != c.Client:
		return ErrMismatch.Becausef("a code of another client")
	case p.RedirectURI != "" && p.RedirectURI != c.RedirectURI:
		return ErrMismatch.Comparing(c.RedirectURI, p.RedirectURI)
	case p.RedirectURI == "" && c.RedirectGiven && p.NeedsRedirect:
		return ErrMismatch.Becausef("no redirect_uri")
	case c.Challenge == "" && p.Verifier != "":
		return ErrMismatch.Becausef("a code_verifier, and the request had no code_challenge")
	case c.Challenge != "" && !proves(p.Verifier, c.Challenge):
		return ErrMismatch.Becausef("code_verifier missing or wrong")
	case c.JKT != "" && p.JKT != c.JKT:
		return ErrMismatch.Becausef("another DPoP key, or none")
	}
	return nil
}

func proves(verifier, challenge string) bool {
	return ValidVerifier(verifier) && subtle.ConstantTimeCompare([]byte(Challenge(verifier)), []byte(challenge)) == 1
}
