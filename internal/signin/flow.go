package signin

import (
	"context"
	"log/slog"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/device"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/recent"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/user"
)

// Tx is what one act of the flow may touch.
type Tx interface {
	Users() user.Store
	Sessions() session.Store
	Lockouts() lockout.Store
	Proofs() proof.Store
	Mail() mail.Store
	Tokens() token.Store
	Challenges() challenge.Store
	TOTP() totp.Store
	Recovery() recovery.Store
	Passkeys() passkey.Store
	Passwords() password.Store
	Phones() phone.Store
	Policy() policy.Store
	Trust() trust.Store
	Federation() federation.Store
	Organizations() organization.Store
	Audit() audit.Store
}

// InTx runs fn in one transaction; see store.Store.
type InTx func(ctx context.Context, fn func(Tx) error) error

// Lockout reserves guesses before they are judged; see lockout.Guard.
type Lockout interface {
	Reserve(ctx context.Context, a lockout.Attempt) (*lockout.Reservation, error)
	Forget(a lockout.Attempt) // after a complete sign-in
}

// Mailer composes messages for the outbox.
type Mailer interface {
	Queue(m mail.Message) (mail.Queued, error)
	Wake() // after the commit: send now
}

// Limits of sessions (SE-20, SE-21, SE-27). Zero values take the defaults.
type Limits struct {
	Idle     time.Duration // default 7 days
	Absolute time.Duration // default 30 days
	PerUser  int           // live sessions of one account; default 50
}

func (l Limits) orDefault() Limits {
	const day = 24 * time.Hour
	if l.Idle == 0 {
		l.Idle = 7 * day
	}
	if l.Absolute == 0 {
		l.Absolute = 30 * day
	}
	if l.PerUser == 0 {
		l.PerUser = 50
	}
	l.Idle = min(l.Idle, l.Absolute)
	return l
}

// Options configure a Flow. All are required but Seconds, Enrolls, Phones, Limits and Observe.
type Options struct {
	Instance [16]byte
	Now      func() time.Time
	Log      *slog.Logger
	Read     Tx // outside transactions
	InTx     InTx
	Methods  []Method   // that begin a sign-in; the first is judged when a response fits none
	Seconds  []Second   // that finish one, best first; where accounts have them they are asked for
	Enrolls  []Enroller // that can be set up inside a sign-in
	Lockout  Lockout
	Rates    ratelimit.Store
	Keys     proof.Keys
	Devices  *device.Book
	Mailer   Mailer
	Phones   *Phones // nil: no code is sent to phones
	Limits   Limits
	Observe  func(method, outcome string) // for metrics; may be nil
}

// Flow signs people in and out. It is safe for concurrent use.
type Flow struct {
	o      Options
	recall *recent.Memory[user.ID, person]
}

// New makes a Flow.
func New(o Options) *Flow {
	o.Limits = o.Limits.orDefault()
	return &Flow{o: o, recall: recent.New[user.ID, person](recallHalf)}
}

// Limits are those that new sessions get.
func (f *Flow) Limits() Limits { return f.o.Limits }

func (f *Flow) now() time.Time { return f.o.Now().UTC().Truncate(time.Microsecond) }
