package jwt

import (
	"slices"

	"github.com/mortise-auth/mortise/internal/jose/strictjson"
)

// maxActors is how many may act for each other in one token.
const maxActors = 4

// claims reads the claims of an access token in one pass.
type claims struct {
	strictjson.Reader
	has   uint8    // which of the required claims were there
	lists []string // the elements of all lists, one after the other
}

const (
	hasIssuer uint8 = 1 << iota
	hasSubject
	hasClient
	hasAudience
	hasID
	hasExpiry
	hasIssuedAt
	hasAll = 1<<iota - 1
)

func (a *Access) parse(payload string) error {
	c := claims{Reader: strictjson.New(payload), lists: make([]string, 0, 8)}
	c.Object(func(name string) { c.claim(a, name) })
	if c.Close() != nil || c.has != hasAll {
		return ErrClaims
	}
	return nil
}

func (c *claims) claim(a *Access, name string) {
	switch name {
	case "iss":
		a.Issuer = c.required(hasIssuer)
	case "sub":
		a.Subject = c.required(hasSubject)
	case "client_id":
		a.ClientID = c.required(hasClient)
	case "jti":
		a.ID = c.required(hasID)
	case "aud":
		a.Audience = c.audience()
	case "exp":
		c.has |= hasExpiry
		a.Expiry = c.Date()
	case "iat":
		c.has |= hasIssuedAt
		a.IssuedAt = c.Date()
	case "nbf":
		a.NotBefore = c.Date()
	default:
		c.optional(a, name)
	}
}

func (c *claims) optional(a *Access, name string) {
	switch name {
	case "sid":
		a.Session = c.String()
	case "gid":
		a.Grant = c.String()
	case "scope":
		a.Scope = c.String()
	case "auth_time":
		a.AuthTime = c.Date()
	case "acr":
		a.ACR = c.String()
	case "amr":
		a.AMR = c.list()
	case "roles":
		a.Roles = c.list()
	case "org":
		c.Array(func() { a.Org = append(a.Org, c.org()) })
	case "uv":
		a.UserVersion = c.Integer()
	case "cv":
		a.ClientVersion = c.Integer()
	case "authorization_details":
		if c.Next() != '[' {
			c.Fail()
		}
		a.Details = c.Raw()
	case "ui":
		a.Asked = c.Integer() != 0
	case "cnf":
		c.confirmation(a)
	case "act":
		a.Actor = c.actor(1)
	default:
		c.Skip()
	}
}

// list reads an array of strings.
func (c *claims) list() []string {
	from := len(c.lists)
	c.lists = c.AppendStrings(c.lists)
	return c.lists[from:len(c.lists):len(c.lists)]
}

// required reads a string that must be there and not be empty.
func (c *claims) required(which uint8) string {
	s := c.String()
	if s != "" {
		c.has |= which
	}
	return s
}

// audience is one string or an array of some (RFC 7519, 4.1.3), none empty.
func (c *claims) audience() []string {
	var list []string
	if c.Next() == '"' {
		from := len(c.lists)
		c.lists = append(c.lists, c.String())
		list = c.lists[from : from+1 : from+1]
	} else {
		list = c.list()
	}
	if len(list) > 0 {
		c.has |= hasAudience
	}
	if slices.Contains(list, "") {
		c.Fail()
	}
	return list
}

func (c *claims) org() (o Org) {
	c.Object(func(name string) {
		switch name {
		case "id":
			o.ID = c.String()
		case "slug":
			o.Slug = c.String()
		case "roles":
			o.Roles = c.list()
		default:
			c.Skip()
		}
	})
	return o
}

// confirmation reads to what the token is bound (RFC 7800). A binding that we
// cannot check makes the token worthless, not free to use.
func (c *claims) confirmation(a *Access) {
	c.Object(func(name string) {
		switch name {
		case "jkt":
			a.JKT = c.String()
		case "x5t#S256":
			a.X5T = c.String()
		default:
			c.Fail()
		}
	})
	if !a.Bound() {
		c.Fail()
	}
}

func (c *claims) actor(depth int) *Actor {
	actor := new(Actor)
	c.Object(func(name string) {
		switch name {
		case "sub":
			actor.Subject = c.String()
		case "uv":
			actor.UserVersion = c.Integer()
		case "act":
			if depth == maxActors {
				c.Fail()
				return
			}
			actor.Actor = c.actor(depth + 1)
		default:
			c.Skip()
		}
	})
	if actor.Subject == "" {
		c.Fail() // nobody to ask the live set about
	}
	return actor
}
