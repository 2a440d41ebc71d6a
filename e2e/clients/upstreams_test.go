package clients

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// upstreams is a server whose people come from elsewhere: from a second one of ours,
// and from a provider that nobody here wrote.
type upstreams struct {
	world
	far      *server
	provider string // origin
	log      buffer
	mu       sync.Mutex
	ok       []string // what the provider says went well
}

// TestUpstreams signs people in with real providers: first time, again, signed out
// here and over there. OA-110 OA-111 OA-112 OA-113 OA-99
func TestUpstreams(t *testing.T) {
	a := certify(t)
	port := freePort(t)
	u := &upstreams{far: a.mortise(t, "127.0.0.1"), provider: "https://127.0.0.1:" + port}
	u.makeKey(t)
	u.server = a.mortise(t, "localhost")
	u.start(t, port)
	fill := strings.NewReplacer("$HOME", u.issuer, "$FAR", u.far.issuer, "$PROVIDER", u.provider, "$SECRET", secret, "$PASSWORD", password, "$KEY", indent(u.signing))
	u.far.do(t, fill.Replace(farManifest), "apply", "-f", "-", "--allow-users")
	u.do(t, fill.Replace(homeManifest), "apply", "-f", "-", "--allow-users")
	u.chromium = browser.Launch(t, testenv.Chromium(t), "--ignore-certificate-errors-spki-list="+u.pin)
	t.Run("our own second instance", u.ofOurs)
	t.Run("oidc-provider", func(t *testing.T) { u.ofNode(t, "provider", "client_secret_basic") })
	t.Run("oidc-provider, private_key_jwt, PS256", func(t *testing.T) { u.ofNode(t, "signed", "private_key_jwt") })
}

const farManifest = `
users:
  - {email: fay@example.test, name: Fay Far, password: $PASSWORD, email_verified: true}
clients:
  - client_id: home
    client_name: Home
    client_secret: $SECRET
    grant_types: [authorization_code, refresh_token]
    redirect_uris: [$HOME/federation/far/callback]
    post_logout_redirect_uris: [$HOME/logout]
    backchannel_logout_uri: $HOME/federation/far/backchannel-logout
    id_token_signed_response_alg: EdDSA
    scope: openid profile email
`

const homeManifest = `
users:
  - {email: olga@example.test, name: Olga Owner, password: $PASSWORD, email_verified: true, roles: [admin]}
connections:
  - {id: far, type: oidc, label: Far, issuer: "$FAR", client_id: home, client_secret: {value: $SECRET}, trusted_domains: [example.test], provision: {mode: anyone}, logout: always}
  - {id: provider, type: oidc, issuer: "$PROVIDER", client_id: provider, client_secret: {value: $SECRET}, trusted_domains: ["*"], provision: {mode: anyone}, logout: offer}
  - id: signed
    type: oidc
    issuer: $PROVIDER
    client_id: signed
    client_secret:
      value: |
        $KEY
    token_endpoint_auth_method: private_key_jwt
    key_id: one
    algorithms: [PS256]
    keep_tokens: true
    provision: {mode: anyone}
    logout: offer
`

// indent keeps a text of several lines within a block of the manifest.
func indent(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n        ")
}

// start runs oidc-provider.
func (u *upstreams) start(t *testing.T, port string) {
	t.Helper()
	if _, err := os.Stat("node/node_modules"); err != nil {
		t.Fatalf("%v; scripts/install-test-clients installs the libraries", err)
	}
	settings, err := json.Marshal(map[string]string{
		"issuer": u.provider, "port": port, "mortise": u.issuer, "secret": secret, "cert": u.cert, "key": u.key,
		"jwks": u.public,
	})
	must(t, err)
	cmd := exec.CommandContext(t.Context(), "node", "node/provider.mjs", string(settings))
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+u.cert)
	lines := run(t, cmd, &u.log)
	ready := make(chan struct{})
	go func() {
		for lines.Scan() {
			if lines.Text() == "READY" {
				close(ready)
				continue
			}
			u.mu.Lock()
			u.ok = append(u.ok, lines.Text())
			u.mu.Unlock()
		}
	}()
	select {
	case <-ready:
	case <-time.After(patience):
		t.Fatalf("oidc-provider is not ready: %s", u.log.String())
	}
}

// said waits until the provider says so.
func (u *upstreams) said(t *testing.T, what string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		u.mu.Lock()
		said := slices.Contains(u.ok, "OK "+what)
		u.mu.Unlock()
		if said {
			return
		}
	}
	t.Fatalf("the provider never said %q but %q; %s", what, u.ok, u.log.String())
}

// guest is somebody whose account is elsewhere.
type guest struct {
	*browser.Page
	t    *testing.T
	home string
	name string
}

func (u *upstreams) guest(t *testing.T, name string) *guest {
	return &guest{u.chromium.Page(t, browser.Options{}), t, u.issuer, name}
}

// enter signs in with a connection and ends on the account's page.
func (g *guest) enter(connection string) {
	g.t.Helper()
	g.Goto(g.home + "/login")
	g.Submit("continue-" + connection)
	for range 20 {
		switch at := g.URL(); {
		case strings.HasPrefix(at, g.home+"/account"):
			return
		case g.Text("error-code") != "":
			g.t.Fatalf("%s says %s: %s", at, g.Text("error-code"), g.Text(""))
		case g.Has("identifier") && g.Has("password"): // a server of ours
			g.Fill("identifier", g.name)
			g.Fill("password", password)
			g.Submit("submit")
		case g.Has("approve"):
			g.Submit("approve")
		case g.Has("kc-login"):
			g.Fill("username", g.name)
			g.Fill("password", password)
			g.Submit("kc-login")
		case g.named("login", `[name="login"]`): // oidc-provider's own pages, which have no ids
			g.named("secret", `[name="password"]`)
			g.named("go", `.login-submit`)
			g.Fill("login", g.name)
			g.Fill("secret", "any")
			g.Submit("go")
		case g.named("go", `.login-submit`):
			g.Submit("go")
		}
	}
	g.t.Fatalf("%s is still at %s: %s", g.name, g.URL(), g.Text(""))
}

// named gives the element of a selector an id, if there is one.
func (g *guest) named(id, selector string) (there bool) {
	g.t.Helper()
	g.Eval(`(e => { if (e) e.id = "`+id+`"; return e !== null })(document.querySelector('`+selector+`'))`, &there)
	return there
}

// in tells whether the browser is signed in at home.
func (g *guest) in() bool {
	g.t.Helper()
	g.Goto(g.home + "/account")
	return !strings.Contains(g.URL(), "/login")
}

// gone waits until the session at home is over, which a message from elsewhere ends.
func (g *guest) gone() {
	g.t.Helper()
	for deadline := time.Now().Add(patience); g.in(); {
		if time.Now().After(deadline) {
			g.t.Fatal("the session at home lives on")
		}
	}
}

func (u *upstreams) ofOurs(t *testing.T) {
	g := u.guest(t, "fay@example.test")
	g.enter("far")
	g.Goto(u.issuer + "/logout") // ours, and theirs with it
	g.Submit("logout-confirm")
	for deadline := time.Now().Add(patience); g.Has("leave-service") || !strings.HasPrefix(g.URL(), u.issuer+"/"); {
		if time.Now().After(deadline) {
			t.Fatalf("signing out ends at %s", g.URL())
		}
	}
	if g.in() {
		t.Error("still signed in at home")
	}
	g.Goto(u.far.issuer + "/account")
	if !strings.Contains(g.URL(), "/login") {
		t.Errorf("still signed in over there: %s", g.URL())
	}
	g.enter("far") // the same account, not a second one
	out := u.do(t, "", "users", "list", "--json")
	if strings.Count(out, "fay@example.test") != 1 {
		t.Errorf("%s", out)
	}
	g.Goto(u.far.issuer + "/logout") // theirs, and ours by the back channel
	g.Submit("logout-confirm")
	g.gone()
}

func (u *upstreams) ofNode(t *testing.T, connection, method string) {
	g := u.guest(t, "Nils-"+connection)
	g.enter(connection)
	u.said(t, connection+": authorization_code, "+method)
	g.ClearCookies() // another browser: who is known there comes in again
	g.enter(connection)
	out := u.do(t, "", "users", "list", "--json")
	if strings.Count(out, g.name+" of the provider") != 1 {
		t.Errorf("%s", out)
	}
	g.Goto(u.provider + "/session/end")
	g.named("go", `[name="logout"]`)
	g.Submit("go")
	u.said(t, connection+": back-channel logout")
	g.gone()
}
