package organization

import (
	"context"
	"regexp"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
)

// ID names an organisation: org_….
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "org" }

// NewID makes the name of an organisation created now.
func NewID(now time.Time) ID { return id.New[noun](now) }

// ParseID reads org_….
func ParseID(s string) (ID, error) { return id.Parse[noun](s) }

// Organization is one organisation.
type Organization struct {
	ID        ID
	Slug      string // unique, stable, for URLs and files
	Name      string
	Domains   []string // claimed e-mail domains, lower-case ASCII; which of them are verified is for Domains to say
	ManagedBy string
	Revision  int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Membership is one account in one organisation.
type Membership struct {
	Organization ID
	Slug         string // of the organisation
	Name         string // of the organisation
	User         user.ID
	Roles        []string // sorted
	JoinedAt     time.Time
}

var (
	ErrUnknown   = problem.New(problem.NotFound, "organization_unknown", "There is no such organisation. Check its slug or id.")
	ErrSlugTaken = problem.New(problem.Conflict, "slug_taken", "Another organisation has this slug. Choose a different one.")
	ErrBadSlug   = problem.New(problem.Unprocessable, "bad_slug", "A slug has 1 to 63 lower-case letters, digits or hyphens and starts and ends with a letter or digit.")
	ErrBadDomain = problem.New(problem.Unprocessable, "bad_domain", "A domain is a name such as example.org.")
	ErrNotMember = problem.New(problem.NotFound, "not_a_member", "That account is not a member of this organisation.")

	Created       = audit.Define("org.created", audit.Notice, "")
	Updated       = audit.Define("org.updated", audit.Notice, "")
	Deleted       = audit.Define("org.deleted", audit.Warning, "")
	MemberAdded   = audit.Define("org.member_added", audit.Notice, "Added to an organisation")
	MemberChanged = audit.Define("org.member_changed", audit.Notice, "Roles in an organisation changed")
	MemberRemoved = audit.Define("org.member_removed", audit.Notice, "Removed from an organisation")
)

var (
	slug   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	domain = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// Clean returns o in canonical form, or the first error of its parts.
func (o Organization) Clean() (Organization, error) {
	if !slug.MatchString(o.Slug) {
		return o, ErrBadSlug
	}
	name, err := user.CleanName(o.Name)
	if err != nil {
		return o, err
	}
	if o.Name = name; name == "" {
		o.Name = o.Slug
	}
	for _, d := range o.Domains {
		if len(d) > 253 || !domain.MatchString(d) {
			return o, ErrBadDomain.Becausef("domain %q", d)
		}
		if Public(d) {
			return o, ErrPublicDomain.Becausef("domain %q", d)
		}
	}
	return o, nil
}

// Store keeps organisations and memberships. Each method is one atomic act.
type Store interface {
	// Create inserts o. ErrSlugTaken.
	Create(ctx context.Context, o Organization, ev audit.Event) error
	// Update replaces slug, name, domains and manager. ErrUnknown, ErrSlugTaken.
	Update(ctx context.Context, o Organization, ev audit.Event) error
	// Delete removes o and its memberships; members' sessions notice at once. ErrUnknown.
	Delete(ctx context.Context, id ID, now time.Time, ev audit.Event) error
	// ByID and BySlug return the organisation or ErrUnknown.
	ByID(ctx context.Context, id ID) (Organization, error)
	BySlug(ctx context.Context, slug string) (Organization, error)
	// List returns organisations in order of id, at most limit, after the given one.
	List(ctx context.Context, after ID, limit int) ([]Organization, error)

	// SetMember adds an account or replaces its roles; its sessions notice at
	// once. ErrUnknown, user.ErrUnknown, rbac.ErrUnknown.
	SetMember(ctx context.Context, m Membership, ev audit.Event) error
	// RemoveMember takes an account out; its sessions notice at once. ErrNotMember.
	RemoveMember(ctx context.Context, org ID, member user.ID, now time.Time, ev audit.Event) error
	// Members returns who belongs to org in order of account id, at most limit.
	Members(ctx context.Context, org ID, after user.ID, limit int) ([]Membership, error)
	// Of returns the memberships of one account in order of slug.
	Of(ctx context.Context, member user.ID) ([]Membership, error)

	Domains
	Requirements
}
