package signin

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Hasher is what the password method needs of password.Hasher.
type Hasher interface {
	Verify(ctx context.Context, t password.Ticket, stored password.Hash, candidate secret.Text) (ok, upgrade bool, err error)
	VerifyDummy(ctx context.Context, t password.Ticket, candidate secret.Text) error
	Hash(ctx context.Context, t password.Ticket, candidate secret.Text) (password.Hash, error)
}

// Credentials is what it needs of password.Store.
type Credentials interface {
	ByUser(ctx context.Context, owner user.ID) (password.Credential, error)
	Upgrade(ctx context.Context, c password.Credential, hash password.Hash, ev audit.Event) error
}

// Password is the password method.
type Password struct {
	hasher Hasher
	kept   Credentials
	now    func() time.Time
	log    *slog.Logger
}

// NewPassword makes the password method.
func NewPassword(h Hasher, kept Credentials, now func() time.Time, log *slog.Logger) *Password {
	return &Password{h, kept, now, log}
}

func (*Password) Name() string   { return "pwd" }
func (*Password) Factor() Factor { return Knows }

// Answers implements Method.
func (*Password) Answers(r Response) bool { return !r.Password.IsZero() }

// Finish implements Method. Whoever is unknown, or has no password, costs the
// hash of a password all the same (PW-16).
func (m *Password) Finish(ctx context.Context, a *Attempt, r Response) (Proven, error) {
	ticket := password.Ticket{Class: password.SignIn, Source: a.By.Source.IP}
	if a.Known {
		ticket.Class = password.KnownDevice
	}
	if a.Account.ID.IsZero() {
		return Proven{}, m.dummy(ctx, ticket, r, reasonUnknown)
	}
	c, err := m.kept.ByUser(ctx, a.Account.ID)
	if errors.Is(err, password.ErrNone) {
		return Proven{}, m.dummy(ctx, ticket, r, reasonNone)
	}
	if err != nil {
		return Proven{}, err
	}
	ok, upgrade, err := m.hasher.Verify(ctx, ticket, c.Hash, r.Password)
	if unusable(err) {
		m.log.Error("a stored password hash cannot be used", "user", a.Account.ID, "error", err)
		return Proven{}, wrong(reasonUnusable)
	}
	if err != nil {
		return Proven{}, err
	}
	if !ok {
		return Proven{}, wrong(reasonWrong)
	}
	if upgrade {
		m.upgrade(ctx, a, ticket, c, r.Password)
	}
	return Proven{PasswordVersion: c.Version}, nil
}

// unusable tells a stored hash nobody can open from a judgement that was not
// made. To the person both a wrong password and a broken hash are the same.
func unusable(err error) bool {
	return errors.Is(err, password.ErrFormat) || errors.Is(err, password.ErrCostly) || errors.Is(err, password.ErrPepper)
}

func (m *Password) dummy(ctx context.Context, t password.Ticket, r Response, reason string) error {
	if err := m.hasher.VerifyDummy(ctx, t, r.Password); err != nil {
		return err
	}
	return wrong(reason)
}

// upgrade re-encodes a right password in today's form. Failing to is no reason
// to refuse the sign-in.
func (m *Password) upgrade(ctx context.Context, a *Attempt, t password.Ticket, c password.Credential, plain secret.Text) {
	hash, err := m.hasher.Hash(ctx, t, plain)
	if err == nil {
		ev := a.By.Event(password.Rehashed, m.now(), a.Account.ID)
		err = m.kept.Upgrade(ctx, c, hash, ev)
	}
	if err != nil {
		m.log.Warn("a password hash was not upgraded", "user", a.Account.ID, "error", err)
	}
}
