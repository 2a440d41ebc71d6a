package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	audience  = "https://things.example.test"
	apiSecret = "mrt-e2e-0123456789-0123456789-0123456789"
	// soon is what is promised of a revocation.
	soon = time.Second
	// usual is how long an API goes without proof, and short the least that it can
	// be told: polls take one second of it.
	usual, short = 5 * time.Second, 2 * time.Second
)

// service is the program under testdata/api, built once per run.
var service = sync.OnceValues(func() (string, error) { return compile("./e2e/testdata/api") })

// declared is the file that a host applies: an app, an API, and who verifies its
// tokens.
func declared(people ...string) string {
	var users strings.Builder
	for _, email := range people {
		fmt.Fprintf(&users, "  - {email: %s, password: {env: E2E_PASSWORD}, email_verified: true, roles: [reader]}\n", email)
	}
	return `
scopes:
  - {name: "things:read", description: Read things}
roles:
  - {name: reader, permissions: ["things:read"]}
resources:
  - {identifier: ` + audience + `, name: Things, scopes: ["things:read"], verifiers: [things-api]}
clients:
  - client_id: app
    client_name: App
    application_type: native
    token_endpoint_auth_method: none
    grant_types: [refresh_token]
    first_party: true
    scope: things:read
    resources: [` + audience + `]
  - client_id: things-api
    client_name: Things API
    grant_types: [client_credentials]
    client_secret: {env: E2E_SECRET}
users:
` + users.String()
}

// guarded is a server with people, an app and an API that takes its tokens.
type guarded struct {
	*process
	addresses atomic.Int32
}

// guard starts a production server that knows people.
func guard(t *testing.T, people []string, settings ...string) *guarded {
	t.Helper()
	g := &guarded{process: real(t, append(settings, "TRUSTED_PROXIES=127.0.0.1")...)}
	g.env = append(g.env, "E2E_PASSWORD="+ownPassword, "E2E_SECRET="+apiSecret)
	g.start()
	file := filepath.Join(g.dir, "declared.yaml")
	must(t, os.WriteFile(file, []byte(declared(people...)), 0o600))
	g.do("apply", "-f", file, "--allow-users")
	return g
}

// do runs a command that must succeed.
func (g *guarded) do(args ...string) string {
	g.t.Helper()
	code, out, errs := g.command(args...)
	if code != 0 {
		g.t.Fatalf("mortise %s: exit %d %s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// replica is another process of the same instance on the same database.
func (g *guarded) replica(settings ...string) *process {
	g.t.Helper()
	p := prepare(g.t, g.args)
	p.env = append([]string(nil), g.env...)
	p.set("LISTEN", "127.0.0.1:"+freePort(g.t))
	p.set("DATA", filepath.Join(folder(g.t), "data"))
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		p.set(name, value)
	}
	p.start()
	return p
}

// from is a visitor from an address of its own, who reaches the given process of
// the instance: nil is g itself.
func (g *guarded) from(p *process) *visitor {
	v := visit(g.t, g.url(), nil)
	to := g.setting("LISTEN")
	if p != nil {
		to = p.setting("LISTEN")
	}
	n := g.addresses.Add(1)
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, to)
	}}
	g.t.Cleanup(transport.CloseIdleConnections)
	v.http.Transport = forwarded{transport, fmt.Sprintf("198.18.%d.%d", n>>8, n&255)}
	return v
}

// forwarded says where requests come from.
type forwarded struct {
	http.RoundTripper
	address string
}

func (f forwarded) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", f.address)
	return f.RoundTripper.RoundTrip(r)
}

// metric reads one figure from the admin listener.
func (p *process) metric(name string) float64 {
	p.t.Helper()
	got := visit(p.t, "", nil).get(p.ready.Admin)
	for line := range strings.Lines(string(got.body)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			must(p.t, err)
			return n
		}
	}
	p.t.Fatalf("there is no metric %s", name)
	return 0
}

// tokens are what an app holds.
type tokens struct{ access, refresh, session string }

// enter signs in without a browser, for tokens.
func (v *visitor) enter(email string) tokens {
	v.t.Helper()
	status, out := v.api(http.MethodPost, "/signin", map[string]any{"identifier": email, "password": ownPassword, "deliver": "tokens", "client_id": "app"})
	if status != http.StatusOK || out["status"] != "complete" {
		v.t.Fatalf("signing in for tokens: %d %v", status, out)
	}
	return tokens{text(out["access_token"]), text(out["refresh_token"]), text(out["session"].(map[string]any)["id"])}
}

// refresh uses a refresh token. The status is 0 when no answer came.
func (v *visitor) refresh(token string) (status int, fresh tokens) {
	v.t.Helper()
	s, err := v.tryPost("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {"app"}, "refresh_token": {token}})
	if err != nil {
		return 0, tokens{}
	}
	var out struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	must(v.t, json.Unmarshal(s.body, &out))
	return s.status, tokens{access: out.Access, refresh: out.Refresh}
}

// active asks the issuer about a token, as the API may.
func (v *visitor) active(token string) bool {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.base+"/oauth2/introspect", strings.NewReader(url.Values{"token": {token}}.Encode()))
	must(v.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("things-api", apiSecret)
	resp, err := v.http.Do(r)
	must(v.t, err)
	defer resp.Body.Close()
	var out struct{ Active bool }
	must(v.t, json.NewDecoder(resp.Body).Decode(&out))
	if resp.StatusCode != http.StatusOK {
		v.t.Fatalf("introspection: %d", resp.StatusCode)
	}
	return out.Active
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// api is the service in a process of its own, and its line to the issuer.
type api struct {
	*process
	line      *line
	http      *http.Client
	staleness time.Duration
}

// service starts the API, which goes so long without proof.
func (g *guarded) service(staleness time.Duration) *api {
	g.t.Helper()
	a := &api{line: openLine(g.t), http: &http.Client{Timeout: patience}, staleness: staleness}
	a.process = prepare(g.t, []string{"api"})
	a.file = service
	a.env = append(a.env, "API_PROXY="+a.line.URL, "API_STALENESS="+staleness.String(), "API_ISSUER="+g.url(),
		"API_AUDIENCE="+audience, "API_CLIENT=things-api", "API_SECRET="+apiSecret)
	a.start()
	return a
}

// call presents a token and returns the status and the code of a refusal.
func (a *api) call(token string) (status int, code string) {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, a.url()+"/things", http.NoBody)
	must(a.t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := a.http.Do(r)
	must(a.t, err)
	defer resp.Body.Close()
	var out struct{ Code string }
	must(a.t, json.NewDecoder(resp.Body).Decode(&out))
	return resp.StatusCode, out.Code
}

// works wants a token to be taken.
func (a *api) works(token string) {
	a.t.Helper()
	if status, code := a.call(token); status != http.StatusOK {
		a.t.Fatalf("the API answers %d %s", status, code)
	}
}

// refuses calls until the token is refused and returns how long that took and
// how many calls were made.
func (a *api) refuses(token string, want ...string) (took time.Duration, calls int) {
	a.t.Helper()
	begun := time.Now()
	eventually(a.t, "a refusal", func() bool {
		status, code := a.call(token)
		took, calls = time.Since(begun), calls+1
		if status != http.StatusOK && (status != http.StatusUnauthorized || !slices.Contains(want, code)) {
			a.t.Fatalf("refused as %d %s, want 401 %s", status, code, want)
		}
		return status != http.StatusOK
	})
	return took, calls
}

// status is how the verifier in the API is doing.
func (a *api) status() (fault string, introspections int) {
	a.t.Helper()
	resp, err := a.http.Get(a.url() + "/status")
	must(a.t, err)
	defer resp.Body.Close()
	var out struct {
		Fault          string
		Introspections int
	}
	must(a.t, json.NewDecoder(resp.Body).Decode(&out))
	return out.Fault, out.Introspections
}

func person(n int) string { return "person" + strconv.Itoa(n) + "@example.test" }

func crowd(n int) (all []string) {
	for i := range n {
		all = append(all, person(i))
	}
	return all
}
