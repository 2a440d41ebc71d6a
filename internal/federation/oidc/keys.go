package oidc

import (
	"context"
	"errors"
	"slices"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/jose"
)

// keySet is a provider's key set.
type keySet struct {
	rs, ps jose.KeySet // RSA keys that do not say for what, taken for RS256 and PS256
	// issuers are those that Microsoft limits some keys to, by kid.
	issuers map[string]string
}

func parseKeySet(body []byte) (keySet, error) {
	rs, err := jose.ParseKeySet(body)
	if err != nil {
		return keySet{}, federation.ErrUpstream.Because(err)
	}
	ps, err := jose.ParseKeySetFor(body, jose.PS256)
	if err != nil {
		return keySet{}, federation.ErrUpstream.Because(err)
	}
	k := keySet{rs: rs, ps: ps}
	claims, err := federation.ParseClaims(body)
	if err != nil {
		return keySet{}, federation.ErrUpstream.Because(err)
	}
	list, _ := claims["keys"].([]any)
	for _, one := range list {
		key, _ := one.(map[string]any)
		if issuer := text(key["issuer"]); issuer != "" {
			if k.issuers == nil {
				k.issuers = map[string]string{}
			}
			k.issuers[text(key["kid"])] = issuer
		}
	}
	return k, nil
}

// of are the keys for what c may be sent. A provider that announces PS256 and not
// RS256 means PS256 by an RSA key that does not say.
func (k keySet) of(c federation.Connection, m metadata) jose.Keys {
	if slices.Contains(m.algorithms, string(jose.PS256)) && !slices.Contains(m.algorithms, string(jose.RS256)) {
		return k.ps.For(c.Algorithms())
	}
	return k.rs.For(c.Algorithms())
}

// signed checks the signature of a token of the kind typ. A key that is not there
// is looked for once more.
func (s *Service) signed(ctx context.Context, c federation.Connection, m metadata, token, typ string) (payload []byte, key jose.PublicKey, issuer string, err error) {
	set, err := s.keys.get(ctx, m.jwks)
	if err != nil {
		return nil, key, "", err
	}
	payload, kid, err := jose.Verify(token, typ, set.of(c, m))
	if errors.Is(err, jose.ErrUnknownKey) {
		if set, err = s.keys.renewed(ctx, m.jwks); err != nil {
			return nil, key, "", err
		}
		payload, kid, err = jose.Verify(token, typ, set.of(c, m))
	}
	if err != nil {
		return nil, key, "", federation.ErrStatement.Because(err)
	}
	key, _ = set.of(c, m).Key(kid)
	return payload, key, set.issuers[kid], nil
}
