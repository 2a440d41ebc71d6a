package requestobject

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// Why an object was refused although it is the client's; for the log.
var (
	errNested   = errors.New("requestobject: it holds another request object")
	errParty    = errors.New("requestobject: iss or client_id is not the client")
	errIdentity = errors.New("requestobject: sub is the client: it could serve as its assertion")
	errProfile  = errors.New("requestobject: the profile wants exp and nbf, an hour apart at the most")
)

const (
	maxLife = time.Hour // FAPI 2.0 Message Signing 5.3.1
	leeway  = jwt.DefaultLeeway
)

// check looks at what an object says of itself. Who need not sign need not say who
// and for whom either, but nothing wrong.
func (r *Reader) check(c client.Client, o *jwt.Request) error {
	signed, id := c.RequestObjectAlg != "none", string(c.ID)
	_, inner := o.Claims["request"]
	_, outer := o.Claims["request_uri"]
	switch {
	case inner || outer:
		return errNested
	case o.Issuer != id && (signed || o.Issuer != ""), o.ClientID != id && o.ClientID != "":
		return errParty
	case o.Subject == id:
		return errIdentity
	case !slices.Contains(o.Audience, r.o.Issuer) && (signed || o.HasAudience):
		return jwt.ErrAudience
	}
	return times(o, r.o.Now(), c.Profile == client.FAPI2)
}

// times wants both edges from a client of the strict profile. For others exp is
// optional, as it is in the standards, and an old object is as good as expired.
func times(o *jwt.Request, now time.Time, strict bool) error {
	late, early := now.Add(leeway), now.Add(-leeway)
	expiry, begin, made := time.Unix(o.Expiry, 0), time.Unix(o.NotBefore, 0), time.Unix(o.IssuedAt, 0)
	switch {
	case o.HasExpiry && !early.Before(expiry):
		return jwt.ErrExpired
	case !o.HasExpiry && o.HasIssuedAt && !early.Before(made.Add(maxLife)):
		return jwt.ErrExpired
	case o.HasNotBefore && late.Before(begin):
		return jwt.ErrNotYet
	case o.HasIssuedAt && late.Before(made):
		return jwt.ErrIssuedAt
	case o.HasExpiry && expiry.After(late.Add(maxLife)):
		return jwt.ErrFar
	case strict && (!o.HasExpiry || !o.HasNotBefore || expiry.Sub(begin) > maxLife):
		return errProfile
	}
	return nil
}

// parameters are the claims as the parameters they stand for.
func parameters(c client.Client, o *jwt.Request) map[string][]string {
	out := map[string][]string{}
	for name, value := range o.Claims {
		if values := parameter(name, value); values != nil {
			out[name] = values
		}
	}
	out["client_id"] = []string{string(c.ID)}
	return out
}

// parameter is a claim as the parameter it stands for (RFC 9101 section 4): texts as
// they are, numbers and flags as they are written, objects and lists as JSON.
func parameter(name string, value json.RawMessage) []string {
	switch name {
	case "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id":
		return nil
	}
	var text string
	var list []string
	switch {
	case string(value) == "null":
		return nil
	case json.Unmarshal(value, &text) == nil:
		if text == "" {
			return nil // an empty parameter is an absent one
		}
		return []string{text}
	case name == "resource" && json.Unmarshal(value, &list) == nil:
		return present(list)
	}
	return []string{string(value)}
}

// present leaves empty values out; nil when nothing is left.
func present(list []string) (out []string) {
	for _, text := range list {
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}
