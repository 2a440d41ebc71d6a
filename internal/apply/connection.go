package apply

import (
	"slices"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
)

// KindConnection is a service that people sign in with.
const KindConnection Kind = "connection"

// Connection is a wanted connection. What is absent stays as it is; a list or an
// object that is given replaces the one before.
type Connection struct {
	ID string `json:"id"`
	ConnectionMembers
}

// ConnectionMembers are what can be said about a connection. Their meaning is that
// of federation.Connection and federation.Settings.
type ConnectionMembers struct {
	Type         string               `json:"type,omitempty" doc:"oidc, google, github, microsoft, apple, gitlab or oauth2. It cannot be changed."`
	Organization string               `json:"organization,omitempty" doc:"Slug of the organisation whose people it is for. It cannot be changed."`
	Label        *string              `json:"label,omitempty" doc:"On buttons; empty: what the type is called."`
	Enabled      *bool                `json:"enabled,omitempty"`
	Hidden       *bool                `json:"hidden,omitempty" doc:"No button on the sign-in page."`
	ClientID     string               `json:"client_id,omitempty" doc:"That the other service gave out."`
	Secret       secret.Text          `json:"client_secret,omitzero" doc:"That the other service gave out, or a private key in PEM. Never shown."`
	Issuer       *string              `json:"issuer,omitempty"`
	Endpoints    *ConnectionEndpoints `json:"endpoints,omitempty"`
	Scopes       []string             `json:"scopes,omitzero" doc:"Empty: what the type asks for."`
	Algorithms   []string             `json:"algorithms,omitzero" doc:"That ID tokens may be signed with; empty: EdDSA, ES256, PS256 and RS256."`
	AuthMethod   *string              `json:"token_endpoint_auth_method,omitempty"`
	Tenants      []string             `json:"tenants,omitzero" doc:"Of Microsoft, that it may answer for."`
	TeamID       *string              `json:"team_id,omitempty" doc:"Apple's."`
	KeyID        *string              `json:"key_id,omitempty" doc:"Of the private key."`
	Trust        []string             `json:"trusted_domains,omitzero" doc:"Domains whose addresses it may vouch for; * is every one. Empty: the type's own rule."`
	KeepTokens   *bool                `json:"keep_tokens,omitempty"`
	PassOn       *bool                `json:"pass_on_freshness,omitempty"`
	Strong       []string             `json:"strong,omitzero" doc:"acr and amr values that count as two factors."`
	Mapping      *ConnectionMapping   `json:"mapping,omitempty"`
	Provision    *ConnectionProvision `json:"provision,omitempty"`
	Logout       *string              `json:"logout,omitempty" doc:"offer, always, or empty: their session stays."`
}

// ConnectionEndpoints are the addresses of a service without discovery.
type ConnectionEndpoints struct {
	Authorization string `json:"authorization,omitempty"`
	Token         string `json:"token,omitempty"`
	UserInfo      string `json:"userinfo,omitempty"`
	Emails        string `json:"emails,omitempty"`
	JWKS          string `json:"jwks,omitempty"`
	EndSession    string `json:"end_session,omitempty"`
	Revocation    string `json:"revocation,omitempty"`
}

// ConnectionMapping says which claim becomes which field.
type ConnectionMapping struct {
	Fields map[string]string   `json:"fields,omitempty"`
	Roles  map[string][]string `json:"roles,omitempty"`
	Once   []string            `json:"once,omitempty"`
}

// ConnectionProvision is who gets an account at first sight.
type ConnectionProvision struct {
	Mode         string   `json:"mode,omitempty"`
	Domains      []string `json:"domains,omitempty"`
	Organization string   `json:"organization,omitempty"`
	Roles        []string `json:"roles,omitempty"`
}

// ConnectionState is a connection as it is, its Secret left out. All its members
// are there.
type ConnectionState struct {
	Connection
	Managed bool
	// HasSecret is ClientState's.
	HasSecret func(secret.Text) bool
}

var (
	// ErrConnectionFixed: what cannot be changed would be.
	ErrConnectionFixed = problem.New(problem.Conflict, "connection_fixed", "The type of a connection and the organisation it is for cannot be changed, because its links would mean something else. Make another connection.")
	// ErrConnectionManaged: a file declares it.
	ErrConnectionManaged = problem.New(problem.Conflict, "connection_managed", "This connection is declared in a file. Change it there and apply the file; here it can only be turned on and off, or deleted.")
)

func (p *planner) connection(i int, w Connection) {
	if p.err != nil {
		return
	}
	var now ConnectionState
	var ok bool
	if now, ok, p.err = p.current.Connection(p.ctx, w.ID); p.err != nil {
		return
	}
	c := Change{Kind: KindConnection, Key: w.ID, Index: i}
	c.connection(now.ConnectionMembers, w.ConnectionMembers)
	if !w.Secret.IsZero() && (now.HasSecret == nil || !now.HasSecret(w.Secret)) {
		c.Fields = append(c.Fields, Field{"client_secret", nil, secret.Redacted})
	}
	if err := p.connectionFault(now, w, ok); err != nil {
		c = c.Failed(err)
	}
	p.add(c, ok, now.Managed)
}

func (p *planner) connectionFault(now ConnectionState, w Connection, there bool) error {
	if there && !w.Keeps(now.ConnectionMembers) {
		return ErrConnectionFixed
	}
	var roles []string
	if w.Provision != nil {
		roles = w.Provision.Roles
	}
	if w.Mapping != nil {
		for _, given := range w.Mapping.Roles {
			roles = append(roles, given...)
		}
	}
	for _, name := range roles {
		if !p.roleExists(name) {
			return ErrRoleUnknown.Becausef("%q", name)
		}
	}
	joined := []string{w.Organization}
	if w.Provision != nil {
		joined = append(joined, w.Provision.Organization)
	}
	for _, slug := range joined {
		if slug != "" && !p.organizationExists(slug) {
			return ErrOrganizationUnknown.Becausef("%q", slug)
		}
	}
	return nil
}

// Keeps reports whether m leaves what cannot be changed of now as it is.
func (m ConnectionMembers) Keeps(now ConnectionMembers) bool {
	return (m.Type == "" || m.Type == now.Type) && (m.Organization == "" || m.Organization == now.Organization)
}

// OnlySwitches reports whether m says nothing but whether the connection is on.
func (m ConnectionMembers) OnlySwitches() bool {
	return same(m, ConnectionMembers{Enabled: m.Enabled})
}

// connection notes every member that changes but the secret.
func (c *Change) connection(now, w ConnectionMembers) {
	c.text("type", now.Type, w.Type)
	c.text("organization", now.Organization, w.Organization)
	c.member("label", now.Label, w.Label)
	c.truth("enabled", now.Enabled, w.Enabled)
	c.truth("hidden", now.Hidden, w.Hidden)
	c.text("client_id", now.ClientID, w.ClientID)
	c.member("issuer", now.Issuer, w.Issuer)
	object(c, "endpoints", now.Endpoints, w.Endpoints)
	c.list("scopes", now.Scopes, w.Scopes)
	c.list("algorithms", now.Algorithms, w.Algorithms)
	c.member("token_endpoint_auth_method", now.AuthMethod, w.AuthMethod)
	c.list("tenants", now.Tenants, w.Tenants)
	c.member("team_id", now.TeamID, w.TeamID)
	c.member("key_id", now.KeyID, w.KeyID)
	c.list("trusted_domains", now.Trust, w.Trust)
	c.truth("keep_tokens", now.KeepTokens, w.KeepTokens)
	c.truth("pass_on_freshness", now.PassOn, w.PassOn)
	c.list("strong", now.Strong, w.Strong)
	object(c, "mapping", now.Mapping.sorted(), w.Mapping.sorted())
	object(c, "provision", now.Provision.sorted(), w.Provision.sorted())
	c.member("logout", now.Logout, w.Logout)
}

// member is text that may be empty and still counts.
func (c *Change) member(name string, from, to *string) {
	if from == nil {
		from = new(string)
	}
	if to != nil && *to != *from {
		c.Fields = append(c.Fields, Field{name, *from, *to})
	}
}

func (c *Change) truth(name string, from, to *bool) {
	before := from != nil && *from
	if to != nil && *to != before {
		c.Fields = append(c.Fields, Field{name, before, *to})
	}
}

func object[T any](c *Change, name string, from, to *T) {
	if from == nil {
		from = new(T)
	}
	if to != nil && !same(from, to) {
		c.Fields = append(c.Fields, Field{name, from, to})
	}
}

// sorted is m with its lists in order: they are sets.
func (m *ConnectionMapping) sorted() *ConnectionMapping {
	if m == nil {
		return nil
	}
	out := &ConnectionMapping{Fields: m.Fields, Once: sorted(m.Once)}
	for group, roles := range m.Roles {
		if out.Roles == nil {
			out.Roles = map[string][]string{}
		}
		out.Roles[group] = sorted(roles)
	}
	return out
}

func (p *ConnectionProvision) sorted() *ConnectionProvision {
	if p == nil {
		return nil
	}
	out := *p
	out.Domains, out.Roles = sorted(p.Domains), sorted(p.Roles)
	return &out
}

// connectionBodies are connections with their secrets revealed.
func connectionBodies(all []Connection) any {
	type service struct {
		Connection
		Secret string `json:"client_secret,omitempty"`
	}
	out := slices.Grow([]service(nil), len(all))
	for _, c := range all {
		out = append(out, service{c, c.Secret.Reveal()})
	}
	return out
}
