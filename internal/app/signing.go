package app

import (
	"context"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/signing"
)

func (a *App) wireSigning(ctx context.Context) (err error) {
	a.Signing, err = signing.Open(ctx, signing.Options{
		Store: a.store.SigningKeys(), Keys: a.keys, Now: a.c.Now, Log: a.c.Log, Schedule: a.c.Signing,
		Steady: a.guard.Check, // it looks itself: a jump may be younger than the last look
	})
	if err == nil {
		a.told.keys = a.Signing
	}
	return err
}

// told wakes the ring of keys when a key ended before its time.
type told struct {
	keys *signing.Ring // nil until it is open: then it has read them itself
}

func (t *told) Apply(entries []revocation.Entry) {
	if t.keys != nil && slices.ContainsFunc(entries, func(e revocation.Entry) bool { return e.Kind == revocation.Key }) {
		t.keys.Wake()
	}
}

func (t *told) Reset() {
	if t.keys != nil {
		t.keys.Wake()
	}
}

// SigningKeys are the keys that are not gone, as last read.
func (a *App) SigningKeys() ([]signing.Key, time.Time) { return a.Signing.Known(), a.now() }
