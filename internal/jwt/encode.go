package jwt

import (
	"strconv"
	"unicode/utf8"
)

// Append appends the claims as JSON, in a fixed order and without spaces.
func (a *Access) Append(b []byte) []byte {
	o := object{append(b, '{')}
	o.text("iss", a.Issuer)
	o.text("sub", a.Subject)
	o.audience(a.Audience)
	o.text("client_id", a.ClientID)
	o.always("exp", a.Expiry)
	o.always("iat", a.IssuedAt)
	o.number("nbf", a.NotBefore)
	o.text("jti", a.ID)
	o.text("sid", a.Session)
	o.text("gid", a.Grant)
	o.text("scope", a.Scope)
	o.number("auth_time", a.AuthTime)
	o.text("acr", a.ACR)
	o.list("amr", a.AMR)
	o.list("roles", a.Roles)
	o.orgs(a.Org)
	o.number("uv", a.UserVersion)
	o.number("cv", a.ClientVersion)
	if a.Details != "" {
		o.name("authorization_details")
		o.b = append(o.b, a.Details...)
	}
	if a.Asked {
		o.always("ui", 1)
	}
	o.confirmation(a)
	o.actor(a.Actor)
	return append(o.b, '}')
}

// object appends members to an object that was begun.
type object struct{ b []byte }

// name begins a member. Names are ours and need no escapes.
func (o *object) name(name string) {
	if last := o.b[len(o.b)-1]; last != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), name...), `":`...)
}

func (o *object) text(name, value string) {
	if value != "" {
		o.name(name)
		o.b = AppendString(o.b, value)
	}
}

func (o *object) number(name string, value int64) {
	if value != 0 {
		o.always(name, value)
	}
}

func (o *object) always(name string, value int64) {
	o.name(name)
	o.b = strconv.AppendInt(o.b, value, 10)
}

func (o *object) list(name string, values []string) {
	if len(values) == 0 {
		return
	}
	o.name(name)
	o.b = append(o.b, '[')
	for i, value := range values {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = AppendString(o.b, value)
	}
	o.b = append(o.b, ']')
}

func (o *object) audience(values []string) {
	if len(values) == 1 {
		o.text("aud", values[0])
		return
	}
	o.list("aud", values)
}

func (o *object) orgs(orgs []Org) {
	if len(orgs) == 0 {
		return
	}
	o.name("org")
	o.b = append(o.b, '[')
	for i, org := range orgs {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = append(o.b, '{')
		o.text("id", org.ID)
		o.text("slug", org.Slug)
		o.list("roles", org.Roles)
		o.b = append(o.b, '}')
	}
	o.b = append(o.b, ']')
}

func (o *object) confirmation(a *Access) {
	if a.Bound() {
		o.name("cnf")
		o.b = append(o.b, '{')
		o.text("jkt", a.JKT)
		o.text("x5t#S256", a.X5T)
		o.b = append(o.b, '}')
	}
}

func (o *object) actor(a *Actor) {
	if a != nil {
		o.name("act")
		o.b = append(o.b, '{')
		o.text("sub", a.Subject)
		o.number("uv", a.UserVersion)
		o.actor(a.Actor)
		o.b = append(o.b, '}')
	}
}

// AppendString appends a JSON string; what is not UTF-8 becomes U+FFFD.
func AppendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			char, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, char)
			i += n
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
		i++
	}
	return append(b, '"')
}
