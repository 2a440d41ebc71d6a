package apply

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/secret"
)

func connectionFile(change func(*Connection)) File {
	label, issuer, yes := "Acme", "https://idp.example.test", true
	c := Connection{ID: "acme", ConnectionMembers: ConnectionMembers{
		Type: "oidc", Label: &label, Hidden: &yes, ClientID: "ours", Secret: secret.NewText("s"), Issuer: &issuer, Trust: []string{"b.test", "a.test"},
		Mapping: &ConnectionMapping{Roles: map[string][]string{"staff": {"editor", "author"}}},
	}}
	if change != nil {
		change(&c)
	}
	return File{Connections: []Connection{c}}
}

var editors = state{roles: map[string]RoleState{"editor": {}, "author": {}}}

func TestPlanConnections(t *testing.T) {
	got := plan(t, editors, connectionFile(nil))[0]
	want := Change{Kind: KindConnection, Key: "acme", Action: Create, Fields: []Field{
		{"type", "", "oidc"},
		{"label", "", "Acme"},
		{"hidden", false, true},
		{"client_id", "", "ours"},
		{"issuer", "", "https://idp.example.test"},
		{"trusted_domains", []string{}, []string{"a.test", "b.test"}},
		{"mapping", &ConnectionMapping{}, &ConnectionMapping{Roles: map[string][]string{"staff": {"author", "editor"}}, Once: []string{}}},
		{"client_secret", nil, secret.Redacted},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	there := editors
	there.connections = map[string]ConnectionState{"acme": {Connection: connectionFile(nil).Connections[0], Managed: true, HasSecret: secretIs("s")}}
	for name, tt := range map[string]struct {
		change func(*Connection)
		fields string
	}{
		"a second time":    {nil, ""},
		"what is not said": {func(c *Connection) { c.ConnectionMembers = ConnectionMembers{} }, ""},
		"in another order": {func(c *Connection) {
			c.Trust, c.Mapping.Roles["staff"] = []string{"a.test", "b.test"}, []string{"author", "editor"}
		}, ""},
		"another secret":  {func(c *Connection) { c.Secret = secret.NewText("t") }, "client_secret"},
		"no label":        {func(c *Connection) { *c.Label = "" }, "label"},
		"nobody trusted":  {func(c *Connection) { c.Trust = []string{} }, "trusted_domains"},
		"a rule for whom": {func(c *Connection) { c.Provision = &ConnectionProvision{Mode: "nobody"} }, "provision"},
		"no mapping":      {func(c *Connection) { c.Mapping = &ConnectionMapping{} }, "mapping"},
	} {
		got := plan(t, there, connectionFile(tt.change))[0]
		var fields []string
		for _, f := range got.Fields {
			fields = append(fields, f.Name)
		}
		if strings.Join(fields, " ") != tt.fields || got.Error != nil || (got.Action == Unchanged) != (tt.fields == "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestPlanConnectionFailures(t *testing.T) {
	there := editors
	there.connections = map[string]ConnectionState{"acme": {Connection: connectionFile(nil).Connections[0], HasSecret: secretIs("s")}}
	for name, tt := range map[string]struct {
		code   string
		change func(*Connection)
	}{
		"another type":      {"connection_fixed", func(c *Connection) { c.Type = "google" }},
		"another's people":  {"connection_fixed", func(c *Connection) { c.Organization = "acme" }},
		"a role by group":   {"apply_role_unknown", func(c *Connection) { c.Mapping.Roles["staff"] = []string{"ghost"} }},
		"a role for all":    {"apply_role_unknown", func(c *Connection) { c.Provision = &ConnectionProvision{Roles: []string{"ghost"}} }},
		"a place to join":   {"apply_organization_unknown", func(c *Connection) { c.Provision = &ConnectionProvision{Organization: "ghost"} }},
		"nobody's, and new": {"apply_organization_unknown", func(c *Connection) { c.ID, c.Organization = "new", "ghost" }},
	} {
		if r := Summarize(plan(t, there, connectionFile(tt.change))); r.Failed != 1 || r.Changes[0].Error.Code != tt.code {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// A secret is in the one request that carries it, and in nothing else.
func TestConnectionBody(t *testing.T) {
	f := connectionFile(func(c *Connection) { c.Secret = secret.NewText("hush-hush") })
	body, err := f.Body()
	if err != nil || strings.Count(string(body), "hush-hush") != 1 || strings.Count(string(body), `"connections"`) != 1 {
		t.Errorf("%s %v", body, err)
	}
	if shown := plan(t, editors, f)[0]; strings.Contains(cmp.Diff(nil, shown), "hush-hush") {
		t.Errorf("%+v", shown)
	}
	if on := (ConnectionMembers{Enabled: new(bool)}); !on.OnlySwitches() || f.Connections[0].OnlySwitches() {
		t.Error("only switches")
	}
	if (ConnectionMembers{Secret: secret.NewText("x")}).OnlySwitches() {
		t.Error("a secret is more than a switch")
	}
}
