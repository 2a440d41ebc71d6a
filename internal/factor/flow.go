package factor

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
)

// Tx is what one act of the flow may touch.
type Tx interface {
	Users() user.Store
	TOTP() totp.Store
	Recovery() recovery.Store
	Passkeys() passkey.Store
	Phones() phone.Store
	Proofs() proof.Store
	Trust() trust.Store
	Mail() mail.Store
	Audit() audit.Store
}

// InTx runs fn in one transaction; see store.Store.
type InTx func(ctx context.Context, fn func(Tx) error) error

// Proof is given for one act: the password, and where the account has second
// factors, a response to one of them; or a passkey, which is both.
type Proof struct {
	Password secret.Text
	Code     secret.Text // of an authenticator app, or a recovery code
	Passkey  []byte      // its answer to a question for acts of this session
	// Federated is whom a service vouched for, for this act.
	Federated *federation.Vouched
}

// Confirmer judges a Proof by the sign-in's pipeline. It returns the version of the
// password that was proven.
type Confirmer interface {
	ConfirmFully(ctx context.Context, by user.Caller, p Proof) (passwordVersion int64, err error)
}

// Keys seal secrets and make keyed hashes; see keyring.Keyring.
type Keys interface {
	totp.Keys
	recovery.Keys
	phone.Keys
}

// Mailer composes messages for the outbox.
type Mailer interface {
	Queue(m mail.Message) (mail.Queued, error)
	Wake() // after the commit: send now
}

// Options configure a Flow. All are required but Phones.
type Options struct {
	Now       func() time.Time
	Read      Tx // outside transactions
	InTx      InTx
	Confirmer Confirmer
	Rates     ratelimit.Store
	Keys      Keys
	Mailer    Mailer
	Issuer    string  // what apps call us
	Phones    *Phones // nil: none are added
}

// Flow runs the acts. It is safe for concurrent use.
type Flow struct{ o Options }

// New makes a Flow.
func New(o Options) *Flow { return &Flow{o} }

func (f *Flow) now() time.Time { return f.o.Now().UTC().Truncate(time.Microsecond) }

func (f *Flow) take(ctx context.Context, k ratelimit.Key) error {
	d, err := f.o.Rates.Take(ctx, ratelimit.All(k))
	if err != nil {
		return err
	}
	return d.Err()
}

// owner is an account that proved itself for one act, as it was before the proof
// was judged.
type owner struct {
	user.User
	password int64
}

func (f *Flow) confirmed(ctx context.Context, by user.Caller, p Proof) (owner, error) {
	if err := f.take(ctx, ratelimit.Key{Limit: ratelimit.ChangeAccount, Of: by.User.String()}); err != nil {
		return owner{}, err
	}
	u, err := f.o.Read.Users().ByID(ctx, by.User)
	if err != nil {
		return owner{}, err
	}
	version, err := f.o.Confirmer.ConfirmFully(ctx, by, p)
	return owner{u, version}, err
}

// hold begins the transaction of an act that was proven (TH-1).
func hold(ctx context.Context, tx Tx, u owner) error {
	return tx.Users().Hold(ctx, u.ID, u.Version, u.password)
}

// telling runs fn in one transaction and queues the notice with it (AU-60).
func (f *Flow) telling(ctx context.Context, u user.User, by user.Caller, template mail.Template, detail, lang string, fn func(Tx) error) error {
	if u.Locale != "" {
		lang = u.Locale
	}
	now := f.now()
	err := f.o.InTx(ctx, func(tx Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		emails, err := tx.Users().Emails(ctx, u.ID)
		if err != nil {
			return err
		}
		for _, e := range emails {
			if !e.Verified() {
				continue
			}
			q, err := f.o.Mailer.Queue(mail.Message{Template: template, To: e.Address, Lang: lang, TimeZone: u.TimeZone, Data: mail.Data{
				Name: u.Name, Detail: detail,
				Act: mail.Act{When: now, Device: useragent.Describe(by.Source.UserAgent), IP: by.Source.IP, Place: by.Source.Place},
			}})
			if err == nil {
				err = tx.Mail().Enqueue(ctx, q)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		f.o.Mailer.Wake()
	}
	return err
}
