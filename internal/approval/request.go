package approval

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
)

// ID names a request: apr_….
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "apr" }

// NewID makes the name of a request made now.
func NewID(now time.Time) ID { return id.New[noun](now) }

// ParseID reads apr_….
func ParseID(s string) (ID, error) { return id.Parse[noun](s) }

// Kind is what is asked for.
type Kind string

const (
	Reset   Kind = "reset"   // new factors for Subject
	Promote Kind = "promote" // Subject becomes an administrator
	Policy  Kind = "policy"  // Payload becomes the policy of recovery
)

// Decision is what became of a request; empty while it waits.
type Decision string

const (
	Approved Decision = "approved"
	Denied   Decision = "denied"
)

const (
	// Life is how long a request waits.
	Life = 7 * 24 * time.Hour
	// Seasoned is how long somebody is an administrator before they approve, and how
	// long ago they added their last passkey: who got into their account is found out.
	Seasoned = 7 * 24 * time.Hour
	// Fresh is how young the sign-in of who approves is: as of every change by an
	// administrator (SE-24).
	Fresh = 10 * time.Minute
	// MaxReason is the longest reason, in bytes.
	MaxReason = 250
	// Keep is how long decided requests are remembered.
	Keep = 90 * 24 * time.Hour
)

// Request is one thing asked for.
type Request struct {
	ID        ID
	Kind      Kind
	Subject   user.ID // zero for a policy
	Payload   string
	Reason    string
	Requester user.ID // zero: the host
	CreatedAt time.Time
	ExpiresAt time.Time
	Decision  Decision
	Decider   user.ID // zero: the host, or nobody yet
	DecidedAt time.Time
}

var (
	// ErrUnknown: no such request waits.
	ErrUnknown = problem.New(problem.NotFound, "approval_unknown", "There is no such request, or it was decided already. Reload the list.")
	// ErrWaiting: the same was asked for already.
	ErrWaiting = problem.New(problem.Conflict, "approval_waiting", "The same was requested already and waits for a second administrator.")
	// ErrSelf: nobody decides what they asked for, or what is about themselves.
	ErrSelf = problem.New(problem.Forbidden, "approval_self", "Somebody else has to decide this: neither who asked for it nor whom it is about.")
	// ErrNew: the approver has been an administrator for too short a time.
	ErrNew = problem.New(problem.Forbidden, "approval_too_new", "Who approves must have been an administrator for seven days, and have added no passkey within them.")
	// ErrBeholden: the requester made, promoted, enabled or reset the approver.
	ErrBeholden = problem.New(problem.Forbidden, "approval_beholden", "Who approves must not have been invited, promoted, enabled or reset by who asked. Another administrator has to.")
	// ErrWeak: the approver's sign-in is old, or not by a passkey.
	ErrWeak = problem.New(problem.Forbidden, "approval_needs_passkey", "Sign in again with a passkey, then approve within ten minutes.")
	// ErrRequester: who asked administers no more, so nobody vouches for it.
	ErrRequester = problem.New(problem.Conflict, "approval_requester_gone", "Who asked for this is not an administrator any more, so it cannot be approved. Deny it, or ask anew.")
	// ErrAlone: there is no second administrator.
	ErrAlone = problem.New(problem.Conflict, "approval_alone", "This needs a second administrator, and there is none. Use the command line on the host.")
	// ErrNeeded: the act is only done by request and approval.
	ErrNeeded = problem.New(problem.Forbidden, "second_administrator_needed", "One administrator alone cannot do this. Request it, and let a second one approve, or use the command line on the host.")
	// ErrReason: the reason is missing or too long.
	ErrReason = problem.New(problem.Unprocessable, "bad_reason", "Say in at most 250 characters why, for whoever decides and for the log.")
)

var (
	Asked   = audit.Define("approval.requested", audit.Critical, "Change requested that needs a second administrator")
	Decided = audit.Define("approval.decided", audit.Critical, "Request decided by a second administrator")
	Barred  = audit.Define("approval.refused", audit.Critical, "")
)

// Store keeps requests. Each method is one atomic act.
type Store interface {
	// Put keeps r; ErrWaiting when one of the same kind about the same subject
	// waits at its time of making.
	Put(ctx context.Context, r Request, ev audit.Event) error
	// ByID returns a request that waits at now, or ErrUnknown.
	ByID(ctx context.Context, id ID, now time.Time) (Request, error)
	// Waiting returns requests that wait at now, in order of id.
	Waiting(ctx context.Context, now time.Time, after ID, limit int) ([]Request, error)
	// Decide decides a request that waits: of any number of callers one succeeds,
	// the others get ErrUnknown.
	Decide(ctx context.Context, id ID, d Decision, by user.ID, now time.Time, ev audit.Event) error
	// Sweep forgets requests that lapsed before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
