package federate

import (
	"context"
	"log/slog"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// Tx is what one act of the flow may touch.
type Tx interface {
	Users() user.Store
	Passwords() password.Store
	Passkeys() passkey.Store
	Sessions() session.Store
	Roles() rbac.Store
	Organizations() organization.Store
	Federation() federation.Store
	Mail() mail.Store
	Audit() audit.Store
}

// InTx runs fn in one transaction; see store.Store.
type InTx func(ctx context.Context, fn func(Tx) error) error

// Keys seals what browsers keep for us; see keyring.Keyring.
type Keys interface {
	Seal(purpose string, aad, plaintext []byte) []byte
	Open(purpose string, aad, sealed []byte) ([]byte, error)
}

// Proof is given for one act; see account.Proof.
type Proof struct {
	Password  secret.Text
	Code      secret.Text
	Passkey   []byte
	Federated *federation.Vouched
}

// Confirmer judges a Proof by the sign-in's pipeline. It returns the version of the
// password that was proven.
type Confirmer interface {
	ConfirmFully(ctx context.Context, by user.Caller, p Proof) (passwordVersion int64, err error)
	// Asks reports whether an account asks for a second step by itself.
	Asks(ctx context.Context, owner user.ID) (bool, error)
}

// Mailer composes messages for the outbox.
type Mailer interface {
	Queue(m mail.Message) (mail.Queued, error)
	Wake() // after the commit: send now
}

// Options configure a Flow. All are required but SignUp, Domains and Observe.
type Options struct {
	Instance  [16]byte
	Now       func() time.Time
	Log       *slog.Logger
	Read      Tx // outside transactions
	InTx      InTx
	Protocol  federation.Protocol // for connections of all kinds
	Keys      Keys
	Rates     ratelimit.Store
	Confirmer Confirmer
	Mailer    Mailer
	Link      func(path string) string // makes one of our paths absolute
	SignUp    bool                     // people may sign up by themselves
	// Ready reports whether setup is over; before that nobody signs in (TH-35).
	Ready func(ctx context.Context) (bool, error)
	// Domains are those that an organisation has shown to own, as of now (TH-40). Nil:
	// those that Read says are verified.
	Domains func(ctx context.Context, organization string) ([]string, error)
	Observe func(kind, outcome string) // for metrics
}

// Flow runs the acts. It is safe for concurrent use.
type Flow struct{ o Options }

// New makes a Flow.
func New(o Options) *Flow {
	if o.Domains == nil {
		o.Domains = owned(o.Read)
	}
	return &Flow{o}
}

func (f *Flow) now() time.Time { return f.o.Now().UTC().Truncate(time.Microsecond) }

func (f *Flow) limit(ctx context.Context, keys ...ratelimit.Key) error {
	d, err := f.o.Rates.Take(ctx, ratelimit.All(keys...))
	if err != nil {
		return err
	}
	return d.Err()
}

func (f *Flow) observe(c federation.Connection, outcome string) {
	if f.o.Observe != nil {
		f.o.Observe(string(c.Kind), outcome)
	}
}

// connection finds an enabled one by name.
func (f *Flow) connection(ctx context.Context, name string) (federation.Connection, error) {
	c, err := f.o.Read.Federation().ByName(ctx, name)
	if err == nil && !c.Enabled {
		return federation.Connection{}, federation.ErrUnknown
	}
	return c, err
}

// Buttons are the connections that the sign-in page offers, without settings.
func (f *Flow) Buttons(ctx context.Context) ([]federation.Connection, error) {
	const most = 24
	return f.o.Read.Federation().Buttons(ctx, most)
}

// about starts an event about an account and a connection.
func about(by user.Caller, n audit.Name, now time.Time, subject user.ID, c federation.Connection) audit.Event {
	return by.Event(n, now, subject).With("connection", c.Name)
}
