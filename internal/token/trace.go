package token

import (
	"context"
	"errors"
)

// Traced is where a refresh token is from.
type Traced struct {
	Grant      Grant // in any state; only its ID when Unknown
	Generation int64
	Newest     bool // no newer one was handed out
	Unknown    bool // it is genuine, and there is no such grant any more
}

// Trace returns which grant a refresh token belongs to, for administrators; it
// changes nothing. ErrRefused when this instance did not make it.
func (s *Grants) Trace(ctx context.Context, text string) (Traced, error) {
	t, ok := parseRefreshToken(s.Keys, text)
	if !ok {
		return Traced{}, ErrRefused.Becausef("not a refresh token of this instance")
	}
	g, _, err := s.Store.ByID(ctx, t.family, s.now())
	if errors.Is(err, ErrUnknown) {
		return Traced{Grant: Grant{ID: t.family}, Generation: t.generation, Unknown: true}, nil
	}
	if err != nil {
		return Traced{}, err
	}
	newest := t.generation == g.Family.Generation && t.text.Digest(s.options.Instance).Equal(g.Family.Digest)
	return Traced{Grant: g, Generation: t.generation, Newest: newest || t.generation > g.Family.Generation}, nil
}
