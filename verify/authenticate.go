package verify

import (
	"context"
	"errors"
	"hash/crc32"
	"net/http"
	"strings"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// Authenticate returns who the request speaks for. What it looks at is the one
// Authorization header, or what FromGateway or InsecureTrustHeaders say; never the
// query, the body or a cookie. A credential that is there and wrong is a refusal,
// whatever else the request carries. Every error is an *Error.
func (v *Verifier) Authenticate(ctx context.Context, r *http.Request) (Identity, error) {
	who, err := v.identify(ctx, r)
	if err != nil {
		return Identity{}, err
	}
	return *who, nil
}

// Token is Authenticate for a Bearer token that came by another way than HTTP.
func (v *Verifier) Token(ctx context.Context, token string) (Identity, error) {
	if v.gateway || v.peers != nil {
		return Identity{}, ErrScheme
	}
	who, err := v.token(ctx, token)
	if err != nil {
		return Identity{}, err
	}
	return *who, nil
}

func (v *Verifier) identify(ctx context.Context, r *http.Request) (*Identity, error) {
	switch {
	case v.gateway:
		return v.fromGateway(ctx, r)
	case v.peers != nil:
		return fromHeaders(r, v.peers)
	}
	token, bad := credential(r.Header)
	if bad != nil {
		return nil, bad
	}
	return v.token(ctx, token)
}

func (v *Verifier) token(ctx context.Context, token string) (*Identity, error) {
	if !v.located.Load() {
		return nil, ErrUncertain.because(v.Health())
	}
	if strings.Count(token, ".") != 2 {
		return v.opaque(ctx, token)
	}
	c, err := v.jwt(ctx, token)
	if err != nil {
		return nil, err
	}
	return c.who, v.live(ctx, token, c)
}

// jwt checks what the token says of itself.
func (v *Verifier) jwt(ctx context.Context, token string) (c *checked, err error) {
	err = v.withKeys(ctx, func(jose.KeySet) error {
		c, err = v.check(token)
		return err
	})
	return c, err
}

// withKeys runs check with the keys there are, and once more with new ones when it
// met a key that is not known. No keys at all, or none to be had for an unknown
// one, is ErrUncertain: the key may be a new one.
func (v *Verifier) withKeys(ctx context.Context, check func(jose.KeySet) error) error {
	keys, ok := v.tokens.set()
	if !ok {
		if _, err := v.tokens.refresh(ctx, false); err != nil {
			return ErrUncertain.because(err)
		}
		keys, _ = v.tokens.set()
	}
	err := check(keys)
	if !errors.Is(err, jose.ErrUnknownKey) {
		return refused(err)
	}
	renewed, failed := v.tokens.refresh(ctx, false)
	if failed != nil {
		return ErrUncertain.because(failed)
	}
	if renewed {
		keys, _ = v.tokens.set()
		err = check(keys)
	}
	return refused(err)
}

// live returns nil when the token was not revoked, as far as the bound allows to
// know; past it the issuer is asked (TH-18).
func (v *Verifier) live(ctx context.Context, token string, c *checked) error {
	if v.withoutRevocation {
		return nil
	}
	now := v.now()
	switch f := v.follower.Load(); f.verdict(now, c.question, v.acceptStale) {
	case dead:
		return ErrRevoked
	case alive:
		return nil
	}
	a, err := v.asker.ask(ctx, token)
	switch {
	case err != nil:
		return ErrUncertain.because(errors.Join(v.Health(), err))
	case !a.Active:
		return ErrRevoked
	}
	return nil
}

// opaque asks the issuer what the token is. What has the form of one of our
// credentials but is none is not asked about.
func (v *Verifier) opaque(ctx context.Context, token string) (*Identity, error) {
	if strings.HasPrefix(token, "mrt_") {
		if !strings.HasPrefix(token, "mrt_at_") {
			return nil, ErrType
		}
		if !checksummed(token) {
			return nil, ErrMalformed
		}
	}
	a, err := v.asker.ask(ctx, token)
	if errors.Is(err, errNoIntrospection) {
		return nil, ErrMalformed.because(err)
	}
	if err != nil {
		return nil, ErrUncertain.because(err)
	}
	return v.introspected(a)
}

// introspected holds an answer to the rules that a token is held to.
func (v *Verifier) introspected(a *answer) (*Identity, error) {
	if !a.Active {
		return nil, ErrInactive
	}
	c := a.access()
	switch {
	case a.Issuer != "" && a.Issuer != v.issuer:
		return nil, ErrIssuer
	case !contains(a.Audience, v.audience):
		return nil, ErrAudience
	case a.bound():
		return nil, ErrBound
	case c.Subject == "" || c.Expiry <= 0:
		return nil, ErrMalformed
	}
	if err := c.CheckTimes(v.now(), v.leeway); err != nil {
		return nil, refused(err)
	}
	c.Issuer = v.issuer
	if f := v.follower.Load(); f != nil && f.ready.Load() && f.live.Revoked(questionOf(c, f.mask.Load().key)) {
		return nil, ErrRevoked // told after the answer was given (TH-10)
	}
	return identityOf(c), nil
}

func contains(audience []string, ours string) bool {
	for _, a := range audience {
		if a == ours {
			return true
		}
	}
	return false
}

const (
	digits62    = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	checksumLen = 6
)

// checksummed reports whether the last six characters are the CRC-32 of the rest,
// as in every credential of ours. It keeps typing errors from the issuer.
func checksummed(token string) bool {
	front := token[:len(token)-checksumLen]
	sum := crc32.ChecksumIEEE([]byte(front))
	for i := len(token) - 1; i >= len(front); i-- {
		if token[i] != digits62[sum%62] {
			return false
		}
		sum /= 62
	}
	return sum == 0
}

// refused names the refusal that err stands for. nil stays nil.
func refused(err error) error {
	if err == nil {
		return nil
	}
	for _, r := range refusals {
		if errors.Is(err, r.cause) {
			return r.refusal.because(err)
		}
	}
	return ErrMalformed.because(err)
}

var refusals = []struct {
	cause   error
	refusal *Error
}{
	{jwt.ErrExpired, ErrExpired},
	{jwt.ErrNotYet, ErrNotYet},
	{jwt.ErrIssuedAt, ErrNotYet},
	{jwt.ErrAudience, ErrAudience},
	{jwt.ErrIssuer, ErrIssuer},
	{jose.ErrType, ErrType},
	{jose.ErrUnknownKey, ErrUnknownKey},
	{jose.ErrAlgorithm, ErrSignature},
	{jose.ErrSignature, ErrSignature},
	{errBound, ErrBound},
}
