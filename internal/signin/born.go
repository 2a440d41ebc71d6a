package signin

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
)

// birth is what a session is born of.
type birth struct {
	attempt         *Attempt
	methods         []string
	assurance       int
	passwordVersion int64
	failures        func() int         // sign-ins that failed before, as before has found
	known           trust.ID           // the remembered device that let it pass; zero: none did
	due             time.Time          // until when a second factor has to be set up; set by after
	at              time.Time          // when it was proven; zero: now
	origin          *federation.Origin // nil: no link
	// before and after are what has to hold, or is used up, in the transaction of
	// the birth: after it has the account's row to itself (TH-1).
	before, after func(ctx context.Context, tx Tx) error
}

// atOnce is a birth of one proof, which must be all that is asked for, or come from
// a device that is remembered. What the session says is what was proven.
func (f *Flow) atOnce(a *Attempt, r Request, p Proven, guess *lockout.Reservation, known trust.ID) *birth {
	b := &birth{
		attempt: a, methods: p.Methods, assurance: p.level(), passwordVersion: p.PasswordVersion, failures: guess.After, known: known, at: p.At, origin: p.Origin,
		before: func(ctx context.Context, tx Tx) error { return guess.Confirm(ctx, tx.Lockouts()) },
	}
	b.after = func(ctx context.Context, tx Tx) error {
		d, err := f.demands(ctx, tx, a.Account.ID, p, r.Least)
		if err != nil {
			return err
		}
		if err := f.excuse(ctx, tx, a, d, known); err != nil {
			return err
		}
		b.due = d.by
		if err := d.told(ctx, tx, a.Account.ID, f.now()); err != nil {
			return err
		}
		if p.level() > 1 && guess.Second() { // as after a second step: who proved as much is the owner
			if err := tx.Challenges().Forgive(ctx, a.Account.ID); err != nil {
				return err
			}
		}
		return p.spend(ctx, tx)
	}
	return b
}

// born makes the session, clears the lock-out, ends the session it replaces and
// queues the notice about a new device: all or nothing. It is conditional on the
// account and password still being what was proven (TH-1).
func (f *Flow) born(ctx context.Context, r Request, b *birth) (Result, error) {
	now, a := f.now(), b.attempt
	fresh := secret.NewAt(session.Purpose, now)
	s := session.Session{
		ID: session.NewID(now), User: a.Account.ID, Digest: fresh.Digest(f.o.Instance),
		UserVersion: a.Account.Version, Methods: b.methods, Assurance: b.assurance,
		AuthenticatedAt: now, CreatedAt: now, LastSeenAt: now,
		IdleTimeout: f.o.Limits.Idle, ExpiresAt: now.Add(f.o.Limits.Absolute),
		IP: a.By.Source.IP, UserAgent: a.By.Source.UserAgent, Place: a.By.Source.Place,
	}
	if a.Recalled {
		s.UserRevision = a.Account.Revision
	}
	if !b.at.IsZero() && b.at.Before(now) {
		s.AuthenticatedAt = b.at.UTC().Truncate(time.Microsecond)
	}
	notice, err := f.newDevice(a, s, r.Lang)
	if err != nil {
		return Result{}, err
	}
	clean := f.entered(b, s, 0) // composed before others wait for it
	old, replaces := f.replaced(ctx, r)
	err = f.o.InTx(ctx, func(tx Tx) error {
		if err := b.before(ctx, tx); err != nil {
			return err
		}
		ev := clean
		if n := b.failures(); n > 0 {
			ev = f.entered(b, s, n)
		}
		if _, err := tx.Sessions().Insert(ctx, s, b.passwordVersion, f.o.Limits.PerUser, ev); err != nil {
			return err
		}
		if err := b.after(ctx, tx); err != nil {
			return err
		}
		if b.origin != nil {
			if err := tx.Federation().Bear(ctx, federation.SessionID(s.ID), *b.origin); err != nil {
				return err
			}
		}
		if err := f.unbound(ctx, tx, r, b); err != nil {
			return err
		}
		if r.Deliver != nil {
			if err := r.Deliver(ctx, tx.Tokens(), s); err != nil {
				return err
			}
		}
		if notice != nil {
			if err := tx.Mail().Enqueue(ctx, *notice); err != nil {
				return err
			}
		}
		if replaces {
			return endReplaced(ctx, tx, r.By, old, now)
		}
		return nil
	})
	if errors.Is(err, session.ErrBirth) || errors.Is(err, token.ErrBirth) || errors.Is(err, trust.ErrBirth) || errors.Is(err, federation.ErrLinkUnknown) {
		return Result{}, wrong(reasonBirth)
	}
	if err != nil {
		return Result{}, err
	}
	if notice != nil {
		f.o.Mailer.Wake()
	}
	return Result{User: a.Account, Email: a.Email, Session: s, Secret: fresh, Device: f.o.Devices.Write(a.Device, a.Account.ID), Due: b.due}, nil
}

// entered is the event of a birth after so many failures.
func (f *Flow) entered(b *birth, s session.Session, failures int) audit.Event {
	name := Succeeded
	if failures > 0 {
		name = SucceededAfterFailures
	}
	ev := f.event(name, b.attempt).InSession(s.ID.String())
	if failures > 0 {
		ev = ev.With("failures", strconv.Itoa(failures))
	}
	if !b.known.IsZero() {
		ev = ev.With("remembered", b.known.String())
	}
	return ev
}

// replaced is the session the browser arrived with: it ends with the new one's
// birth, so that no secret outlives a change of privilege (SE-3).
func (f *Flow) replaced(ctx context.Context, r Request) (session.Session, bool) {
	d, ok := secret.DigestOf(session.Purpose, f.o.Instance, r.Replaces)
	if !ok {
		return session.Session{}, false
	}
	s, err := f.o.Read.Sessions().ByDigest(ctx, d)
	return s, err == nil
}

func endReplaced(ctx context.Context, tx Tx, by user.Caller, old session.Session, now time.Time) error {
	ev := by.Event(session.EndedEvent, now, old.User).InSession(old.ID.String())
	err := tx.Sessions().End(ctx, old.User, old.ID, session.SignedOut, now, ev)
	if errors.Is(err, session.ErrUnknown) {
		return nil // it ended by itself in the meantime
	}
	return err
}

// newDevice composes the notice about a sign-in on a browser that the account
// never used (AU-60); nil when it is known or there is nobody to tell.
func (f *Flow) newDevice(a *Attempt, s session.Session, lang string) (*mail.Queued, error) {
	if a.Known || a.Email.Address == "" || !a.Email.Verified() {
		return nil, nil
	}
	q, err := f.o.Mailer.Queue(mail.Message{
		Template: mail.NewDevice, To: a.Email.Address, Lang: langOf(a.Account, lang), TimeZone: a.Account.TimeZone,
		Data: mail.Data{Name: a.Account.Name, Act: act(a.By, s.CreatedAt)},
	})
	return &q, err
}

// act is what a mail says about the circumstances.
func act(by user.Caller, at time.Time) mail.Act {
	return mail.Act{When: at, Device: useragent.Describe(by.Source.UserAgent), Place: by.Source.Place, IP: by.Source.IP}
}

func langOf(u user.User, fallback string) string {
	if u.Locale != "" {
		return u.Locale
	}
	return fallback
}

// SignOut ends the session the caller came with. It is not an error when that
// session is over already.
func (f *Flow) SignOut(ctx context.Context, by user.Caller) error {
	id, err := session.ParseID(by.Session)
	if err != nil {
		return nil //nolint:nilerr // who came without a session is signed out
	}
	now := f.now()
	ev := by.Event(session.EndedEvent, now, by.User)
	err = f.o.InTx(ctx, func(tx Tx) error {
		return tx.Sessions().End(ctx, by.User, id, session.SignedOut, now, ev)
	})
	if errors.Is(err, session.ErrUnknown) {
		return nil
	}
	return err
}

// Record writes one event that changes nothing else.
func (f *Flow) Record(ctx context.Context, ev audit.Event) error {
	return f.o.Read.Audit().Append(ctx, ev)
}
