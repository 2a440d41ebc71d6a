package trust

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// ID names a remembered device: tru_….
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "tru" }

// NewID makes the name of a device remembered now.
func NewID(now time.Time) ID { return id.New[noun](now) }

// ParseID reads tru_….
func ParseID(s string) (ID, error) { return id.Parse[noun](s) }

// Purpose of the secrets that browsers hold.
const Purpose secret.Purpose = "trust"

// MaxPerPerson is how many an account may have; the oldest gives way.
const MaxPerPerson = 20

// Device is one browser that is remembered for one account.
type Device struct {
	ID              ID
	User            user.ID
	Digest          secret.Digest
	UserVersion     int64 // of the account, when the second step was taken
	PasswordVersion int64 // of the password used then; 0: none was
	PolicyRevision  int64
	UserAgent       string
	IP              string
	Place           string
	CreatedAt       time.Time
	UsedAt          time.Time // zero: never
	ExpiresAt       time.Time
}

var (
	// ErrUnknown: there is no such device, or it is remembered no longer.
	ErrUnknown = problem.New(problem.NotFound, "trusted_device_unknown", "That device is not remembered any more. Reload the list.")
	// ErrBirth: account, password or policy changed since the second step was judged.
	ErrBirth = problem.New(problem.Conflict, "trusted_device_refused", "The account was changed while you signed in. Sign in again.")
)

var (
	Remembered = audit.Define("device.remembered", audit.Notice, "Device remembered: no second step is asked there")
	Forgotten  = audit.Define("device.forgotten", audit.Notice, "Remembered device forgotten")
)

// Store keeps remembered devices. Each method is one atomic act.
type Store interface {
	// Insert keeps d if account, password and policy are what d says, under a lock
	// on the account's row (TH-1): ErrBirth otherwise. Beyond MaxPerPerson the
	// oldest is forgotten.
	Insert(ctx context.Context, d Device, ev audit.Event) error
	// Of returns those that would pass at now, newest first.
	Of(ctx context.Context, owner user.ID, now time.Time) ([]Device, error)
	// Use notes that a device let its owner pass, if it would at now; one conditional
	// write, ErrUnknown otherwise.
	Use(ctx context.Context, owner user.ID, id ID, now time.Time) error
	// Forget ends one device of owner, or ErrUnknown.
	Forget(ctx context.Context, owner user.ID, id ID, ev audit.Event) error
	// ForgetAll ends all of owner's and returns how many there were.
	ForgetAll(ctx context.Context, owner user.ID, ev audit.Event) (int, error)
	// Sweep deletes those that expired before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
