package client

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/user"
)

func web() Client {
	return Client{ID: "web", RedirectURIs: []string{"https://app.example.org/callback"}}
}

// OA-6: whatever names an account, or could be taken for its name, names no client.
func TestNoClientIsCalledLikeAnAccount(t *testing.T) {
	sub := user.NewID(time.Now()).String()
	for _, name := range []string{sub, strings.ToUpper(sub), "Usr_x", "usr_", "", " web", "-web", "a b", "a/b", "wéb", "web\x00", strings.Repeat("a", 129)} {
		if _, err := ParseID(name); !errors.Is(err, ErrBadID) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"web", "demo-web", "1234.apps.example.org", "a~b_c", string(NewID(time.Now())), strings.Repeat("a", 128)} {
		if _, err := ParseID(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		if _, err := ParseID(name); err == nil && strings.HasPrefix(strings.ToLower(name), "usr_") {
			t.Errorf("%q is taken", name)
		}
	})
}

// OA-5: the defaults are those of the standards, and allow nothing beyond them.
func TestDefaults(t *testing.T) {
	got, err := web().Clean(Addresses{})
	if err != nil {
		t.Fatal(err)
	}
	want := Client{
		ID: "web", Name: "web", Type: Web, Auth: AuthBasic, Profile: OAuth21, Grants: []string{GrantCode}, Responses: []string{"code"},
		RedirectURIs: []string{"https://app.example.org/callback"}, IDTokenAlg: "RS256", RefreshIdle: DefaultRefreshIdle, RefreshLife: DefaultRefreshLife,
		Metadata: Metadata{SubjectType: PublicSubject},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.May(GrantRefresh) || got.MayAsk("openid") || got.Trusts("https://app.example.org") || got.Matches("https://app.example.org/callback/") {
		t.Error("something that is not listed is allowed")
	}
	again, err := got.Clean(Addresses{})
	if err != nil || cmp.Diff(got, again) != "" {
		t.Errorf("clean is not clean: %v %s", err, cmp.Diff(got, again))
	}
}

// OA-5
func TestClean(t *testing.T) {
	for name, tt := range map[string]struct {
		want   error
		change func(*Client)
	}{
		"no name of ours":           {ErrBadID, func(c *Client) { c.ID = "usr_x" }},
		"name with a line break":    {user.ErrBadName, func(c *Client) { c.Name = "a\x00b" }},
		"private_key_jwt, no key":   {ErrBadKeys, func(c *Client) { c.Auth = AuthPrivateKeyJWT }},
		"tls_client_auth":           {ErrAuthMethod, func(c *Client) { c.Auth = "tls_client_auth" }},
		"fapi2 with a secret":       {ErrProfile, func(c *Client) { c.Profile = FAPI2 }},
		"fapi2, public":             {ErrProfile, func(c *Client) { c.Profile, c.Auth = FAPI2, AuthNone }},
		"fapi2, its method, no key": {ErrBadKeys, func(c *Client) { c.Profile, c.Auth = FAPI2, AuthPrivateKeyJWT }},
		"another profile":           {ErrProfile, func(c *Client) { c.Profile = "oauth2.0" }},
		"password grant":            {ErrBadGrants, func(c *Client) { c.Grants = []string{"password"} }},
		"token response":            {ErrBadGrants, func(c *Client) { c.Responses = []string{"token"} }},
		"code without its response": {ErrBadGrants, func(c *Client) { c.Grants, c.Responses = []string{GrantCode, GrantImplicit}, []string{"id_token"} }},
		"response without its code": {ErrBadGrants, func(c *Client) { c.Grants, c.Responses = []string{GrantRefresh}, []string{"code"} }},
		"implicit without response": {ErrBadGrants, func(c *Client) { c.Grants = []string{GrantCode, GrantImplicit} }},
		"nowhere to go back to":     {ErrBadGrants, func(c *Client) { c.RedirectURIs = nil }},
		"public machine":            {ErrBadGrants, func(c *Client) { c.Auth, c.Grants = AuthNone, []string{GrantCode, GrantClientCredentials} }},
		"http redirect":             {ErrBadRedirect, func(c *Client) { c.RedirectURIs = []string{"http://app.example.org/"} }},
		"http log-out":              {ErrBadLogout, func(c *Client) { c.PostLogoutURIs = []string{"http://app.example.org/"} }},
		"back channel by http":      {ErrBadLogout, func(c *Client) { c.BackchannelLogout = "http://127.0.0.1/out" }},
		"origin with a path":        {ErrBadOrigin, func(c *Client) { c.Origins = []string{"https://app.example.org/"} }},
		"algorithm none":            {ErrBadAlgorithm, func(c *Client) { c.IDTokenAlg = "none" }},
		"algorithm HS256":           {ErrBadAlgorithm, func(c *Client) { c.IDTokenAlg = "HS256" }},
		"format":                    {ErrBadTokenFormat, func(c *Client) { c.TokenFormat = "saml" }},
		"short tokens":              {ErrBadLifetime, func(c *Client) { c.TokenLifetime = 299 * time.Second }},
		"long tokens":               {ErrBadLifetime, func(c *Client) { c.TokenLifetime = 901 * time.Second }},
		"half seconds":              {ErrBadLifetime, func(c *Client) { c.TokenLifetime = 300*time.Second + time.Millisecond }},
		"idle longer than life":     {ErrBadLifetime, func(c *Client) { c.RefreshIdle, c.RefreshLife = 2*time.Hour, time.Hour }},
		"for ever":                  {ErrBadLifetime, func(c *Client) { c.RefreshLife = 1000 * 24 * time.Hour }},
		"negative":                  {ErrBadLifetime, func(c *Client) { c.RefreshLife = -time.Hour }},
		"too many":                  {ErrTooMany, func(c *Client) { c.RedirectURIs = make([]string, 101) }},
	} {
		c := web()
		tt.change(&c)
		if _, err := c.Clean(Addresses{}); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
	for name, c := range map[string]Client{
		"machine":  {ID: "m", Grants: []string{GrantClientCredentials}},
		"hybrid":   {ID: "h", Grants: []string{GrantImplicit, GrantCode}, Responses: []string{"code id_token"}, RedirectURIs: []string{"https://a.example/"}},
		"headless": {ID: "n", Auth: AuthNone, Type: Native, Grants: []string{GrantRefresh}},
		"device":   {ID: "d", Auth: AuthNone, Grants: []string{GrantDevice, GrantRefresh}},
	} {
		if _, err := c.Clean(Addresses{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// OA-2: nothing but the port of a loopback literal may differ, and only for a
// native client.
func TestMatches(t *testing.T) {
	native := Client{Type: Native, RedirectURIs: []string{"http://127.0.0.1/cb?x=1", "http://[::1]:7000/cb", "http://localhost:3000/cb", "com.example.app:/cb", "https://app.example.org/cb"}}
	browser := native
	browser.Type = Web
	for sent, want := range map[string]bool{
		"http://127.0.0.1/cb?x=1":          true,
		"http://127.0.0.1:51004/cb?x=1":    true,
		"http://[::1]:7001/cb":             true,
		"http://[::1]/cb":                  true,
		"com.example.app:/cb":              true,
		"http://localhost:3000/cb":         true,
		"http://localhost:3001/cb":         false,
		"http://127.0.0.1:51004/cb":        false,
		"http://127.0.0.1:51004/cb?x=1&y":  false,
		"http://127.0.0.1:51004/cb?x=1#":   false,
		"http://127.0.0.1:99999/cb?x=1":    false,
		"http://127.0.0.1:/cb?x=1":         false,
		"http://127.0.0.1@evil.test/cb":    false,
		"http://127.0.0.2:51004/cb?x=1":    false,
		"https://127.0.0.1:51004/cb?x=1":   false,
		"https://app.example.org:8443/cb":  false,
		"https://app.example.org/cb/":      false,
		"https://APP.example.org/cb":       false,
		"https://app.example.org/x/../cb":  false,
		"https://app.example.org/cb?extra": false,
		"":                                 false,
	} {
		if got := native.Matches(sent); got != want {
			t.Errorf("native: %q: %v", sent, got)
		}
		exact := false
		for _, registered := range browser.RedirectURIs {
			exact = exact || registered == sent
		}
		if got := browser.Matches(sent); got != exact {
			t.Errorf("web: %q: %v", sent, got)
		}
	}
}
