// Package setup is the flow of the first run: a code printed where the server
// was started becomes a cookie in one browser, and that browser makes the first
// administrator (TH-35).
//
//	closed --OpenSetup--> code --TakeSetup, once--> browser --CompleteSetup--> over, for ever
//
// Setup is over by a stored fact that is written in the transaction of the first
// administrator, never by counting rows: deleting every administrator later does
// not open it again. Until it is over nobody else can sign up.
package setup

import (
	"context"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Life is how long a setup code works.
const Life = 30 * time.Minute

// browserPurpose is that of the cookie that the code is traded for.
const browserPurpose secret.Purpose = "setup"

// Tx is what one act of the flow may touch.
type Tx interface {
	Users() user.Store
	Passwords() password.Store
	Passkeys() passkey.Store
	Instance() instance.Store
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

// Keys is what the flow needs of the keyring.
type Keys interface {
	MAC(purpose string, parts ...[]byte) [32]byte
}

// Ceremonies makes passkeys; see passkey.Ceremonies.
type Ceremonies interface {
	Creation(p passkey.Purpose, who passkey.Person, bound string, have []passkey.Passkey) passkey.CreationOptions
	Register(ctx context.Context, p passkey.Purpose, bound string, answer []byte) (passkey.Passkey, error)
}

// Options configure a Flow. All are required.
type Options struct {
	Instance [16]byte
	Now      func() time.Time
	Read     Tx
	InTx     InTx
	Hasher   Hasher
	Policy   Policy
	Rates    ratelimit.Store
	Keys     Keys
	Passkeys Ceremonies
}

// Flow runs the first run. It is safe for concurrent use.
type Flow struct{ o Options }

// New makes a Flow.
func New(o Options) *Flow { return &Flow{o} }

func (f *Flow) now() time.Time { return f.o.Now().UTC().Truncate(time.Microsecond) }

// Needed reports whether there was no first administrator yet.
func (f *Flow) Needed(ctx context.Context) (bool, error) {
	facts, err := f.o.Read.Instance().Facts(ctx)
	return err == nil && facts.SetupDone.IsZero(), err
}

// Open makes a new code, the only valid one. Only the host may call it.
func (f *Flow) Open(ctx context.Context, by user.Caller) (secret.Text, time.Time, error) {
	now := f.now()
	code, expires := secret.Words(2), now.Add(Life)
	err := f.o.Read.Instance().OpenSetup(ctx, f.codeDigest(code.Reveal()), expires, by.Event(instance.SetupOpened, now, user.ID{}))
	return code, expires, err
}

// codeDigest is how a typed code is compared: keyed, without regard to case,
// spaces and hyphens.
func (f *Flow) codeDigest(typed string) secret.Digest {
	clean := strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToUpper(typed[:min(len(typed), 64)]))
	return f.o.Keys.MAC("setup", []byte(clean))
}

// Take trades the code for the cookie of one browser.
func (f *Flow) Take(ctx context.Context, by user.Caller, source, typed string) (secret.Token, error) {
	d, err := f.o.Rates.Take(ctx, ratelimit.All(ratelimit.Key{Limit: ratelimit.SetupSource, Of: source}))
	if err != nil {
		return secret.Token{}, err
	}
	if err := d.Err(); err != nil {
		return secret.Token{}, err
	}
	now := f.now()
	browser := secret.New(browserPurpose)
	ev := by.Event(instance.SetupWrongCode, now, user.ID{})
	return browser, f.o.Read.Instance().TakeSetup(ctx, f.codeDigest(typed), browser.Digest(f.o.Instance), now, ev)
}

// Taken reports whether browser took the code, so the page may go on to step two.
func (f *Flow) Taken(ctx context.Context, browser secret.Token) (bool, error) {
	s, err := f.o.Read.Instance().Setup(ctx)
	if err != nil {
		return false, err
	}
	return f.took(s, browser), nil
}

func (f *Flow) took(s instance.Setup, browser secret.Token) bool {
	return !browser.IsZero() && browser.Digest(f.o.Instance).Equal(s.Browser)
}

// Browser reads the cookie that Take handed out.
func Browser(cookie string) secret.Token {
	t, _ := secret.Parse(browserPurpose, cookie)
	return t
}
