package authorize

import (
	"context"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jose/strictjson"
	"github.com/mortise-auth/mortise/internal/user"
)

// typeID is the typ of an ID token (JW-23).
const typeID = "JWT"

// checkHint reads the id_token_hint. It is an ID token of ours for this client,
// however old: an expired one says as much about who it was (OA-95).
func (f *Flow) checkHint(_ context.Context, r *request, p Params) error {
	text := one(p, "id_token_hint")
	if text == "" {
		return nil
	}
	payload, _, err := jose.VerifyText(text, typeID, f.o.Keys())
	if err != nil {
		return ErrInvalidRequest.Becausef("id_token_hint: %w", err)
	}
	h, err := parseHint(payload)
	switch {
	case err != nil:
		return ErrInvalidRequest.Becausef("id_token_hint: %w", err)
	case h.issuer != f.o.Issuer || h.audience != string(r.client.ID) || h.subject == "":
		return ErrInvalidRequest.Becausef("id_token_hint: of %.100q for %.100q", h.issuer, h.audience)
	}
	r.hint = h.subject
	return nil
}

type hint struct{ issuer, subject, audience string }

// parseHint reads an ID token of ours; we write one audience.
func parseHint(payload string) (h hint, err error) {
	r := strictjson.New(payload)
	r.Object(func(name string) {
		switch name {
		case "iss":
			h.issuer = r.String()
		case "sub":
			h.subject = r.String()
		case "aud":
			h.audience = r.String()
		default:
			r.Skip()
		}
	})
	return h, r.Close()
}

// isWanted reports whether u is whom the request is about.
func (f *Flow) isWanted(r *request, u user.ID) bool {
	if r.hint == "" && r.wanted == "" {
		return true
	}
	sub := u.String()
	if f.o.Subjects != nil {
		sub = f.o.Subjects.Subject(r.client, u)
	}
	return (r.hint == "" || r.hint == sub) && (r.wanted == "" || r.wanted == sub)
}
