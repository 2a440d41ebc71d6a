package signin

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// Reauthenticate proves the caller's account once more, in the session they have:
// its id stays, AuthenticatedAt and the methods become those of now, and the secret
// is another (SE-3, OA-94). What the session is worth afterwards is what was
// proven just now, and no more. It asks for what ConfirmFully asks for, with its
// limits and errors. session.ErrEnded when oldSecret is not the live secret of that
// very session, or account or password changed meanwhile (TH-1), or when a sign-in by
// this proof would end in setting up a factor: the session is about to end, and does
// not become one of after the time that was given (PW-47).
func (f *Flow) Reauthenticate(ctx context.Context, by user.Caller, oldSecret string, r Response) (session.Session, secret.Token, error) {
	s, err := f.own(ctx, by, oldSecret) // as it is before the proof: what changes from here on is refused
	if err != nil {
		return s, secret.Token{}, err
	}
	proven, err := f.ConfirmFully(ctx, by, r)
	f.observe(f.method(r).Name(), reproved(err))
	if err != nil {
		return s, secret.Token{}, err
	}
	d, err := f.demands(ctx, f.o.Read, by.User, proven, 0)
	if err != nil || d.enrol {
		return s, secret.Token{}, cmp.Or(err, error(session.ErrEnded.Becausef("a second factor has to be set up")))
	}
	now, old := f.now(), s.Digest
	fresh := secret.NewAt(session.Purpose, now)
	s.Digest, s.AuthenticatedAt = fresh.Digest(f.o.Instance), now
	if !proven.At.IsZero() && proven.At.Before(now) {
		s.AuthenticatedAt = proven.At.UTC().Truncate(time.Microsecond)
	}
	s.Methods, s.Assurance = proven.Methods, proven.level()
	ev := by.Event(Reauthenticated, now, by.User).With("method", strings.Join(proven.Methods, " "))
	err = f.o.InTx(ctx, func(tx Tx) error {
		if err := tx.Sessions().Rotate(ctx, s, old, proven.PasswordVersion, now, ev); err != nil {
			return err
		}
		return d.told(ctx, tx, by.User, now)
	})
	if err != nil {
		return s, secret.Token{}, err
	}
	return s, fresh, nil
}

// own is the live session that text opens, if it is the one the caller came with.
func (f *Flow) own(ctx context.Context, by user.Caller, text string) (session.Session, error) {
	d, ok := secret.DigestOf(session.Purpose, f.o.Instance, text)
	if !ok {
		return session.Session{}, session.ErrEnded
	}
	s, err := f.o.Read.Sessions().ByDigest(ctx, d)
	if err != nil {
		return s, err
	}
	if s.User != by.User || s.ID.String() != by.Session {
		return s, session.ErrEnded
	}
	return s, nil
}
