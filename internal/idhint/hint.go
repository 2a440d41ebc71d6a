package idhint

import (
	"context"
	"errors"
	"slices"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jose/strictjson"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// ErrHint: not an ID token of this issuer, signed with a key of ours that is still
// to be trusted. Whoever sent it is told no more; the cause is for the log.
var ErrHint = errors.New("idhint: not an ID token of ours")

// Hint is what an ID token says of whom and for whom.
type Hint struct {
	Subject string // as the client was told: it may be pairwise
	Client  string // the client it was for
	Session string // sid; may be empty
	Nonce   string // may be empty
	Expiry  int64  // seconds since 1970
}

// Reader reads hints. It is safe for concurrent use if Keys is.
type Reader struct {
	Issuer string
	// Keys are those whose signature counts: the published ones, and those that
	// retired in good standing. It may read the store under ctx.
	Keys func(ctx context.Context) jose.Keys
}

// Read checks signature, kind and issuer of an ID token and returns what it says.
// It may have expired (OA-95, OA-98). ErrHint, whatever is wrong.
func (r *Reader) Read(ctx context.Context, text string) (Hint, error) {
	payload, _, err := jose.VerifyText(text, jwt.TypeIDToken, r.Keys(ctx))
	if err != nil {
		return Hint{}, errors.Join(ErrHint, err)
	}
	c := claims{Reader: strictjson.New(payload)}
	c.Object(c.claim)
	switch {
	case c.Close() != nil, c.Subject == "", c.Expiry == 0, len(c.audience) == 0:
		return Hint{}, errors.Join(ErrHint, jwt.ErrClaims)
	case c.issuer != r.Issuer:
		return Hint{}, errors.Join(ErrHint, jwt.ErrIssuer)
	}
	if c.Client = c.audience[0]; c.azp != "" {
		c.Client = c.azp
	}
	if len(c.audience) > 1 && c.azp == "" || !slices.Contains(c.audience, c.Client) {
		return Hint{}, errors.Join(ErrHint, jwt.ErrAudience)
	}
	return c.Hint, nil
}

// claims reads what a hint needs of an ID token.
type claims struct {
	strictjson.Reader
	Hint
	issuer, azp string
	audience    []string
}

func (c *claims) claim(name string) {
	switch name {
	case "iss":
		c.issuer = c.String()
	case "sub":
		c.Subject = c.String()
	case "azp":
		c.azp = c.String()
	case "sid":
		c.Session = c.String()
	case "nonce":
		c.Nonce = c.String()
	case "exp":
		c.Expiry = c.Date()
	case "aud":
		if c.Next() == '"' {
			c.audience = []string{c.String()}
			return
		}
		c.audience = c.AppendStrings(nil)
	default:
		c.Skip()
	}
}
