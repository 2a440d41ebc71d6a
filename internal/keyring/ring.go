package keyring

import (
	"context"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/id"
)

// ring is one immutable view of the data keys, oldest first.
type ring struct {
	byID           map[keyID]*dataKey
	rows           []SealedKey
	first, current *dataKey
}

// find returns a known key, or looks for it in the store: another replica may
// have made it since. Invented ids cost at most one query a second.
func (k *Keyring) find(key keyID) (*dataKey, error) {
	if d, ok := k.ring.Load().byID[key]; ok {
		return d, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if d, ok := k.ring.Load().byID[key]; ok {
		return d, nil
	}
	if since := k.now().Sub(k.loaded); since >= 0 && since < time.Second {
		return nil, ErrUnreadable.Becausef("unknown data key %s", key)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := k.load(ctx); err != nil {
		return nil, err
	}
	if d, ok := k.ring.Load().byID[key]; ok {
		return d, nil
	}
	return nil, ErrUnreadable.Becausef("unknown data key %s", key)
}

// load replaces the view by what the store holds. k.mu is held.
func (k *Keyring) load(ctx context.Context) error {
	k.loaded = k.now()
	rows, err := k.store.DataKeys(ctx)
	if err != nil {
		return err
	}
	return k.adopt(ctx, rows)
}

// adopt makes rows the view. Keys that are open already stay open, so a running
// replica needs no master key for them. k.mu is held.
func (k *Keyring) adopt(ctx context.Context, rows []SealedKey) error {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b SealedKey) int { return a.CreatedAt.Compare(b.CreatedAt) })
	known := map[keyID]*dataKey{}
	if r := k.ring.Load(); r != nil {
		known = r.byID
	}
	next := &ring{byID: make(map[keyID]*dataKey, len(rows)), rows: rows}
	for _, row := range rows {
		d, err := k.opened(ctx, known, row)
		if err != nil {
			return err
		}
		next.add(d)
	}
	k.ring.Store(next)
	return nil
}

func (k *Keyring) opened(ctx context.Context, known map[keyID]*dataKey, row SealedKey) (*dataKey, error) {
	if key, err := id.Parse[noun](row.ID); err == nil && known[key] != nil {
		return known[key], nil
	}
	return unwrap(ctx, k.masters, row)
}

func (r *ring) add(d *dataKey) {
	r.byID[d.id] = d
	if r.first == nil {
		r.first = d
	}
	r.current = d
}
