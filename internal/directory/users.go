package directory

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// NewUser is an account to be made by an administrator.
type NewUser struct {
	Name          string
	Locale        string
	Email         string
	EmailVerified bool        // the administrator vouches for it
	Password      secret.Text // empty: none; a recovery link sets the first
	Roles         []string
	ManagedBy     string
}

// Users returns accounts in order of id.
func (f *Flow) Users(ctx context.Context, by user.Caller, q user.Query) ([]user.Listed, error) {
	if err := f.allow(ctx, by, "users.list"); err != nil {
		return nil, err
	}
	return f.o.Read.Users().List(ctx, q)
}

// CountUsers returns how many accounts q selects.
func (f *Flow) CountUsers(ctx context.Context, by user.Caller, q user.Query) (int64, error) {
	if err := f.allow(ctx, by, "users.list"); err != nil {
		return 0, err
	}
	return f.o.Read.Users().Count(ctx, q)
}

// Emails returns an account's addresses.
func (f *Flow) Emails(ctx context.Context, by user.Caller, id user.ID) ([]user.Email, error) {
	if err := f.allow(ctx, by, "users.get"); err != nil {
		return nil, err
	}
	return f.o.Read.Users().Emails(ctx, id)
}

// CreateUser makes an account.
func (f *Flow) CreateUser(ctx context.Context, by user.Caller, in NewUser) (user.User, error) {
	if err := f.allow(ctx, by, "users.create"); err != nil {
		return user.User{}, err
	}
	if err := loneAdmin(by, nil, in.Roles); err != nil {
		return user.User{}, err
	}
	made, err := f.prepare(ctx, by, in)
	if err != nil {
		return user.User{}, err
	}
	err = f.o.InTx(ctx, func(tx Tx) error { return f.insert(ctx, tx, by, made) })
	return made.user, err
}

// prepared is a checked account whose password is hashed, ready for a transaction.
type prepared struct {
	user  user.User
	email user.Email
	hash  password.Hash
}

func (f *Flow) prepare(ctx context.Context, by user.Caller, in NewUser) (prepared, error) {
	now := f.now()
	p, err := user.Profile{Name: in.Name, Locale: in.Locale}.Clean()
	if err != nil {
		return prepared{}, err
	}
	address, key, err := user.ParseEmail(in.Email)
	if err != nil {
		return prepared{}, err
	}
	made := prepared{
		user: user.User{
			ID: user.NewID(now), Name: p.Name, Locale: p.Locale, State: user.Active, Roles: in.Roles,
			ManagedBy: in.ManagedBy, Version: 1, Revision: 1, CreatedAt: now, UpdatedAt: now,
		},
	}
	made.email = user.Email{User: made.user.ID, Address: address, Key: key, Primary: true, CreatedAt: now}
	if in.EmailVerified {
		made.email.VerifiedAt = now
	}
	if in.Password.IsZero() {
		return made, nil
	}
	if err := f.o.Policy.Check(ctx, in.Password, password.Context{Names: []string{p.Name}, Emails: []string{address}}); err != nil {
		return prepared{}, err
	}
	made.hash, err = f.o.Hasher.Hash(ctx, password.Ticket{Class: password.Import, Source: by.Source.IP}, in.Password)
	return made, err
}

func (f *Flow) insert(ctx context.Context, tx Tx, by user.Caller, made prepared) error {
	id, now := made.user.ID, made.user.CreatedAt
	if err := tx.Users().Create(ctx, made.user, []user.Email{made.email}, by.Event(user.Created, now, id)); err != nil {
		return err
	}
	if made.hash == "" {
		return nil
	}
	c := password.Credential{User: id, Version: 1, Hash: made.hash, ChangedAt: now}
	return tx.Passwords().Set(ctx, c, by.Event(passwordGiven, now, id))
}

// UpdateUser changes name, language and time zone. revision > 0 guards against a
// change made in the meantime: user.ErrStale.
func (f *Flow) UpdateUser(ctx context.Context, by user.Caller, id user.ID, p user.Profile, revision int64) (user.User, error) {
	if err := f.allow(ctx, by, "users.update"); err != nil {
		return user.User{}, err
	}
	p, err := p.Clean()
	if err != nil {
		return user.User{}, err
	}
	now := f.now()
	if err := f.o.Read.Users().SetProfile(ctx, id, p, revision, now, by.Event(user.Updated, now, id)); err != nil {
		return user.User{}, err
	}
	return f.o.Read.Users().ByID(ctx, id)
}

// SetRoles replaces the instance-wide roles of an account.
func (f *Flow) SetRoles(ctx context.Context, by user.Caller, id user.ID, roles []string) error {
	if err := f.allow(ctx, by, "users.roles"); err != nil {
		return err
	}
	now := f.now()
	return f.o.InTx(ctx, func(tx Tx) error {
		u, err := tx.Users().ByID(ctx, id)
		if err != nil {
			return err
		}
		if err := loneAdmin(by, u.Roles, roles); err != nil {
			return err
		}
		if err := tx.Users().SetRoles(ctx, id, roles, u.ManagedBy, now, f.rolesEvent(by, u, roles, now)); err != nil {
			return err
		}
		return keepAdmin(ctx, tx, by)
	})
}

// loneAdmin refuses to let one administrator alone make another: they could approve
// each other's requests (TH-42).
func loneAdmin(by user.Caller, had, roles []string) error {
	if by.Actor.Type == audit.ActorUser && slices.Contains(roles, rbac.Admin) && !slices.Contains(had, rbac.Admin) {
		return approval.ErrNeeded
	}
	return nil
}

// rolesEvent says what a change of roles gives or, when it gives nothing, takes.
func (f *Flow) rolesEvent(by user.Caller, u user.User, roles []string, now time.Time) audit.Event {
	gained := slices.DeleteFunc(slices.Clone(roles), func(r string) bool { return slices.Contains(u.Roles, r) })
	lost := slices.DeleteFunc(slices.Clone(u.Roles), func(r string) bool { return slices.Contains(roles, r) })
	name := user.RoleAssigned
	if len(gained) == 0 && len(lost) > 0 {
		name = user.RoleRemoved
	}
	return by.Event(name, now, u.ID).With("given", strings.Join(gained, " ")).With("taken", strings.Join(lost, " "))
}

// Disable suspends an account: everything born of it is dead at once.
func (f *Flow) Disable(ctx context.Context, by user.Caller, id user.ID, lang string) error {
	if err := f.allow(ctx, by, "users.disable"); err != nil {
		return err
	}
	now := f.now()
	err := f.o.InTx(ctx, func(tx Tx) error {
		u, err := tx.Users().ByID(ctx, id)
		if err != nil || u.State == user.Suspended {
			return err
		}
		if err := tx.Users().SetState(ctx, id, u.State, user.Suspended, time.Time{}, now, by.Event(user.Disabled, now, id)); err != nil {
			return err
		}
		if err := keepAdmin(ctx, tx, by); err != nil {
			return err
		}
		return f.tell(ctx, tx, u, mail.Message{Template: mail.Suspended, Lang: lang, Data: mail.Data{Name: u.Name}})
	})
	f.o.Mailer.Wake()
	return err
}

func (f *Flow) tell(ctx context.Context, tx Tx, u user.User, m mail.Message) error {
	emails, err := tx.Users().Emails(ctx, u.ID)
	if err != nil {
		return err
	}
	if u.Locale != "" {
		m.Lang = u.Locale
	}
	m.TimeZone = u.TimeZone
	for _, e := range emails {
		if !e.Primary || !e.Verified() {
			continue
		}
		m.To = e.Address
		q, err := f.o.Mailer.Queue(m)
		if err != nil {
			return err
		}
		if err := tx.Mail().Enqueue(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// Enable makes a suspended or leaving account active again.
func (f *Flow) Enable(ctx context.Context, by user.Caller, id user.ID) error {
	if err := f.allow(ctx, by, "users.enable"); err != nil {
		return err
	}
	now := f.now()
	return f.o.InTx(ctx, func(tx Tx) error {
		u, err := tx.Users().ByID(ctx, id)
		if err != nil || u.State == user.Active {
			return err
		}
		return tx.Users().SetState(ctx, id, u.State, user.Active, time.Time{}, now, by.Event(user.Enabled, now, id))
	})
}

// DeleteUser deletes an account for good, now.
func (f *Flow) DeleteUser(ctx context.Context, by user.Caller, id user.ID) error {
	if err := f.allow(ctx, by, "users.delete"); err != nil {
		return err
	}
	now := f.now()
	return f.o.InTx(ctx, func(tx Tx) error {
		if err := tx.Users().Delete(ctx, id, now, by.Event(user.Deleted, now, id)); err != nil {
			return err
		}
		return keepAdmin(ctx, tx, by)
	})
}

// Sessions returns an account's live sessions.
func (f *Flow) Sessions(ctx context.Context, by user.Caller, id user.ID) ([]session.Session, error) {
	if err := f.allow(ctx, by, "users.sessions"); err != nil {
		return nil, err
	}
	return f.o.Read.Sessions().Of(ctx, id, f.now())
}

// EndSession ends one session of an account.
func (f *Flow) EndSession(ctx context.Context, by user.Caller, id user.ID, s session.ID) error {
	if err := f.allow(ctx, by, "users.sessions.end"); err != nil {
		return err
	}
	now := f.now()
	return f.o.Read.Sessions().End(ctx, id, s, session.RevokedByAdmin, now, by.Event(session.RevokedEvent, now, id).With("ended", s.String()))
}

// EndSessions ends every session of an account.
func (f *Flow) EndSessions(ctx context.Context, by user.Caller, id user.ID) (int, error) {
	if err := f.allow(ctx, by, "users.sessions.end"); err != nil {
		return 0, err
	}
	now := f.now()
	return f.o.Read.Sessions().EndAll(ctx, id, session.ID{}, session.RevokedByAdmin, now, by.Event(session.RevokedEvent, now, id))
}

// EndGrant ends one grant of an account, with its tokens. token.ErrUnknown.
func (f *Flow) EndGrant(ctx context.Context, by user.Caller, id user.ID, grant token.ID) error {
	if err := f.allow(ctx, by, "users.grants.end"); err != nil {
		return err
	}
	return f.o.Grants.End(ctx, by, id, grant, token.RevokedByHost)
}

// Events returns what happened to an account, newest first.
func (f *Flow) Events(ctx context.Context, by user.Caller, q audit.Query) ([]audit.Event, error) {
	if err := f.allow(ctx, by, "events.list"); err != nil {
		return nil, err
	}
	return f.o.Read.Audit().Search(ctx, q)
}

// recoveryLinkLife is short: whoever asked for the link is talking to the person.
const recoveryLinkLife = time.Hour

// RecoveryLink makes a link that sets a new password once, to be handed to the
// account's owner by whoever asked. It is not mailed, the log says who made it,
// and the owner is told that it exists.
func (f *Flow) RecoveryLink(ctx context.Context, by user.Caller, id user.ID) (string, time.Time, error) {
	if err := f.allow(ctx, by, "users.recovery_link"); err != nil {
		return "", time.Time{}, err
	}
	if by.Actor.Type != audit.ActorHost {
		return "", time.Time{}, approval.ErrNeeded // a session is not enough to open somebody's account (TH-42)
	}
	u, err := f.o.Read.Users().ByID(ctx, id)
	if err != nil {
		return "", time.Time{}, err
	}
	if u.State != user.Active {
		return "", time.Time{}, user.ErrInactive
	}
	c, err := f.o.Read.Passwords().ByUser(ctx, id)
	if err != nil && problem.Of(err).Code != password.ErrNone.Code {
		return "", time.Time{}, err
	}
	now := f.now()
	mint := proof.Mint{Instance: f.o.Instance, Keys: f.o.Keys}
	p, err := mint.New(proof.Recover, "", now, recoveryLinkLife, nil)
	if err != nil {
		return "", time.Time{}, err
	}
	p = p.LinkOnly()
	p.User, p.UserVersion, p.PasswordVersion = id, u.Version, c.Version
	err = f.o.InTx(ctx, func(tx Tx) error {
		if err := tx.Proofs().Put(ctx, p.Proof); err != nil {
			return err
		}
		return tx.Audit().Append(ctx, by.Event(recoveryLink, now, id))
	})
	return f.o.Link("/recover/password?token=" + p.LinkToken.Reveal()), p.ExpiresAt, err
}
