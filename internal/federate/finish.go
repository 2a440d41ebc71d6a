package federate

import (
	"context"
	"crypto/subtle"
	"errors"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/user"
)

// Return is what came back to the callback of a connection.
type Return struct {
	By         user.Caller
	Connection string
	State      string
	Sealed     string // the attempt that this browser kept for State; empty: none
	Answer     federation.Answer
	Lang       string
}

// Outcome is what became of an attempt.
type Outcome struct {
	Connection federation.Connection
	Purpose    Purpose
	Carry      Carry
	Vouched    *federation.Vouched // sign in, or sign in again, with this
	Answer     string              // sealed for Carry.Bound: see Redeem
	Pending    string              // sealed: to be linked, see Link
	Person     federation.Person
}

// Finish judges what came back and acts on it. With an error comes what is known of
// the attempt: federation.ErrAttempt (nothing is), ErrRefused, ErrUpstream and
// ErrStatement of package federation, ErrNoAccount, ErrNotMember, ErrOther,
// ErrNotProven, ratelimit.ErrLimited.
func (f *Flow) Finish(ctx context.Context, r Return) (Outcome, error) {
	a, c, err := f.returned(ctx, r)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Connection: c, Purpose: a.Purpose, Carry: a.Carry}
	if out.Person, err = f.heard(ctx, r, a, c); err == nil {
		err = f.act(ctx, r, a, &out)
	}
	f.observe(c, outcomeOf(err))
	return out, err
}

// returned is the attempt that r belongs to, spent: it was begun by this browser for
// this connection as it is now, by who is signed in now if it is about an account,
// and comes back for the first time (TH-41).
func (f *Flow) returned(ctx context.Context, r Return) (attempt, federation.Connection, error) {
	var a attempt
	now := f.now()
	if !f.unseal(sealAttempt, r.Sealed, &a) || !a.live(now) || subtle.ConstantTimeCompare([]byte(a.State), []byte(r.State)) != 1 {
		return a, federation.Connection{}, federation.ErrAttempt
	}
	if !a.User.IsZero() && (a.User != r.By.User || a.Session != r.By.Session) {
		return a, federation.Connection{}, federation.ErrAttempt.Becausef("begun by another account or session")
	}
	if err := f.limit(ctx, ratelimit.Key{Limit: ratelimit.FederationSource, Of: ratelimit.SourceOf(r.By.Source.IP)}); err != nil {
		return a, federation.Connection{}, err
	}
	c, err := f.o.Read.Federation().ByID(ctx, a.Connection)
	switch {
	case errors.Is(err, federation.ErrUnknown):
		return a, c, federation.ErrAttempt.Because(err)
	case err != nil:
		return a, c, err
	case c.Name != r.Connection || c.Version != a.Version || !c.Enabled && a.Purpose != Test:
		return a, c, federation.ErrAttempt.Becausef("the connection is another, or was changed meanwhile")
	}
	return a, c, f.o.Read.Federation().Spend(ctx, once("state", a.State), a.Began.Add(2*AttemptLife))
}

// heard is who the service says it is. What fails a check is recorded.
func (f *Flow) heard(ctx context.Context, r Return, a attempt, c federation.Connection) (federation.Person, error) {
	kept, err := federation.ReadKept(a.Kept)
	if err != nil {
		return federation.Person{}, err
	}
	r.Answer.At = f.now()
	s, err := f.o.Protocol.Finish(ctx, c, kept, r.Answer)
	var p federation.Person
	if err == nil {
		p, err = c.Person(s)
	}
	if errors.Is(err, federation.ErrStatement) {
		f.o.Log.Warn("the answer of another service was refused", "connection", c.Name, "error", err)
		ev := about(r.By, federation.Doubted, f.now(), user.ID{}, c).Failed(audit.Failure, "statement")
		if bad := f.o.Read.Audit().Append(ctx, ev); bad != nil {
			return p, bad
		}
	}
	return p, err
}

func (f *Flow) act(ctx context.Context, r Return, a attempt, out *Outcome) error {
	switch a.Purpose {
	case Test:
		return nil
	case Link:
		out.Pending = f.pend(out.Connection, out.Person, a)
		return f.linkable(ctx, r.By.User, out)
	case StepUp:
		return f.stepUp(ctx, r, a, out)
	default:
		if err := f.enter(ctx, r, out); err != nil || out.Vouched == nil {
			return err
		}
		f.answer(out)
		return nil
	}
}

// stepUp is a proof of who is signed in.
func (f *Flow) stepUp(ctx context.Context, r Return, a attempt, out *Outcome) error {
	if _, err := f.proves(ctx, a.User, out.Connection); err != nil {
		return err
	}
	l, err := f.o.Read.Federation().Linked(ctx, out.Connection.ID, out.Person.Issuer, out.Person.Subject)
	if errors.Is(err, federation.ErrLinkUnknown) || err == nil && l.User != r.By.User {
		return ErrOther
	}
	if err != nil {
		return err
	}
	u, err := f.o.Read.Users().ByID(ctx, l.User)
	if err != nil {
		return err
	}
	if err := f.entitled(ctx, out.Connection, out.Person, u); err != nil {
		return err
	}
	out.Vouched = f.vouch(out.Connection, l, out.Person)
	out.Vouched.Anew = out.Connection.ProvesAnew()
	f.answer(out)
	return nil
}

// vouch is who signs in by l.
func (f *Flow) vouch(c federation.Connection, l federation.Link, p federation.Person) *federation.Vouched {
	v := &federation.Vouched{Link: l.ID, Owner: l.User, Person: p, Assurance: c.Assurance(p)}
	if l.Born {
		v.Owns = c.Owns(p)
	}
	if p.Tokens != nil { // the protocol tells those that the connection has a use for
		v.Tokens = f.sealTokens(l.ID, *p.Tokens)
	}
	v.Person.Tokens = nil
	return v
}

func (f *Flow) sealTokens(id federation.LinkID, t federation.Tokens) federation.Sealed {
	return f.o.Keys.Seal(sealTokens, id[:], t.Reveal())
}

// outcomeOf is what became of an attempt, for metrics.
func outcomeOf(err error) string {
	switch {
	case err == nil:
		return "succeeded"
	case errors.Is(err, federation.ErrRefused):
		return "refused"
	case errors.Is(err, federation.ErrUpstream):
		return "unavailable"
	case errors.Is(err, federation.ErrStatement):
		return "doubted"
	case errors.Is(err, ErrNoAccount), errors.Is(err, ErrNotMember):
		return "no_account"
	}
	return "other"
}
