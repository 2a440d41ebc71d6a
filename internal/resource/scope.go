package resource

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
)

// Scope is something that a token lets its bearer do.
type Scope struct {
	Name        string // RFC 6749, section 3.3
	Description string // for the consent page; empty: the name
	BuiltIn     bool   // of OpenID Connect
	ManagedBy   string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

var (
	ErrScopeUnknown = problem.New(problem.NotFound, "scope_unknown", "There is no such scope. Create it first, or check its name.")
	ErrScopeInUse   = problem.New(problem.Conflict, "scope_in_use", "A client or a resource still has this scope. Take it from them first.")
	ErrScopeBuiltIn = problem.New(problem.Conflict, "scope_built_in", "This scope belongs to OpenID Connect and cannot be changed or deleted.")
	ErrBadScope     = problem.New(problem.Unprocessable, "bad_scope", "A scope has 1 to 128 printable ASCII characters without spaces, quotes and backslashes, such as posts:read; its description at most 100 characters.")

	ScopeCreated = audit.Define("scope.created", audit.Notice, "")
	ScopeChanged = audit.Define("scope.changed", audit.Notice, "")
	ScopeDeleted = audit.Define("scope.deleted", audit.Notice, "")
)

// standard are the scopes of OpenID Connect.
var standard = []Scope{
	{Name: "address", Description: "Your postal address", BuiltIn: true},
	{Name: "email", Description: "Your e-mail address", BuiltIn: true},
	{Name: "offline_access", Description: "Stay signed in when you are away", BuiltIn: true},
	{Name: "openid", Description: "Know who you are", BuiltIn: true},
	{Name: "phone", Description: "Your telephone number", BuiltIn: true},
	{Name: "profile", Description: "Your name and profile", BuiltIn: true},
}

// StandardScopes returns the built-in scopes in order of name.
func StandardScopes() []Scope { return slices.Clone(standard) }

// Standard returns the built-in scope of that name.
func Standard(name string) (Scope, bool) {
	i := slices.IndexFunc(standard, func(s Scope) bool { return s.Name == name })
	if i < 0 {
		return Scope{}, false
	}
	return standard[i], true
}

// ValidScope reports whether s has the syntax of a scope.
func ValidScope(s string) bool {
	const most = 128
	for i := range len(s) {
		if c := s[i]; c != 0x21 && (c < 0x23 || c > 0x5b) && (c < 0x5d || c > 0x7e) {
			return false
		}
	}
	return 0 < len(s) && len(s) <= most
}

const maxScopes = 4096 // bytes

// ParseScopes reads a space-separated list strictly: names in order of their
// first mention, each once; ErrBadScope for anything RFC 6749 does not allow.
// The empty text is no scope at all; more than 4096 bytes are no list.
func ParseScopes(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > maxScopes {
		return nil, ErrBadScope
	}
	var names []string
	for name := range strings.SplitSeq(text, " ") {
		if !ValidScope(name) {
			return nil, ErrBadScope
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// FormatScopes writes a list as RFC 6749 has it.
func FormatScopes(names []string) string { return strings.Join(names, " ") }

// Clean returns s in canonical form, or ErrBadScope or ErrScopeBuiltIn.
func (s Scope) Clean() (Scope, error) {
	if _, ok := Standard(s.Name); ok {
		return s, ErrScopeBuiltIn
	}
	if !ValidScope(s.Name) {
		return s, ErrBadScope
	}
	var err error
	if s.Description, err = user.CleanName(s.Description); err != nil {
		return s, ErrBadScope.Because(err)
	}
	return s, nil
}

// Existing are the names of every scope that a client could ask for.
func Existing(ctx context.Context, s Store) ([]string, error) {
	kept, err := s.Scopes(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(standard)+len(kept))
	for _, v := range append(StandardScopes(), kept...) {
		names = append(names, v.Name)
	}
	return names, nil
}
