package signin

import (
	"context"

	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/secret"
)

// Enroller sets up a factor inside a sign-in that needs one and has none.
type Enroller interface {
	Name() string // of the Second that it sets up
	// Offer says what to set up, for the half-done sign-in c only. It keeps nothing.
	Offer(ctx context.Context, a *Attempt, c challenge.Challenge, name string) (Offer, error)
	// Enrol judges the answer to Offer: ErrSecond when it is wrong. What it returns
	// to be spent keeps the factor.
	Enrol(ctx context.Context, a *Attempt, c challenge.Challenge, in NewFactor) (Enrolled, error)
}

// Offer is a factor that waits for its first proof. Its secret is shown once.
type Offer struct {
	Sealed  string                   // to be brought back; empty: the question has it all
	Secret  secret.Text              // of an authenticator app
	URI     string                   // of the same, for a QR code
	Passkey *passkey.CreationOptions //
}

// NewFactor answers an Offer.
type NewFactor struct {
	Method  string // name of its Enroller
	Sealed  string
	Code    secret.Text
	Passkey []byte // PublicKeyCredential as JSON
}

// Enrolled is a factor that proved itself.
type Enrolled struct {
	Proven
	Name   string // for the owner, in the mail
	Backup bool   // recovery codes come with it, if the account has none
}

// Enrollers are the methods that can be set up inside a sign-in, best first.
func (f *Flow) Enrollers() []string {
	var all []string
	for _, e := range f.o.Enrolls {
		all = append(all, e.Name())
	}
	return all
}

// Enrolling reports whether the half-done sign-in that r.Flow names ends in setting
// up a factor. ErrFlow.
func (f *Flow) Enrolling(ctx context.Context, r Request) (bool, error) {
	c, err := f.waiting(ctx, r)
	return c.Enrol, err
}

// OfferFactor begins to set up a factor in the half-done sign-in that r.Flow names.
// ErrFlow, also when that sign-in does not ask for it: whoever has factors proves one
// of them first.
func (f *Flow) OfferFactor(ctx context.Context, r Request, method, name string) (Offer, error) {
	e, ok := f.enroller(method)
	if !ok {
		return Offer{}, ErrFlow
	}
	a, c, err := f.enrolling(ctx, r, method)
	if err != nil {
		return Offer{}, err
	}
	return e.Offer(ctx, a, c, name)
}

// Enrol ends a half-done sign-in with a new factor: the factor is kept and the
// session born in one act, or neither. The account must still have none (TH-1):
// otherwise ErrFlow. ErrSecond when the answer is wrong, and the errors of passkeys.
func (f *Flow) Enrol(ctx context.Context, r Request, in NewFactor) (Result, error) {
	e, ok := f.enroller(in.Method)
	if !ok {
		return Result{}, missingCode()
	}
	result, err := f.enrol(ctx, e, r, in)
	f.observe(e.Name(), outcome(result, err))
	return result, err
}

func (f *Flow) enroller(method string) (Enroller, bool) {
	for _, e := range f.o.Enrolls {
		if e.Name() == method {
			return e, true
		}
	}
	return nil, false
}

// enrolling is the account of a half-done sign-in that ends in a new factor.
func (f *Flow) enrolling(ctx context.Context, r Request, method string) (*Attempt, challenge.Challenge, error) {
	a := &Attempt{By: r.By, Source: ratelimit.SourceOf(r.By.Source.IP), Device: f.o.Devices.Read(r.Device), Method: method}
	if err := f.take(ctx, ratelimit.Key{Limit: ratelimit.SecondSource, Of: a.Source}); err != nil {
		return a, challenge.Challenge{}, err
	}
	c, err := f.waiting(ctx, r)
	if err == nil && !c.Enrol {
		err = ErrFlow
	}
	if err != nil {
		return a, c, err
	}
	a.Key = c.Key
	if err := f.load(ctx, a, c.User); err != nil {
		return a, c, err
	}
	if a.Account.ID.IsZero() || a.Account.Version != c.UserVersion {
		return a, c, ErrFlow.Because(errReason(reasonBirth))
	}
	return a, c, f.limitSecond(ctx, a)
}

func (f *Flow) enrol(ctx context.Context, e Enroller, r Request, in NewFactor) (Result, error) {
	a, c, err := f.enrolling(ctx, r, e.Name())
	if err != nil {
		return Result{}, err
	}
	if err := f.o.Read.Challenges().Attempt(ctx, c.ID, f.now()); err != nil {
		return Result{}, over(err)
	}
	made, err := e.Enrol(ctx, a, c, in)
	if err != nil {
		return Result{}, f.refuseSecond(ctx, a, err)
	}
	b, codes := f.afterEnrolment(a, c, made, r.Lang)
	keep := f.remembering(b, r)
	result, err := f.born(ctx, r, b)
	if err != nil {
		return Result{}, f.refuseSecond(ctx, a, err)
	}
	f.o.Lockout.Forget(a.guess(false))
	f.o.Mailer.Wake()
	result.Codes = *codes
	return keep(result), nil
}

// afterEnrolment is a birth of a first proof and a new factor. Under the account's
// lock, which the session's insert took, there must be no other factor: of two who
// know the password only one sets up the first, and nobody goes around it.
func (f *Flow) afterEnrolment(a *Attempt, c challenge.Challenge, made Enrolled, lang string) (*birth, *[]secret.Text) {
	codes := new([]secret.Text)
	b := f.afterChallenge(a, c, made.Proven)
	after := b.after
	b.after = func(ctx context.Context, tx Tx) error {
		*codes = nil
		have, _, err := f.standings(ctx, tx, a.Account.ID)
		if err != nil {
			return err
		}
		if have != nil {
			return wrong(reasonBirth)
		}
		if err := after(ctx, tx); err != nil {
			return err
		}
		if *codes, err = f.firstCodes(ctx, tx, a, made); err != nil {
			return err
		}
		return f.tellAll(ctx, tx, a, mail.FactorAdded, made.Name, lang)
	}
	return b, codes
}

// tellAll queues a notice to every verified address of an account (AU-60).
func (f *Flow) tellAll(ctx context.Context, tx Tx, a *Attempt, template mail.Template, detail, lang string) error {
	emails, err := tx.Users().Emails(ctx, a.Account.ID)
	if err != nil {
		return err
	}
	for _, e := range emails {
		if !e.Verified() {
			continue
		}
		q, err := f.o.Mailer.Queue(mail.Message{
			Template: template, To: e.Address, Lang: langOf(a.Account, lang), TimeZone: a.Account.TimeZone,
			Data: mail.Data{Name: a.Account.Name, Detail: detail, Act: act(a.By, f.now())},
		})
		if err == nil {
			err = tx.Mail().Enqueue(ctx, q)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// firstCodes makes the recovery codes that come with the first factor of its kind.
func (f *Flow) firstCodes(ctx context.Context, tx Tx, a *Attempt, made Enrolled) ([]secret.Text, error) {
	if !made.Backup {
		return nil, nil
	}
	st, err := tx.Recovery().State(ctx, a.Account.ID)
	if err != nil || !st.CreatedAt.IsZero() {
		return nil, err
	}
	codes, kept := recovery.New(f.o.Keys, a.Account.ID)
	now := f.now()
	return codes, tx.Recovery().Replace(ctx, a.Account.ID, kept, now, a.By.Event(recovery.Made, now, a.Account.ID))
}
