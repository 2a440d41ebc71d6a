package keyring

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

// Key describes a data key without its bytes.
type Key struct {
	ID        string
	WrappedBy string // id of the master key
	CreatedAt time.Time
	Current   bool
}

// Keys lists the data keys as last read from the store, oldest first.
func (k *Keyring) Keys() []Key {
	r := k.ring.Load()
	keys := make([]Key, len(r.rows))
	for i, row := range r.rows {
		keys[i] = Key{ID: row.ID, WrappedBy: row.WrappedBy, CreatedAt: row.CreatedAt, Current: i == len(r.rows)-1}
	}
	return keys
}

// Rotate starts a new data key and returns its id. What older keys sealed stays
// readable; Reseal moves it over. When another replica rotates at the same
// moment both end with the same new key.
func (k *Keyring) Rotate(ctx context.Context) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.extend(ctx); err != nil {
		return "", err
	}
	return k.ring.Load().current.id.String(), nil
}

// extend adds a key after the newest this process knows, or takes over what
// another replica added meanwhile. k.mu is held.
func (k *Keyring) extend(ctx context.Context) error {
	r := k.ring.Load()
	at, after := k.now().UTC().Truncate(time.Microsecond), ""
	if n := len(r.rows); n > 0 {
		last := r.rows[n-1]
		after = last.ID
		if !at.After(last.CreatedAt) { // a clock that jumped back must not reorder keys
			at = last.CreatedAt.Add(time.Microsecond)
		}
	}
	d := newDataKey(at)
	wrapped, err := d.wrap(ctx, k.masters.Current)
	if err != nil {
		return err
	}
	row := SealedKey{ID: d.id.String(), WrappedBy: k.masters.Current.ID(), Wrapped: wrapped, CreatedAt: at}
	rows, err := k.store.AddDataKey(ctx, row, after)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return problem.ErrInternal.Becausef("keyring: the store kept no data key")
	}
	return k.adopt(ctx, rows)
}

// Master is the id of the master key that wraps.
func (k *Keyring) Master() string { return k.masters.Current.ID() }

// RotateMaster rewraps every data key that the current master key does not yet
// wrap, and returns how many this call changed. It may be stopped, repeated and
// run by several replicas at once. When it returns nil, the older master keys
// are needed only by backups.
func (k *Keyring) RotateMaster(ctx context.Context) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.load(ctx); err != nil {
		return 0, err
	}
	r, n := k.ring.Load(), 0
	for _, row := range r.rows {
		if row.WrappedBy == k.masters.Current.ID() {
			continue
		}
		d, err := k.opened(ctx, r.byID, row)
		if err != nil {
			return n, err
		}
		row.WrappedBy = k.masters.Current.ID()
		if row.Wrapped, err = d.wrap(ctx, k.masters.Current); err != nil {
			return n, err
		}
		if err := k.store.Rewrap(ctx, row); err != nil {
			return n, err
		}
		n++
	}
	return n, k.load(ctx)
}
