//go:build keycloak

package clients

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// keycloak is a Keycloak whose people come to a server of ours.
type keycloak struct {
	upstreams
	origin string
	realm  string // the issuer
	http   *http.Client
	said   buffer
}

// TestKeycloak signs people in with a real Keycloak. scripts/test-keycloak fetches one.
func TestKeycloak(t *testing.T) {
	a := certify(t)
	port := freePort(t)
	k := &keycloak{origin: "https://127.0.0.1:" + port}
	k.realm, k.http = k.origin+"/realms/acme", a.client(t)
	k.makeKey(t)
	k.server = a.mortise(t, "localhost")
	fill := strings.NewReplacer("$HOME", k.issuer, "$REALM", k.realm, "$SECRET", secret, "$PASSWORD", password, "$KEY", indent(k.signing), "$JWKS", strings.ReplaceAll(k.public, `"`, `\"`))
	k.do(t, fill.Replace(keycloakManifest), "apply", "-f", "-", "--allow-users")
	k.start(t, port, fill)
	k.chromium = browser.Launch(t, testenv.Chromium(t), "--ignore-certificate-errors-spki-list="+k.pin)
	t.Run("private_key_jwt, ES256, tokens kept", k.signed)
	t.Run("client_secret_basic, RS256", k.basic)
}

const keycloakManifest = `
roles:
  - {name: editor, permissions: ["posts:write"]}
  - {name: reader, permissions: ["posts:read"]}
users:
  - {email: olga@example.test, name: Olga Owner, password: $PASSWORD, email_verified: true, roles: [admin]}
  - {email: sam@example.test, name: Sam Here, password: $PASSWORD, email_verified: true}
connections:
  - id: basic
    type: oidc
    issuer: $REALM
    client_id: basic
    client_secret: {value: $SECRET}
    trusted_domains: [example.test]
    provision: {mode: anyone}
    mapping: {roles: {engineers: [editor], writers: [reader]}}
    pass_on_freshness: true
    logout: always
  - id: signed
    type: oidc
    issuer: $REALM
    client_id: signed
    client_secret:
      value: |
        $KEY
    token_endpoint_auth_method: private_key_jwt
    key_id: one
    algorithms: [ES256]
    trusted_domains: [example.test]
    provision: {mode: anyone}
    mapping: {fields: {groups: realm_access.roles}, roles: {publisher: [editor]}}
    keep_tokens: true
`

// start runs Keycloak in a folder of its own, on loopback and in a bounded memory,
// and waits until the realm is there.
func (k *keycloak) start(t *testing.T, port string, fill *strings.Replacer) {
	t.Helper()
	dist := os.Getenv("MORTISE_TEST_KEYCLOAK")
	if dist == "" {
		t.Fatal("MORTISE_TEST_KEYCLOAK is not set; run scripts/test-keycloak")
	}
	home := folder(t)
	for _, part := range []string{"lib", "conf", "providers", "themes"} { // it only reads these
		must(t, os.Symlink(filepath.Join(dist, part), filepath.Join(home, part)))
	}
	realm, err := os.ReadFile("keycloak/realm.json")
	must(t, err)
	must(t, os.MkdirAll(filepath.Join(home, "data/import"), 0o700))
	put(t, filepath.Join(home, "data/import"), "acme-realm.json", []byte(fill.Replace(string(realm))))
	// As bin/kc.sh does it, but without a shell that ends before its child does.
	cmd := exec.CommandContext(t.Context(), "java", "-Xms64m", "-Xmx400m", "-XX:MaxMetaspaceSize=256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", "-Djava.io.tmpdir="+home,
		"-Dkc.home.dir="+home, "-Djboss.server.config.dir="+filepath.Join(home, "conf"), "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
		"-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
		"-Duser.language=en", "--add-opens=java.base/java.util=ALL-UNNAMED", "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
		"--add-opens=java.base/java.security=ALL-UNNAMED", "-cp", filepath.Join(home, "lib/quarkus-run.jar"), "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
		"start", "--optimized", "--import-realm", "--http-host=127.0.0.1", "--https-port="+port, "--hostname="+k.origin, "--cache=local",
		"--https-certificate-file="+k.cert, "--https-certificate-key-file="+k.key, "--truststore-paths="+k.cert)
	cmd.Env = append(os.Environ(), "KC_BOOTSTRAP_ADMIN_USERNAME=admin", "KC_BOOTSTRAP_ADMIN_PASSWORD="+password)
	lines := run(t, cmd, &k.said)
	ready := make(chan bool)
	go func() {
		defer close(ready)
		for lines.Scan() {
			if _, _ = k.said.Write(append(lines.Bytes(), '\n')); strings.Contains(lines.Text(), "Listening on:") {
				ready <- true
			}
		}
	}()
	select {
	case up := <-ready:
		if !up {
			t.Fatal("Keycloak ended before it was ready")
		}
	case <-time.After(20 * patience):
		t.Fatal("Keycloak is not ready")
	}
}

// admin asks Keycloak's own API, and reads what it answers into out.
func (k *keycloak) admin(t *testing.T, method, path string, in, out any) {
	t.Helper()
	resp, err := k.http.PostForm(k.origin+"/realms/master/protocol/openid-connect/token",
		url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {"admin"}, "password": {password}})
	must(t, err)
	var token struct {
		Access string `json:"access_token"`
	}
	must(t, json.NewDecoder(resp.Body).Decode(&token))
	resp.Body.Close()
	body, err := json.Marshal(in)
	must(t, err)
	req, err := http.NewRequestWithContext(t.Context(), method, k.origin+"/admin/realms/acme"+path, bytes.NewReader(body))
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+token.Access)
	req.Header.Set("Content-Type", "application/json")
	resp, err = k.http.Do(req)
	must(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	must(t, err)
	if resp.StatusCode >= 300 {
		t.Fatalf("Keycloak answers %d to %s %s: %s", resp.StatusCode, method, path, answer)
	}
	if out != nil {
		must(t, json.Unmarshal(answer, out))
	}
}

type named struct{ ID, Name, Username, ClientID string }

// idOf is Keycloak's id of a thing it has a list of.
func (k *keycloak) idOf(t *testing.T, kind, name string) string {
	t.Helper()
	var all []named
	k.admin(t, "GET", "/"+kind, nil, &all)
	for _, one := range all {
		if one.Name == name || one.Username == name || one.ClientID == name {
			return one.ID
		}
	}
	t.Fatalf("Keycloak has no %s among its %s", name, kind)
	return ""
}

// account is what our server knows of somebody.
type account struct {
	ID    string
	Roles []string
}

func (k *keycloak) account(t *testing.T, email string) (a account) {
	t.Helper()
	must(t, json.Unmarshal([]byte(k.do(t, "", "users", "get", email, "--json")), &a))
	return a
}

// basic is a first sign-in and later ones, with groups, keys and sign-outs that change.
// OA-110 OA-111 OA-112 OA-113 OA-99
func (k *keycloak) basic(t *testing.T) {
	g := k.guest(t, "kim")
	g.enter("basic")
	born := k.account(t, "kim@example.test")
	want(t, "roles", strings.Join(born.Roles, " "), "editor")

	g.Goto(k.issuer + "/login?again=1&return_to=/account/sessions") // no password here: proven anew over there
	g.Submit("confirm-basic")
	g.Wait("kc-login")
	g.Fill("password", password)
	if g.Submit("kc-login"); !strings.HasPrefix(g.URL(), k.issuer+"/account/sessions") {
		t.Errorf("proven anew, the browser is at %s: %s", g.URL(), g.Text(""))
	}

	kim := k.idOf(t, "users", "kim")
	k.admin(t, "DELETE", "/users/"+kim+"/groups/"+k.idOf(t, "groups", "engineers"), nil, nil)
	k.admin(t, "PUT", "/users/"+kim+"/groups/"+k.idOf(t, "groups", "writers"), nil, nil)
	k.admin(t, "PUT", "/users/"+kim, map[string]any{"email": "kim@elsewhere.test", "emailVerified": true, "firstName": "Kim", "lastName": "Keycloak"}, nil)
	k.admin(t, "POST", "/components", map[string]any{
		"name": "newer", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
		"config": map[string][]string{"priority": {"200"}, "enabled": {"true"}, "active": {"true"}, "keySize": {"2048"}, "algorithm": {"RS256"}},
	}, nil)
	g.ClearCookies() // another browser, another address over there, and signed by a new key
	g.enter("basic")
	again := k.account(t, born.ID)
	want(t, "the account", again.ID, born.ID)
	want(t, "roles", strings.Join(again.Roles, " "), "reader")

	g.Goto(k.realm + "/protocol/openid-connect/logout") // theirs, and ours by the back channel
	g.Submit("kc-logout")
	g.gone()

	g.enter("basic")
	g.Goto(k.issuer + "/logout") // ours, and theirs with it
	g.Submit("logout-confirm")
	for deadline := time.Now().Add(patience); !strings.HasPrefix(g.URL(), k.issuer+"/"); {
		if time.Now().After(deadline) {
			t.Fatalf("signing out ends at %s: %s", g.URL(), g.Text(""))
		}
	}
	if g.in() {
		t.Error("still signed in at home")
	}
	g.Goto(k.issuer + "/login")
	if g.Submit("continue-basic"); !g.Has("kc-login") {
		t.Errorf("still signed in over there: %s", g.URL())
	}
}

// signed is an account that was there before, and tokens that are kept and given back.
func (k *keycloak) signed(t *testing.T) {
	g := k.guest(t, "sam")
	before := k.account(t, "sam@example.test")
	g.Goto(k.issuer + "/login")
	g.Submit("continue-signed")
	g.Fill("username", "sam")
	g.Fill("password", password)
	g.Submit("kc-login")
	g.Submit("continue") // an account has this address: whose is it?
	g.Fill("password", password)
	g.Submit("submit")
	g.Submit("submit")
	g.ClearCookies()
	g.enter("signed")
	after := k.account(t, "sam@example.test")
	want(t, "the account", after.ID, before.ID)
	want(t, "roles", strings.Join(after.Roles, " "), "editor")

	grants := "/users/" + k.idOf(t, "users", "sam") + "/offline-sessions/" + k.idOf(t, "clients", "signed")
	var given, left []json.RawMessage
	k.admin(t, "GET", grants, nil, &given)
	var link struct{ ID string }
	must(t, json.Unmarshal([]byte(k.do(t, "", "users", "links", "list", after.ID, "--json")), &link))
	k.do(t, "", "users", "links", "remove", after.ID, link.ID, "--yes")
	if k.admin(t, "GET", grants, nil, &left); len(given) == 0 || len(left) != len(given)-1 {
		t.Errorf("of %d refresh tokens %d are good after what was kept was given back", len(given), len(left))
	}
}
