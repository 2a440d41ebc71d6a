package verify

import (
	"context"
	"slices"
	"time"
)

// Kind says what sort of thing an Identity is.
type Kind string

const (
	User   Kind = "user"   // a person's account
	Client Kind = "client" // a program in its own name: no person is behind it
)

// Organization is a membership that an Identity carries.
type Organization struct {
	ID    string // org_…
	Slug  string
	Roles []string
}

// Actor is who acts for the subject of a token (claim act of RFC 8693), nearest
// first.
type Actor struct {
	Subject string
	Actor   *Actor // who acts for the actor; nil at the end of the chain
}

// Claims is what a credential says, before it becomes an Identity.
type Claims struct {
	Kind            Kind
	Issuer          string // who vouches for the rest; a Subject means nothing without it
	Subject         string // usr_…, stable for the account's life; the client's id for a Client
	Name            string
	Email           string
	EmailVerified   bool
	Locale          string
	Roles           []string
	Permissions     []string
	Organizations   []Organization
	Session         string // ses_…, empty when the credential does not die with a session
	ClientID        string // the program the credential was handed to
	Grant           string // what the person or the client was granted at once; ends at once too
	CredentialID    string // jti of a token
	Audience        []string
	Scopes          []string
	Actor           *Actor
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
	Issuer          string // empty for a session of the instance itself
	Subject         string // usr_…, stable for the account's life; the client's id for a Client
	Name            string
	Email           string // primary address
	EmailVerified   bool
	Locale          string // BCP 47, may be empty
	Session         string // ses_…
	ClientID        string // the program a token was handed to; empty for a session
	Grant           string // gid of a token
	CredentialID    string // jti of a token
	Assurance       int    // 1: one factor, 2: two, 3: hardware-bound
	AuthenticatedAt time.Time
	ExpiresAt       time.Time

	roles, permissions, methods, scopes, audience []string
	organizations                                 []Organization
	actor                                         *Actor
}

// NewIdentity makes an Identity. It copies the slices of c.
func NewIdentity(c Claims) Identity {
	orgs := slices.Clone(c.Organizations)
	for i := range orgs {
		orgs[i].Roles = slices.Clone(orgs[i].Roles)
	}
	return Identity{
		Kind: c.Kind, Issuer: c.Issuer, Subject: c.Subject, Name: c.Name, Email: c.Email, EmailVerified: c.EmailVerified,
		Locale: c.Locale, Session: c.Session, ClientID: c.ClientID, Grant: c.Grant, CredentialID: c.CredentialID, Assurance: c.Assurance,
		AuthenticatedAt: c.AuthenticatedAt, ExpiresAt: c.ExpiresAt,
		roles: slices.Clone(c.Roles), permissions: slices.Clone(c.Permissions),
		methods: slices.Clone(c.Methods), scopes: slices.Clone(c.Scopes), audience: slices.Clone(c.Audience),
		organizations: orgs, actor: c.Actor.clone(),
	}
}

func (a *Actor) clone() *Actor {
	if a == nil {
		return nil
	}
	return &Actor{Subject: a.Subject, Actor: a.Actor.clone()}
}

// HasRole reports whether the identity holds the instance-wide role.
func (i Identity) HasRole(role string) bool { return slices.Contains(i.roles, role) }

// HasPermission reports whether one of the instance-wide roles carries the permission.
func (i Identity) HasPermission(p string) bool { return slices.Contains(i.permissions, p) }

// HasScope reports whether the token was granted the scope.
func (i Identity) HasScope(scope string) bool { return slices.Contains(i.scopes, scope) }

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

// Scopes returns what the token was granted, in its order. A session has none.
func (i Identity) Scopes() []string { return slices.Clone(i.scopes) }

// Audience returns the services the token was made for.
func (i Identity) Audience() []string { return slices.Clone(i.audience) }

// Actor returns who acts for the subject, nearest first; nil when nobody does.
func (i Identity) Actor() *Actor { return i.actor.clone() }

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
