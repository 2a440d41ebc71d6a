package signing

import (
	"crypto/hmac"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
)

// snapshot is one immutable view of the keys.
type snapshot struct {
	at      time.Time // when the store was asked; wall clock only
	woken   int64     // see Ring.Wake; what it was then
	keys    []Key     // oldest first; only those that are authentic
	public  map[Use]Document
	current map[place]signer
}

// signer is a current key, or why it cannot sign.
type signer struct {
	key jose.PrivateKey
	err error
}

// Document is the published set of one use.
type Document struct {
	Set    jose.KeySet
	JSON   []byte        // finished; not to be changed
	MaxAge time.Duration // for Cache-Control (JW-40)
}

// in returns the key that is in a state of which there is one.
func (s *snapshot) in(p place, st State) (Key, bool) {
	i := slices.IndexFunc(s.keys, func(k Key) bool { return k.Use == p.use && k.Algorithm == p.alg && k.State == st })
	if i < 0 {
		return Key{}, false
	}
	return s.keys[i], true
}

// places lists what has keys, in the order of their first.
func (s *snapshot) places() (all []place) {
	for _, k := range s.keys {
		if p := (place{k.Use, k.Algorithm}); !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

func (s *snapshot) find(id string) (Key, error) {
	i := slices.IndexFunc(s.keys, func(k Key) bool { return k.ID == id })
	if i < 0 {
		return Key{}, ErrUnknown
	}
	return s.keys[i], nil
}

// view makes a snapshot of rows. A row that is not authentic is left out and
// logged, never guessed at (JW-46). Private keys that were open stay open.
func (r *Ring) view(at time.Time, rows []Key) *snapshot {
	s := &snapshot{at: at, public: map[Use]Document{}, current: map[place]signer{}}
	sets := map[Use][]jose.PublicKey{}
	for _, k := range rows {
		pub, err := r.authentic(k)
		if err != nil {
			r.o.Log.Error("a stored signing key is not ours and is ignored", "key", k, "error", err)
			continue
		}
		s.keys = append(s.keys, k)
		sets[k.Use] = append(sets[k.Use], pub)
		if k.State == Current {
			s.current[place{k.Use, k.Algorithm}] = r.opened(k, pub)
		}
	}
	for _, u := range []Use{Token, Feed} {
		set := jose.NewKeySet(sets[u]...)
		s.public[u] = Document{Set: set, JSON: set.JSON(), MaxAge: r.schedule.Cache}
	}
	return s
}

// authentic reads the public part of k, if this instance made it.
func (r *Ring) authentic(k Key) (jose.PublicKey, error) {
	mac := r.mac(k)
	if !hmac.Equal(mac[:], k.MAC[:]) {
		return jose.PublicKey{}, ErrUnreadable.Becausef("wrong mac")
	}
	set, err := jose.ParseKeySet([]byte(`{"keys":[` + k.JWK + `]}`))
	if err != nil {
		return jose.PublicKey{}, ErrUnreadable.Because(err)
	}
	pub, ok := set.Key(k.ID)
	if !ok || pub.Thumbprint() != k.ID || pub.Algorithm() != k.Algorithm {
		return jose.PublicKey{}, ErrUnreadable.Becausef("it holds another key: %v", set.Ignored())
	}
	return pub, nil
}

func (r *Ring) opened(k Key, pub jose.PublicKey) signer {
	if last := r.snap.Load(); last != nil {
		if was, ok := last.current[place{k.Use, k.Algorithm}]; ok && was.err == nil && was.key.Public().ID() == k.ID {
			return was
		}
	}
	plain, err := r.o.Keys.Open(purpose, k.bound(), k.Sealed)
	if err != nil {
		return signer{err: ErrUnreadable.Because(err)}
	}
	defer clear(plain)
	key, err := jose.ParsePrivateKey(k.Algorithm, plain)
	if err != nil {
		return signer{err: ErrUnreadable.Because(err)}
	}
	if key.Public().ID() != pub.ID() {
		return signer{err: ErrUnreadable.Becausef("%s holds another private key", k.ID)}
	}
	return signer{key: key}
}
