package account

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
)

// Tx is what one act of the flow may touch.
type Tx interface {
	Users() user.Store
	Passwords() password.Store
	Passkeys() passkey.Store
	TOTP() totp.Store
	Phones() phone.Store
	Reclaims() reclaim.Store
	Sessions() session.Store
	Proofs() proof.Store
	Organizations() organization.Store
	Clients() client.Store
	Consents() consent.Store
	Resources() resource.Store
	Mail() mail.Store
	Audit() audit.Store
}

// InTx runs fn in one transaction; see store.Store.
type InTx func(ctx context.Context, fn func(Tx) error) error

// Hasher makes password hashes; see password.Hasher.
type Hasher interface {
	Hash(ctx context.Context, t password.Ticket, text secret.Text) (password.Hash, error)
}

// Policy judges new passwords; see password.Policy.
type Policy interface {
	Check(ctx context.Context, candidate secret.Text, about password.Context) error
}

// Proof is what a person gives for one act: their password, with a code where one
// is asked for, or the answer of a passkey to PasskeyProof.
type Proof struct {
	Password secret.Text
	Code     secret.Text // of an authenticator app, or a recovery code
	Passkey  []byte
	// Federated is whom a service vouched for, for this act: see federate.Flow.Redeem.
	Federated *federation.Vouched
}

// Confirmer judges the proof given for one act. It is the sign-in flow's
// pipeline with its limits and lock-out. It returns the version of the password
// that was proven.
type Confirmer interface {
	Confirm(ctx context.Context, by user.Caller, current Proof) (passwordVersion int64, err error)
	// ConfirmFully asks for every step of a sign-in, whatever the session is worth
	// (PW-46).
	ConfirmFully(ctx context.Context, by user.Caller, current Proof) (passwordVersion int64, err error)
	// Asks reports whether an account asks for a second step by itself.
	Asks(ctx context.Context, owner user.ID) (bool, error)
}

// Mailer composes messages for the outbox.
type Mailer interface {
	Queue(m mail.Message) (mail.Queued, error)
	Wake() // after the commit: send now
}

// Options configure a Flow. All are required but NoSignUp and Owned.
type Options struct {
	Instance  [16]byte
	Now       func() time.Time
	Log       *slog.Logger
	Read      Tx // outside transactions
	InTx      InTx
	Confirmer Confirmer
	Hasher    Hasher
	Policy    Policy
	Rates     ratelimit.Store
	Keys      proof.Keys
	Passkeys  Ceremonies
	Mailer    Mailer
	Grants    Grants
	NoSignUp  bool // nobody may sign up by themselves
	// Owned are the fields of an account's profile that a service keeps up to date, and
	// what it is called; nil: none are.
	Owned func(ctx context.Context, of user.ID) (map[string]string, error)
	// Ready reports whether setup is over; before that nobody signs up (TH-35).
	Ready func(ctx context.Context) (bool, error)
}

// Flow runs the acts. It is safe for concurrent use.
type Flow struct{ o Options }

// New makes a Flow.
func New(o Options) *Flow { return &Flow{o} }

// Waiting times and lives.
const (
	SignUpLife   = 24 * time.Hour
	AddressLife  = 24 * time.Hour
	RecoverLife  = time.Hour           // PW-31
	UndoLife     = 72 * time.Hour      // PW-35
	DeletionWait = 14 * 24 * time.Hour // until an account that asked for it is deleted
)

func (f *Flow) now() time.Time { return f.o.Now().UTC().Truncate(time.Microsecond) }

// limit charges every key or refuses.
func (f *Flow) limit(ctx context.Context, keys ...ratelimit.Key) error {
	d, err := f.o.Rates.Take(ctx, ratelimit.All(keys...))
	if err != nil {
		return err
	}
	return d.Err()
}

// owner is an account that proved itself for one act: as it was before the proof
// was judged, with the version of the password that was right.
type owner struct {
	user.User
	password int64
}

// confirmed is what stands before every act that needs its own proof.
func (f *Flow) confirmed(ctx context.Context, by user.Caller, current Proof) (owner, error) {
	return f.judged(ctx, by, current, f.o.Confirmer.Confirm)
}

// confirmedFully is confirmed for acts on what opens the account (PW-46).
func (f *Flow) confirmedFully(ctx context.Context, by user.Caller, current Proof) (owner, error) {
	return f.judged(ctx, by, current, f.o.Confirmer.ConfirmFully)
}

func (f *Flow) judged(ctx context.Context, by user.Caller, current Proof, judge func(context.Context, user.Caller, Proof) (int64, error)) (owner, error) {
	if err := f.limit(ctx, ratelimit.Key{Limit: ratelimit.ChangeAccount, Of: by.User.String()}); err != nil {
		return owner{}, err
	}
	u, err := f.o.Read.Users().ByID(ctx, by.User)
	if err != nil {
		return owner{}, err
	}
	version, err := judge(ctx, by, current)
	return owner{u, version}, err
}

// hold begins the transaction of an act that was proven: whatever was committed
// since the proof was judged wins over it (TH-1).
func hold(ctx context.Context, tx Tx, u owner) error {
	return tx.Users().Hold(ctx, u.ID, u.Version, u.password)
}

// link is a path of ours that carries a mailed secret.
func link(path string, token secret.Token) string {
	return path + "?" + url.Values{"token": {token.Reveal()}}.Encode()
}

// primary is the account's primary address; zero when it has none.
func (f *Flow) primary(ctx context.Context, tx Tx, id user.ID) (user.Email, error) {
	emails, err := tx.Users().Emails(ctx, id)
	if err != nil || len(emails) == 0 {
		return user.Email{}, err
	}
	return emails[0], nil
}

// mailing runs fn in one transaction and, once it is committed, wakes the outbox.
func (f *Flow) mailing(ctx context.Context, fn func(Tx) error) error {
	err := f.o.InTx(ctx, fn)
	if err == nil {
		f.o.Mailer.Wake()
	}
	return err
}

// tell queues a notice to every verified address of an account (AU-60), and to
// the extra keys given, which may have left the account just now.
func (f *Flow) tell(ctx context.Context, tx Tx, u user.User, template mail.Template, d mail.Data, lang string, extra ...string) error {
	emails, err := tx.Users().Emails(ctx, u.ID)
	if err != nil {
		return err
	}
	to := extra
	for _, e := range emails {
		if e.Verified() {
			to = append(to, e.Address)
		}
	}
	sent := make(map[string]bool, len(to))
	for _, address := range to {
		if sent[address] {
			continue
		}
		sent[address] = true
		if err := f.queue(ctx, tx, template, address, readerOf(u, lang), d); err != nil {
			return err
		}
	}
	return nil
}

func (f *Flow) queue(ctx context.Context, tx Tx, template mail.Template, to string, who reader, d mail.Data) error {
	q, err := f.o.Mailer.Queue(mail.Message{Template: template, To: to, Lang: who.lang, TimeZone: who.zone, Data: d})
	if err != nil {
		return err
	}
	return tx.Mail().Enqueue(ctx, q)
}

// notice is what a mail says about the act it reports.
func notice(u user.User, by user.Caller, at time.Time) mail.Data {
	return mail.Data{Name: u.Name, Act: mail.Act{When: at, Device: useragent.Describe(by.Source.UserAgent), IP: by.Source.IP, Place: by.Source.Place}}
}

// reader is how a person reads their mail; a zone of "" is UTC.
type reader struct{ lang, zone string }

func readerOf(u user.User, lang string) reader {
	if u.Locale != "" {
		lang = u.Locale
	}
	return reader{lang, u.TimeZone}
}

// absent reports an account or address that is not there.
func absent(err error) bool { return errors.Is(err, user.ErrUnknown) }
