package bearer

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// Live says whether anything a token names was revoked; a *feed.Set is one.
type Live interface {
	Revoked(q *feed.Question) bool
}

// DefaultCache is the memory for tokens seen before, in bytes.
const DefaultCache = 32 << 20

// Options say what a Checker takes.
type Options struct {
	Issuer    string   // iss of its tokens; required
	Audiences []string // what aud may name; at least one
	// AnyAudience leaves aud to the caller: see jwt.Expect. Audiences is empty then.
	AnyAudience bool
	Keys        jose.Keys        // the issuer's token keys, as they are now; required
	Live        Live             // the issuer's revocations; required
	MaskKey     []byte           // under which Live's entries are masked; nil: they are raw
	Leeway      time.Duration    // as in jwt.Expect
	Policy      []byte           // whatever else the caller's decision depends on
	Cache       int              // bytes; 0: DefaultCache
	Now         func() time.Time // required
}

// Checker checks bearer tokens. It is safe for concurrent use.
type Checker struct {
	want   jwt.Expect // but for Now
	keys   jose.Keys
	live   Live
	now    func() time.Time
	policy [sha256.Size]byte
	masks  atomic.Pointer[masks]
	seen   *cache
}

// New makes a Checker. ErrOptions if something required is missing, as nobody may
// leave out a check by forgetting it (TH-14).
func New(o Options) (*Checker, error) {
	if o.Issuer == "" || len(o.Audiences) == 0 != o.AnyAudience || slices.Contains(o.Audiences, "") || o.Keys == nil || o.Live == nil || o.Now == nil ||
		o.Leeway < 0 || o.Leeway > jwt.MaxLeeway || o.Cache < 0 {
		return nil, ErrOptions
	}
	if o.Cache == 0 {
		o.Cache = DefaultCache
	}
	c := &Checker{
		want:   jwt.Expect{Issuer: o.Issuer, Audiences: slices.Clone(o.Audiences), AnyAudience: o.AnyAudience, Leeway: o.Leeway},
		keys:   o.Keys,
		live:   o.Live,
		now:    o.Now,
		policy: o.digest(),
		seen:   newCache(o.Cache),
	}
	c.SetMaskKey(o.MaskKey)
	return c, nil
}

// digest names the policy: two that differ never share a token.
func (o *Options) digest() [sha256.Size]byte {
	var b []byte
	for _, part := range append([]string{jwt.TypeAccess, o.Issuer, o.Leeway.String(), string(o.Policy)}, o.Audiences...) {
		b = binary.BigEndian.AppendUint64(b, uint64(len(part)))
		b = append(b, part...)
	}
	return sha256.Sum256(b)
}

// SetMaskKey replaces the key under which the live set's entries are masked, as a
// new snapshot does; nil for raw ones. Tokens seen before are masked anew.
func (c *Checker) SetMaskKey(key []byte) { c.masks.Store(newMasks(key)) }

// Check checks a token that was presented as "Bearer". The Checked is shared and
// cannot be changed.
//
// Errors: those of jwt.VerifyAccess, ErrBound, ErrRevoked.
func (c *Checker) Check(text string) (*Checked, error) { return c.CheckAt(text, c.now()) }

// CheckAt is Check for callers who have just asked the clock.
func (c *Checker) CheckAt(text string, now time.Time) (*Checked, error) {
	k, err := c.CheckAny(text, now)
	if err == nil && k.access.Bound() {
		return nil, ErrBound
	}
	return k, err
}

// CheckAny is CheckAt for a token that may be bound to a key. Each time the caller
// must check the proof of a Checked that is Bound, which says nothing without it.
func (c *Checker) CheckAny(text string, now time.Time) (*Checked, error) {
	if len(text) > jose.MaxToken {
		return nil, jose.ErrTooLarge
	}
	want := c.want
	want.Now = now
	what := seen{text, &c.policy}
	if known := c.seen.get(&what); known != nil && c.isCurrent(known) {
		if err := want.Check(&known.access); err != nil {
			return nil, err
		}
		if c.isRevoked(known) {
			return nil, ErrRevoked
		}
		known.wasUsed()
		return known, nil
	}
	fresh, err := c.verify(text, want)
	if err != nil {
		return nil, err
	}
	if c.isRevoked(fresh) {
		return nil, ErrRevoked
	}
	c.seen.put(&what, fresh, fresh.size()+len(text))
	return fresh, nil
}

// verify checks all but the live set.
func (c *Checker) verify(text string, want jwt.Expect) (*Checked, error) {
	k := &Checked{by: witness{Keys: c.keys}}
	if err := k.access.Verify(text, &k.by, want); err != nil {
		return nil, err
	}
	k.first.by = c.masks.Load()
	k.first.Question = k.first.by.question(&k.access)
	return k, nil
}

// isCurrent reports whether the key that signed the token is still the issuer's.
func (c *Checker) isCurrent(k *Checked) bool {
	key, ok := c.keys.Key(k.access.KeyID)
	return ok && key.Equal(k.by.key)
}

func (c *Checker) isRevoked(k *Checked) bool { return c.live.Revoked(k.question(c.masks.Load())) }

// Names reports whether the live set says that a token of these claims is dead, for
// claims that came by another way than a JWT.
func (c *Checker) Names(a *jwt.Access) bool {
	q := c.masks.Load().question(a)
	return c.live.Revoked(&q)
}

// witness remembers which key a token was checked with.
type witness struct {
	jose.Keys
	key jose.PublicKey
}

func (w *witness) Key(kid string) (key jose.PublicKey, ok bool) {
	w.key, ok = w.Keys.Key(kid)
	return w.key, ok
}

// Only is for tokens without kid, if the keys know how to choose.
func (w *witness) Only(alg jose.Algorithm) (key jose.PublicKey, ok bool) {
	set, ok := w.Keys.(interface {
		Only(alg jose.Algorithm) (jose.PublicKey, bool)
	})
	if !ok {
		return jose.PublicKey{}, false
	}
	w.key, ok = set.Only(alg)
	return w.key, ok
}
