package account

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// ErrConfirmElsewhere: an address is confirmed by the account that asked for it.
var ErrConfirmElsewhere = problem.New(problem.Unauthenticated, "confirm_signed_in", "Sign in to the account that this address is being added to, then open the link again.")

// ErrEmailYours: the address is on the caller's account already.
var ErrEmailYours = problem.New(problem.Unprocessable, "email_yours", "This address is on your account already.")

// Get returns the caller's account.
func (f *Flow) Get(ctx context.Context, by user.Caller) (user.User, error) {
	return f.o.Read.Users().ByID(ctx, by.User)
}

// PasswordState returns when the caller's password was set, zero: there is none;
// and whether it is known to others and must be changed.
func (f *Flow) PasswordState(ctx context.Context, by user.Caller) (since time.Time, compromised bool, err error) {
	c, err := f.o.Read.Passwords().ByUser(ctx, by.User)
	if errors.Is(err, password.ErrNone) {
		return time.Time{}, false, nil
	}
	return c.ChangedAt, c.MustChange, err
}

// SetProfile changes name, language and time zone. revision > 0 guards against
// a change made elsewhere in the meantime: user.ErrStale.
func (f *Flow) SetProfile(ctx context.Context, by user.Caller, p user.Profile, revision int64) (user.User, error) {
	p, err := p.Clean()
	if err != nil {
		return user.User{}, asField(err, pointerOf(err))
	}
	if err := f.ownedElsewhere(ctx, by, p); err != nil {
		return user.User{}, err
	}
	now := f.now()
	if err := f.o.Read.Users().SetProfile(ctx, by.User, p, revision, now, by.Event(user.Updated, now, by.User)); err != nil {
		return user.User{}, err
	}
	return f.Get(ctx, by)
}

// ErrOwned: a service that the account signs in with keeps the field up to date.
var ErrOwned = problem.New(problem.Conflict, "profile_owned", "This comes from the service that you sign in with. Change it there: it is brought over when you sign in next.")

// Owned are the fields of the caller's profile that a service keeps up to date, and
// what it is called.
func (f *Flow) Owned(ctx context.Context, by user.Caller) (map[string]string, error) {
	if f.o.Owned == nil {
		return nil, nil
	}
	return f.o.Owned(ctx, by.User)
}

// ownedElsewhere is ErrOwned with the fields that p would change and may not.
func (f *Flow) ownedElsewhere(ctx context.Context, by user.Caller, p user.Profile) error {
	owned, err := f.Owned(ctx, by)
	if err != nil || len(owned) == 0 {
		return err
	}
	u, err := f.Get(ctx, by)
	if err != nil {
		return err
	}
	var faults []problem.Field
	for _, field := range []struct{ name, before, after string }{{"name", u.Name, p.Name}, {"locale", u.Locale, p.Locale}} {
		if _, theirs := owned[field.name]; theirs && field.before != field.after {
			faults = append(faults, problem.Field{Pointer: "/" + field.name, Code: ErrOwned.Code, Message: ErrOwned.Public})
		}
	}
	if faults != nil {
		return ErrOwned.WithFields(faults...)
	}
	return nil
}

func pointerOf(err error) string {
	switch problem.Of(err).Code {
	case user.ErrBadLocale.Code:
		return "/locale"
	case user.ErrBadTimeZone.Code:
		return "/time_zone"
	default:
		return "/name"
	}
}

// Sessions returns the caller's live sessions, last seen first.
func (f *Flow) Sessions(ctx context.Context, by user.Caller) ([]session.Session, error) {
	return f.o.Read.Sessions().Of(ctx, by.User, f.now())
}

// EndSession ends one of the caller's sessions.
func (f *Flow) EndSession(ctx context.Context, by user.Caller, id session.ID) error {
	now := f.now()
	ev := by.Event(session.RevokedEvent, now, by.User).With("ended", id.String())
	return f.o.Read.Sessions().End(ctx, by.User, id, session.Revoked, now, ev)
}

// EndOthers ends all of the caller's sessions but the one they ask from.
func (f *Flow) EndOthers(ctx context.Context, by user.Caller) (int, error) {
	keep, err := session.ParseID(by.Session)
	if err != nil {
		return 0, err
	}
	return f.endAll(ctx, by, keep)
}

// EndEverywhere ends all of the caller's sessions, this one too.
func (f *Flow) EndEverywhere(ctx context.Context, by user.Caller) (int, error) {
	return f.endAll(ctx, by, session.ID{})
}

func (f *Flow) endAll(ctx context.Context, by user.Caller, keep session.ID) (int, error) {
	now := f.now()
	return f.o.Read.Sessions().EndAll(ctx, by.User, keep, session.Revoked, now, by.Event(SessionsEnded, now, by.User))
}

// Event returns one event of the caller's account; false: there is none such.
func (f *Flow) Event(ctx context.Context, by user.Caller, id audit.ID) (audit.Event, bool, error) {
	if id.IsZero() {
		return audit.Event{}, false, nil
	}
	found, err := f.o.Read.Audit().Search(ctx, audit.Query{ID: id, Subject: by.User.String(), Limit: 1})
	if err != nil || len(found) == 0 {
		return audit.Event{}, false, err
	}
	return found[0], true, nil
}

// Events returns what happened to the caller's account, newest first.
func (f *Flow) Events(ctx context.Context, by user.Caller, before audit.ID, limit int) ([]audit.Event, error) {
	return f.o.Read.Audit().Search(ctx, audit.Query{Subject: by.User.String(), Before: before, Limit: limit})
}
