package signin

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/user"
)

// byPhone is the name of the method.
const byPhone = "sms"

// Phone is the method of codes that are sent to a phone. NIST calls it restricted:
// it is a second step only, and none where an authenticator app is (PW-48).
type Phone struct {
	mint proof.Mint
	kept PhoneProofs
	now  func() time.Time
}

// PhoneProofs is what the method needs of proof.Store.
type PhoneProofs interface {
	Pending(ctx context.Context, owner user.ID, purpose proof.Purpose, now time.Time) ([]proof.Proof, error)
	Attempt(ctx context.Context, id proof.ID, now time.Time) error
}

// NewPhone makes the method. It is there whether or not codes are sent, so that
// switching them off takes nobody's second step away.
func NewPhone(m proof.Mint, kept PhoneProofs, now func() time.Time) *Phone {
	return &Phone{m, kept, now}
}

func (*Phone) Name() string   { return byPhone }
func (*Phone) Factor() Factor { return Has }

// Answers implements Method: the code is typed where an app's would be.
func (*Phone) Answers(r Response) bool { return !r.OTP.IsZero() }

// Standing implements Second.
func (*Phone) Standing(ctx context.Context, tx Tx, owner user.ID) (st Standing, err error) {
	apps, err := tx.TOTP().Of(ctx, owner)
	if err != nil || len(apps) > 0 {
		return st, err
	}
	have, err := tx.Phones().Of(ctx, owner)
	for _, p := range have {
		st.Enrolled = true
		if p.UsedAt.After(st.UsedAt) {
			st.UsedAt = p.UsedAt
		}
	}
	return st, err
}

// sent is what a code's proof carries.
type sent struct {
	Phone phone.ID
	Voice bool
}

// Finish implements Method. A code is good for the sign-in, or the session, that it
// was sent for (V6.6.2).
func (m *Phone) Finish(ctx context.Context, a *Attempt, r Response) (Proven, error) {
	now := m.now().UTC().Truncate(time.Microsecond)
	all, err := m.kept.Pending(ctx, a.Account.ID, proof.Phone, now)
	if err != nil {
		return Proven{}, err
	}
	i := slices.IndexFunc(all, func(p proof.Proof) bool { return p.Key == a.Step })
	if i < 0 {
		return Proven{}, wrong(reasonSecond)
	}
	p := all[i]
	err = m.kept.Attempt(ctx, p.ID, now)
	if errors.Is(err, proof.ErrExpired) || err == nil && !m.mint.Fits(p, r.OTP) {
		return Proven{}, wrong(reasonSecond)
	}
	if err != nil {
		return Proven{}, err
	}
	var to sent
	if err := m.mint.Payload(p, &to); err != nil {
		return Proven{}, err
	}
	amr := "sms" // RFC 8176
	if to.Voice {
		amr = "tel"
	}
	ev := a.By.Event(CodeUsed, now, a.Account.ID).With("method", byPhone)
	return Proven{Methods: []string{amr}, Spend: func(ctx context.Context, tx Tx) error {
		err := tx.Proofs().Spend(ctx, p.ID, now, ev)
		if err == nil {
			err = tx.Phones().Use(ctx, a.Account.ID, to.Phone, now)
		}
		if errors.Is(err, proof.ErrExpired) || errors.Is(err, phone.ErrUnknown) {
			return wrong(reasonReplayed)
		}
		return err
	}}, nil
}

// Phones is what sending needs. Nil: nothing is sent.
type Phones struct {
	Keys   phone.Keys
	Budget phone.Budget
	Voice  bool // calls too
}

// SendCode sends a code for the half-done sign-in that r.Flow names to the phone
// of its account, and tells which phone that is. It is charged first (PW-48).
// ErrFlow, phone.ErrOff, ErrVoice, ErrUnknown, ErrBudget, ErrRegion,
// ratelimit.ErrLimited.
func (f *Flow) SendCode(ctx context.Context, r Request, voice bool) (phone.Number, error) {
	c, err := f.waiting(ctx, r)
	if err != nil {
		return "", err
	}
	a := &Attempt{By: r.By, Source: ratelimit.SourceOf(r.By.Source.IP), Method: byPhone, Step: c.ID.String()}
	if err := f.load(ctx, a, c.User); err != nil {
		return "", err
	}
	if a.Account.ID.IsZero() || a.Account.Version != c.UserVersion {
		return "", ErrFlow.Because(errReason(reasonBirth))
	}
	return f.send(ctx, a, r.Lang, voice)
}

// SendProof sends a code for an act of a signed-in account, as SendCode does for a
// sign-in. It is good in the caller's session only.
func (f *Flow) SendProof(ctx context.Context, by user.Caller, lang string, voice bool) (phone.Number, error) {
	a := &Attempt{By: by, Source: ratelimit.SourceOf(by.Source.IP), Method: byPhone, Step: by.Session}
	if err := f.load(ctx, a, by.User); err != nil {
		return "", err
	}
	if a.Account.ID.IsZero() || by.Session == "" {
		return "", phone.ErrUnknown
	}
	return f.send(ctx, a, lang, voice)
}

func (f *Flow) send(ctx context.Context, a *Attempt, lang string, voice bool) (phone.Number, error) {
	switch o := f.o.Phones; {
	case o == nil:
		return "", phone.ErrOff
	case voice && !o.Voice:
		return "", phone.ErrVoice
	}
	ways, _, err := f.standings(ctx, f.o.Read, a.Account.ID)
	if err != nil {
		return "", err
	}
	if !slices.Contains(ways, byPhone) {
		return "", phone.ErrUnknown
	}
	have, err := f.o.Read.Phones().Of(ctx, a.Account.ID)
	if err != nil || len(have) == 0 {
		return "", errors.Join(err, phone.ErrUnknown)
	}
	to := slices.MaxFunc(have, func(a, b phone.Phone) int { return a.UsedAt.Compare(b.UsedAt) })
	n, err := to.Open(f.o.Phones.Keys)
	if err != nil {
		return "", err
	}
	charges, err := f.o.Phones.Budget.Charges(f.o.Phones.Keys, n)
	if err != nil {
		return "", err
	}
	err = f.take(ctx, ratelimit.Key{Limit: ratelimit.PhoneSource, Of: a.Source}, ratelimit.Key{Limit: ratelimit.PhoneAccount, Of: a.Account.ID.String()})
	if err != nil {
		return "", err
	}
	return n, f.sendTo(ctx, a, to, n, charges, lang, voice)
}

func (f *Flow) sendTo(ctx context.Context, a *Attempt, to phone.Phone, n phone.Number, charges []phone.Charge, lang string, voice bool) error {
	now := f.now()
	p, err := f.mint().New(proof.Phone, a.Step, now, phone.CodeLife, sent{to.ID, voice})
	if err != nil {
		return err
	}
	p = p.CodeOnly()
	p.User, p.UserVersion = a.Account.ID, a.Account.Version
	channel := mail.SMS
	if voice {
		channel = mail.Voice
	}
	q, err := f.o.Mailer.Queue(mail.Message{
		Template: mail.PhoneCode, Channel: channel, To: string(n), Lang: langOf(a.Account, lang), Data: mail.Data{Code: p.Code, Valid: phone.CodeLife},
	})
	if err != nil {
		return err
	}
	err = f.o.InTx(ctx, func(tx Tx) error {
		if err := tx.Phones().Charge(ctx, phone.Day(now), charges); err != nil {
			return err
		}
		if err := tx.Proofs().Put(ctx, p.Proof); err != nil {
			return err
		}
		if err := tx.Mail().Enqueue(ctx, q); err != nil {
			return err
		}
		return tx.Audit().Append(ctx, a.By.Event(phone.CodeSent, now, a.Account.ID).With("phone", to.ID.String()).With("channel", channel))
	})
	if errors.Is(err, phone.ErrBudget) {
		return errors.Join(err, f.Record(ctx, a.By.Event(phone.Spent, now, a.Account.ID).With("phone", to.ID.String())))
	}
	if err == nil {
		f.o.Mailer.Wake()
	}
	return err
}

// fitting is the method that takes a response as m does and that the account has:
// the code of an app and one that was sent are typed in the same place.
func (f *Flow) fitting(ctx context.Context, m Second, r Response, owner user.ID) (Second, error) {
	for _, other := range f.o.Seconds {
		if !other.Answers(r) {
			continue
		}
		st, err := other.Standing(ctx, f.o.Read, owner)
		if err != nil {
			return m, err
		}
		if st.Enrolled {
			return other, nil
		}
	}
	return m, nil
}
