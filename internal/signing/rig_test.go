package signing_test

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/clock"
	"github.com/mortise-auth/mortise/internal/signing"
)

// table is a store in memory with the conditions of the real one, which
// storetest proves there.
type table struct {
	mu     sync.Mutex
	rows   map[string]signing.Key
	events []audit.Event
	down   error
	reads  int
}

func newTable() *table { return &table{rows: map[string]signing.Key{}} }

func (s *table) list(gone bool) (all []signing.Key, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	for _, k := range s.rows {
		if gone || k.State != signing.Gone {
			all = append(all, k)
		}
	}
	slices.SortFunc(all, func(a, b signing.Key) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return all, s.down
}

func (s *table) Live(context.Context) ([]signing.Key, error) { return s.list(false) }
func (s *table) All(context.Context) ([]signing.Key, error)  { return s.list(true) }

// act runs fn on a copy and keeps it if fn succeeds.
func (s *table) act(evs []audit.Event, fn func(map[string]signing.Key) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return s.down
	}
	rows := map[string]signing.Key{}
	for id, k := range s.rows {
		rows[id] = k
	}
	if !fn(rows) {
		return signing.ErrMoved
	}
	s.rows, s.events = rows, append(s.events, evs...)
	return nil
}

func put(rows map[string]signing.Key, k signing.Key) bool {
	for _, o := range rows {
		if o.ID == k.ID || o.Use == k.Use && o.Algorithm == k.Algorithm && o.State == k.State && (k.State == signing.Next || k.State == signing.Current) {
			return false
		}
	}
	rows[k.ID] = k
	return true
}

func (s *table) Add(_ context.Context, keys []signing.Key, evs ...audit.Event) error {
	return s.act(evs, func(rows map[string]signing.Key) bool {
		for _, k := range keys {
			if !put(rows, k) {
				return false
			}
		}
		return true
	})
}

// change edits a key that is in state from.
func (s *table) change(id string, from signing.State, evs []audit.Event, fn func(*signing.Key) bool) error {
	return s.act(evs, func(rows map[string]signing.Key) bool {
		k, ok := rows[id]
		if !ok || k.State != from || !fn(&k) {
			return false
		}
		rows[id] = k
		return true
	})
}

func (s *table) Hasten(_ context.Context, id string, due time.Time, ev audit.Event) error {
	return s.change(id, signing.Next, []audit.Event{ev}, func(k *signing.Key) bool {
		sooner := due.Before(k.DueAt)
		k.DueAt = due
		return sooner
	})
}

func (s *table) Promote(_ context.Context, id, current string, now, ripe time.Time, evs ...audit.Event) error {
	return s.act(evs, func(rows map[string]signing.Key) bool {
		k, old := rows[id], rows[current]
		if k.State != signing.Next || old.State != signing.Current || k.CreatedAt.After(ripe) {
			return false
		}
		old.State, old.RetiredAt, old.Sealed = signing.Retiring, now, nil
		k.State, k.CurrentAt = signing.Current, now
		rows[id], rows[current] = k, old
		return true
	})
}

func (s *table) Remove(_ context.Context, id string, now, before time.Time, ev audit.Event) error {
	return s.change(id, signing.Retiring, []audit.Event{ev}, func(k *signing.Key) bool {
		k.State, k.GoneAt = signing.Gone, now
		return !k.RetiredAt.After(before)
	})
}

func (s *table) Withdraw(_ context.Context, id string, from signing.State, now time.Time, ev audit.Event) error {
	return s.change(id, from, []audit.Event{ev}, func(k *signing.Key) bool {
		k.State, k.GoneAt, k.Sealed = signing.Gone, now, nil
		return true
	})
}

func (s *table) Replace(_ context.Context, fresh signing.Key, gone []string, now time.Time, evs ...audit.Event) error {
	return s.act(evs, func(rows map[string]signing.Key) bool {
		for _, id := range gone {
			k := rows[id]
			if k.ID == "" || k.State == signing.Gone {
				return false
			}
			k.State, k.GoneAt, k.Sealed = signing.Gone, now, nil
			rows[id] = k
		}
		for _, k := range rows {
			if k.Use == fresh.Use && k.Algorithm == fresh.Algorithm && k.State != signing.Gone {
				return false
			}
		}
		return put(rows, fresh)
	})
}

// sealer is a keyring that only looks like one: it binds, and hides nothing.
type sealer string

var errSealed = errors.New("not sealed with this")

func (s sealer) Seal(purpose string, aad, plain []byte) []byte {
	sum := s.MAC(purpose, aad, plain)
	return append(sum[:], plain...)
}

func (s sealer) Open(purpose string, aad, sealed []byte) ([]byte, error) {
	if len(sealed) < 32 {
		return nil, errSealed
	}
	if sum := s.MAC(purpose, aad, sealed[32:]); !hmac.Equal(sum[:], sealed[:32]) {
		return nil, errSealed
	}
	return slices.Clone(sealed[32:]), nil
}

func (s sealer) MAC(purpose string, parts ...[]byte) (sum [32]byte) {
	m := hmac.New(sha256.New, []byte(s))
	for _, p := range append([][]byte{[]byte(purpose)}, parts...) {
		m.Write([]byte{byte(len(p) >> 8), byte(len(p))})
		m.Write(p)
	}
	return [32]byte(m.Sum(nil))
}

func newClock() *clock.Fake { return clock.NewFake(time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)) }

func options(st signing.Store, c *clock.Fake) signing.Options {
	return signing.Options{
		Store: st, Keys: sealer("m"), Now: c.Now, Steady: func() bool { return true }, Log: slog.New(slog.DiscardHandler),
	}
}

func open(t testing.TB, o signing.Options) *signing.Ring {
	t.Helper()
	r, err := signing.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// states counts keys of a use in each state.
func (s *table) states(u signing.Use) map[signing.State]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := map[signing.State]int{}
	for _, k := range s.rows {
		if k.Use == u {
			n[k.State]++
		}
	}
	return n
}

// one returns the only key of a use in a state.
func (s *table) one(t testing.TB, u signing.Use, st signing.State) signing.Key {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []signing.Key
	for _, k := range s.rows {
		if k.Use == u && k.State == st {
			found = append(found, k)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d %s keys are %s, want one", len(found), u, st)
	}
	return found[0]
}
