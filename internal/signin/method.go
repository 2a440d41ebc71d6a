package signin

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/device"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
)

// Method proves an account.
type Method interface {
	Name() string   // in session and audit; amr (RFC 8176) unless Proven says otherwise
	Factor() Factor // what kind of proof it is
	// Answers reports whether r holds a response to this method.
	Answers(r Response) bool
	// Finish judges the response of an attempt. When a.Account is zero it spends
	// the time of a judgement all the same and answers ErrWrong. Its other
	// errors are refusals to judge, such as an overload.
	Finish(ctx context.Context, a *Attempt, r Response) (Proven, error)
}

// Locator is a Method whose response names the account by itself, as a
// discoverable passkey does. It is asked when no identifier was typed.
type Locator interface {
	Method
	// Locate returns whose response it is, judging nothing. An owner who is not
	// there is user.ErrUnknown.
	Locate(ctx context.Context, r Response) (user.ID, error)
}

// Whole is a Locator whose proof is all that is ever asked for: two factors in one.
type Whole interface {
	Locator
	Whole()
}

// Refuser is a Method with an answer of its own where others are refused with
// ErrWrong, which speaks of a password.
type Refuser interface {
	Method
	Refusal() *problem.Error
}

// Second is a Method that can follow another one.
type Second interface {
	Method
	// Standing tells what the account has of this method, as tx sees it.
	Standing(ctx context.Context, tx Tx, owner user.ID) (Standing, error)
}

// Standing is what an account has of a second method.
type Standing struct {
	Enrolled bool
	Backup   bool      // asks for nothing by itself
	Spare    bool      // is taken when nothing else is at hand
	UsedAt   time.Time // zero: never
}

// Factor is a kind of proof.
type Factor int

const (
	Knows Factor = iota + 1 // something one knows
	Has                     // something one has
	Is                      // something one is
)

// Attempt is one try to prove an account, as the pipeline hands it to a Method.
type Attempt struct {
	By       user.Caller
	Source   string    // the network that counts as one source
	Key      string    // of the typed identifier
	Account  user.User // zero when nobody has the identifier
	Email    user.Email
	Device   device.Device
	Known    bool // the device is known to the account
	Method   string
	Step     string // what a second step belongs to: the half-done sign-in, or the session of an act
	Recalled bool   // Account and Email are from memory: the birth sees to it that they are still true
	Before   int    // guesses at the account that failed in a row before this one
}

// Proven is what a Method vouches for.
type Proven struct {
	PasswordVersion int64              // of the password that was used; 0 when none was
	Methods         []string           // amr values (RFC 8176); nil: the method's name
	Assurance       int                // 2: two factors in one, as a passkey with user verification; 0 is 1
	At              time.Time          // when it was proven, if that was before now
	Origin          *federation.Origin // the link a session begins with; nil: none
	// Spend uses up what proves only once, in the transaction of the birth: ErrWrong
	// when somebody else was faster. It may run again. Nil: nothing is used up.
	Spend func(ctx context.Context, tx Tx) error
	// Waste uses up the same by itself, when nothing is born of it after all; that it
	// is used up already is no error. Nil: it may be presented again.
	Waste func(ctx context.Context) error
}

func (p Proven) level() int { return max(p.Assurance, 1) }

// waste uses up what p proves only once and passes cause on, for which nothing is
// born of p.
func (p Proven) waste(ctx context.Context, cause error) error {
	if p.Waste != nil {
		if err := p.Waste(ctx); err != nil {
			return err
		}
	}
	return cause
}

// spend runs p.Spend if there is one.
func (p Proven) spend(ctx context.Context, tx Tx) error {
	if p.Spend == nil {
		return nil
	}
	return p.Spend(ctx, tx)
}
