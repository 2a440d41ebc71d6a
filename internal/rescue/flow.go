package rescue

import (
	"context"
	"log/slog"
	"time"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

// Tx is what one act of the flow may touch.
type Tx interface {
	Users() user.Store
	Passwords() password.Store
	TOTP() totp.Store
	Phones() phone.Store
	Recovery() recovery.Store
	Passkeys() passkey.Store
	Sessions() session.Store
	Proofs() proof.Store
	Reclaims() reclaim.Store
	Approvals() approval.Store
	Instance() instance.Store
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
	Passkey  []byte
	// Federated is whom a service vouched for, for this act: see federate.Flow.Redeem.
	Federated *federation.Vouched
}

// Prover judges a Proof by the sign-in's pipeline, with its limits and lock-out. It
// returns the assurance that was proven for this very act.
type Prover interface {
	ConfirmFully(ctx context.Context, by user.Caller, p Proof) (assurance int, err error)
}

// Hasher makes password hashes; see password.Hasher.
type Hasher interface {
	Hash(ctx context.Context, t password.Ticket, text secret.Text) (password.Hash, error)
}

// Passwords judges new passwords; see password.Policy.
type Passwords interface {
	Check(ctx context.Context, candidate secret.Text, about password.Context) error
}

// Keys seal secrets and make keyed hashes; see keyring.Keyring.
type Keys interface {
	totp.Keys
	recovery.Keys
}

// Ceremonies makes passkeys; see passkey.Ceremonies.
type Ceremonies interface {
	Creation(p passkey.Purpose, who passkey.Person, bound string, have []passkey.Passkey) passkey.CreationOptions
	Register(ctx context.Context, p passkey.Purpose, bound string, answer []byte) (passkey.Passkey, error)
}

// Mailer composes messages for the outbox.
type Mailer interface {
	Queue(m mail.Message) (mail.Queued, error)
	Wake() // after the commit: send now
}

// Options configure a Flow. All but Phones are required.
type Options struct {
	Instance  [16]byte
	Now       func() time.Time
	Read      Tx // outside transactions
	InTx      InTx
	Prover    Prover
	Hasher    Hasher
	Passwords Passwords
	Keys      Keys
	Passkeys  Ceremonies
	Rates     ratelimit.Store
	Mailer    Mailer
	Log       *slog.Logger
	Phones    *Phones                  // nil: no message is sent to phones
	Issuer    string                   // what authenticator apps call us
	Link      func(path string) string // absolute form of a path of ours
}

// Flow runs the acts. It is safe for concurrent use.
type Flow struct{ o Options }

// New makes a Flow.
func New(o Options) *Flow { return &Flow{o} }

func (f *Flow) now() time.Time { return f.o.Now().UTC().Truncate(time.Microsecond) }

func (f *Flow) take(ctx context.Context, keys ...ratelimit.Key) error {
	d, err := f.o.Rates.Take(ctx, ratelimit.All(keys...))
	if err != nil {
		return err
	}
	return d.Err()
}

// mailing runs fn in one transaction and, once it is committed, wakes the outbox.
func (f *Flow) mailing(ctx context.Context, fn func(Tx) error) error {
	err := f.o.InTx(ctx, fn)
	if err == nil {
		f.o.Mailer.Wake()
	}
	return err
}

// Policy is what holds now.
func (f *Flow) Policy(ctx context.Context) (reclaim.Policy, error) {
	text, err := f.o.Read.Instance().Setting(ctx, reclaim.Setting)
	if err != nil {
		return reclaim.Policy{}, err
	}
	return reclaim.ParsePolicy(text)
}
