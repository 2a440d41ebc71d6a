package oauth

import (
	"encoding/json"
	"strconv"
)

// The answers that are given most are written by hand: encoding/json looks every
// field up. They say the same as json.Marshal.

// object appends members to a JSON object that was begun.
type object struct{ b []byte }

// name begins a member. Names are ours and need no escapes.
func (o *object) name(name string) {
	if o.b[len(o.b)-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), name...), `":`...)
}

// text appends a member unless it is empty.
func (o *object) text(name, value string) {
	if value != "" {
		o.name(name)
		o.string(value)
	}
}

// raw appends a member whose value is JSON already, unless there is none.
func (o *object) raw(name string, value []byte) {
	if len(value) > 0 {
		o.name(name)
		o.b = append(o.b, value...)
	}
}

func (o *object) number(name string, value int64) {
	if value != 0 {
		o.name(name)
		o.b = strconv.AppendInt(o.b, value, 10)
	}
}

func (o *object) list(name string, values []string) {
	if len(values) == 0 {
		return
	}
	o.name(name)
	o.b = append(o.b, '[')
	for i, v := range values {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.string(v)
	}
	o.b = append(o.b, ']')
}

func (o *object) string(value string) {
	for i := range len(value) {
		switch c := value[i]; {
		case c < ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
			quoted, _ := json.Marshal(value) // a string cannot fail
			o.b = append(o.b, quoted...)
			return
		}
	}
	o.b = append(append(append(o.b, '"'), value...), '"')
}

func (a *Answer) append(b []byte) []byte {
	o := object{append(b, '{')}
	o.name("access_token")
	o.string(a.AccessToken)
	o.name("token_type")
	o.string(a.TokenType)
	o.name("expires_in")
	o.b = strconv.AppendInt(o.b, a.ExpiresIn, 10)
	o.text("refresh_token", a.RefreshToken)
	o.text("id_token", a.IDToken)
	o.text("scope", a.Scope)
	o.raw("authorization_details", a.Details)
	return append(o.b, '}')
}

func (i *Introspected) append(b []byte) []byte {
	o := object{append(b, '{')}
	o.name("active")
	o.b = strconv.AppendBool(o.b, i.Active)
	o.text("token_type", i.TokenType)
	o.text("iss", i.Issuer)
	o.text("sub", i.Subject)
	o.text("client_id", i.ClientID)
	if len(i.Audience) == 1 {
		o.name("aud")
		o.string(i.Audience[0])
	} else {
		o.list("aud", i.Audience)
	}
	o.text("scope", i.Scope)
	o.number("exp", i.Expiry)
	o.number("iat", i.IssuedAt)
	o.number("nbf", i.NotBefore)
	o.number("auth_time", i.AuthTime)
	o.text("jti", i.ID)
	o.text("sid", i.Session)
	o.text("gid", i.Grant)
	o.text("acr", i.ACR)
	o.list("amr", i.AMR)
	o.list("roles", i.Roles)
	o.memberships(i.Org)
	o.raw("authorization_details", i.Details)
	if i.Confirmation != (Confirmation{}) {
		o.name("cnf")
		o.b = append(o.b, '{')
		o.text("jkt", i.Confirmation.JKT)
		o.text("x5t#S256", i.Confirmation.X5T)
		o.b = append(o.b, '}')
	}
	return append(o.b, '}')
}

func (o *object) memberships(all []Membership) {
	if len(all) == 0 {
		return
	}
	o.name("org")
	o.b = append(o.b, '[')
	for i := range all {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = append(o.b, '{')
		o.name("id")
		o.string(all[i].ID)
		o.name("slug")
		o.string(all[i].Slug)
		o.list("roles", all[i].Roles)
		o.b = append(o.b, '}')
	}
	o.b = append(o.b, ']')
}
