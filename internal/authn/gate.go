package authn

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/ticket"
	"github.com/mortise-auth/mortise/verify"
)

// Gates is what authn needs of ticket.Store.
type Gates interface {
	Open(ctx context.Context, gate secret.Digest) (ticket.Opened, error)
}

// Gate returns who holds the gate secret text on host. A gate is a child of its
// session: it is cached beside it, forgotten with it, and touches it. Anything
// else than the secret of a gate into this very host, whose session lives, is
// ticket.ErrGate; a store that does not answer is session.ErrUncertain.
func (a *Authenticator) Gate(ctx context.Context, text, host string) (*verify.Identity, error) {
	d, ok := secret.DigestOf(ticket.GatePurpose, a.o.Instance, text)
	if !ok || a.o.Gates == nil {
		return nil, ticket.ErrGate
	}
	now := a.o.Now()
	var e *entry
	if a.fresh != nil && a.fresh.Fresh(now) {
		e = a.cache.get(&d)
	}
	if e != nil && e.usable(now) {
		a.hits.Add(1)
		a.touch(ctx, e, now)
	} else {
		var err error
		if e, err = a.open(ctx, d, now); err != nil {
			return nil, err
		}
	}
	if e.host != host {
		return nil, ticket.ErrGate.Becausef("a gate into %q was tried at %q", e.host, host)
	}
	return &e.identity, nil
}

// open asks the store and fills the cache. The session is looked up by the
// secret it has now; when that was replaced in between, it is asked for again.
func (a *Authenticator) open(ctx context.Context, d secret.Digest, now time.Time) (*entry, error) {
	a.misses.Add(1)
	mark := a.cache.begin()
	for try := 0; ; try++ {
		g, err := a.o.Gates.Open(ctx, d)
		if err != nil {
			return nil, a.closed(err)
		}
		s, err := a.o.Sessions.ByDigest(ctx, g.Session)
		if errors.Is(err, session.ErrEnded) && try == 0 {
			continue
		}
		if err != nil {
			return nil, a.closed(err)
		}
		who, err := a.live(ctx, s, now)
		if err != nil {
			return nil, a.closed(err)
		}
		e := entryOf(who, s)
		e.host = g.Host
		a.touch(ctx, e, now)
		a.cache.put(mark, d, e)
		return e, nil
	}
}

func (a *Authenticator) closed(err error) error {
	if errors.Is(err, ticket.ErrGate) {
		return ticket.ErrGate.Because(err)
	}
	if err = a.refusal(err); errors.Is(err, session.ErrEnded) {
		return ticket.ErrGate.Because(err)
	}
	return err
}
