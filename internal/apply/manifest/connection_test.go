package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/secret"
)

func TestConnections(t *testing.T) {
	f, err := Parse("connections.yaml", strings.NewReader(`
connections:
  - {id: google, type: google, client_id: ours, client_secret: {env: PW}}
  - id: acme
    type: oidc
    organization: acme
    label: Acme
    enabled: false
    hidden: true
    client_id: theirs
    client_secret: {value: hush}
    issuer: https://idp.example.test
    scopes: [openid, groups]
    algorithms: [ES256]
    token_endpoint_auth_method: client_secret_post
    tenants: [t]
    team_id: team
    key_id: key
    trusted_domains: [acme.test]
    keep_tokens: true
    pass_on_freshness: true
    strong: [mfa]
    mapping: {fields: {name: profile.display, "https://acme.test/id": x}, roles: {staff: [editor]}, once: [name]}
    provision: {mode: domains, domains: [acme.test], organization: acme, roles: [editor]}
    logout: offer
  - id: shop
    endpoints: {authorization: a, token: b, userinfo: c, emails: d, jwks: e, end_session: f, revocation: g}
`), known{})
	if err != nil {
		t.Fatal(err)
	}
	yes, no := true, false
	text := func(s string) *string { return &s }
	want := []apply.Connection{
		{ID: "google", ConnectionMembers: apply.ConnectionMembers{Type: "google", ClientID: "ours", Secret: secret.NewText("from the environment")}},
		{ID: "acme", ConnectionMembers: apply.ConnectionMembers{
			Type: "oidc", Organization: "acme", Label: text("Acme"), Enabled: &no, Hidden: &yes, ClientID: "theirs", Secret: secret.NewText("hush"),
			Issuer: text("https://idp.example.test"), Scopes: []string{"openid", "groups"}, Algorithms: []string{"ES256"}, AuthMethod: text("client_secret_post"),
			Tenants: []string{"t"}, TeamID: text("team"), KeyID: text("key"), Trust: []string{"acme.test"}, KeepTokens: &yes, PassOn: &yes, Strong: []string{"mfa"},
			Mapping: &apply.ConnectionMapping{
				Fields: map[string]string{"name": "profile.display", "https://acme.test/id": "x"}, Roles: map[string][]string{"staff": {"editor"}}, Once: []string{"name"},
			},
			Provision: &apply.ConnectionProvision{Mode: "domains", Domains: []string{"acme.test"}, Organization: "acme", Roles: []string{"editor"}},
			Logout:    text("offer"),
		}},
		{ID: "shop", ConnectionMembers: apply.ConnectionMembers{Endpoints: &apply.ConnectionEndpoints{
			Authorization: "a", Token: "b", UserInfo: "c", Emails: "d", JWKS: "e", EndSession: "f", Revocation: "g",
		}}},
	}
	same := cmp.Comparer(func(a, b secret.Text) bool { return a.Reveal() == b.Reveal() })
	if diff := cmp.Diff(want, f.Connections, same); diff != "" {
		t.Error(diff)
	}
}

// A slip of the pen is a fault at its place, never a rule that trusts more.
func TestConnectionFaults(t *testing.T) {
	for text, want := range map[string]string{
		"{type: google}":                                 "connections.yaml:2:5: id is missing",
		"{id: a, trusted_domain: [a.test]}":              `2:13: unknown key "trusted_domain"`,
		"{id: a, mapping: {field: {}}}":                  `2:23: unknown key "field"`,
		"{id: a, provision: {domain: a.test}}":           `2:25: unknown key "domain"`,
		"{id: a, endpoints: {authorize: a}}":             `2:25: unknown key "authorize"`,
		"{id: a, mapping: {roles: {staff: editor}}}":     "2:38: want a list",
		"{id: a, mapping: {roles: [editor]}}":            "2:30: want keys and values",
		"{id: a, mapping: {fields: {name: a, name: b}}}": `key "name" is written twice`,
		"{id: a, mapping: {fields: {name: [a]}}}":        "want a text",
		"{id: a, enabled: yes please}":                   "want true or false",
		"{id: a, client_secret: {env: NOT_SET}}":         "NOT_SET",
		"{id: a, client_secret: {value: a, file: b}}":    "want a text, or one of",
		"{id: a}\n  - {id: a}":                           "connection a is declared at connections.yaml:2:5 already",
	} {
		_, err := Parse("connections.yaml", strings.NewReader("connections:\n  - "+text+"\n"), known{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
