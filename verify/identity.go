// Package verify answers "who is this?" for services that check credentials
// Mortise handed out. It depends on nothing but the standard library, so a
// service that only checks links no storage and no pages.
package verify

import (
	"context"
	"slices"
	"time"
)

// Kind says what sort of thing an Identity is.
type Kind string

// User is a person's account.
const User Kind = "user"

// Organization is a membership that an Identity carries.
type Organization struct {
	ID    string // org_…
	Slug  string
	Roles []string
}

// Claims is what a credential says, before it becomes an Identity.
type Claims struct {
	Kind            Kind
	Subject         string // usr_…, stable for the account's life
	Name            string
	Email           string
	EmailVerified   bool
	Locale          string
	Roles           []string
	Permissions     []string
	Organizations   []Organization
	Session         string // ses_…, empty when no session is behind the credential
	Methods         []string
	Assurance       int
	AuthenticatedAt time.Time
	ExpiresAt       time.Time
}

// Identity is who a request speaks for, whatever credential it came with. It
// cannot be changed: it may be shared between requests, and the methods that
// return slices return copies. The zero Identity is nobody.
type Identity struct {
	Kind            Kind
	Subject         string // usr_…, stable for the account's life
	Name            string
	Email           string // primary address
	EmailVerified   bool
	Locale          string // BCP 47, may be empty
	Session         string // ses_…
	Assurance       int    // 1: one factor, 2: two, 3: hardware-bound
	AuthenticatedAt time.Time
	ExpiresAt       time.Time

	roles, permissions, methods []string
	organizations               []Organization
}

// NewIdentity makes an Identity. It copies the slices of c.
func NewIdentity(c Claims) Identity {
	orgs := slices.Clone(c.Organizations)
	for i := range orgs {
		orgs[i].Roles = slices.Clone(orgs[i].Roles)
	}
	return Identity{
		Kind: c.Kind, Subject: c.Subject, Name: c.Name, Email: c.Email, EmailVerified: c.EmailVerified,
		Locale: c.Locale, Session: c.Session, Assurance: c.Assurance,
		AuthenticatedAt: c.AuthenticatedAt, ExpiresAt: c.ExpiresAt,
		roles: slices.Clone(c.Roles), permissions: slices.Clone(c.Permissions),
		methods: slices.Clone(c.Methods), organizations: orgs,
	}
}

// HasRole reports whether the identity holds the instance-wide role.
func (i Identity) HasRole(role string) bool { return slices.Contains(i.roles, role) }

// HasPermission reports whether one of the instance-wide roles carries the permission.
func (i Identity) HasPermission(p string) bool { return slices.Contains(i.permissions, p) }

// HasOrganizationRole reports whether the identity is a member of the
// organisation with this slug or id and, when role is not empty, holds the role
// there.
func (i Identity) HasOrganizationRole(org, role string) bool {
	for _, o := range i.organizations {
		if o.Slug == org || o.ID == org {
			return role == "" || slices.Contains(o.Roles, role)
		}
	}
	return false
}

// Roles returns the instance-wide roles in order of name.
func (i Identity) Roles() []string { return slices.Clone(i.roles) }

// Permissions returns what the instance-wide roles permit, in order.
func (i Identity) Permissions() []string { return slices.Clone(i.permissions) }

// Methods returns how the identity was proven, as RFC 8176 names in order of use.
func (i Identity) Methods() []string { return slices.Clone(i.methods) }

// Organizations returns the memberships in order of slug.
func (i Identity) Organizations() []Organization {
	return NewIdentity(Claims{Organizations: i.organizations}).organizations
}

type contextKey struct{}

// NewContext returns a context that carries who. The pointer is kept, not copied.
func NewContext(ctx context.Context, who *Identity) context.Context {
	return context.WithValue(ctx, contextKey{}, who)
}

// FromContext returns the Identity that a middleware put into ctx.
func FromContext(ctx context.Context) (Identity, bool) {
	who, ok := ctx.Value(contextKey{}).(*Identity)
	if !ok || who == nil {
		return Identity{}, false
	}
	return *who, true
}
