package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"math"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// skew is how far the provider's clock may be from ours.
const skew = jwt.MaxLeeway

// idToken checks an ID token in full (OA-113, JW-20 to JW-28; Core, 3.1.3.7) and
// returns what it says.
func (s *Service) idToken(ctx context.Context, c federation.Connection, m metadata, k federation.Kept, t federation.Tokens, code string) (federation.Statement, error) {
	payload, key, limited, err := s.signed(ctx, c, m, t.ID.Reveal(), jwt.TypeIDToken)
	if err != nil {
		return federation.Statement{}, err
	}
	claims, err := federation.ParseClaims(payload)
	if err != nil {
		return federation.Statement{}, federation.ErrStatement.Because(err)
	}
	v := token{claims: claims, now: s.now()}
	for _, check := range []error{
		v.isNoLogout(), v.issuer(c, m, limited), v.audience(c.Settings.ClientID), v.times(), v.nonce(k.Nonce), v.authTime(k.MaxAge),
		v.hash("at_hash", key, t.Access.Reveal()), v.hash("c_hash", key, code),
	} {
		if check != nil {
			return federation.Statement{}, federation.ErrStatement.Because(check)
		}
	}
	st := federation.Statement{
		Issuer: s.issuerOf(c, claims), Subject: text(claims["sub"]), Claims: claims,
		ACR: text(claims["acr"]), AMR: texts(claims["amr"]), Session: text(claims["sid"]),
	}
	if at, ok := seconds(claims["auth_time"]); ok && at > 0 {
		st.AuthTime = time.Unix(at, 0).UTC()
	}
	if st.Subject == "" || len(st.Subject) > federation.MaxSubject || len(st.Session) > maxSession {
		return federation.Statement{}, federation.ErrStatement.Because(jwt.ErrClaims)
	}
	return st, nil
}

// maxSession bounds a sid, which we look up by.
const maxSession = 255

// token is one whose signature is good.
type token struct {
	claims map[string]any
	now    time.Time
}

func (t token) issuer(c federation.Connection, m metadata, limited string) error {
	if !isIssuer(c, m, t.claims) || limited != "" && !limitedTo(limited, t.claims) {
		return jwt.ErrIssuer
	}
	return nil
}

// audience is us and nobody else (JW-26).
func (t token) audience(client string) error {
	switch aud := t.claims["aud"].(type) {
	case string:
		if aud != client {
			return jwt.ErrAudience
		}
	case []any:
		if len(aud) == 0 {
			return jwt.ErrAudience
		}
		for _, one := range aud {
			if one != client {
				return jwt.ErrAudience
			}
		}
	default:
		return jwt.ErrAudience
	}
	if azp, said := t.claims["azp"]; said && azp != client {
		return jwt.ErrAudience
	}
	return nil
}

// times are exp and iat, both required, and nbf.
func (t token) times() error {
	expiry, expires := seconds(t.claims["exp"])
	issued, dated := seconds(t.claims["iat"])
	from, limited := seconds(t.claims["nbf"])
	_, said := t.claims["nbf"]
	switch {
	case !expires || !dated || said && !limited:
		return jwt.ErrClaims
	case !t.now.Add(-skew).Before(time.Unix(expiry, 0)):
		return jwt.ErrExpired
	case t.now.Add(skew).Before(time.Unix(issued, 0)):
		return jwt.ErrIssuedAt
	case limited && t.now.Add(skew).Before(time.Unix(from, 0)):
		return jwt.ErrNotYet
	}
	return nil
}

// isNoLogout keeps logout tokens out, whatever else they may say.
func (t token) isNoLogout() error {
	if _, said := t.claims["events"]; said {
		return jwt.ErrClaims
	}
	return nil
}

func (t token) nonce(want string) error {
	got := text(t.claims["nonce"])
	if want == "" || subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1 {
		return errNonce
	}
	return nil
}

// authTime must be told, and be young enough, when that was asked for.
func (t token) authTime(most *time.Duration) error {
	v, said := t.claims["auth_time"]
	at, ok := seconds(v)
	switch {
	case said && !ok:
		return jwt.ErrClaims
	case most == nil:
		return nil
	case !said || t.now.Add(-*most-skew).After(time.Unix(at, 0)) || t.now.Add(skew).Before(time.Unix(at, 0)):
		return errAuthTime
	}
	return nil
}

// hash binds the token to what came beside it, if it says so.
func (t token) hash(name string, key jose.PublicKey, of string) error {
	v, said := t.claims[name]
	if said && (of == "" || v != jwt.Half(key.Algorithm(), of)) {
		return errHash
	}
	return nil
}

// seconds reads a NumericDate from 0 to the year 9999; a fraction is dropped.
func seconds(v any) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	if i, err := n.Int64(); err == nil {
		return i, i >= 0 && i <= lastSecond
	}
	f, err := n.Float64()
	if err != nil || math.IsNaN(f) || f < 0 || f > lastSecond {
		return 0, false
	}
	return int64(f), true
}

const lastSecond = 253402300799
