package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/enroll"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/registry"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

func registering(m enroll.Mode, change ...func(*Registration)) func(*Config) {
	return func(c *Config) {
		c.Registration.Mode = m
		for _, f := range change {
			f(&c.Registration)
		}
	}
}

const minimal = `{"redirect_uris":["https://app.example.org/cb"]}`

// enrol asks to register a client.
func (w *world) enrol(t *testing.T, bearer, body string) answer {
	t.Helper()
	return w.manage(t, "POST", "/oauth2/register", bearer, body)
}

func (w *world) manage(t *testing.T, method, path, bearer, body string) answer {
	t.Helper()
	a := ask{method, strings.TrimPrefix(path, selfURI), body, map[string]string{"Content-Type": "application/json"}}
	if bearer != "" {
		a.head["Authorization"] = "Bearer " + bearer
	}
	return w.do(t, a)
}

// initial makes an initial access token.
func (w *world) initial(t *testing.T, v registration.Token) string {
	t.Helper()
	_, text, err := w.Directory.CreateInitialToken(t.Context(), user.Host(), v)
	must(t, err)
	return text.Reveal()
}

// with is a document with further members.
func with(members string) string {
	return strings.TrimSuffix(minimal, "}") + "," + members + "}"
}

func (a answer) list(name string) (out []string) {
	all, _ := a.json[name].([]any)
	for _, v := range all {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// OA-70: off unless somebody turned it on.
func TestRegistrationIsOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.enrol(t, "", minimal); got.Code != http.StatusNotFound {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if _, err := w.Registry.Client(t.Context(), "https://app.example.org/client.json"); !errors.Is(err, client.ErrUnknown) {
		t.Errorf("a client_id that is an address: %v", err)
	}
	_, err := New(t.Context(), Config{URL: selfURI, SecretKey: "x", Registration: Registration{Mode: "always"}}, w.store)
	if !errors.Is(err, ErrBadRegistration) {
		t.Errorf("an unknown mode: %v", err)
	}
}

// OA-70 OA-72 OA-6: the life of a client that registers itself.
func TestRegistrationLife(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st, registering(enroll.Token)).world(t)
		for _, bearer := range []string{"", "mrt_iat_x", secret.NewCredential(secret.InitialToken).Reveal(), secret.NewCredential(secret.RegistrationToken).Reveal()} {
			got := w.enrol(t, bearer, minimal).want(t, 401, "invalid_token")
			if c := got.Header().Get("WWW-Authenticate"); !strings.HasPrefix(c, `Bearer realm="`+selfURI+`"`) || strings.Contains(c, "error=") != (bearer != "") {
				t.Errorf("%q: WWW-Authenticate %q", bearer, c)
			}
		}
		initial := w.initial(t, registration.Token{Name: "Partners"})
		w.enrol(t, initial, `{"redirect_uris":["http://app.example.org/cb"]}`).want(t, 400, "invalid_redirect_uri") // spends no use
		made := w.enrol(t, initial, with(`"client_id":"`+w.kim.ID.String()+`","client_name":"App","unknown":1,"software_id":null`)).want(t, 201, "")
		id, text, access, self := made.text("client_id"), made.text("client_secret"), made.text("registration_access_token"), made.text("registration_client_uri")
		if !strings.HasPrefix(id, "cli_") || !strings.HasPrefix(text, "mrt_cs_") || !strings.HasPrefix(access, "mrt_rat_") || self != selfURI+"/oauth2/register/"+id {
			t.Fatalf("made: %s", made.Body)
		}
		for name, want := range map[string]string{
			"token_endpoint_auth_method": "client_secret_basic", "application_type": "web", "id_token_signed_response_alg": "RS256", "client_name": "App",
			"scope": "email offline_access openid profile", "subject_type": "public",
		} {
			if made.text(name) != want {
				t.Errorf("%s is %q, want %q", name, made.text(name), want)
			}
		}
		if !slices.Equal(made.list("grant_types"), []string{"authorization_code"}) || !slices.Equal(made.list("response_types"), []string{"code"}) ||
			made.json["client_secret_expires_at"] != 0.0 || made.json["client_id_issued_at"] != float64(w.now().Unix()) {
			t.Errorf("made: %s", made.Body)
		}
		if h := made.Header(); h.Get("Cache-Control") != "no-store" || h.Get("Content-Type") != "application/json" {
			t.Errorf("%v", h)
		}
		w.enrol(t, initial, minimal).want(t, 401, "invalid_token") // one use
		if !w.authenticates(t, id, client.AuthBasic, text) {
			t.Error("the secret does not open")
		}
		c, err := w.Registry.Client(t.Context(), id)
		must(t, err)
		if !c.SelfRegistered() || c.FirstParty {
			t.Errorf("%+v", c)
		}

		read := w.manage(t, "GET", self, access, "").want(t, 200, "")
		if read.text("client_id") != id || read.text("registration_access_token") != access || read.text("client_secret") != "" || read.text("registration_client_uri") != self {
			t.Errorf("read: %s", read.Body)
		}
		put := func(body string) answer { return w.manage(t, "PUT", self, access, body) }
		put(minimal).want(t, 400, "invalid_client_metadata")
		put(with(`"client_id":"cli_other"`)).want(t, 400, "invalid_client_metadata")
		own := `"client_id":"` + id + `",`
		put(with(own+`"registration_access_token":"x"`)).want(t, 400, "invalid_client_metadata")
		put(with(own+`"client_secret":"mine-now"`)).want(t, 400, "invalid_client_metadata")
		put(with(own+`"client_secret":"`+text+`","client_name":"New"`)).want(t, 200, "")
		// What is left out is gone, and what only the operator sets is as it was.
		v, err := w.Directory.Client(t.Context(), user.Host(), client.ID(id))
		must(t, err)
		v.FirstParty, v.RefreshIdle, v.RefreshLife = true, time.Hour, 2*time.Hour
		_, err = w.Directory.UpdateClient(t.Context(), user.Host(), v)
		must(t, err)
		changed := put(`{`+own+`"redirect_uris":["https://two.example.org/cb"],"token_endpoint_auth_method":"none","first_party":false}`).want(t, 200, "")
		if changed.text("client_name") != id || changed.text("token_endpoint_auth_method") != "none" || !slices.Equal(changed.list("redirect_uris"), []string{"https://two.example.org/cb"}) {
			t.Errorf("changed: %s", changed.Body)
		}
		c, err = w.Registry.Client(t.Context(), id)
		must(t, err)
		if !c.FirstParty || c.RefreshIdle != time.Hour || !c.Secret.Digest.IsZero() || !slices.Equal(c.Origins, []string{"https://two.example.org"}) {
			t.Errorf("%+v", c)
		}
		again := put(`{`+own+`"redirect_uris":["https://two.example.org/cb"],"token_endpoint_auth_method":"client_secret_post"}`).want(t, 200, "")
		if fresh := again.text("client_secret"); fresh == "" || fresh == text || w.authenticates(t, id, client.AuthPost, text) || !w.authenticates(t, id, client.AuthPost, fresh) {
			t.Errorf("a secret that is needed again: %s", again.Body)
		}

		// Each token opens one client.
		other := w.enrol(t, w.initial(t, registration.Token{}), minimal).want(t, 201, "")
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			w.manage(t, method, self, other.text("registration_access_token"), with(`"client_id":"`+id+`"`)).want(t, 401, "invalid_token")
			w.manage(t, method, self, initial, "{}").want(t, 401, "invalid_token")
			w.manage(t, method, self, "", "{}").want(t, 401, "invalid_token")
			w.manage(t, method, "/oauth2/register/web", access, "{}").want(t, 401, "invalid_token")
			w.manage(t, method, "/oauth2/register/cli_nobody", access, "{}").want(t, 401, "invalid_token")
		}
		must(t, w.Directory.DisableClient(t.Context(), user.Host(), client.ID(id)))
		w.manage(t, "GET", self, access, "").want(t, 403, "access_denied")
		must(t, w.Directory.EnableClient(t.Context(), user.Host(), client.ID(id)))
		if got := w.manage(t, "DELETE", self, access, ""); got.Code != 204 {
			t.Errorf("delete: %d %s", got.Code, got.Body)
		}
		w.manage(t, "GET", self, access, "").want(t, 401, "invalid_token")
		if _, err := w.Registry.Client(t.Context(), id); !errors.Is(err, client.ErrUnknown) {
			t.Errorf("after its deletion: %v", err)
		}
		w.tells(t, id, "client.registered", "client.registration_changed", "client.registration_deleted", "client.secret_rotated")
		for _, name := range []string{"registration.token_created", "client.registration_refused"} {
			if !w.has(t, name, "") {
				t.Errorf("%s is not in the trail", name)
			}
		}
	})
}

// tells wants events about a client, and no secret in them.
func (w *world) tells(t *testing.T, id string, names ...string) {
	t.Helper()
	evs, err := w.store.Audit().Search(t.Context(), audit.Query{Limit: 200})
	must(t, err)
	var got []string
	for _, e := range evs {
		if e.Client != id {
			continue
		}
		got = append(got, e.Name)
		if b, _ := json.Marshal(e); strings.Contains(string(b), "mrt_") {
			t.Errorf("a secret in the trail: %s", b)
		}
	}
	for _, name := range names {
		if !slices.Contains(got, name) {
			t.Errorf("%s is not in the trail: %v", name, got)
		}
	}
}

func (w *world) authenticates(t *testing.T, id string, how client.Auth, text string) bool {
	t.Helper()
	_, err := w.Registry.Authenticate(t.Context(), registry.Credentials{ID: id, Method: how, Secret: secret.NewText(text)})
	return err == nil
}

// OA-70 TH-27: fifty that race for the uses of one token, while nothing is shared
// but the store, get as many clients as it has uses.
func TestInitialTokenRace(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st, registering(enroll.Token)).world(t)
		initial := w.initial(t, registration.Token{MaxUses: 3})
		if n := winners(50, func(int) error {
			if got := w.enrol(t, initial, minimal); got.Code != 201 {
				return errors.New(got.Body.String())
			}
			return nil
		}); n != 3 {
			t.Errorf("%d clients with a token for three", n)
		}
		expired := w.initial(t, registration.Token{MaxUses: 3})
		w.clock.Advance(registration.DefaultLife)
		w.enrol(t, expired, minimal).want(t, 401, "invalid_token")
	})
}

// OA-3 OA-70: what cannot be registered is refused by the registered code, which
// says the member.
func TestRegistrationRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registering(enroll.Open, func(r *Registration) { r.Policy.RedirectHosts = nil }))
	for body, want := range map[string]string{
		`{}`:           "invalid_client_metadata redirect_uris",
		`[]`:           "invalid_client_metadata",
		`{`:            "invalid_client_metadata",
		`null`:         "invalid_client_metadata",
		`"x"`:          "invalid_client_metadata",
		minimal + `{}`: "invalid_client_metadata",
		`{"redirect_uris":"https://app.example.org/"}`:                                     "invalid_redirect_uri",
		`{"redirect_uris":["https://app.example.org/cb#x"]}`:                               "invalid_redirect_uri redirect_uris", // oidcc-redirect-uri-regfrag
		`{"redirect_uris":["javascript:alert(1)"]}`:                                        "invalid_redirect_uri redirect_uris",
		`{"redirect_uris":["http://app.example.org/"]}`:                                    "invalid_redirect_uri redirect_uris",
		`{"redirect_uris":["http://localhost:3000/cb"],"application_type":"web"}`:          "invalid_redirect_uri redirect_uris",
		`{"redirect_uris":["myapp:/cb"]}`:                                                  "invalid_redirect_uri redirect_uris",
		with(`"redirect_uris":["https://b.example.org/"]`):                                 "invalid_client_metadata",
		with(`"grant_types":["password"]`):                                                 "invalid_client_metadata grant_types",
		with(`"grant_types":["client_credentials"],"response_types":[]`):                   "invalid_client_metadata grant_types",
		with(`"grant_types":["authorization_code","implicit"],"response_types":["token"]`): "invalid_client_metadata response_types",
		with(`"grant_types":["implicit"],"response_types":["id_token"]`):                   "invalid_client_metadata grant_types",
		with(`"token_endpoint_auth_method":"tls_client_auth"`):                             "invalid_client_metadata",
		with(`"token_endpoint_auth_method":"client_secret_jwt"`):                           "invalid_client_metadata",
		with(`"token_endpoint_auth_method":"private_key_jwt"`):                             "invalid_client_metadata jwks",
		with(`"token_endpoint_auth_method":5`):                                             "invalid_client_metadata token_endpoint_auth_method",
		with(`"scope":"admin"`):                                                            "invalid_client_metadata scope",
		with(`"id_token_signed_response_alg":"none"`):                                      "invalid_client_metadata", // oidcc-idtoken-unsigned
		with(`"id_token_signed_response_alg":"HS256"`):                                     "invalid_client_metadata",
		with(`"id_token_encrypted_response_alg":"RSA-OAEP"`):                               "invalid_client_metadata id_token_encrypted_response_alg",
		with(`"tls_client_certificate_bound_access_tokens":true`):                          "invalid_client_metadata",
		with(`"logo_uri":"http://app.example.org/logo.png"`):                               "invalid_client_metadata logo_uri",
		with(`"jwks_uri":"https://user@app.example.org/"`):                                 "invalid_client_metadata jwks_uri",
		with(`"contacts":"me"`):                                                            "invalid_client_metadata",
		with(`"request_uris":["http://app.example.org/r"]`):                                "invalid_client_metadata request_uris",
		with(`"backchannel_logout_uri":"http://app.example.org/out"`):                      "invalid_client_metadata backchannel_logout_uri",
		with(`"post_logout_redirect_uris":["https://app.example.org/#x"]`):                 "invalid_client_metadata post_logout_redirect_uris",
		with(`"software_statement":"nonsense"`):                                            "invalid_software_statement",
		with(`"software_statement":"e30.e30.c2ln"`):                                        "unapproved_software_statement",
		with(`"client_name":"a\u202eb"`):                                                   "invalid_client_metadata",
	} {
		got := w.enrol(t, "", body)
		code, member, _ := strings.Cut(want, " ")
		if got.Code != 400 || got.text("error") != code || !strings.Contains(got.text("error_description"), member) {
			t.Errorf("%s: %d %s, want %s", body, got.Code, got.Body, want)
		}
		if strings.ContainsAny(got.text("error_description"), "\"\\\n") { // OA-26
			t.Errorf("%s: %s", body, got.Body)
		}
	}
	for name, a := range map[string]ask{
		"a form":    {"POST", "/oauth2/register", "redirect_uris=x", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}},
		"two heads": {"POST", "/oauth2/register", minimal, map[string]string{"Content-Type": "application/json", "Authorization": "Bearer a\nBearer b"}},
	} {
		if got := w.do(t, a); got.Code != 400 {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	if got := w.enrol(t, "", with(`"client_name":"`+strings.Repeat("x", 1<<17)+`"`)); got.Code != 413 {
		t.Errorf("128 KiB: %d %s", got.Code, got.Body)
	}
	// Whoever presents a token is held to it, also where none is needed.
	w.enrol(t, "mrt_iat_wrong", minimal).want(t, 401, "invalid_token")
}

// OA-70: what the Dynamic plan registers is kept and given back, as the modules
// oidcc-registration-logo-uri, -policy-uri, -tos-uri, -jwks-uri, -sector-uri and
// the request_uri ones need it.
func TestRegistrationIsComplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registering(enroll.Open))
	for _, members := range []string{
		`"logo_uri":"https://app.example.org/logo.png","policy_uri":"https://app.example.org/policy","tos_uri":"https://app.example.org/tos"`,
		`"client_uri":"https://app.example.org/","contacts":["ops@example.org"],"software_id":"app","software_version":"1"`,
		`"jwks_uri":"https://app.example.org/keys","token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_signing_alg":"PS256"`,
		`"request_uris":["https://app.example.org/request#abc"],"request_object_signing_alg":"RS256","require_signed_request_object":true`,
		`"id_token_signed_response_alg":"RS256","userinfo_signed_response_alg":"RS256","default_max_age":60,"require_auth_time":true`,
		`"id_token_signed_response_alg":"EdDSA","default_acr_values":["1"],"initiate_login_uri":"https://app.example.org/start"`,
		`"post_logout_redirect_uris":["https://app.example.org/bye"],"backchannel_logout_uri":"https://app.example.org/out","backchannel_logout_session_required":true`,
		`"frontchannel_logout_uri":"https://app.example.org/front","frontchannel_logout_session_required":true`,
		`"require_pushed_authorization_requests":true,"dpop_bound_access_tokens":true,"subject_type":"pairwise"`,
		`"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"application_type":"web"`,
	} {
		got := w.enrol(t, "", with(members)).want(t, 201, "")
		var want map[string]any
		must(t, json.Unmarshal([]byte("{"+members+"}"), &want))
		read := w.manage(t, "GET", got.text("registration_client_uri"), got.text("registration_access_token"), "").want(t, 200, "")
		for name, v := range want {
			if fmt.Sprint(got.json[name]) != fmt.Sprint(v) || fmt.Sprint(read.json[name]) != fmt.Sprint(v) {
				t.Errorf("%s: %v and %v, want %v", name, got.json[name], read.json[name], v)
			}
		}
	}
	// A native client need not say so, and localhost is compared as text (OA-2).
	native := w.enrol(t, "", `{"redirect_uris":["http://localhost:33418/cb","http://127.0.0.1/cb"],"token_endpoint_auth_method":"none","client_name":"Tool"}`).want(t, 201, "")
	c, err := w.Registry.Client(t.Context(), native.text("client_id"))
	must(t, err)
	if native.text("application_type") != "native" || native.text("client_secret") != "" || !c.Matches("http://localhost:33418/cb") || c.Matches("http://localhost:1/cb") || !c.Matches("http://127.0.0.1:9/cb") {
		t.Errorf("native: %s", native.Body)
	}
}

// OA-71: oidcc-registration-sector-uri and -sector-bad.
func TestRegistrationSector(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("/good", "application/json", "", `["https://app.example.org/cb","https://other.example.org/cb"]`)
	s.set("/bad", "application/json", "", `["https://other.example.org/cb"]`)
	s.set("/html", "text/html", "", `<p>`)
	w := newWorld(t, s.trusted, registering(enroll.Open))
	body := func(path string) string {
		return `{"redirect_uris":["https://app.example.org/cb","https://other.example.org/cb"],"subject_type":"pairwise","sector_identifier_uri":"` + s.url(path) + `"}`
	}
	if got := w.enrol(t, "", body("/good")).want(t, 201, ""); got.text("sector_identifier_uri") != s.url("/good") {
		t.Errorf("%s", got.Body)
	}
	for _, path := range []string{"/bad", "/html", "/none"} {
		w.enrol(t, "", body(path)).want(t, 400, "invalid_client_metadata")
	}
	guarded := newWorld(t, registering(enroll.Open))
	guarded.enrol(t, "", body("/good")).want(t, 400, "invalid_client_metadata")
}

// OA-70: the policy of the token, and behind it that of the instance.
func TestRegistrationPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registering(enroll.Token, func(r *Registration) {
		r.Policy = registration.Policy{Scopes: []string{"openid", "read", "missing"}, Resources: []string{apiURI}}
	}))
	narrow := func(p registration.Policy) string { return w.initial(t, registration.Token{MaxUses: 10, Policy: p}) }
	bearer := narrow(registration.Policy{RedirectHosts: []string{"*.example.org", "127.0.0.1", "com.example.app:"}, AuthMethods: []string{"none"}})
	public := func(uri string) string {
		return `{"redirect_uris":["` + uri + `"],"token_endpoint_auth_method":"none"}`
	}
	for uri, ok := range map[string]bool{
		"https://app.example.org/cb": true, "https://a.b.example.org/cb": true, "http://127.0.0.1/cb": true, "com.example.app:/cb": true,
		"https://example.org/cb": false, "https://evilexample.org/cb": false, "https://example.org.evil.test/": false, "http://[::1]/cb": false, "com.example.other:/cb": false,
	} {
		if got := w.enrol(t, bearer, public(uri)); (got.Code == 201) != ok || !ok && got.text("error") != "invalid_redirect_uri" {
			t.Errorf("%s: %d %s", uri, got.Code, got.Body)
		}
	}
	w.enrol(t, bearer, minimal).want(t, 400, "invalid_client_metadata") // a method with a secret
	got := w.enrol(t, bearer, public("https://app.example.org/cb")).want(t, 201, "")
	if got.text("scope") != "openid read" {
		t.Errorf("scope: %s", got.Body)
	}
	c, err := w.Registry.Client(t.Context(), got.text("client_id"))
	must(t, err)
	if !slices.Equal(c.Resources, []string{apiURI}) || c.NoPKCE {
		t.Errorf("%+v", c)
	}
	wide := narrow(registration.Policy{Scopes: []string{"write"}, Grants: []string{"authorization_code", "implicit"}, WithoutPKCE: true})
	got = w.enrol(t, wide, with(`"scope":"write read openid","grant_types":["authorization_code","implicit"],"response_types":["code id_token"]`)).want(t, 201, "")
	if got.text("scope") != "write" {
		t.Errorf("scope: %s", got.Body)
	}
	if c, err = w.Registry.Client(t.Context(), got.text("client_id")); err != nil || !c.NoPKCE {
		t.Errorf("%+v, %v", c, err)
	}
	// The policy goes on to bound changes when the token is gone.
	tokens, err := w.Directory.InitialTokens(t.Context(), user.Host(), registration.ID{}, 10)
	must(t, err)
	for _, v := range tokens {
		must(t, w.Directory.DeleteInitialToken(t.Context(), user.Host(), v.ID))
	}
	body := with(`"client_id":"` + got.text("client_id") + `","scope":"read write"`)
	if got = w.manage(t, "PUT", got.text("registration_client_uri"), got.text("registration_access_token"), body).want(t, 200, ""); got.text("scope") != "write" {
		t.Errorf("after a change: %s", got.Body)
	}
}

// OA-70: strangers cannot fill the house: they are limited, and who is not used goes.
func TestOpenRegistrationIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registering(enroll.Open))
	first := w.enrol(t, "", minimal).want(t, 201, "")
	used := w.enrol(t, "", `{"redirect_uris":["https://app.example.org/cb"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"]}`).want(t, 201, "")
	vouched := w.enrol(t, w.initial(t, registration.Token{}), minimal).want(t, 201, "")
	limited := false
	for range 70 {
		got := w.enrol(t, "", minimal)
		if got.Code == 429 {
			limited = got.text("error") == "temporarily_unavailable" && got.Header().Get("Retry-After") != ""
			break
		}
	}
	if !limited {
		t.Error("one source registers without end")
	}
	w.clock.Advance(29 * 24 * time.Hour)
	must(t, w.Sweep(t.Context()))
	grant := w.grant(t, used.text("client_id"), token.Unproven, apiURI)
	w.renew(t, used.text("client_id"), grant.Refresh.Reveal()).want(t, 200, "")
	w.clock.Advance(2 * 24 * time.Hour)
	must(t, w.Sweep(t.Context()))
	for name, there := range map[string]bool{first.text("client_id"): false, used.text("client_id"): true, vouched.text("client_id"): true} {
		if _, err := w.Registry.Client(t.Context(), name); (err == nil) != there {
			t.Errorf("%s: %v, want there: %v", name, err, there)
		}
	}
	w.tells(t, first.text("client_id"), "client.registration_swept")
}

// OA-71: a logo comes from our origin, as the picture it is, and only by links of
// our pages.
func TestLogoSurface(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	site.set("/logo.png", "text/html", "", "\x89PNG\r\n\x1a\n<script>")
	site.set("/logo.svg", "image/svg+xml", "", "<svg/>")
	w := newWorld(t, site.trusted)
	got := w.do(t, ask{"GET", w.logos.URL(site.url("/logo.png")), "", nil})
	h := got.Header()
	if got.Code != 200 || h.Get("Content-Type") != "image/png" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Set-Cookie") != "" {
		t.Errorf("%d %v", got.Code, h)
	}
	made := "/client-logo/AAAAAAAAAAAAAAAAAAAAAA?u=" + url.QueryEscape(site.url("/logo.png"))
	for _, link := range []string{w.logos.URL(site.url("/logo.svg")), w.logos.URL(site.url("/none")), made, "/client-logo/x"} {
		if got := w.do(t, ask{"GET", link, "", nil}); got.Code != 404 {
			t.Errorf("%s: %d", link, got.Code)
		}
	}
	if n := site.asked("/logo.png"); n != 1 {
		t.Errorf("the other server was asked %d times", n)
	}
}

// OA-70 TH-36: while anybody may register, pages of any origin may too, without
// cookies; they read the discovery documents before that. Else no page may.
func TestRegistrationFromPages(t *testing.T) {
	t.Parallel()
	const page = "http://localhost:6274"
	ask := func(w *world, method, path, bearer, body string) http.Header {
		a := ask{method, strings.TrimPrefix(path, selfURI), body, map[string]string{"Content-Type": "application/json", "Origin": page, "Sec-Fetch-Site": "cross-site"}}
		if method == "OPTIONS" {
			a.head["Access-Control-Request-Method"] = "POST"
		}
		if bearer != "" {
			a.head["Authorization"] = "Bearer " + bearer
		}
		got := w.do(t, a)
		if got.Header().Get("Access-Control-Allow-Credentials") != "" || got.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s %s: %v", method, path, got.Header())
		}
		return got.Header()
	}
	open := newWorld(t, registering(enroll.Open))
	made := open.enrol(t, "", minimal).want(t, 201, "")
	self, access := made.text("registration_client_uri"), made.text("registration_access_token")
	for _, q := range [][4]string{
		{"OPTIONS", "/oauth2/register"},
		{"POST", "/oauth2/register", "", minimal},
		{"POST", "/oauth2/register", "", "{}"},
		{"OPTIONS", self},
		{"GET", self, access},
		{"GET", self, "mrt_rat_x"},
		{"DELETE", self, access},
	} {
		if h := ask(open, q[0], q[1], q[2], q[3]); h.Get("Access-Control-Allow-Origin") != page || (h.Get("Access-Control-Allow-Headers") != "") != (q[0] == "OPTIONS") {
			t.Errorf("%s %s: %v", q[0], q[1], h)
		}
	}
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/.well-known/oauth-protected-resource"} {
		if h := ask(open, "GET", path, "", ""); h.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %v", path, h)
		}
		if h := ask(open, "OPTIONS", path, "", ""); h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Headers") != "MCP-Protocol-Version" {
			t.Errorf("may I ask %s: %v", path, h)
		}
	}
	closed := newWorld(t, registering(enroll.Token))
	for _, method := range []string{"OPTIONS", "POST"} {
		if h := ask(closed, method, "/oauth2/register", closed.initial(t, registration.Token{}), minimal); h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("with an initial access token: %s %v", method, h)
		}
	}
}
