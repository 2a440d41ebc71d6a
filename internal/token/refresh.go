package token

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/secret"
)

// Request is a refresh as its endpoint has understood it.
type Request struct {
	Token  string // as it came; never logged
	Client string // whose request it is
	// Authenticated: the client has proven itself (a secret, an assertion, a
	// certificate). JKT and X5T in Wanted are keys proven in this very request.
	Authenticated bool
	Least         int // assurance that the client asks for now; 0: it asks for nothing
	Wanted        Wanted
	Source        audit.Source
}

// attempts bounds how often one request looks at a family that others change.
const attempts = 8

// Refresh consumes a refresh token and mints its successor, or gives the
// successor again when the token was already consumed and decide allows it.
//
//   - ErrRefused: it opens nothing, or not for this client and sender. Nothing changed.
//   - ErrOutgrown: the client, the instance or a role asks for more than its sign-in proved. Nothing changed.
//   - ErrEnded: it was stolen or forgotten, and the grant ended.
//   - ErrScope, ErrTarget: more is wanted than was granted. Nothing changed.
//   - ErrBusy: others kept changing the family. Nothing changed.
//
// Whatever error it returns, presenting the same token again does no harm that
// this call has not done.
func (s *Grants) Refresh(ctx context.Context, r Request) (Issued, error) {
	t, ok := parseRefreshToken(s.Keys, r.Token)
	if !ok {
		return Issued{}, ErrRefused.Becausef("not a refresh token of this instance")
	}
	for range attempts {
		p, err := s.use(ctx, r, t)
		if errors.Is(err, ErrMoved) {
			continue
		}
		if err != nil {
			return Issued{}, err
		}
		return p.Sign(ctx)
	}
	return Issued{}, ErrBusy
}

// use looks once, decides, and carries out what it decided if the family still
// is what it saw; else ErrMoved. Everything that may refuse comes before.
func (s *Grants) use(ctx context.Context, r Request, t refreshToken) (Pending, error) {
	now := s.now()
	g, asked, err := s.living(ctx, r, t, now)
	if err != nil {
		return Pending{}, err
	}
	m, err := s.mint(ctx, &g, r.Wanted, nil, now)
	if err != nil {
		return Pending{}, err
	}
	p := presented{t.generation, t.text.Digest(s.options.Instance), r.Source.IP, now}
	what, cause := g.decide(p, s.options.Window)
	switch what {
	case refuse:
		return Pending{}, s.stale(ctx, g, t, r.Source, now)
	case end:
		return Pending{}, s.protect(ctx, g, cause, r.Source, now)
	}
	if err := outgrown(&g, r, asked, now); err != nil { // after the look for theft, which goes on
		return Pending{}, err
	}
	next, successor, err := s.after(&g, what, t, p)
	if err != nil {
		return Pending{}, err
	}
	name := Refreshed
	if what == forward {
		name = MovedForward
	}
	ev := g.event(name, now, r.Source)
	if what == repeat || what == charge {
		ev = ev.With("again", "true")
	}
	a, err := s.Store.Move(ctx, Move{Grant: g.ID, Seen: g.Family, Next: next, AccessUntil: m.expires, Access: m.opaque, Now: now, Asked: asked.begins(&g)}, ev)
	if err != nil {
		return Pending{}, err
	}
	g.Family = next
	return s.pending(g, m, a, successor), nil
}

// living reads the grant of a genuine token and checks client and sender before
// any of its state (TH-8).
func (s *Grants) living(ctx context.Context, r Request, t refreshToken, now time.Time) (Grant, Demand, error) {
	g, alive, asked, err := s.Store.Asked(ctx, t.family, now)
	switch {
	case errors.Is(err, ErrUnknown):
		return g, asked, ErrRefused.Because(err)
	case err != nil:
		return g, asked, err
	case g.Client != r.Client:
		return g, asked, ErrRefused.Becausef("grant %s of another client", g.ID)
	case !g.Sender.is(r):
		return g, asked, ErrRefused.Becausef("grant %s without the proof of its sender (%s)", g.ID, g.Sender.Kind)
	case !alive || g.Family.Generation == 0:
		return g, asked, ErrRefused.Becausef("grant %s is over: %s", g.ID, g.Cause)
	}
	return g, asked, nil
}

// outgrown is ErrOutgrown when what the sign-in of g proved is not enough today (PW-47).
func outgrown(g *Grant, r Request, asked Demand, now time.Time) error {
	switch {
	case g.assurance() < r.Least:
		return ErrOutgrown.Becausef("grant %s of assurance %d, the client asks for %d", g.ID, g.assurance(), r.Least)
	case asked.outgrew(g, now):
		return ErrOutgrown.Becausef("grant %s of assurance %d, the policy asks for 2 since %s", g.ID, g.assurance(), asked.due(now).Format(time.RFC3339))
	}
	return nil
}

func (s Sender) is(r Request) bool {
	switch s.Kind {
	case Unproven:
		return true
	case Client:
		return r.Authenticated
	case DPoP:
		return r.Wanted.JKT == s.Key
	case Certificate:
		return r.Wanted.X5T == s.Key
	}
	return false
}

// after is the family that a step leads to, and the refresh token to hand out.
func (s *Grants) after(g *Grant, what step, t refreshToken, p presented) (Family, secret.Credential, error) {
	f := g.Family
	switch what {
	case stay:
		f.LapsesAt = g.lapses(p.at)
		return f, secret.Credential{}, nil
	case repeat, charge:
		again, ok := t.open(s.Keys, f.Successor)
		if !ok {
			return f, secret.Credential{}, errors.New("token: successor of " + g.ID.String() + " cannot be read")
		}
		if what == charge {
			f = f.charged()
		}
		return f, again.text, nil
	}
	successor := newRefreshToken(s.Keys, t.family, t.generation+1)
	f = f.next(p, successor.text.Digest(s.options.Instance), t.seal(s.Keys, successor.secret), g.lapses(p.at))
	return f, successor.text, nil
}

// stale refuses an old token that came with the right key: a mistake, worth a
// line in the log.
func (s *Grants) stale(ctx context.Context, g Grant, t refreshToken, from audit.Source, now time.Time) error {
	err := ErrRefused.Becausef("grant %s: generation %d of %d", g.ID, t.generation, g.Family.Generation)
	return errors.Join(err, s.Events.Append(ctx, g.event(Stale, now, from).Failed(audit.Blocked, "stale")))
}

// protect ends a grant whose token two hands hold, or the store has forgotten.
func (s *Grants) protect(ctx context.Context, g Grant, cause Cause, from audit.Source, now time.Time) error {
	name := Reused
	if cause == StoreRollback {
		name = RolledBack
	}
	err := s.Store.End(ctx, g.ID, cause, now, g.event(name, now, from).Failed(audit.Blocked, string(cause)))
	if errors.Is(err, ErrUnknown) {
		return ErrRefused.Because(err) // another request has ended it
	}
	if err != nil {
		return err
	}
	g.EndedAt, g.Cause = now, cause
	s.Notices.GrantEnded(ctx, g, cause, from)
	return ErrEnded.Because(&EndedError{g, cause})
}
