package resource

import (
	"context"
	"crypto/sha256"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
)

// Resource is an API that takes our access tokens.
type Resource struct {
	Identifier    string // absolute URI; the aud of its tokens
	Name          string
	Scopes        []string // that count there, sorted
	TokenFormat   Format
	TokenLifetime time.Duration // of its access tokens
	Algorithm     string        // its JWTs are signed with
	Verifiers     []string      // client_ids that may introspect its tokens and follow its revocations, sorted
	DetailTypes   []DetailType  // of authorization_details that it understands
	ManagedBy     string
	Revision      int64
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// Format is the form of access tokens.
type Format string

const (
	JWT    Format = "jwt"    // RFC 9068
	Opaque Format = "opaque" // mrt_at_…, introspected
)

// Bounds and default of an access token's life.
const (
	MinLifetime     = 5 * time.Minute
	DefaultLifetime = 10 * time.Minute
	MaxLifetime     = 15 * time.Minute
)

var (
	ErrUnknown    = problem.New(problem.NotFound, "resource_unknown", "There is no such resource. Create it first, or check its identifier.")
	ErrTaken      = problem.New(problem.Conflict, "resource_taken", "There is a resource with this identifier already. Change that one.")
	ErrInUse      = problem.New(problem.Conflict, "resource_in_use", "A client may still ask for this resource. Take it from the client first.")
	ErrStale      = problem.New(problem.Conflict, "resource_changed", "The resource was changed in the meantime. Read it again and repeat your change.")
	ErrIdentifier = problem.New(problem.Unprocessable, "bad_resource_identifier", "A resource is named by an absolute URI without fragment, user name or spaces, such as https://api.example.org.")
	ErrFormat     = problem.New(problem.Unprocessable, "bad_resource_format", "The format of access tokens is jwt or opaque, and JWTs are signed with EdDSA, ES256, PS256 or RS256.")
	ErrLifetime   = problem.New(problem.Unprocessable, "bad_resource_lifetime", "Access tokens live 300 to 900 seconds.")
	ErrTooMany    = problem.New(problem.Unprocessable, "resource_too_large", "A resource has at most 200 scopes and 200 verifiers.")

	Created = audit.Define("resource.created", audit.Notice, "")
	Updated = audit.Define("resource.updated", audit.Notice, "")
	Deleted = audit.Define("resource.deleted", audit.Warning, "")
)

// Value is what a revocation entry has for the resource called identifier.
func Value(identifier string) (v [16]byte) {
	sum := sha256.Sum256([]byte("resource\x00" + identifier))
	copy(v[:], sum[:])
	return v
}

const (
	maxIdentifier = 255
	maxList       = 200
)

var uriCharacters = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:[A-Za-z0-9!$&'()*+,;=:@/?._~%\[\]-]+$`)

// CheckIdentifier says ErrIdentifier about what cannot name a resource.
func CheckIdentifier(s string) error {
	if len(s) > maxIdentifier || !uriCharacters.MatchString(s) {
		return ErrIdentifier
	}
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.String() != s || u.Opaque == "" && u.Host == "" {
		return ErrIdentifier.Because(err)
	}
	return nil
}

// Clean returns r in canonical form with its defaults filled in, or the first
// error of its parts. Whether its scopes exist is the Store's to say.
func (r Resource) Clean() (Resource, error) {
	if err := CheckIdentifier(r.Identifier); err != nil {
		return r, err
	}
	name, err := user.CleanName(r.Name)
	if err != nil {
		return r, err
	}
	if r.Name = name; name == "" {
		r.Name = r.Identifier[:min(user.MaxName, len(r.Identifier))]
	}
	if r.TokenFormat == "" {
		r.TokenFormat = JWT
	}
	if r.Algorithm == "" {
		r.Algorithm = "EdDSA"
	}
	if r.TokenLifetime == 0 {
		r.TokenLifetime = DefaultLifetime
	}
	r.Scopes, r.Verifiers = set(r.Scopes), set(r.Verifiers)
	return r, r.check()
}

func (r Resource) check() error {
	switch {
	case r.TokenFormat != JWT && r.TokenFormat != Opaque, !slices.Contains([]string{"EdDSA", "ES256", "PS256", "RS256"}, r.Algorithm):
		return ErrFormat
	case r.TokenLifetime < MinLifetime || r.TokenLifetime > MaxLifetime || r.TokenLifetime%time.Second != 0:
		return ErrLifetime
	case len(r.Scopes) > maxList || len(r.Verifiers) > maxList:
		return ErrTooMany
	}
	if err := checkDetailTypes(r.DetailTypes); err != nil {
		return err
	}
	for _, s := range r.Scopes {
		if !ValidScope(s) {
			return ErrBadScope.Becausef("scope %q", s)
		}
	}
	return nil
}

func set(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// Verifies reports whether a client may introspect r's tokens and follow its
// revocations.
func (r Resource) Verifies(client string) bool { return slices.Contains(r.Verifiers, client) }

// Store keeps resources and scopes. Each method is one atomic act; one that
// takes an event writes both or neither. Every change of a resource tells the
// caches of all replicas to read it again.
type Store interface {
	// Create inserts r. ErrTaken, ErrScopeUnknown.
	Create(ctx context.Context, r Resource, ev audit.Event) error
	// Update replaces r, only if Revision still is the resource's, else
	// ErrStale. ErrUnknown, ErrScopeUnknown.
	Update(ctx context.Context, r Resource, ev audit.Event) error
	// Delete removes a resource that no client may ask for. ErrUnknown, ErrInUse.
	Delete(ctx context.Context, identifier string, now time.Time, ev audit.Event) error
	// ByIdentifier returns the resource or ErrUnknown.
	ByIdentifier(ctx context.Context, identifier string) (Resource, error)
	// List returns resources in order of identifier, at most limit, after the given one.
	List(ctx context.Context, after string, limit int) ([]Resource, error)

	// PutScope creates or replaces a scope; CreatedAt counts only when it is new.
	PutScope(ctx context.Context, s Scope, ev audit.Event) error
	// DeleteScope removes a scope that no resource and no client refers to.
	// ErrScopeUnknown, ErrScopeInUse.
	DeleteScope(ctx context.Context, name string, ev audit.Event) error
	// Scope returns the scope, or ErrScopeUnknown. Built-in ones are not kept.
	Scope(ctx context.Context, name string) (Scope, error)
	// Scopes returns every kept scope in order of name.
	Scopes(ctx context.Context) ([]Scope, error)
}
