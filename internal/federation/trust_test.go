package federation_test

import (
	"testing"

	"github.com/mortise-auth/mortise/internal/federation"
)

// Who may vouch for which address: TH-40, OA-114, lessons.md row 35 (a verified
// upstream address that binds to whoever has it here).
func TestTrusts(t *testing.T) {
	const tenant, personal = "72f988bf-86f1-41af-91ab-2d7cd011db47", "9188040d-6c67-4c5b-b112-36a304b66dad"
	common, single := "https://login.microsoftonline.com/common/v2.0", "https://login.microsoftonline.com/"+tenant+"/v2.0"
	for name, c := range map[string]struct {
		kind   federation.Kind
		issuer string
		trust  []string
		org    string
		more   map[string]any
		domain string
		want   bool
	}{
		"google, gmail":                   {kind: "google", domain: "gmail.com", want: true},
		"google, googlemail":              {kind: "google", domain: "googlemail.com", want: true},
		"google, its hd":                  {kind: "google", more: map[string]any{"hd": "Example.org"}, domain: "example.org", want: true},
		"google, other hd":                {kind: "google", more: map[string]any{"hd": "example.com"}, domain: "example.org"},
		"google, no hd":                   {kind: "google", domain: "example.org"},
		"google, hd no text":              {kind: "google", more: map[string]any{"hd": []any{"example.org"}}, domain: "example.org"},
		"google, subdomain of hd":         {kind: "google", more: map[string]any{"hd": "example.org"}, domain: "a.example.org"},
		"google, narrowed":                {kind: "google", trust: []string{"example.org"}, domain: "gmail.com"},
		"google, as plain OpenID":         {kind: "oidc", issuer: "https://accounts.google.com", domain: "gmail.com", want: true},
		"google, almost":                  {kind: "oidc", issuer: "https://accounts.google.com/", domain: "gmail.com"},
		"no domain":                       {kind: "google", more: map[string]any{"hd": ""}, domain: ""},
		"microsoft, bare":                 {kind: "microsoft", more: map[string]any{"tid": tenant}, domain: "example.org"},
		"microsoft, edov":                 {kind: "microsoft", more: map[string]any{"tid": tenant, "xms_edov": true}, domain: "example.org", want: true},
		"microsoft, edov false":           {kind: "microsoft", more: map[string]any{"tid": tenant, "xms_edov": false}, domain: "example.org"},
		"microsoft, edov 0":               {kind: "microsoft", more: map[string]any{"tid": tenant, "xms_edov": "0"}, domain: "example.org"},
		"microsoft, listed, all tenants":  {kind: "microsoft", issuer: common, trust: []string{"example.org"}, more: map[string]any{"tid": tenant}, domain: "example.org"},
		"microsoft, listed, one tenant":   {kind: "microsoft", issuer: single, trust: []string{"example.org"}, more: map[string]any{"tid": tenant}, domain: "example.org", want: true},
		"microsoft, unlisted, one tenant": {kind: "microsoft", issuer: single, more: map[string]any{"tid": tenant}, domain: "example.org"},
		"microsoft, personal":             {kind: "microsoft", more: map[string]any{"tid": personal}, domain: "outlook.com", want: true},
		"microsoft, personal, other":      {kind: "microsoft", more: map[string]any{"tid": personal, "xms_edov": true}, domain: "example.org"},
		"microsoft, outlook of a tenant":  {kind: "microsoft", more: map[string]any{"tid": tenant}, domain: "outlook.com"},
		"github":                          {kind: "github", domain: "example.org", want: true},
		"github, somebody's own":          {kind: "github", issuer: "https://git.example.org", domain: "example.org"},
		"apple":                           {kind: "apple", domain: "example.org", want: true},
		"apple, private":                  {kind: "apple", more: map[string]any{"is_private_email": "true"}, domain: "privaterelay.appleid.com", want: true},
		"apple, private, other domain":    {kind: "apple", more: map[string]any{"is_private_email": true}, domain: "example.org"},
		"apple, relay, not private":       {kind: "apple", domain: "privaterelay.appleid.com"},
		"gitlab":                          {kind: "gitlab", domain: "example.org"},
		"oidc":                            {kind: "oidc", domain: "example.org"},
		"oidc, listed":                    {kind: "oidc", trust: []string{"example.com", "example.org"}, domain: "example.org", want: true},
		"oidc, subdomain":                 {kind: "oidc", trust: []string{"example.org"}, domain: "a.example.org"},
		"oidc, suffix":                    {kind: "oidc", trust: []string{"example.org"}, domain: "badexample.org"},
		"oidc, every":                     {kind: "oidc", trust: []string{"*"}, domain: "example.org", want: true},
		"oauth2":                          {kind: "oauth2", domain: "example.org"},
		"organisation, every":             {kind: "oidc", org: "org_1", trust: []string{"*"}, domain: "example.org"},
		"organisation, its own":           {kind: "oidc", org: "org_1", trust: []string{"example.org"}, domain: "example.org", want: true},
		"organisation, github":            {kind: "github", org: "org_1", domain: "example.org"},
		"organisation, apple":             {kind: "apple", org: "org_1", domain: "example.org"},
	} {
		con := federation.Connection{Kind: c.kind, Organization: c.org, Settings: federation.Settings{Issuer: c.issuer, Trust: c.trust}}
		if got := con.Trusts(c.domain, federation.Statement{Claims: c.more}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// An address counts when the service says that it checked this one, and not by a
// claim about another. TH-40
func TestAddressThatCounts(t *testing.T) {
	for name, c := range map[string]struct {
		fields map[string]string
		claims map[string]any
		email  string
		want   bool
	}{
		"checked":               {nil, map[string]any{"email": "A@Example.ORG", "email_verified": true}, "A@example.org", true},
		"as a text":             {nil, map[string]any{"email": "a@example.org", "email_verified": "true"}, "a@example.org", true},
		"unchecked":             {nil, map[string]any{"email": "a@example.org", "email_verified": false}, "a@example.org", false},
		"not said":              {nil, map[string]any{"email": "a@example.org"}, "a@example.org", false},
		"said oddly":            {nil, map[string]any{"email": "a@example.org", "email_verified": "yes"}, "a@example.org", false},
		"a list":                {nil, map[string]any{"email": []any{"a@example.org"}, "email_verified": true}, "", false},
		"two":                   {nil, map[string]any{"email": "a@example.org,b@example.org", "email_verified": true}, "", false},
		"two at signs":          {nil, map[string]any{"email": "a@evil.test@example.org", "email_verified": true}, "", false},
		"with a name":           {nil, map[string]any{"email": "Ada <a@example.org>", "email_verified": true}, "", false},
		"of another claim":      {map[string]string{"email": "upn"}, map[string]any{"upn": "a@example.org", "email_verified": true}, "a@example.org", false},
		"of another, with word": {map[string]string{"email": "upn", "email_verified": "upn_ok"}, map[string]any{"upn": "a@example.org", "upn_ok": true}, "a@example.org", true},
	} {
		con := federation.Connection{Kind: federation.OIDC, Settings: federation.Settings{Issuer: "https://a.example", Trust: []string{"example.org"}}}
		con.Settings.Mapping.Fields = c.fields
		p, err := con.Person(federation.Statement{Issuer: "https://a.example", Subject: "1", Claims: c.claims})
		if err != nil || p.Email != c.email || p.Verified != c.want {
			t.Errorf("%s: %q %v, %v", name, p.Email, p.Verified, err)
		}
	}
	// A kind that is trusted by a rule of its own is so about its own claim only.
	con := federation.Connection{Kind: federation.Microsoft}
	con.Settings.Mapping.Fields = map[string]string{"email": "preferred_username"}
	p, err := con.Person(federation.Statement{Issuer: "i", Subject: "1", Claims: map[string]any{"preferred_username": "victim@example.org", "xms_edov": true, "tid": "t"}})
	if err != nil || p.Email != "" || p.Verified {
		t.Errorf("%+v, %v", p, err)
	}
}
