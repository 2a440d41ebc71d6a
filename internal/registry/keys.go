package registry

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
)

// source is where a key set comes from and how it is read: a set, or its address.
type source struct {
	text string
	rsa  bool // see client.ParseKeys
}

func sourceOf(c client.Client) source {
	s := source{text: c.JWKSURI, rsa: c.SignsPSS()}
	if c.JWKS != nil {
		s.text = string(c.JWKS)
	}
	return s
}

// keysOf returns the keys of c as they are kept, making room for them.
func (r *Registry) keysOf(c client.Client) *keySet {
	name := sourceOf(c)
	r.keysMu.Lock()
	defer r.keysMu.Unlock()
	if k := r.keys[name]; k != nil {
		return k
	}
	if len(r.keys) >= keySetsKept {
		for victim := range r.keys { // map order is random enough for eviction
			delete(r.keys, victim)
			break
		}
	}
	k := &keySet{uri: c.JWKSURI, parse: c.ParseKeys, documents: r.o.Documents, now: r.o.Now}
	if c.JWKS != nil {
		k.set, k.err = c.ParseKeys(c.JWKS)
		k.uri = ""
	}
	r.keys[name] = k
	return k
}

// Keys are the public keys of a client, from its registration or from its
// jwks_uri; what was fetched is remembered for an hour, and longer while it cannot
// be fetched again (JW-45). A client without either has none.
func (r *Registry) Keys(ctx context.Context, c client.Client) (jose.KeySet, error) {
	if c.JWKS == nil && c.JWKSURI == "" {
		return jose.KeySet{}, nil
	}
	return r.keysOf(c).get(ctx)
}

// WithKeys runs check with the keys of c. When it fails as it would if c had new
// ones, they are fetched again, at most once a minute, and check runs once more.
func (r *Registry) WithKeys(ctx context.Context, c client.Client, check func(jose.KeySet) error) error {
	keys, err := r.Keys(ctx, c)
	if err != nil {
		return err
	}
	err = check(keys)
	if c.JWKSURI == "" || !rotated(err) {
		return err
	}
	fresh, ok := r.keysOf(c).again(ctx)
	if !ok {
		return err
	}
	return check(fresh)
}

// rotated: an unknown kid, or a key without one that is another now.
func rotated(err error) bool {
	return errors.Is(err, jose.ErrUnknownKey) || errors.Is(err, jose.ErrSignature) || errors.Is(err, jose.ErrAlgorithm)
}
