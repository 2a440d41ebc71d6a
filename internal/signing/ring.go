package signing

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// Keys is what the package needs of the keyring.
type Keys interface {
	Seal(purpose string, aad, plaintext []byte) []byte
	Open(purpose string, aad, sealed []byte) ([]byte, error)
	MAC(purpose string, parts ...[]byte) [32]byte
}

// Options configure a Ring. All but Schedule are required.
type Options struct {
	Store    Store
	Keys     Keys
	Now      func() time.Time
	Steady   func() bool // whether Now can be trusted: clock.Guard (TH-4)
	Log      *slog.Logger
	Schedule Schedule
}

// Ring is one process's view of the keys. It is safe for concurrent use.
type Ring struct {
	o        Options
	schedule Schedule
	snap     atomic.Pointer[snapshot]
	woken    atomic.Int64 // how often the store was said to have changed
	wanted   chan place
	wake     chan struct{}

	mu     sync.Mutex // one reader of the store at a time
	making sync.Mutex // one maker of first keys at a time
}

// Open reads the keys, and makes the first ones of a new store; of replicas that
// start together one makes them. It fails when the store does, and for a Schedule
// that contradicts itself.
func Open(ctx context.Context, o Options) (*Ring, error) {
	s, err := o.Schedule.complete()
	if err != nil {
		return nil, err
	}
	r := &Ring{o: o, schedule: s, wanted: make(chan place, 8), wake: make(chan struct{}, 1)}
	if _, err := r.reload(ctx); err != nil {
		return nil, err
	}
	return r, r.begin(ctx)
}

func (r *Ring) now() time.Time { return r.o.Now().UTC().Truncate(time.Microsecond) }

// Schedule is the one in force, with its defaults.
func (r *Ring) Schedule() Schedule { return r.schedule }

// Reload reads the store now, as after a kid entry of the revocations.
func (r *Ring) Reload(ctx context.Context) error {
	_, err := r.reload(ctx)
	return err
}

func (r *Ring) reload(ctx context.Context) (*snapshot, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.o.Now().Round(0) // the wall clock goes on while a machine sleeps
	woken := r.woken.Load()  // before the store is asked: what changes from here on is not in the answer
	rows, err := r.o.Store.Live(ctx)
	if err != nil {
		return nil, err
	}
	s := r.view(at, rows)
	s.woken = woken
	r.snap.Store(s)
	return s, nil
}

// fresh is a view at most Lag old, and of after the last Wake. A process that was
// paused for a day does not sign with yesterday's key.
func (r *Ring) fresh(ctx context.Context) (*snapshot, error) {
	s := r.snap.Load()
	if age := r.o.Now().Round(0).Sub(s.at); 0 <= age && age <= Lag && s.woken == r.woken.Load() {
		return s, nil
	}
	return r.reload(ctx)
}

// Public is the set that verifies what keys of use sign, as last read. It costs
// nanoseconds.
func (r *Ring) Public(u Use) jose.KeySet { return r.snap.Load().public[u].Set }

// Live looks keys up in Public of the moment of each call.
func (r *Ring) Live(u Use) jose.Keys { return live{r, u} }

type live struct {
	r *Ring
	u Use
}

func (l live) Key(kid string) (jose.PublicKey, bool) { return l.r.Public(l.u).Key(kid) }

// Published is Public as it is served to others. With a store that cannot be
// reached it serves what was read last, for as long as no key that it lacks may
// sign.
func (r *Ring) Published(ctx context.Context, u Use) (Document, error) {
	s, err := r.fresh(ctx)
	if err == nil {
		return s.public[u], nil
	}
	s = r.snap.Load()
	if age := r.o.Now().Round(0).Sub(s.at); 0 <= age && age <= r.schedule.Publish-r.schedule.Cache-Lag {
		return s.public[u], nil
	}
	return Document{}, err
}

// Current is the key of a use and algorithm that signs now. The first key of an
// algorithm is made on the spot, so ask early with Want. Errors: ErrUse,
// ErrAlgorithm, ErrUnreadable, those of the store.
func (r *Ring) Current(ctx context.Context, u Use, alg jose.Algorithm) (jose.PrivateKey, error) {
	p := place{u, alg}
	s, err := r.fresh(ctx)
	if err != nil {
		return jose.PrivateKey{}, err
	}
	c, ok := s.current[p]
	if !ok {
		if s, err = r.first(ctx, p); err != nil {
			return jose.PrivateKey{}, err
		}
		c = s.current[p]
	}
	if c.err == nil && c.key.IsZero() {
		return c.key, ErrUnreadable.Becausef("no %s key signs", p)
	}
	return c.key, c.err
}

// Sign signs payload as a token of kind typ with the current key of a use and
// algorithm. A batch of the feed takes a key for the feed, and nothing else does:
// ErrUse otherwise (TH-19).
func (r *Ring) Sign(ctx context.Context, u Use, alg jose.Algorithm, typ string, payload []byte) (string, error) {
	if (u == Feed) != (typ == jwt.TypeFeed) {
		return "", ErrUse.Becausef("%s key asked for %q", u, typ)
	}
	key, err := r.Current(ctx, u, alg)
	if err != nil {
		return "", err
	}
	return key.Sign(typ, payload)
}

// Known returns the keys that are not gone, as last read, oldest first.
func (r *Ring) Known() []Key { return slices.Clone(r.snap.Load().keys) }
