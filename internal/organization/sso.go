package organization

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
)

// Owner is the role inside an organisation that may be kept out of required SSO.
const Owner = "owner"

// Requirement is that an organisation's people sign in with its own service only.
//
// It binds members with an address in a domain that the organisation has verified now.
// It does not bind those who break the glass: members by name, for as long as they are
// owners. It never binds who administers the instance (TH-40).
type Requirement struct {
	Organization ID
	BreakGlass   []user.ID // at least one, at most MaxBreakGlass; sorted
	Since        time.Time
}

// MaxBreakGlass is the most owners that an organisation may keep out of required SSO.
const MaxBreakGlass = 10

var (
	ErrNotRequired = problem.New(problem.NotFound, "sso_not_required", "The organisation does not require its own sign-in.")
	ErrBreakGlass  = problem.New(problem.Unprocessable, "break_glass_missing", "Name 1 to 10 members with the role owner in the organisation who may still sign in by themselves when its service is down.")
	ErrNoHome      = problem.New(problem.Conflict, "sso_not_ready", "The organisation needs a verified domain and a connection that is on before its sign-in can be required.")
	// ErrSSOAddress: without the address its people would not be bound any more.
	ErrSSOAddress = problem.New(problem.Conflict, "sso_address", "Your organisation signs you in by this address, so it stays for as long as you belong to it. Ask its administrator.")

	SSORequired = audit.Define("org.sso_required", audit.Critical, "")
	SSORelaxed  = audit.Define("org.sso_relaxed", audit.Critical, "")
)

// Requirements keeps which organisations require their own sign-in.
type Requirements interface {
	// Require puts r in the place of what was required; Since stays that of the first.
	// ErrUnknown; ErrBreakGlass when one of them is no owner of the organisation.
	Require(ctx context.Context, r Requirement, ev audit.Event) error
	// Relax ends it. ErrNotRequired.
	Relax(ctx context.Context, id ID, ev audit.Event) error
	// Required returns it, or ErrNotRequired.
	Required(ctx context.Context, id ID) (Requirement, error)
	// Bound returns the organisations whose requirement binds an account now, in order of id.
	Bound(ctx context.Context, owner user.ID) ([]ID, error)
}
