package verify

import (
	"errors"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jwt"
)

var errBound = errors.New("bound to a key")

type checked struct {
	access *jwt.Access
	who    *Identity
}

func (c *checked) question(m *maskKey) *feed.Question { return questionOf(c.access, m.key) }

func (v *Verifier) check(token string) (*checked, error) {
	set, _ := v.tokens.set()
	a, err := jwt.VerifyAccess(token, set, jwt.Expect{Issuer: v.issuer, Audience: v.audience, Now: v.now(), Leeway: v.leeway})
	if err != nil {
		return nil, err
	}
	if a.Bound() {
		return nil, errBound
	}
	return &checked{a, identityOf(a)}, nil
}
