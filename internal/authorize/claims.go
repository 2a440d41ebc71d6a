package authorize

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/mortise-auth/mortise/internal/jose/strictjson"
)

const maxClaims = 8 << 10 // bytes of the claims parameter

// checkClaims reads the claims parameter (OpenID Core 5.5) and keeps it in
// canonical form for whoever fills the tokens.
func checkClaims(_ context.Context, r *request, p Params) error {
	text := one(p, "claims")
	if text == "" {
		return nil
	}
	canonical, subject, err := parseClaims(text)
	if err != nil {
		return ErrInvalidRequest.Becausef("claims: %w", err)
	}
	r.claims, r.wanted = canonical, subject
	return nil
}

// parseClaims takes {"userinfo": {NAME: null | {…}}, "id_token": {…}} and what is
// not known beside them, with members in order, and the subject that an ID token
// must have, if one is asked for.
func parseClaims(text string) (canonical []byte, subject string, err error) {
	if len(text) > maxClaims {
		return nil, "", strictjson.ErrMalformed
	}
	r := strictjson.New(text)
	r.Object(func(member string) {
		if member != "userinfo" && member != "id_token" {
			r.Skip()
			return
		}
		r.Object(func(name string) {
			value := claim(&r)
			if member == "id_token" && name == "sub" {
				subject = value
			}
		})
	})
	if err := r.Close(); err != nil {
		return nil, "", err
	}
	canonical, err = inOrder([]byte(text))
	return canonical, subject, err
}

// claim reads what is said of one claim and returns the value asked for, if it is
// a text.
func claim(r *strictjson.Reader) (value string) {
	if r.Next() != '{' {
		if r.Next() != 'n' {
			r.Fail()
		}
		r.Skip()
		return ""
	}
	r.Object(func(name string) {
		switch {
		case name == "value" && r.Next() == '"':
			value = r.String()
		case name == "values" && r.Next() != '[', name == "essential" && r.Next() != 't' && r.Next() != 'f':
			r.Fail()
		default:
			r.Skip()
		}
	})
	return value
}

// inOrder writes JSON that was read strictly with its members in order.
func inOrder(text []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}
