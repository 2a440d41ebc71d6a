package apply

import (
	"context"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
)

// State answers what is there now. The boolean is false for what is not.
type State interface {
	Role(ctx context.Context, name string) (RoleState, bool, error)
	Organization(ctx context.Context, slug string) (OrganizationState, bool, error)
	Scope(ctx context.Context, name string) (ScopeState, bool, error)
	Resource(ctx context.Context, identifier string) (ResourceState, bool, error)
	Client(ctx context.Context, id string) (ClientState, bool, error)
	// User finds an account by primary address.
	User(ctx context.Context, email string) (UserState, bool, error)
	Site(ctx context.Context, host string) (SiteState, bool, error)
	Policy(ctx context.Context) (PolicyState, error)
	Connection(ctx context.Context, id string) (ConnectionState, bool, error)
}

// RoleState is a role as it is.
type RoleState struct {
	Permissions []string
	Assurance   int
	Managed     bool // declared by a file before
	BuiltIn     bool
}

// OrganizationState is an organisation as it is.
type OrganizationState struct {
	Name    string
	Domains []string
	Managed bool
}

// UserState is an account as it is.
type UserState struct {
	Name          string
	EmailVerified bool
	Roles         []string
	Organizations []Membership
	Managed       bool
}

var (
	// ErrRoleUnknown: a user or member is given a role that neither exists nor is declared.
	ErrRoleUnknown = problem.New(problem.Unprocessable, "apply_role_unknown", "A role that is given here does not exist. Declare it under roles, or check its name.")
	// ErrOrganizationUnknown: a membership names an organisation that neither exists nor is declared.
	ErrOrganizationUnknown = problem.New(problem.Unprocessable, "apply_organization_unknown", "An organisation named here does not exist. Declare it under organizations, or check its slug.")
	// ErrRoleBuiltIn: a file declares a role that cannot be changed.
	ErrRoleBuiltIn = problem.New(problem.Conflict, "apply_role_built_in", "This role is built in: it can be given to users but not declared. Remove it from roles.")
)

// Plan compares want with what is and returns one Change per resource, in the
// order to carry them out: roles, organisations, scopes, resources, clients,
// users, sites, the sign-in policy. A resource that cannot be brought about carries its Error; the returned error is a State's only.
func Plan(ctx context.Context, current State, want File) ([]Change, error) {
	p := planner{ctx: ctx, current: current, want: want}
	for i, r := range want.Roles {
		p.role(i, r)
	}
	for i, o := range want.Organizations {
		p.organization(i, o)
	}
	for i, v := range want.Scopes {
		p.scope(i, v)
	}
	for i, r := range want.Resources {
		p.resource(i, r)
	}
	for i, c := range want.Clients {
		p.client(i, c)
	}
	for i, u := range want.Users {
		p.user(i, u)
	}
	for i, s := range want.Sites {
		p.site(i, s)
	}
	p.policy()
	for i, c := range want.Connections {
		p.connection(i, c)
	}
	return p.changes, p.err
}

// planner keeps the first error of a State and does nothing after it.
type planner struct {
	ctx     context.Context
	current State
	want    File
	changes []Change
	err     error
}

// add appends c as what its fields make it.
func (p *planner) add(c Change, exists, managed bool) {
	switch {
	case !exists:
		c.Action = Create
	case !managed:
		c.Fields = append(c.Fields, Field{"managed_by", "", "file"})
		c.Action = Update
	case len(c.Fields) > 0:
		c.Action = Update
	default:
		c.Action = Unchanged
	}
	if c.Fields == nil {
		c.Fields = []Field{}
	}
	p.changes = append(p.changes, c)
}

func (p *planner) role(i int, r Role) {
	if p.err != nil {
		return
	}
	var now RoleState
	var ok bool
	if now, ok, p.err = p.current.Role(p.ctx, r.Name); p.err != nil {
		return
	}
	c := Change{Kind: KindRole, Key: r.Name, Index: i}
	c.list("permissions", now.Permissions, r.Permissions)
	c.counted("assurance", now.Assurance, r.Assurance)
	if now.BuiltIn && (r.Assurance == nil || len(r.Permissions) > 0) {
		c = c.Failed(ErrRoleBuiltIn)
	}
	p.add(c, ok, now.Managed || now.BuiltIn)
}

func (p *planner) organization(i int, o Organization) {
	if p.err != nil {
		return
	}
	var now OrganizationState
	var ok bool
	if now, ok, p.err = p.current.Organization(p.ctx, o.Slug); p.err != nil {
		return
	}
	c := Change{Kind: KindOrganization, Key: o.Slug, Index: i}
	c.text("name", now.Name, o.Name)
	c.list("domains", now.Domains, o.Domains)
	p.add(c, ok, now.Managed)
}

func (p *planner) user(i int, u User) {
	if p.err != nil {
		return
	}
	var now UserState
	var ok bool
	if now, ok, p.err = p.current.User(p.ctx, u.Email); p.err != nil {
		return
	}
	c := Change{Kind: KindUser, Key: u.Email, Index: i}
	c.text("name", now.Name, u.Name)
	if u.EmailVerified && !now.EmailVerified {
		c.Fields = append(c.Fields, Field{"email_verified", false, true})
	}
	if !ok && !u.Password.IsZero() {
		c.Fields = append(c.Fields, Field{"password", nil, secret.Redacted})
	}
	c.list("roles", now.Roles, u.Roles)
	c.memberships(now.Organizations, u.Organizations)
	if err := p.references(u); err != nil {
		c = c.Failed(err)
	}
	p.add(c, ok, now.Managed)
}

// references reports the first role or organisation of u that would not exist
// when its turn comes.
func (p *planner) references(u User) error {
	roles := slices.Clone(u.Roles)
	for _, m := range u.Organizations {
		roles = append(roles, m.Roles...)
		if !p.organizationExists(m.Slug) {
			return ErrOrganizationUnknown.Becausef("%q", m.Slug)
		}
	}
	for _, name := range roles {
		if !p.roleExists(name) {
			return ErrRoleUnknown.Becausef("%q", name)
		}
	}
	return nil
}

func (p *planner) roleExists(name string) bool {
	if slices.ContainsFunc(p.want.Roles, func(r Role) bool { return r.Name == name }) || p.err != nil {
		return true
	}
	var ok bool
	_, ok, p.err = p.current.Role(p.ctx, name)
	return ok
}

func (p *planner) organizationExists(slug string) bool {
	if slices.ContainsFunc(p.want.Organizations, func(o Organization) bool { return o.Slug == slug }) || p.err != nil {
		return true
	}
	var ok bool
	_, ok, p.err = p.current.Organization(p.ctx, slug)
	return ok
}

func (c *Change) text(name, from, to string) {
	if to != "" && to != from {
		c.Fields = append(c.Fields, Field{name, from, to})
	}
}

// list compares as sets: order and repetition mean nothing in any of our lists.
func (c *Change) list(name string, from, to []string) {
	if to == nil {
		return
	}
	if from, to = sorted(from), sorted(to); !slices.Equal(from, to) {
		c.Fields = append(c.Fields, Field{name, from, to})
	}
}

func (c *Change) memberships(from, to []Membership) {
	if to == nil {
		return
	}
	if from, to = bySlug(from), bySlug(to); !slices.EqualFunc(from, to, func(a, b Membership) bool {
		return a.Slug == b.Slug && slices.Equal(a.Roles, b.Roles)
	}) {
		c.Fields = append(c.Fields, Field{"organizations", from, to})
	}
}

func sorted(list []string) []string {
	out := append([]string{}, list...)
	slices.Sort(out)
	return slices.Compact(out)
}

func bySlug(list []Membership) []Membership {
	out := []Membership{}
	for _, m := range list {
		out = append(out, Membership{m.Slug, sorted(m.Roles)})
	}
	slices.SortFunc(out, func(a, b Membership) int { return strings.Compare(a.Slug, b.Slug) })
	return out
}
