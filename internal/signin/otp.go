package signin

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

// Authenticators is what the method of one-time codes needs of totp.Store.
type Authenticators interface {
	Of(ctx context.Context, owner user.ID) ([]totp.Device, error)
}

// OTP is the method of codes from an authenticator app (RFC 6238).
type OTP struct {
	keys totp.Keys
	kept Authenticators
	now  func() time.Time
}

// NewOTP makes the method.
func NewOTP(keys totp.Keys, kept Authenticators, now func() time.Time) *OTP {
	return &OTP{keys, kept, now}
}

func (*OTP) Name() string   { return "otp" }
func (*OTP) Factor() Factor { return Has }

// Answers implements Method.
func (*OTP) Answers(r Response) bool { return !r.OTP.IsZero() }

// Standing implements Second.
func (*OTP) Standing(ctx context.Context, tx Tx, owner user.ID) (st Standing, err error) {
	devices, err := tx.TOTP().Of(ctx, owner)
	for _, d := range devices {
		st.Enrolled = true
		if d.UsedAt.After(st.UsedAt) {
			st.UsedAt = d.UsedAt
		}
	}
	return st, err
}

// Finish implements Method: any device of the account may have shown the code.
func (m *OTP) Finish(ctx context.Context, a *Attempt, r Response) (Proven, error) {
	devices, err := m.kept.Of(ctx, a.Account.ID)
	if err != nil {
		return Proven{}, err
	}
	now := m.now().UTC().Truncate(time.Microsecond)
	for _, d := range devices {
		step, ok, err := d.Match(m.keys, r.OTP, now)
		if err != nil {
			return Proven{}, err
		}
		if ok {
			return Proven{Spend: func(ctx context.Context, tx Tx) error {
				err := tx.TOTP().Use(ctx, d.User, d.ID, step, now)
				if errors.Is(err, totp.ErrReplayed) {
					return wrong(reasonReplayed)
				}
				return err
			}}, nil
		}
	}
	return Proven{}, wrong(reasonSecond)
}
