package client

import (
	"slices"
	"time"
)

// Rules are what a profile asks of its clients: the table in the documentation
// of clients is this one.
type Rules struct {
	Auth       []Auth        // the methods admitted
	Algorithms []string      // of everything that is signed, by the client or for it
	Responses  []string      // the response types admitted
	Pushed     bool          // authorization requests are pushed (RFC 9126)
	Bound      bool          // tokens are bound to a key (RFC 9449)
	PKCE       bool          // cannot be waived
	CodeLife   time.Duration // of an authorization code, at the most
	Rotates    bool          // refresh tokens are rotated for clients that prove nothing else
}

// Rules of the profile; the zero Rules for one that there is not.
func (p Profile) Rules() Rules {
	switch p {
	case OAuth21:
		return Rules{
			Auth:       []Auth{AuthNone, AuthBasic, AuthPost, AuthPrivateKeyJWT},
			Algorithms: []string{"RS256", "PS256", "ES256", "EdDSA"}, Responses: []string{"code", "id_token", "code id_token"},
			CodeLife: time.Minute, Rotates: true,
		}
	case FAPI2:
		return Rules{
			Auth:       []Auth{AuthPrivateKeyJWT},
			Algorithms: []string{"PS256", "ES256", "EdDSA"}, Responses: []string{"code"},
			Pushed: true, Bound: true, PKCE: true, CodeLife: time.Minute,
		}
	}
	return Rules{}
}

// AssertionAlgorithms are those a client's assertions may be signed with (OA-32).
func (c Client) AssertionAlgorithms() []string { return c.algorithms(c.AssertionAlg) }

// RequestAlgorithms are those a client's request objects may be signed with
// (OA-75). "none" is among them for a client that is registered so, and then alone.
func (c Client) RequestAlgorithms() []string { return c.algorithms(c.RequestObjectAlg) }

func (c Client) algorithms(registered string) []string {
	if registered != "" {
		return []string{registered}
	}
	return c.Profile.Rules().Algorithms
}

// profile holds c to its profile. What the profile always wants is turned on by
// defaults, not asked for.
func (c Client) profile(Addresses) error {
	r := c.Profile.Rules()
	if r.Auth == nil {
		return named(ErrProfile, "/profile", "Use oauth2.1 or fapi2.")
	}
	for _, text := range []struct {
		pointer, value string
		admitted       []string
	}{
		{"/token_endpoint_auth_signing_alg", c.AssertionAlg, r.Algorithms},
		{"/id_token_signed_response_alg", c.IDTokenAlg, r.Algorithms},
		{"/userinfo_signed_response_alg", c.UserInfoAlg, r.Algorithms},
		{"/request_object_signing_alg", c.RequestObjectAlg, c.requestAlgorithms(r)},
	} {
		if text.value != "" && !slices.Contains(text.admitted, text.value) {
			return named(ErrBadAlgorithm, text.pointer, quoted(text.value)+" is not one of those of the profile "+string(c.Profile)+".")
		}
	}
	if c.Profile == OAuth21 {
		return nil
	}
	for _, response := range c.Responses {
		if !slices.Contains(r.Responses, response) {
			return named(ErrProfile, "/response_types", quoted(response)+" is not for this profile.")
		}
	}
	switch {
	case !slices.Contains(r.Auth, c.Auth):
		return named(ErrProfile, "/token_endpoint_auth_method", "This profile wants private_key_jwt.")
	case r.PKCE && c.NoPKCE:
		return named(ErrProfile, "/without_pkce", "This profile wants PKCE.")
	case len(c.AssertionAudiences) > 0:
		return named(ErrProfile, "/assertion_audiences", "This profile has one audience: the issuer.")
	}
	return nil
}

// requestAlgorithms also has none, which only the open profile admits.
func (c Client) requestAlgorithms(r Rules) []string {
	if c.Profile == OAuth21 {
		return append([]string{"none"}, r.Algorithms...)
	}
	return r.Algorithms
}
