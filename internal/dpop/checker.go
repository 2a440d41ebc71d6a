package dpop

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Checker checks proofs, their nonces, and that none comes twice. It is safe for
// concurrent use.
type Checker struct {
	o     Options
	epoch atomic.Pointer[known]
	mu    sync.Mutex // one asks for the epoch at a time
}

// Options of a Checker.
type Options struct {
	MAC    MAC    // required
	Memory Memory // required
	// Lenient asks for a nonce only where the memory cannot tell whether a proof is
	// new. Otherwise each proof must have one.
	Lenient bool
}

type known struct {
	epoch Epoch
	asked time.Time
}

// New returns a Checker.
func New(o Options) *Checker { return &Checker{o: o} }

// Checked is a proof that was checked, and not yet used.
type Checked struct {
	Proof
	epoch Epoch
	seen  Seen
}

// Check is Verify, and checks the nonce. What it returns must be compared with what
// is bound, and then be handed to Use. Errors: those of Verify, a *NonceError, and
// those of the memory.
func (c *Checker) Check(ctx context.Context, proofs []string, want Expect) (Checked, error) {
	p, err := Verify(proofs, want)
	if err != nil {
		return Checked{}, err
	}
	epoch, err := c.current(ctx, want.Now, false)
	if err != nil {
		return Checked{}, err
	}
	made, ok := c.o.MAC.read(p.Nonce, epoch, want.Now)
	if !ok && p.Nonce != "" {
		// Another process may have begun an epoch; this one asks, but not at the pace
		// of whoever sends rubbish.
		if epoch, err = c.current(ctx, want.Now, true); err != nil {
			return Checked{}, err
		}
		made, ok = c.o.MAC.read(p.Nonce, epoch, want.Now)
	}
	if !ok && !c.o.Lenient {
		return Checked{}, &NonceError{c.o.MAC.nonce(epoch, want.Now)}
	}
	return Checked{p, epoch, p.seen(made, ok)}, nil
}

// Use takes a checked proof, once. ErrReplayed, a *NonceError, ErrBusy, and those of the
// memory, with which nothing was decided.
func (c *Checker) Use(ctx context.Context, p Checked, now time.Time) error {
	err := c.o.Memory.Use(ctx, p.epoch, p.seen, now)
	switch {
	case errors.Is(err, ErrEpoch):
		c.epoch.Store(nil)
	case !errors.Is(err, ErrNonce):
		return err
	}
	nonce, err := c.Nonce(ctx, now)
	if err != nil {
		return err
	}
	return &NonceError{nonce}
}

// Nonce is the one to hand out.
func (c *Checker) Nonce(ctx context.Context, now time.Time) (string, error) {
	epoch, err := c.current(ctx, now, false)
	if err != nil {
		return "", err
	}
	return c.o.MAC.nonce(epoch, now), nil
}

// Next is the nonce to hand out to who sent p; empty while theirs will do.
func (c *Checker) Next(p Checked, now time.Time) string {
	made, ok := c.o.MAC.read(p.Nonce, p.epoch, now)
	if !ok && c.o.Lenient || ok && now.Sub(made) < nonceRenew {
		return ""
	}
	return c.o.MAC.nonce(p.epoch, now)
}

// current is the memory's epoch as it was asked for last; again asks anew, at most
// once a second.
func (c *Checker) current(ctx context.Context, now time.Time, again bool) (Epoch, error) {
	if k := c.epoch.Load(); k != nil && !(again && now.Sub(k.asked) >= time.Second) {
		return k.epoch, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.epoch.Load(); k != nil && now.Sub(k.asked) < time.Second {
		return k.epoch, nil
	}
	epoch, err := c.o.Memory.Epoch(ctx)
	if err != nil {
		return Epoch{}, err
	}
	c.epoch.Store(&known{epoch, now})
	return epoch, nil
}
