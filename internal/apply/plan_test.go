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
