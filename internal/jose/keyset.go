package jose

import "slices"

// KeySet is an immutable set of public keys with different IDs. The zero KeySet is
// empty.
type KeySet struct {
	keys    []PublicKey
	byID    map[string]PublicKey
	ignored []string
}

// NewKeySet is a set of keys. Of several with one ID none is in it, and neither is
// a zero key.
func NewKeySet(keys ...PublicKey) KeySet {
	s := KeySet{byID: make(map[string]PublicKey, len(keys))}
	times := make(map[string]int, len(keys))
	for _, key := range keys {
		times[key.ID()]++
	}
	for _, key := range keys {
		if key.IsZero() {
			continue
		}
		if times[key.ID()] > 1 {
			s.ignore(key.ID(), "another key has its kid")
			continue
		}
		s.byID[key.ID()] = key
		s.keys = append(s.keys, key)
	}
	return s
}

// Key reports the key of that ID.
func (s KeySet) Key(kid string) (PublicKey, bool) {
	key, ok := s.byID[kid]
	return key, ok
}

// Keys are the keys in the order given; the caller may change the slice.
func (s KeySet) Keys() []PublicKey { return append([]PublicKey(nil), s.keys...) }

// Len is how many keys there are.
func (s KeySet) Len() int { return len(s.keys) }

// Ignored says of each key that was left out why, for a log. What a stranger wrote
// is quoted in it.
func (s KeySet) Ignored() []string { return append([]string(nil), s.ignored...) }

// JSON is the set as a JWK set (RFC 7517, 5), public members only.
func (s KeySet) JSON() []byte {
	b := []byte(`{"keys":[`)
	for i, key := range s.keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, key.JWK()...)
	}
	return append(b, `]}`...)
}

// Only reports the key for alg if there is exactly one.
func (s KeySet) Only(alg Algorithm) (PublicKey, bool) {
	var found PublicKey
	for _, key := range s.keys {
		if key.k.alg != alg {
			continue
		}
		if found.k != nil {
			return PublicKey{}, false
		}
		found = key
	}
	return found, found.k != nil
}

// For are the keys of s for some algorithms, by name: what else there is in the
// set is not there for whoever may use only these.
func (s KeySet) For(algorithms []string) Keys { return &permitted{s, algorithms} }

type permitted struct {
	set        KeySet
	algorithms []string
}

func (p *permitted) Key(kid string) (PublicKey, bool) {
	key, ok := p.set.Key(kid)
	return key, ok && slices.Contains(p.algorithms, string(key.Algorithm()))
}

// Only is that of a KeySet.
func (p *permitted) Only(alg Algorithm) (PublicKey, bool) {
	if !slices.Contains(p.algorithms, string(alg)) {
		return PublicKey{}, false
	}
	return p.set.Only(alg)
}
