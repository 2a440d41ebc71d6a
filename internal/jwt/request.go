package jwt

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jose/strictjson"
)

// Request is a request object (RFC 9101). Times are NumericDates; has… says of the
// optional ones whether they were there.
type Request struct {
	Issuer, Subject, ClientID string
	Audience                  []string
	Expiry, NotBefore         int64
	IssuedAt                  int64

	HasAudience, HasExpiry, HasNotBefore, HasIssuedAt bool

	// Claims are all members as they were written, each once.
	Claims map[string]json.RawMessage
}

// VerifyRequest checks the signature and the kind of a request object, which may
// be JWT or missing, as OpenID Connect has it. Who it is from, for whom and when is
// the caller's to check. Errors: those of jose.Verify, ErrClaims.
func VerifyRequest(text string, keys jose.Keys) (*Request, error) {
	payload, err := verifyAs(text, TypeRequest, keys)
	if err != nil {
		return nil, err
	}
	return parseRequest(payload)
}

// UnsignedRequest reads a request object of "alg":"none", whose signature is empty
// (RFC 7519 section 6). It proves nothing, and package jose knows no such thing, on
// purpose: it is for clients that are registered so. Errors: ErrUnsigned, ErrClaims.
func UnsignedRequest(text string) (*Request, error) {
	parts := strings.SplitN(text, ".", 4)
	if len(text) > jose.MaxToken || len(parts) != 3 || parts[2] != "" || strings.ContainsAny(text, "\r\n") { // which encoding/base64 ignores
		return nil, ErrUnsigned
	}
	header, err := base64.RawURLEncoding.Strict().DecodeString(parts[0])
	if err != nil || !isNone(string(header)) {
		return nil, ErrUnsigned
	}
	payload, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil {
		return nil, ErrUnsigned
	}
	return parseRequest(string(payload))
}

func isNone(header string) bool {
	var alg, typ string
	critical := false
	r := strictjson.New(header)
	r.Object(func(name string) {
		switch name {
		case "alg":
			alg = r.String()
		case "typ":
			typ = r.String()
		case "crit", "b64":
			critical = true
			r.Skip()
		default:
			r.Skip()
		}
	})
	known := typ == "" || strings.EqualFold(typ, "JWT") || strings.EqualFold(strings.TrimPrefix(typ, "application/"), TypeRequest)
	return r.Close() == nil && alg == "none" && !critical && known
}

func parseRequest(payload string) (*Request, error) {
	o := new(Request)
	r := strictjson.New(payload)
	r.Object(func(name string) { o.claim(&r, name) })
	// Strictly read first: no member is in it twice.
	if r.Close() != nil || json.Unmarshal([]byte(payload), &o.Claims) != nil {
		return nil, ErrClaims
	}
	return o, nil
}

func (o *Request) claim(r *strictjson.Reader, name string) {
	switch name {
	case "iss":
		o.Issuer = r.String()
	case "sub":
		o.Subject = r.String()
	case "client_id":
		o.ClientID = r.String()
	case "aud":
		o.HasAudience = true
		if r.Next() == '[' {
			o.Audience = r.AppendStrings(nil)
			return
		}
		o.Audience = []string{r.String()}
	case "exp":
		o.HasExpiry, o.Expiry = true, r.Date()
	case "nbf":
		o.HasNotBefore, o.NotBefore = true, r.Date()
	case "iat":
		o.HasIssuedAt, o.IssuedAt = true, r.Date()
	default:
		r.Skip()
	}
}
