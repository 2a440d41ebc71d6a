package signin

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// RecoveryCodes is what the method of recovery codes needs of recovery.Store.
type RecoveryCodes interface {
	Holds(ctx context.Context, owner user.ID, d recovery.Digest) (bool, error)
	State(ctx context.Context, owner user.ID) (recovery.State, error)
}

// Recovery is the method of recovery codes. It helps out for another second
// factor; by itself it asks for nothing.
type Recovery struct {
	keys   recovery.Keys
	kept   RecoveryCodes
	mailer Mailer
	now    func() time.Time
}

// NewRecovery makes the method.
func NewRecovery(keys recovery.Keys, kept RecoveryCodes, mailer Mailer, now func() time.Time) *Recovery {
	return &Recovery{keys, kept, mailer, now}
}

func (*Recovery) Name() string   { return "recovery" }
func (*Recovery) Factor() Factor { return Has }

// Answers implements Method.
func (*Recovery) Answers(r Response) bool { return !r.Recovery.IsZero() }

// Standing implements Second.
func (*Recovery) Standing(ctx context.Context, tx Tx, owner user.ID) (Standing, error) {
	s, err := tx.Recovery().State(ctx, owner)
	return Standing{Enrolled: s.Left > 0, Backup: true, Spare: true, UsedAt: s.UsedAt}, err
}

// Finish implements Method. What it says in amr is "otp": a password that is good
// once. The owner is told of every use (PW-45).
func (m *Recovery) Finish(ctx context.Context, a *Attempt, r Response) (Proven, error) {
	d, ok := recovery.DigestOf(m.keys, a.Account.ID, r.Recovery)
	if !ok {
		return Proven{}, wrong(reasonSecond)
	}
	held, err := m.kept.Holds(ctx, a.Account.ID, d)
	if err != nil {
		return Proven{}, err
	}
	if !held {
		return Proven{}, wrong(reasonSecond)
	}
	state, err := m.kept.State(ctx, a.Account.ID)
	if err != nil {
		return Proven{}, err
	}
	now := m.now().UTC().Truncate(time.Microsecond)
	notice, err := m.notice(a, now, state.Left-1)
	if err != nil {
		return Proven{}, err
	}
	return Proven{Methods: []string{"otp"}, Spend: func(ctx context.Context, tx Tx) error {
		err := tx.Recovery().Use(ctx, a.Account.ID, d, now, a.By.Event(recovery.Used, now, a.Account.ID))
		if errors.Is(err, recovery.ErrWrong) {
			return wrong(reasonReplayed)
		}
		if err != nil || notice == nil {
			return err
		}
		return tx.Mail().Enqueue(ctx, *notice)
	}}, nil
}

func (m *Recovery) notice(a *Attempt, now time.Time, left int) (*mail.Queued, error) {
	if !a.Email.Verified() {
		return nil, nil
	}
	q, err := m.mailer.Queue(mail.Message{
		Template: mail.RecoveryUsed, To: a.Email.Address, Lang: langOf(a.Account, "en"), TimeZone: a.Account.TimeZone,
		Data: mail.Data{Name: a.Account.Name, Count: left, Act: act(a.By, now)},
	})
	return &q, err
}

// Typed tells by its form what a typed code answers: an authenticator app, or a
// recovery code. One of both is zero.
func Typed(code secret.Text) (otp, backup secret.Text) {
	if recovery.Looks(code.Reveal()) {
		return secret.Text{}, code
	}
	return code, secret.Text{}
}
