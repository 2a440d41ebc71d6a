package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/apply"
)

func TestSites(t *testing.T) {
	f, err := Parse("sites.yaml", strings.NewReader(`
sites:
  - host: app.example.org
    name: Wiki
    identity: {audience: https://wiki.internal, personal: true}
    rules:
      - {paths: [/public/*], methods: [GET], networks: [10.0.0.0/8], action: allow}
      - {action: require, roles: [a], permissions: [b], scopes: [c], organization: acme, organization_roles: [owner], assurance: 2, fresh_within: 15m}
  - host: b.example.org
`), known{})
	if err != nil {
		t.Fatal(err)
	}
	want := []apply.Site{{
		Host: "app.example.org", Name: "Wiki", Identity: &apply.SiteIdentity{Audience: "https://wiki.internal", Personal: true},
		Rules: []apply.SiteRule{
			{Paths: []string{"/public/*"}, Methods: []string{"GET"}, Networks: []string{"10.0.0.0/8"}, Action: "allow"},
			{
				Action: "require", Roles: []string{"a"}, Permissions: []string{"b"}, Scopes: []string{"c"}, Organization: "acme",
				OrganizationRoles: []string{"owner"}, Assurance: 2, FreshWithin: "15m",
			},
		},
	}, {Host: "b.example.org", Rules: []apply.SiteRule{}}}
	if diff := cmp.Diff(want, f.Sites); diff != "" {
		t.Error(diff)
	}
}

// A slip of the pen is a fault, never a rule that is missing a part.
func TestSitesFaults(t *testing.T) {
	for text, want := range map[string]string{
		"{rules: []}":                                           "host",
		"{host: a, rules: [{paths: [/a]}]}":                     "action is missing",
		"{host: a, rules: [{action: allow, path: /a}]}":         "path",
		"{host: a, rules: [{action: require, assurance: two}]}": "want a whole number from 1",
		"{host: a, identity: {personal: true}}":                 "audience is missing",
		"{host: a}\n  - {host: a}":                              "a",
	} {
		_, err := Parse("sites.yaml", strings.NewReader("sites:\n  - "+text+"\n"), known{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
