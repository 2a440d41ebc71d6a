// Package instance owns what is true of one Mortise as a whole: its identity,
// its epoch, whether it was ever opened in development, and whether setup is
// over. These are stored facts, never inferred by counting rows (TH-35).
package instance

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
)

// Facts are what is true of an instance.
type Facts struct {
	ID        [16]byte // part of every digest; made once
	Epoch     string   // changes when the store was restored or failed over (TH-12)
	Dev       bool     // was opened in development at least once; never unset (TH-29)
	SetupDone time.Time
	CreatedAt time.Time
}

// Setup is the state of the first run.
type Setup struct {
	Code      secret.Digest // of the setup code; zero: none is open
	ExpiresAt time.Time
	Wrong     int           // wrong codes so far; closes at MaxWrong
	Browser   secret.Digest // of the cookie that took the code; zero: not taken
}

// MaxWrong wrong setup codes close the setup until it is opened again from the host.
const MaxWrong = 100

var (
	// ErrSetupDone: there is an administrator; setup is over for ever.
	ErrSetupDone = problem.New(problem.NotFound, "setup_done", "Setup is finished. Sign in instead.")
	// ErrSetupClosed: no code is open, it expired, or too many wrong ones were tried.
	ErrSetupClosed = problem.New(problem.Gone, "setup_closed", "No setup code is open. Run mortise setup on the host to get a new one.")
	// ErrSetupCode: the code does not fit.
	ErrSetupCode = problem.New(problem.Unprocessable, "setup_code_wrong", "That is not the setup code. It was printed where the server was started.")
	// ErrDevStore: a store used in development is refused in production.
	ErrDevStore = problem.New(problem.Conflict, "dev_store", "This store was used by mortise dev and holds demo people and throw-away keys. Choose a fresh data folder or database for serve.")
)

var (
	SetupOpened    = audit.Define("setup.opened", audit.Notice, "")
	SetupWrongCode = audit.Define("setup.wrong_code", audit.Warning, "")
	SetupCompleted = audit.Define("setup.completed", audit.Critical, "")
	Started        = audit.Define("server.started", audit.Info, "")
	Stopped        = audit.Define("server.stopped", audit.Info, "")
	Restored       = audit.Define("server.restore", audit.Critical, "")
	ClockJump      = audit.Define("server.clock_jump", audit.Warning, "")
)

// Store keeps the facts. Each method is one atomic act.
type Store interface {
	// Facts returns what is true now. An engine's Open has made ID and Epoch.
	Facts(ctx context.Context) (Facts, error)
	// MarkDev records that the store was opened in development. It cannot be undone.
	MarkDev(ctx context.Context) error

	// Setup returns the state of the first run. ErrSetupDone when it is over.
	Setup(ctx context.Context) (Setup, error)
	// OpenSetup makes code the only valid one, untaken, with no wrong tries.
	// ErrSetupDone.
	OpenSetup(ctx context.Context, code secret.Digest, expires time.Time, ev audit.Event) error
	// TakeSetup trades the code for a browser's cookie, once. Wrong code: counted,
	// ErrSetupCode. Taken, expired or too many: ErrSetupClosed. ErrSetupDone.
	TakeSetup(ctx context.Context, code, browser secret.Digest, now time.Time, ev audit.Event) error
	// CompleteSetup records that setup is over, if it was not and browser is the
	// one that took the code (zero: the host itself). It is called in the
	// transaction that makes the first administrator. ErrSetupDone, ErrSetupClosed.
	CompleteSetup(ctx context.Context, browser secret.Digest, now time.Time, ev audit.Event) error

	// Setting and PutSetting keep small values all replicas share, such as
	// hashing parameters. An absent setting is "". PutSetting with ifAbsent
	// changes nothing when there is a value; both return the value now stored.
	Setting(ctx context.Context, key string) (string, error)
	PutSetting(ctx context.Context, key, value string, ifAbsent bool) (string, error)

	// Blob, PutBlob and DeleteBlob keep small sealed files, such as certificates
	// of an automatic CA. Absent: nil.
	Blob(ctx context.Context, name string) ([]byte, error)
	PutBlob(ctx context.Context, name string, sealed []byte) error
	DeleteBlob(ctx context.Context, name string) error
}
