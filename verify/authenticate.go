package verify

import (
	"context"
	"errors"
	"hash/crc32"
	"net/http"
	"strings"

	"github.com/mortise-auth/mortise/internal/bearer"
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

// Token is Authenticate for a Bearer token that came by another way than HTTP. One
// that is bound to a key is refused: its proof is of an HTTP request.
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
	token, dpop, bad := credential(r.Header)
	switch {
	case bad != nil:
		return nil, bad.by(dpop)
	case dpop:
		who, err := v.proven(ctx, token, r)
		return who, byDPoP(err)
	}
	who, err := v.token(ctx, token)
	return who, err
}

// opaque asks the issuer what the token is. What has the form of one of our
// credentials but is none is not asked about.
func (v *Verifier) opaque(ctx context.Context, token string) (*Identity, binding, error) {
	if !token68(token) {
		return nil, binding{}, ErrMalformed
	}
	if strings.HasPrefix(token, "mrt_") {
		if !strings.HasPrefix(token, "mrt_at_") {
			return nil, binding{}, ErrType
		}
		if !checksummed(token) {
			return nil, binding{}, ErrMalformed
		}
	}
	a, err := v.asker.ask(ctx, token)
	if errors.Is(err, errNoIntrospection) {
		return nil, binding{}, ErrMalformed.because(err)
	}
	if err != nil {
		return nil, binding{}, ErrUncertain.because(err)
	}
	who, err := v.introspected(a)
	return who, a.binding(), err
}

// introspected holds an answer to the rules that a token is held to.
func (v *Verifier) introspected(a *answer) (*Identity, error) {
	if !a.Active {
		return nil, ErrInactive
	}
	c := a.access()
	if c.Issuer == "" {
		c.Issuer = v.issuer // optional in RFC 7662; it was this issuer that answered
	}
	want := jwt.Expect{Issuer: v.issuer, Audience: v.audience, Now: v.now(), Leeway: v.leeway}
	switch err := want.Check(c); {
	case err != nil:
		return nil, refused(err)
	case c.Subject == "":
		return nil, ErrMalformed
	}
	if f := v.follower.Load(); f != nil && f.names(c) {
		return nil, ErrRevoked // told after the answer was given (TH-10)
	}
	return identityOf(c), nil
}

// compact reports whether token has the three parts of a JWS.
func compact(token string) bool { return strings.Count(token, ".") == 2 }

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
	{bearer.ErrBound, ErrBound},
	{bearer.ErrRevoked, ErrRevoked},
}
