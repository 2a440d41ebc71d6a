package signin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/totp"
)

// EnrolOTP sets up an authenticator app inside a sign-in. The app's secret is kept
// by the browser, sealed for that one sign-in, until its first code was right (PW-44).
type EnrolOTP struct {
	keys   totp.Keys
	issuer string // what apps call us
	now    func() time.Time
}

// NewEnrolOTP makes it.
func NewEnrolOTP(keys totp.Keys, issuer string, now func() time.Time) *EnrolOTP {
	return &EnrolOTP{keys, issuer, now}
}

// Name implements Enroller.
func (*EnrolOTP) Name() string { return "otp" }

const (
	enrolPurpose = "signin.enrol"
	maxEnrolment = 2048
	defaultApp   = "Authenticator"
)

// Offer implements Enroller.
func (m *EnrolOTP) Offer(_ context.Context, a *Attempt, c challenge.Challenge, name string) (Offer, error) {
	d, key := totp.New(m.keys, a.Account.ID, totp.CleanName(name, defaultApp), m.now().UTC().Truncate(time.Microsecond))
	plain, err := json.Marshal(d)
	if err != nil {
		return Offer{}, err
	}
	label := a.Email.Address
	if label == "" {
		label = a.Account.Name
	}
	sealed := base64.RawURLEncoding.EncodeToString(m.keys.Seal(enrolPurpose, c.ID[:], plain))
	return Offer{Sealed: sealed, Secret: key, URI: totp.URI(m.issuer, label, key)}, nil
}

// Enrol implements Enroller.
func (m *EnrolOTP) Enrol(_ context.Context, a *Attempt, c challenge.Challenge, in NewFactor) (Enrolled, error) {
	d, ok := m.open(c, in.Sealed)
	if !ok || d.User != a.Account.ID {
		return Enrolled{}, ErrFlow
	}
	now := m.now().UTC().Truncate(time.Microsecond)
	step, ok, err := d.Match(m.keys, in.Code, now)
	if err != nil {
		return Enrolled{}, err
	}
	if !ok {
		return Enrolled{}, wrong(reasonSecond)
	}
	spend := func(ctx context.Context, tx Tx) error {
		if err := tx.TOTP().Begin(ctx, d); err != nil {
			return err
		}
		ev := a.By.Event(totp.Added, now, d.User).With("name", d.Name)
		return tx.TOTP().Confirm(ctx, d.User, d.ID, step, now, ev)
	}
	return Enrolled{Proven: Proven{Methods: []string{"otp"}, Assurance: 2, Spend: spend}, Name: d.Name, Backup: true}, nil
}

// open reads what Offer sealed for this very sign-in.
func (m *EnrolOTP) open(c challenge.Challenge, text string) (d totp.Device, ok bool) {
	if len(text) > maxEnrolment {
		return d, false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return d, false
	}
	plain, err := m.keys.Open(enrolPurpose, c.ID[:], sealed)
	return d, err == nil && json.Unmarshal(plain, &d) == nil
}
