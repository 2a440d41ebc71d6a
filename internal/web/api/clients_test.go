package api_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	program "github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/registry"
	"github.com/mortise-auth/mortise/internal/secret"
)

const webClient = `{"client_id":"web","client_name":"Web","redirect_uris":["https://app.example.org/cb"],"scope":"openid posts:read","resources":["https://api.example.org/v1"]}`

// The life of scopes, resources and clients, by whoever administers.
func TestClientsResourcesScopes(t *testing.T) {
	r := newRig(t)
	h := r.asHost()
	h.refuse(t, 404, "scope_unknown", "POST", "/clients", webClient)
	h.must(t, 200, "PUT", "/scopes/posts:read", `{"description":"Read your posts"}`)
	h.refuse(t, 409, "scope_built_in", "PUT", "/scopes/openid", `{"description":"x"}`)
	h.refuse(t, 404, "resource_unknown", "POST", "/clients", webClient)
	h.must(t, 201, "POST", "/resources", `{"identifier":"https://api.example.org/v1","scopes":["posts:read"]}`)
	h.refuse(t, 409, "resource_taken", "POST", "/resources", `{"identifier":"https://api.example.org/v1"}`)
	api := "/resources/" + url.PathEscape("https://api.example.org/v1")
	if got := h.must(t, 200, "PATCH", api, `{"verifiers":["web"],"access_token_format":"opaque"}`); got.json["access_token_lifetime"] != 600.0 || got.json["access_token_format"] != "opaque" {
		t.Errorf("resource: %s", got.text)
	}
	made := h.must(t, 201, "POST", "/clients", webClient)
	if made.json["token_endpoint_auth_method"] != "client_secret_basic" || !strings.HasPrefix(made.json["client_secret"].(string), "mrt_cs_") {
		t.Errorf("made: %s", made.text)
	}
	h.refuse(t, 409, "client_id_taken", "POST", "/clients", webClient)
	for _, path := range []string{"/clients/web", "/clients", "/clients?limit=1"} {
		if got := h.must(t, 200, "GET", path, ""); strings.Contains(got.text, `"client_secret"`) || !strings.Contains(got.text, `"client_id":"web"`) {
			t.Errorf("%s: %s", path, got.text)
		}
	}
	got := h.must(t, 200, "PATCH", "/clients/web", `{"first_party":true,"origins":["https://app.example.org"],"access_token_lifetime":300}`)
	if got.json["first_party"] != true || got.json["scope"] != "openid posts:read" || got.json["access_token_lifetime"] != 300.0 {
		t.Errorf("changed: %s", got.text)
	}
	h.refuse(t, 409, "scope_in_use", "DELETE", "/scopes/posts:read", "")
	h.refuse(t, 409, "resource_in_use", "DELETE", api, "")
	h.must(t, 204, "DELETE", "/clients/web", "")
	h.refuse(t, 404, "client_unknown", "GET", "/clients/web", "")
	h.must(t, 204, "DELETE", api, "")
	h.must(t, 204, "DELETE", "/scopes/posts:read", "")
	h.refuse(t, 404, "scope_unknown", "DELETE", "/scopes/posts:read", "")
	if got := h.must(t, 200, "GET", "/scopes", ""); !strings.Contains(got.text, `"offline_access"`) {
		t.Errorf("scopes: %s", got.text)
	}
}

// OA-3 OA-5 OA-6: what may not be registered is refused by name.
func TestClientsRefused(t *testing.T) {
	r := newRig(t)
	h := r.asHost()
	for body, code := range map[string]string{
		`{"client_id":"usr_01jd4n3e5fezqrb2mcvkzx9p0h","grant_types":["client_credentials"]}`:                          "bad_client_id",
		`{"redirect_uris":["http://localhost:3000/callback"]}`:                                                         "bad_redirect_uri",
		`{"redirect_uris":["https://app.example.org/#x"]}`:                                                             "bad_redirect_uri",
		`{"redirect_uris":["https://a.example/"],"post_logout_redirect_uris":["javascript:alert(1)"]}`:                 "bad_logout_uri",
		`{"grant_types":["authorization_code"]}`:                                                                       "bad_grant_types",
		`{"grant_types":["password"]}`:                                                                                 "bad_grant_types",
		`{"grant_types":["client_credentials"],"token_endpoint_auth_method":"none"}`:                                   "bad_grant_types",
		`{"grant_types":["client_credentials"],"token_endpoint_auth_method":"private_key_jwt"}`:                        "bad_client_keys",
		`{"grant_types":["client_credentials"],"profile":"fapi2"}`:                                                     "client_profile_unmet",
		`{"grant_types":["client_credentials"],"client_secret":"short"}`:                                               "bad_client_secret",
		`{"grant_types":["refresh_token"],"token_endpoint_auth_method":"none","client_secret":"` + chosenSecret + `"}`: "client_public",
		`{"grant_types":["client_credentials"],"scope":"a  b"}`:                                                        "bad_scope",
		`{"grant_types":["client_credentials"],"origins":["http://app.example.org"]}`:                                  "bad_origin",
		`{"grant_types":["client_credentials"],"access_token_lifetime":86400}`:                                         "bad_token_lifetime",
		`{"grant_types":["client_credentials"],"refresh_token_lifetime":9223372036854775807}`:                          "bad_token_lifetime",
		`{"grant_types":["client_credentials"],"redirect_uri":"https://a.example/"}`:                                   "invalid_members",
	} {
		h.refuse(t, map[bool]int{true: 409, false: 422}[code == "client_public"], code, "POST", "/clients", body)
	}
	got := h.refuse(t, 422, "bad_redirect_uri", "POST", "/clients", `{"redirect_uris":["https://app.example.org/a/../b"]}`)
	if len(got.pointers()) != 1 || got.pointers()[0] != "/redirect_uris" || !strings.Contains(got.text, "dot segment") {
		t.Errorf("says %s", got.text)
	}
	r.person(t, "kim@example.org")
	kim := r.browser().signedIn(t, "kim@example.org")
	for _, path := range []string{"/clients", "/resources", "/scopes"} {
		kim.must(t, 403, "GET", path, "")
		r.program().must(t, 401, "GET", path, "")
	}
	kim.must(t, 403, "POST", "/clients/web/rotate-secret", "{}")
}

const chosenSecret = "not-a-real-secret-0123456789abcdef"

func (r *rig) opens(t *testing.T, id, text string) bool {
	t.Helper()
	_, err := r.Registry.Authenticate(t.Context(), registry.Credentials{ID: id, Method: program.AuthBasic, Secret: secret.NewText(text)})
	return err == nil
}

// OA-7 TH-3: two secrets while one is rotated, and at once none after a compromise.
func TestSecrets(t *testing.T) {
	r := newRig(t).working(t)
	h := r.asHost()
	h.must(t, 201, "POST", "/clients", `{"client_id":"web","grant_types":["client_credentials"],"client_secret":"`+chosenSecret+`"}`)
	rotate := func(body string) string {
		got := h.must(t, 200, "POST", "/clients/web/rotate-secret", body)
		return got.json["client_secret"].(string)
	}
	second := rotate(`{"keep_former":3600}`)
	if !r.opens(t, "web", chosenSecret) || !r.opens(t, "web", second) {
		t.Error("one of two secrets in rotation does not open")
	}
	r.clock.Advance(time.Hour)
	if r.opens(t, "web", chosenSecret) || !r.opens(t, "web", second) {
		t.Error("the former secret outlives its time")
	}
	h.refuse(t, 422, "bad_keep_former", "POST", "/clients/web/rotate-secret", `{"keep_former":-1}`)
	h.refuse(t, 422, "bad_keep_former", "POST", "/clients/web/rotate-secret", `{"keep_former":8000000}`)
	h.refuse(t, 422, "bad_keep_former", "POST", "/clients/web/rotate-secret", `{"keep_former":10,"compromised":true}`)
	third := rotate(`{"compromised":true}`)
	if r.opens(t, "web", second) || !r.opens(t, "web", third) {
		t.Error("a compromised secret still opens")
	}
	h.must(t, 200, "POST", "/clients/web/disable", "")
	if r.opens(t, "web", third) {
		t.Error("a disabled client authenticates")
	}
	if c, err := r.Registry.Client(t.Context(), "web"); err != nil || c.Version != 3 {
		t.Errorf("version %d, %v", c.Version, err)
	}
	h.must(t, 200, "POST", "/clients/web/enable", "")
	if !r.opens(t, "web", third) {
		t.Error("an enabled client does not authenticate")
	}
	h.must(t, 200, "PATCH", "/clients/web", `{"token_endpoint_auth_method":"none","grant_types":["refresh_token"]}`)
	h.refuse(t, 409, "client_public", "POST", "/clients/web/rotate-secret", "")
	// Nothing of a secret is in the log, nor in an answer that is given again.
	if got := h.must(t, 200, "GET", "/events?limit=100", ""); strings.Contains(got.text, third) || strings.Contains(got.text, chosenSecret) || !strings.Contains(got.text, "client.secret_compromised") {
		t.Errorf("events: %s", got.text)
	}
}

const declared = `{"scopes":[{"name":"posts:read","description":"Read your posts"}],
	"resources":[{"identifier":"https://api.example.test","name":"Posts API","scopes":["posts:read"],"access_token_format":"jwt"}],
	"clients":[{"client_id":"web","client_name":"Demo web app","client_secret":"SECRET","token_endpoint_auth_method":"client_secret_basic",
	"grant_types":["refresh_token","authorization_code"],"response_types":["code"],"redirect_uris":["https://b.example/cb","https://a.example/cb"],
	"id_token_signed_response_alg":"EdDSA","scope":"openid posts:read","first_party":false}]}`

// Applying twice changes nothing; another secret in the file is a rotation.
func TestApplyClients(t *testing.T) {
	r := newRig(t)
	h := r.asHost()
	body := strings.ReplaceAll(declared, "SECRET", chosenSecret)
	for _, step := range []struct {
		path, body string
		applied    float64
	}{
		{"/apply?dry_run=true", body, 3},
		{"/apply", body, 3},
		{"/apply", body, 0},
		{"/apply?dry_run=true", body, 0},
		{"/apply", strings.ReplaceAll(declared, "SECRET", chosenSecret+"-2"), 1},
		{"/apply", strings.ReplaceAll(declared, "SECRET", chosenSecret+"-2"), 0},
		{"/apply", `{"clients":[{"client_id":"web","first_party":true}]}`, 1},
		{"/apply", `{"clients":[{"client_id":"web","grant_types":["refresh_token"],"response_types":[]}]}`, 1},
		{"/apply", `{"clients":[{"client_id":"web","grant_types":["refresh_token"],"response_types":[]}]}`, 0},
	} {
		got := h.must(t, 200, "POST", step.path, step.body)
		if got.json["applied"] != step.applied || got.json["failed"] != 0.0 || strings.Contains(got.text, chosenSecret) {
			t.Errorf("%s %s: %s", step.path, step.body, got.text)
		}
	}
	if !r.opens(t, "web", chosenSecret) || !r.opens(t, "web", chosenSecret+"-2") {
		t.Error("one of two secrets in rotation does not open")
	}
	got := h.must(t, 200, "GET", "/clients/web", "")
	if got.json["managed_by"] != "file" || got.json["client_name"] != "Demo web app" || got.json["scope"] != "openid posts:read" {
		t.Errorf("client: %s", got.text)
	}
}

// A plan says what apply would refuse, of each thing by itself.
func TestApplyClientFaults(t *testing.T) {
	r := newRig(t)
	h := r.asHost()
	const body = `{"scopes":[{"name":"a b"},{"name":"good"}],"resources":[{"identifier":"no uri"}],"clients":[
		{"client_id":"usr_x","token_endpoint_auth_method":"none"},
		{"client_id":"a","token_endpoint_auth_method":"none","redirect_uris":["http://127.0.0.1:3000/"]},
		{"client_id":"b","grant_types":["client_credentials"],"client_secret":"short"},
		{"client_id":"c","grant_types":["client_credentials"]},
		{"client_id":"d","grant_types":[],"token_endpoint_auth_method":"none"}]}`
	for _, path := range []string{"/apply?dry_run=true", "/apply"} {
		got := h.must(t, 200, "POST", path, body)
		if got.json["applied"] != 1.0 || got.json["failed"] != 7.0 {
			t.Errorf("%s: %s", path, got.text)
		}
		for _, code := range []string{"bad_scope", "bad_resource_identifier", "bad_client_id", "bad_redirect_uri", "bad_client_secret", "apply_client_secret_missing", "bad_grant_types"} {
			if !strings.Contains(got.text, `"`+code+`"`) {
				t.Errorf("%s: no %s in %s", path, code, got.text)
			}
		}
	}
}
