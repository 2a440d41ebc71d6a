package federation_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/problem"
)

const tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47"

func connections() map[federation.Kind]federation.Connection {
	all := map[federation.Kind]federation.Connection{}
	for _, kind := range federation.Kinds() {
		c := federation.Connection{Name: "one", Kind: kind, Settings: federation.Settings{ClientID: "client"}}
		s := &c.Settings
		switch kind {
		case federation.OIDC:
			s.Issuer = "https://login.example.org/realms/a"
		case federation.Apple:
			s.TeamID, s.KeyID = "TEAM123456", "KEY1234567"
		case federation.OAuth2:
			s.Endpoints = federation.Endpoints{Authorization: "https://a.example/a", Token: "https://a.example/t", UserInfo: "https://api.a.example/me"}
		}
		all[kind] = c
	}
	return all
}

// Three lines are enough: a kind, a client, and what only that kind needs.
func TestLeastConnections(t *testing.T) {
	if len(connections()) != 7 {
		t.Fatal("a kind is missing")
	}
	for kind, c := range connections() {
		if got, err := c.Clean(false); err != nil || cmp.Diff(c, got) != "" {
			t.Errorf("%s: %v %s", kind, problem.Of(err), cmp.Diff(c, got))
		}
	}
	if issuer := connections()[federation.OAuth2].Issuer(); issuer != "https://api.a.example" {
		t.Errorf("the issuer of a service without one is %s", issuer)
	}
}

func TestCanonical(t *testing.T) {
	c := connections()[federation.OIDC]
	c.Label = "  Our   login "
	c.Settings.ClientID = " client\n"
	c.Settings.Scopes = []string{"profile", "openid", "profile"}
	c.Settings.Trust = []string{"Example.ORG", "bücher.example", "example.org"}
	got, err := c.Clean(false)
	if err != nil || got.Label != "Our login" || got.Settings.ClientID != "client" {
		t.Fatalf("%+v, %v", got, err)
	}
	if diff := cmp.Diff([][]string{{"openid", "profile"}, {"example.org", "xn--bcher-kva.example"}}, [][]string{got.Settings.Scopes, got.Settings.Trust}); diff != "" {
		t.Error(diff)
	}
}

// What a connection cannot be is refused, at the member that is wrong.
func TestConnectionsThatAreRefused(t *testing.T) {
	type edit func(*federation.Connection, *federation.Settings)
	for name, c := range map[string]struct {
		kind federation.Kind
		edit edit
		at   string
	}{
		"no name":            {"oidc", func(c *federation.Connection, _ *federation.Settings) { c.Name = "" }, "/id"},
		"name with a slash":  {"oidc", func(c *federation.Connection, _ *federation.Settings) { c.Name = "a/b" }, "/id"},
		"no kind":            {"oidc", func(c *federation.Connection, _ *federation.Settings) { c.Kind = "saml" }, "/type"},
		"label of two lines": {"oidc", func(c *federation.Connection, _ *federation.Settings) { c.Label = "a\u202eb" }, "/label"},
		"no client":          {"google", func(_ *federation.Connection, s *federation.Settings) { s.ClientID = "" }, "/client_id"},
		"no issuer":          {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Issuer = "" }, "/issuer"},
		"issuer over http":   {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Issuer = "http://a.example" }, "/issuer"},
		"http here":          {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Issuer = "http://127.0.0.1:1" }, "/issuer"},
		"issuer with query":  {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Issuer = "https://a.example?x=1" }, "/issuer"},
		"issuer, fragment":   {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Issuer = "https://a.example#" }, "/issuer"},
		"issuer with user":   {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Issuer = "https://a@a.example" }, "/issuer"},
		"issuer in capitals": {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Issuer = "https://A.example" }, "/issuer"},
		// TH-40: a kind is trusted for what one service does.
		"google elsewhere":    {"google", func(_ *federation.Connection, s *federation.Settings) { s.Issuer = "https://a.example" }, "/issuer"},
		"apple elsewhere":     {"apple", func(_ *federation.Connection, s *federation.Settings) { s.Issuer = "https://a.example" }, "/issuer"},
		"microsoft elsewhere": {"microsoft", func(_ *federation.Connection, s *federation.Settings) { s.Issuer = "https://a.example/common/v2.0" }, "/issuer"},
		"microsoft, no tenant": {"microsoft", func(_ *federation.Connection, s *federation.Settings) {
			s.Issuer = "https://login.microsoftonline.com/v2.0"
		}, "/issuer"},
		"microsoft, tenant name": {"microsoft", func(_ *federation.Connection, s *federation.Settings) { s.Tenants = []string{"contoso.com"} }, "/tenants"},
		"microsoft, other tenant": {"microsoft", func(_ *federation.Connection, s *federation.Settings) {
			s.Issuer, s.Tenants = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0", []string{tenant}
		}, "/tenants"},
		"microsoft trusted by all": {"microsoft", func(_ *federation.Connection, s *federation.Settings) { s.Trust = []string{"*"} }, "/trusted_domains"},
		"organisation and all": {"oidc", func(c *federation.Connection, s *federation.Settings) {
			c.Organization, s.Trust = "org_1", []string{"*"}
		}, "/trusted_domains"},
		"no domain": {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Trust = []string{"*.example.org"} }, "/trusted_domains"},
		"google's address mapped": {"google", func(_ *federation.Connection, s *federation.Settings) {
			s.Mapping.Fields = map[string]string{"email": "x"}
		}, "/mapping/fields/email"},
		"subject mapped": {"oidc", func(_ *federation.Connection, s *federation.Settings) {
			s.Mapping.Fields = map[string]string{"subject": "email"}
		}, "/mapping/fields/subject"},
		"unknown field": {"oidc", func(_ *federation.Connection, s *federation.Settings) {
			s.Mapping.Fields = map[string]string{"admin": "x"}
		}, "/mapping/fields"},
		"empty path": {"oidc", func(_ *federation.Connection, s *federation.Settings) {
			s.Mapping.Fields = map[string]string{"name": "a..b"}
		}, "/mapping/fields/name"},
		"group without role": {"oidc", func(_ *federation.Connection, s *federation.Settings) {
			s.Mapping.Roles = map[string][]string{"g": nil}
		}, "/mapping/roles"},
		"address once":        {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Mapping.Once = []string{"email"} }, "/mapping/once"},
		"endpoints of google": {"google", func(_ *federation.Connection, s *federation.Settings) { s.Endpoints.Token = "https://a.example" }, "/endpoints"},
		"endpoint over http":  {"oauth2", func(_ *federation.Connection, s *federation.Settings) { s.Endpoints.Token = "http://a.example" }, "/endpoints/token"},
		"no endpoints":        {"oauth2", func(_ *federation.Connection, s *federation.Settings) { s.Endpoints = federation.Endpoints{} }, "/endpoints"},
		"keys of OAuth 2.0":   {"oauth2", func(_ *federation.Connection, s *federation.Settings) { s.Endpoints.JWKS = "https://a.example" }, "/endpoints/jwks"},
		"half a github": {"github", func(_ *federation.Connection, s *federation.Settings) {
			s.Endpoints.Token = "https://git.example.org/t"
		}, "/endpoints"},
		"github as github.com": {"github", func(_ *federation.Connection, s *federation.Settings) {
			s.Endpoints = federation.Endpoints{Authorization: "https://g.example/a", Token: "https://g.example/t", UserInfo: "https://g.example/u"}
		}, "/issuer"},
		"no openid":          {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Scopes = []string{"email"} }, "/scopes"},
		"scope of two words": {"oauth2", func(_ *federation.Connection, s *federation.Settings) { s.Scopes = []string{"a b"} }, "/scopes"},
		"HS256":              {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Algorithms = []string{"HS256"} }, "/algorithms"},
		"none":               {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Algorithms = []string{"none"} }, "/algorithms"},
		"algorithm, github":  {"github", func(_ *federation.Connection, s *federation.Settings) { s.Algorithms = []string{"RS256"} }, "/algorithms"},
		"no team":            {"apple", func(_ *federation.Connection, s *federation.Settings) { s.TeamID = "" }, "/team_id"},
		"no key":             {"apple", func(_ *federation.Connection, s *federation.Settings) { s.KeyID = "" }, "/key_id"},
		"team of google":     {"google", func(_ *federation.Connection, s *federation.Settings) { s.TeamID = "TEAM123456" }, "/team_id"},
		"key id of nothing":  {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.KeyID = "x" }, "/key_id"},
		"unknown method":     {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.AuthMethod = "client_secret_jwt" }, "/token_endpoint_auth_method"},
		"method of apple":    {"apple", func(_ *federation.Connection, s *federation.Settings) { s.AuthMethod = "none" }, "/token_endpoint_auth_method"},
		"logout":             {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Logout = "never" }, "/logout"},
		"no mode":            {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Provision.Mode = "x" }, "/provision/mode"},
		"domains of no mode": {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Provision.Domains = []string{"example.org"} }, "/provision/domains"},
		"mode of no domains": {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Provision.Mode = "domains" }, "/provision/domains"},
		"admin by a group": {"oidc", func(_ *federation.Connection, s *federation.Settings) { // TH-42
			s.Mapping.Roles = map[string][]string{"boss": {"editor", "admin"}}
		}, "/mapping/roles"},
		"admin for all new": {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Provision.Roles = []string{"admin"} }, "/provision/roles"}, // TH-42
		"odd role":          {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Provision.Roles = []string{"a b"} }, "/provision/roles"},
		"odd organisation":  {"oidc", func(_ *federation.Connection, s *federation.Settings) { s.Provision.Organization = "A b" }, "/provision/organization"},
	} {
		con := connections()[c.kind]
		c.edit(&con, &con.Settings)
		_, err := con.Clean(false)
		if p := problem.Of(err); !errors.Is(err, federation.ErrInvalid) || len(p.Fields) != 1 || p.Fields[0].Pointer != c.at {
			t.Errorf("%s: %+v", name, p)
		}
	}
	dev := connections()[federation.OIDC]
	dev.Settings.Issuer = "http://127.0.0.1:1"
	if _, err := dev.Clean(true); err != nil {
		t.Errorf("http here in development: %v", problem.Of(err))
	}
}

// TH-36: only who says that it proved somebody anew is asked for that.
func TestFreshnessIsTold(t *testing.T) {
	t.Parallel()
	for kind, c := range connections() {
		c.Settings.PassOn = true
		told := kind == federation.OIDC || kind == federation.Microsoft || kind == federation.GitLab
		if _, err := c.Clean(false); (err == nil) != told {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
