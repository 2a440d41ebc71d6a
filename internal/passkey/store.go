package passkey

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/user"
)

// Store keeps passkeys and which challenges were answered. Each method is one
// atomic act.
type Store interface {
	// Insert keeps p if the account is active and has the version, under a lock on
	// its row (TH-1): ErrBirth otherwise; ErrTaken when anybody has the credential,
	// ErrMany when the account has MaxPerPerson.
	Insert(ctx context.Context, p Passkey, userVersion int64, ev audit.Event) error
	// Of returns the passkeys of an account, oldest first.
	Of(ctx context.Context, owner user.ID) ([]Passkey, error)
	// ByCredential finds one by the id that its authenticator gave it; ErrUnknown.
	ByCredential(ctx context.Context, credential []byte) (Passkey, error)
	// Use notes a proof by a passkey. It is ErrUnknown when it was removed since,
	// and ErrCounter when the counter went back and u.Strict. Otherwise counter,
	// backup state and time are kept, with the events CounterBack and BackupLost
	// in their cases.
	Use(ctx context.Context, u Use) error
	// Rename and Remove change a passkey of owner, or ErrUnknown. Remove is ErrLast
	// when the account had no other passkey and has no password.
	Rename(ctx context.Context, owner user.ID, id ID, name string, ev audit.Event) error
	Remove(ctx context.Context, owner user.ID, id ID, ev audit.Event) error

	// Spend notes that a challenge was answered, to be kept at least until the
	// given time. Of any number of calls with one digest one succeeds; the others
	// are ErrChallenge.
	Spend(ctx context.Context, digest [32]byte, until time.Time) error
	// Sweep forgets challenges that were to be kept until before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
	// Domains returns the relying parties that stored passkeys belong to.
	Domains(ctx context.Context) ([]string, error)
}

// Use is one proof by a passkey.
type Use struct {
	ID       ID
	Count    uint32
	BackedUp bool
	At       time.Time
	Strict   bool                           // a counter that went back is refused
	Event    func(n audit.Name) audit.Event // composes one about it
}
