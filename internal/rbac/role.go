package rbac

import (
	"context"
	"regexp"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
)

// Admin is the built-in role that may administer the instance.
const Admin = "admin"

// Role is a named set of permissions.
type Role struct {
	Name        string
	Permissions []string // sorted
	Assurance   int      // that its holders have to sign in with: 1 or 2; 0: it asks for nothing
	ManagedBy   string   // "file" when declared by apply, else empty
	BuiltIn     bool
	CreatedAt   time.Time // zero: built in
	UpdatedAt   time.Time // zero: never
}

var (
	ErrUnknown       = problem.New(problem.NotFound, "role_unknown", "There is no such role. Create it first, or check its name.")
	ErrBadRole       = problem.New(problem.Unprocessable, "bad_role", "A role name has 1 to 64 lower-case letters, digits, hyphens or underscores and starts with a letter.")
	ErrBadPermission = problem.New(problem.Unprocessable, "bad_permission", "A permission is a name such as posts:write, with at most 128 letters, digits and . _ - : characters.")
	ErrBadAssurance  = problem.New(problem.Unprocessable, "bad_assurance", "The assurance that can be asked of every sign-in is 1 or 2; 0 asks for nothing.")
	ErrBuiltIn       = problem.New(problem.Conflict, "role_built_in", "This role is built in and cannot be changed or deleted.")
	ErrInUse         = problem.New(problem.Conflict, "role_in_use", "Somebody still holds this role. Take it from them first.")
	// ErrLastAdmin: the act would leave no active administrator.
	ErrLastAdmin = problem.New(problem.Conflict, "last_admin", "This is the last active administrator. Make somebody else an administrator first.")

	Created = audit.Define("role.created", audit.Notice, "")
	Changed = audit.Define("role.changed", audit.Notice, "")
	Deleted = audit.Define("role.deleted", audit.Notice, "")
)

var (
	roleName   = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)
	permission = regexp.MustCompile(`^[a-z0-9][a-zA-Z0-9._:-]{0,127}$`)
)

// MaxAssurance is the highest that a role can ask for.
const MaxAssurance = 2

// Clean returns r in canonical form, or ErrBadRole, ErrBadPermission or ErrBadAssurance.
func (r Role) Clean() (Role, error) {
	if !roleName.MatchString(r.Name) {
		return r, ErrBadRole
	}
	for _, p := range r.Permissions {
		if !permission.MatchString(p) {
			return r, ErrBadPermission.Becausef("permission %q", p)
		}
	}
	if r.Assurance < 0 || r.Assurance > MaxAssurance {
		return r, ErrBadAssurance.Becausef("assurance %d", r.Assurance)
	}
	r.Permissions = slices.Clone(r.Permissions)
	slices.Sort(r.Permissions)
	r.Permissions = slices.Compact(r.Permissions)
	return r, nil
}

// Store keeps roles. Each method is one atomic act.
type Store interface {
	// Put creates or replaces a role; sessions of its holders notice at once, and
	// another assurance ends their remembered devices. Of the built-in role only the
	// assurance can be changed: ErrBuiltIn.
	Put(ctx context.Context, r Role, ev audit.Event) error
	// ByName returns the role or ErrUnknown.
	ByName(ctx context.Context, name string) (Role, error)
	// All returns every role in order of name.
	All(ctx context.Context) ([]Role, error)
	// Delete removes a role nobody holds. ErrUnknown, ErrBuiltIn, ErrInUse.
	Delete(ctx context.Context, name string, ev audit.Event) error
}
