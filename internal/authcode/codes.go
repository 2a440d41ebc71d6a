package authcode

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/secret"
)

// Codes issues codes and reads them. It is safe for concurrent use.
type Codes struct {
	store    Store
	instance [16]byte
	now      func() time.Time
}

// New returns Codes over a store.
func New(store Store, instance [16]byte, now func() time.Time) *Codes {
	return &Codes{store, instance, func() time.Time { return now().UTC().Truncate(time.Microsecond) }}
}

// Issue keeps c and returns the code for the redirect. ErrBirth when the account,
// the client or the session is not any more what was proven.
func (s *Codes) Issue(ctx context.Context, c Code, from audit.Source) (secret.Token, error) {
	return s.IssueIn(ctx, s.store, c, from)
}

// IssueIn is Issue in a transaction of the caller's.
func (s *Codes) IssueIn(ctx context.Context, st Store, c Code, from audit.Source) (secret.Token, error) {
	if !c.valid() {
		return secret.Token{}, ErrBirth.Becausef("an incomplete code for client %q", c.Client)
	}
	t, now := secret.New(Purpose), s.now()
	c.Digest, c.CreatedAt, c.ExpiresAt = t.Digest(s.instance), now, now.Add(Life)
	if err := st.Insert(ctx, c, c.event(IssuedEvent, now, from)); err != nil {
		return secret.Token{}, err
	}
	return t, nil
}

// Find returns the code whose secret is text, in any state, or ErrUnknown.
func (s *Codes) Find(ctx context.Context, text string) (Code, error) {
	d, ok := secret.DigestOf(Purpose, s.instance, text)
	if !ok {
		return Code{}, ErrUnknown.Becausef("not a code of this instance")
	}
	return s.store.ByDigest(ctx, d)
}

// ReplayEvent is what a replay of c is recorded as.
func (c *Code) ReplayEvent(now time.Time, from audit.Source) audit.Event {
	ev := c.event(Replayed, now, from)
	ev.Actor = audit.Actor{Type: audit.ActorClient, ID: c.Client}
	return ev
}
