package mortisetest

import (
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/jwt"
)

// TokenOption changes what User.Token asks for, or what TokenIssuer.Token signs.
type TokenOption func(*tokenWish)

type tokenWish struct {
	scopes    []string
	audiences []string
	claims    []func(*jwt.Access) // of an issuer's token
	made      []string            // options that only an issuer can follow
	revoked   bool
	wrongKey  bool
	typ       string
}

func wishOf(opts []TokenOption) *tokenWish {
	w := &tokenWish{typ: jwt.TypeAccess}
	for _, o := range opts {
		o(w)
	}
	return w
}

// Scope is what the token may be used for. A User's token has all the app may ask
// for unless told otherwise.
func Scope(names ...string) TokenOption {
	return func(w *tokenWish) { w.scopes = append(w.scopes, names...) }
}

// Audience is the identifiers of the APIs that the token is for.
func Audience(identifiers ...string) TokenOption {
	return func(w *tokenWish) { w.audiences = append(w.audiences, identifiers...) }
}

// made is an option that only a TokenIssuer can follow.
func made(name string, change func(*jwt.Access)) TokenOption {
	return func(w *tokenWish) {
		w.made = append(w.made, name)
		if change != nil {
			w.claims = append(w.claims, change)
		}
	}
}

// Sub is who the token speaks for. TokenIssuer only, as all that follow.
func Sub(id string) TokenOption { return made("Sub", func(c *jwt.Access) { c.Subject = id }) }

// Client is the app that got the token.
func Client(id string) TokenOption { return made("Client", func(c *jwt.Access) { c.ClientID = id }) }

// InSession is the session that the token dies with, ses_….
func InSession(id string) TokenOption {
	return made("InSession", func(c *jwt.Access) { c.Session = id })
}

// WithRoles are the roles the token speaks of.
func WithRoles(names ...string) TokenOption {
	return made("WithRoles", func(c *jwt.Access) { c.Roles = names })
}

// InOrganization makes the subject a member, with roles there.
func InOrganization(slug string, roles ...string) TokenOption {
	return made("InOrganization", func(c *jwt.Access) {
		c.Org = append(c.Org, jwt.Org{ID: "org_" + slug, Slug: slug, Roles: roles})
	})
}

// Proven says how sure it was who signed in, 1 to 3, and how long ago.
func Proven(assurance int, ago time.Duration) TokenOption {
	return made("Proven", func(c *jwt.Access) {
		c.ACR, c.AuthTime = string(rune('0'+assurance)), time.Unix(c.IssuedAt, 0).Add(-ago).Unix()
	})
}

// Expired makes a token that was good until a minute ago.
func Expired() TokenOption {
	return made("Expired", func(c *jwt.Access) {
		c.IssuedAt -= int64((11 * time.Minute).Seconds())
		c.Expiry = c.IssuedAt + int64((10 * time.Minute).Seconds())
	})
}

// NotYet makes a token that is good in an hour.
func NotYet() TokenOption {
	return made("NotYet", func(c *jwt.Access) {
		c.NotBefore = c.IssuedAt + int64(time.Hour.Seconds())
		c.Expiry = c.NotBefore + int64((10 * time.Minute).Seconds())
	})
}

// WrongIssuer makes a token that says it is somebody else's.
func WrongIssuer() TokenOption {
	return made("WrongIssuer", func(c *jwt.Access) { c.Issuer = "https://elsewhere.example.com" })
}

// Bound binds the token to a DPoP key, so that it is no bearer token.
func Bound(thumbprint string) TokenOption {
	return made("Bound", func(c *jwt.Access) { c.JKT = thumbprint })
}

// WrongKey signs the token with a key that the issuer has never published.
func WrongKey() TokenOption {
	return func(w *tokenWish) { made("WrongKey", nil)(w); w.wrongKey = true }
}

// WrongType makes a token of the type JWT, such as an ID token: it is no access token.
func WrongType() TokenOption {
	return func(w *tokenWish) { made("WrongType", nil)(w); w.typ = "JWT" }
}

// Revoked takes the token back before it is handed over; see TokenIssuer.Revoke.
func Revoked() TokenOption {
	return func(w *tokenWish) { made("Revoked", nil)(w); w.revoked = true }
}

func (w *tokenWish) scope() string { return strings.Join(w.scopes, " ") }
