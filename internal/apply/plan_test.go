package apply

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/secret"
)

type state struct {
	roles         map[string]RoleState
	organizations map[string]OrganizationState
	users         map[string]UserState
	scopes        map[string]ScopeState
	resources     map[string]ResourceState
	clients       map[string]ClientState
	sites         map[string]SiteState
	policy        PolicyState
	connections   map[string]ConnectionState
	err           error
}

func (s state) Scope(_ context.Context, name string) (ScopeState, bool, error) {
	v, ok := s.scopes[name]
	return v, ok, s.err
}

func (s state) Resource(_ context.Context, identifier string) (ResourceState, bool, error) {
	v, ok := s.resources[identifier]
	return v, ok, s.err
}

func (s state) Client(_ context.Context, id string) (ClientState, bool, error) {
	v, ok := s.clients[id]
	return v, ok, s.err
}

func (s state) Role(_ context.Context, name string) (RoleState, bool, error) {
	r, ok := s.roles[name]
	return r, ok, s.err
}

func (s state) Organization(_ context.Context, slug string) (OrganizationState, bool, error) {
	o, ok := s.organizations[slug]
	return o, ok, s.err
}

func (s state) User(_ context.Context, email string) (UserState, bool, error) {
	u, ok := s.users[email]
	return u, ok, s.err
}

var want = File{
	Roles:         []Role{{Name: "editor", Permissions: []string{"b", "a"}}},
	Organizations: []Organization{{Slug: "acme", Name: "Acme"}},
	Users: []User{{
		Email: "ada@example.test", Password: secret.NewText("pw"), EmailVerified: true,
		Roles: []string{"editor"}, Organizations: []Membership{{Slug: "acme"}},
	}},
}

func (s state) Site(_ context.Context, host string) (SiteState, bool, error) {
	v, ok := s.sites[host]
	return v, ok, s.err
}

func (s state) Policy(context.Context) (PolicyState, error) { return s.policy, s.err }

// The policy and what roles ask for change only where a file says so; of the built-in
// role nothing else can be declared.
func TestPlanPolicy(t *testing.T) {
	two, zero := 2, 0
	s := state{roles: map[string]RoleState{"admin": {BuiltIn: true}}, policy: PolicyState{Assurance: 1, RememberDays: 7}}
	f := File{Policy: &Policy{Assurance: &two, RememberDays: &zero}, Roles: []Role{{Name: "admin", Permissions: []string{}, Assurance: &two}}}
	got := plan(t, s, f)
	if len(got) != 2 || got[0].Error != nil || got[0].Action != Update || len(got[0].Fields) != 1 || got[1].Kind != KindPolicy || len(got[1].Fields) != 3 {
		t.Errorf("%+v", got)
	}
	s = state{roles: map[string]RoleState{"admin": {BuiltIn: true, Assurance: 2}}, policy: PolicyState{Assurance: 2, Managed: true}}
	for _, c := range plan(t, s, f) {
		if c.Action != Unchanged {
			t.Errorf("%+v", c)
		}
	}
	f.Roles[0].Permissions = []string{"everything"}
	if got := plan(t, s, f); got[0].Error == nil {
		t.Errorf("the built-in role takes permissions: %+v", got[0])
	}
}

func (s state) Connection(_ context.Context, id string) (ConnectionState, bool, error) {
	v, ok := s.connections[id]
	return v, ok, s.err
}

func plan(t *testing.T, s state, f File) []Change {
	t.Helper()
	changes, err := Plan(t.Context(), s, f)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func TestPlanOnNothingCreatesInOrder(t *testing.T) {
	got := plan(t, state{}, want)
	expect := []Change{
		{Kind: KindRole, Key: "editor", Action: Create, Fields: []Field{{"permissions", []string{}, []string{"a", "b"}}}},
		{Kind: KindOrganization, Key: "acme", Action: Create, Fields: []Field{{"name", "", "Acme"}}},
		{Kind: KindUser, Key: "ada@example.test", Action: Create, Fields: []Field{
			{"email_verified", false, true},
			{"password", nil, secret.Redacted},
			{"roles", []string{}, []string{"editor"}},
			{"organizations", []Membership{}, []Membership{{"acme", []string{}}}},
		}},
	}
	// The order of want's lists must not matter for what must exist first.
	if diff := cmp.Diff(expect[:2], got[:2]); diff != "" {
		t.Error(diff)
	}
	if got[2].Error != nil {
		t.Errorf("a role declared in the same file is unknown: %+v", got[2].Error)
	}
	if diff := cmp.Diff(expect, got); diff != "" {
		t.Error(diff)
	}
}

func TestPlanIsIdempotent(t *testing.T) {
	s := state{
		roles:         map[string]RoleState{"editor": {Permissions: []string{"a", "b"}, Managed: true}},
		organizations: map[string]OrganizationState{"acme": {Name: "Acme", Domains: []string{"kept.test"}, Managed: true}},
		users: map[string]UserState{"ada@example.test": {
			Name: "kept", EmailVerified: true, Roles: []string{"editor"},
			Organizations: []Membership{{"acme", nil}}, Managed: true,
		}},
	}
	for _, c := range plan(t, s, want) {
		if c.Action != Unchanged || len(c.Fields) != 0 {
			t.Errorf("%+v", c)
		}
	}
	if r := Summarize(plan(t, s, want)); r.Applied != 0 || r.Failed != 0 || len(r.Changes) != 3 {
		t.Errorf("%+v", r)
	}
}

func TestPlanTakesOverWhatExists(t *testing.T) {
	s := state{organizations: map[string]OrganizationState{"acme": {Name: "Acme"}}}
	c := plan(t, s, File{Organizations: []Organization{{Slug: "acme"}}})[0]
	if c.Action != Update || len(c.Fields) != 1 || c.Fields[0].Name != "managed_by" {
		t.Errorf("%+v", c)
	}
}

func TestPlanFailures(t *testing.T) {
	s := state{roles: map[string]RoleState{"admin": {BuiltIn: true}}}
	for _, tt := range []struct {
		code string
		file File
	}{
		{"apply_role_unknown", File{Users: []User{{Email: "a@b.test", Roles: []string{"ghost"}}}}},
		{"apply_organization_unknown", File{Users: []User{{Email: "a@b.test", Organizations: []Membership{{Slug: "ghost"}}}}}},
		{"apply_role_built_in", File{Roles: []Role{{Name: "admin", Permissions: []string{"x"}}}}},
	} {
		r := Summarize(plan(t, s, tt.file))
		if r.Failed != 1 || r.Applied != 0 || r.Changes[0].Error.Code != tt.code {
			t.Errorf("%s: %+v", tt.code, r)
		}
	}
}

func TestPlanStopsWhenTheStateFails(t *testing.T) {
	broken := errors.New("gone")
	if _, err := Plan(t.Context(), state{err: broken}, want); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func secretIs(current string) func(secret.Text) bool {
	return func(t secret.Text) bool { return t.IsZero() || t.Reveal() == current }
}

func clientFile(change func(*Client)) File {
	scope, yes := "openid posts:read", true
	c := Client{
		ClientID: "web", Name: "Web", Secret: secret.NewText("s"), RedirectURIs: []string{"https://b.test/", "https://a.test/"},
		Scope: &scope, FirstParty: &yes, Resources: []string{"https://api.test"}, RefreshLife: 3600,
	}
	if change != nil {
		change(&c)
	}
	return File{Clients: []Client{c}}
}

var known = state{
	scopes:    map[string]ScopeState{"openid": {BuiltIn: true}, "posts:read": {Managed: true}},
	resources: map[string]ResourceState{"https://api.test": {Resource: Resource{Identifier: "https://api.test", TokenLifetime: 600}, Managed: true}},
}

func TestPlanClients(t *testing.T) {
	got := plan(t, known, clientFile(nil))[0]
	want := Change{Kind: KindClient, Key: "web", Action: Create, Fields: []Field{
		{"client_name", "", "Web"},
		{"redirect_uris", []string{}, []string{"https://a.test/", "https://b.test/"}},
		{"scope", []string{}, []string{"openid", "posts:read"}},
		{"first_party", false, true},
		{"resources", []string{}, []string{"https://api.test"}},
		{"refresh_token_lifetime", 0, 3600},
		{"client_secret", nil, secret.Redacted},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	there := known
	there.clients = map[string]ClientState{"web": {Client: clientFile(nil).Clients[0], Managed: true, HasSecret: secretIs("s")}}
	if got := plan(t, there, clientFile(nil))[0]; got.Action != Unchanged {
		t.Errorf("a second time: %+v", got)
	}
	if got := plan(t, there, clientFile(func(c *Client) { c.Secret = secret.NewText("other") }))[0]; got.Action != Update || len(got.Fields) != 1 || got.Fields[0].Name != "client_secret" {
		t.Errorf("another secret: %+v", got)
	}
	if got := plan(t, there, File{Clients: []Client{{ClientID: "web"}}})[0]; got.Action != Unchanged || got.Error != nil {
		t.Errorf("what is not said: %+v", got)
	}
	got = plan(t, there, File{Resources: []Resource{{Identifier: "https://api.test", TokenLifetime: 300, Scopes: []string{"posts:read"}}}})[0]
	if len(got.Fields) != 2 || got.Fields[1] != (Field{"access_token_lifetime", 600, 300}) {
		t.Errorf("resource: %+v", got)
	}
}

func TestPlanClientFailures(t *testing.T) {
	ghost, none := "ghost", ""
	for code, file := range map[string]File{
		"apply_scope_built_in":        {Scopes: []Scope{{Name: "openid"}}},
		"apply_client_secret_missing": clientFile(func(c *Client) { c.Secret = secret.Text{} }),
		"apply_client_secret_unused":  clientFile(func(c *Client) { c.AuthMethod = "none" }),
		"apply_scope_unknown":         clientFile(func(c *Client) { c.Scope = &ghost }),
		"apply_resource_unknown":      clientFile(func(c *Client) { c.Scope, c.Resources = &none, []string{ghost} }),
	} {
		r := Summarize(plan(t, known, file))
		if r.Failed != 1 || r.Applied != 0 || r.Changes[0].Error.Code != code {
			t.Errorf("%s: %+v", code, r)
		}
	}
	declared := clientFile(func(c *Client) { c.Scope, c.Resources = &ghost, []string{"https://ghost.test"} })
	declared.Scopes, declared.Resources = []Scope{{Name: "ghost"}}, []Resource{{Identifier: "https://ghost.test", Scopes: []string{"ghost"}}}
	if r := Summarize(plan(t, state{}, declared)); r.Failed != 0 || len(r.Changes) != 3 || r.Changes[0].Kind != KindScope || r.Changes[2].Kind != KindClient {
		t.Errorf("declared beside it: %+v", r)
	}
}
