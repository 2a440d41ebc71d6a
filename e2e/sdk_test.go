package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

const (
	sdkPerson   = "ada@example.test"
	sdkPassword = "correct horse battery staple"
)

// TestSDKInABrowser: sdk/js against the program itself. TH-8 TH-9 TH-34
func TestSDKInABrowser(t *testing.T) {
	t.Parallel()
	a := newSDKApp(t)
	manifest := filepath.Join(t.TempDir(), "app.yaml")
	must(t, os.WriteFile(manifest, fmt.Appendf(nil, `
users:
  - {email: %s, name: Ada, password: %s, email_verified: true}
clients:
  - client_id: spa
    client_name: An app
    token_endpoint_auth_method: none
    grant_types: [refresh_token]
    first_party: true
    origins: [%q]
    scope: openid offline_access
`, sdkPerson, sdkPassword, a.URL), 0o600))
	p := dev(t, "--apply", manifest)
	a.journey(t, p.url())
	p.stopped()
}

// sdkApp is the origin of a single-page app with an API below /api.
type sdkApp struct {
	*httptest.Server
	mu      sync.Mutex
	issuer  string
	refused map[string]bool // tokens that the API takes no more
	shown   []string        // Authorization headers, by turns
}

func newSDKApp(t *testing.T) *sdkApp {
	t.Helper()
	bundle, err := os.ReadFile("../sdk/js/dist/index.js")
	if err != nil {
		t.Fatalf("%v; scripts/test-sdk builds it", err)
	}
	a := &sdkApp{refused: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sdk.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(bundle)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		a.mu.Lock()
		defer a.mu.Unlock()
		fmt.Fprintf(w, sdkPage, a.issuer)
	})
	mux.HandleFunc("/api/", a.api)
	mux.HandleFunc("/elsewhere", a.api)
	l, err := net.Listen("tcp", "localhost:0")
	must(t, err)
	a.Server = &httptest.Server{Listener: l, Config: &http.Server{Handler: mux}}
	a.Start()
	a.URL = strings.Replace(a.URL, "127.0.0.1", "localhost", 1) // of one site with the issuer
	t.Cleanup(a.Close)
	return a
}

// sdkPage makes a client. Its renewals wait until as many tabs as #crowd says want
// one too, so that they meet; all it does else is to note what it is told.
const sdkPage = `<!doctype html><html lang="en"><title>An app</title><link rel="icon" href="data:,"><script type="module">
if (location.search === "?locks=none") Object.defineProperty(navigator, "locks", { value: undefined }); // no secure context
const before = new Set(Object.getOwnPropertyNames(window));
const { createClient } = await import("/sdk.js");
globalThis.app = { crowd: 0, events: [], added: () => Object.getOwnPropertyNames(window).filter((n) => !before.has(n) && n !== "app") };
const meet = async () => { while (app.crowd && (await navigator.locks.query()).pending.length < app.crowd) await new Promise((done) => setTimeout(done, 5)); };
app.client = createClient({
  issuer: %q, clientId: "spa", apis: [location.origin + "/api"],
  fetch: async (input, init) => { if (String(input).includes("/session/refresh")) await meet(); return fetch(input, init).catch((e) => { app.failed++; throw e; }); },
});
app.client.onChange((session) => app.events.push(session.status));
const ready = document.createElement("p"); ready.id = "ready"; document.body.append(ready);
</script><body></body></html>`

// api takes any token that it was not told to refuse.
func (a *sdkApp) api(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	header := r.Header.Get("Authorization")
	a.shown = append(a.shown, header)
	if text, ok := strings.CutPrefix(header, "Bearer "); !ok || a.refused[text] {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="The access token has expired"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func (a *sdkApp) refuse(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refused[token] = true
}

func (a *sdkApp) lastShown() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.shown) == 0 {
		return "nothing"
	}
	return a.shown[len(a.shown)-1]
}

// sdkTab is a tab with the app in it.
type sdkTab struct {
	*browser.Page
	t *testing.T
}

func (a *sdkApp) open(t *testing.T, p *browser.Page, query string) sdkTab {
	t.Helper()
	p.Goto(a.URL + "/" + query)
	p.Wait("ready")
	return sdkTab{p, t}
}

func eval[T any](p sdkTab, expression string) (out T) {
	p.t.Helper()
	p.Eval(expression, &out)
	return out
}

func (p sdkTab) token() string {
	p.t.Helper()
	return eval[string](p, "app.client.getAccessToken().then((t) => t ?? '')")
}

func (p sdkTab) status() string {
	p.t.Helper()
	return eval[string](p, "app.client.session.status")
}

func (p sdkTab) events() string {
	p.t.Helper()
	return eval[string](p, "app.events.join(' ')")
}

// refreshes counts the answers to renewals.
func (p sdkTab) refreshes() (n int) {
	for _, r := range p.Requests() {
		if strings.Contains(r.URL, "/session/refresh") && r.Kind == "Fetch" {
			n++
		}
	}
	return n
}

func (p sdkTab) want(what string, got, want any) {
	p.t.Helper()
	if got != want {
		p.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// signIn signs in, and wants no further step.
func (p sdkTab) signIn() {
	p.t.Helper()
	got := eval[string](p, fmt.Sprintf("app.client.signIn(%q, %q).then((r) => r.status, (e) => e.code)", sdkPerson, sdkPassword))
	if got != "complete" {
		p.t.Fatalf("the sign-in ended with %q", got)
	}
}

func (a *sdkApp) journey(t *testing.T, issuer string) {
	t.Helper()
	a.mu.Lock()
	a.issuer = issuer
	a.mu.Unlock()
	p := browser.Launch(t, testenv.Chromium(t)).Page(t, browser.Options{})
	one := a.open(t, p, "")
	one.want("a visit of nobody", one.token(), "")
	one.want("what it was told", one.events(), "signed-out")
	one.want("a wrong password", eval[string](one, `app.client.signIn("ada@example.test", "wrong").catch((e) => e.code)`), "credentials_wrong")
	one.signIn()
	one.want("the person", eval[string](one, "app.client.session.user.email"), sdkPerson)
	a.keepsNothing(one)

	two := a.open(t, p.Another(), "")
	two.want("the second tab finds them signed in", two.token() != "", true)
	a.meet(t, one, two, 1)
	a.many(one)
	a.offline(one)
	a.leaves(t, one, two)
	a.wiped(one)

	one.signIn()
	three, four := a.open(t, p.Another(), "?locks=none"), a.open(t, p.Another(), "?locks=none")
	four.want("a tab without locks finds them signed in", three.token() != "", true)
	a.meet(t, three, four, 0)
	a.leaves(t, three, four)
}

// keepsNothing looks for the token wherever a page could have left it. TH-9
func (a *sdkApp) keepsNothing(p sdkTab) {
	p.t.Helper()
	token := p.token()
	places := eval[map[string]any](p, `(async () => ({
		local: {...localStorage}, session: {...sessionStorage}, databases: await indexedDB.databases(), caches: await caches.keys(),
		cookie: document.cookie, address: location.href, history: history.state, name: name, added: app.added(),
	}))()`)
	if text, _ := json.Marshal(places); len(token) < 16 || strings.Contains(string(text), token) {
		p.t.Errorf("the token %q is in %s", token, text)
	}
	for place, size := range map[string]string{
		"localStorage": "localStorage.length", "sessionStorage": "sessionStorage.length", "window": "app.added().length",
		"IndexedDB": "indexedDB.databases().then((d) => d.length)", "cookies that scripts see": "document.cookie.length",
	} {
		p.want(place, eval[int](p, size), 0)
	}
	var kept int
	for _, c := range p.Cookies() {
		if strings.Contains(c.Name, "-rt-") {
			kept++
			p.want("HttpOnly", c.HTTPOnly, true)
			p.want("Path", c.Path, "/")
		}
	}
	p.want("cookies with a refresh token", kept, 1)
	for _, line := range p.Complaints() {
		p.want("the console "+line, strings.Contains(line, token), false)
	}
}

// meet lets two tabs want a new token at the same time. The one whose turn it is
// waits until crowd others stand in line.
func (a *sdkApp) meet(t *testing.T, one, two sdkTab, crowd int) {
	t.Helper()
	eventually(t, "both tabs to have one token", func() bool { return one.token() == two.token() })
	before, old := one.refreshes()+two.refreshes(), one.token()
	a.refuse(old)
	for _, p := range []sdkTab{one, two} {
		p.Eval(fmt.Sprintf("app.crowd = %d;", crowd)+" app.call = app.client.fetch('/api/notes').then((r) => r.status); undefined", nil)
	}
	for _, p := range []sdkTab{one, two} {
		p.want("the API's answer", eval[int](p, "app.call"), 200)
		p.Eval("app.crowd = 0", nil)
	}
	one.want("renewals of two tabs at once", one.refreshes()+two.refreshes()-before, 1)
	eventually(t, "both tabs to have one token again", func() bool { return one.token() == two.token() })
	one.want("it is a new one", one.token() != old, true)
}

// many sends 20 requests with a token that has expired.
func (a *sdkApp) many(p sdkTab) {
	p.t.Helper()
	before := p.refreshes()
	a.refuse(p.token())
	sum := eval[int](p, `Promise.all(Array.from({length: 20}, (_, i) =>
		app.client.fetch("/api/notes/" + i, {method: "POST", body: "x"}).then((r) => r.status))).then((all) => all.reduce((a, b) => a + b))`)
	p.want("the sum of 20 statuses", sum, 20*200)
	p.want("renewals of 20 requests at once", p.refreshes()-before, 1)
	p.Eval("app.client.fetch('/elsewhere').then(() => 0)", nil)
	p.want("what other addresses see", a.lastShown(), "")
}

// offline takes the network away while a new token is wanted.
func (a *sdkApp) offline(p sdkTab) {
	p.t.Helper()
	network := func(off bool) {
		p.Call("Network.emulateNetworkConditions", map[string]any{"offline": off, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}, nil)
	}
	old := p.token()
	network(true)
	p.Eval("app.failed = 0; app.call = app.client.refresh(); undefined", nil)
	eventually(p.t, "a try without network", func() bool { return eval[int](p, "app.failed") > 0 })
	p.want("offline", p.status(), "signed-in")
	network(false)
	p.want("online again", eval[bool](p, "app.call"), true)
	p.want("it is a new token", p.token() != old, true)
}

// leaves signs out in one tab.
func (a *sdkApp) leaves(t *testing.T, one, two sdkTab) {
	t.Helper()
	one.Eval("app.client.signOut()", nil)
	eventually(t, "the other tab to sign out", func() bool { return two.status() == "signed-out" })
	for _, p := range []sdkTab{one, two} {
		p.want("the token", p.token(), "")
		p.want("who", eval[bool](p, "app.client.session.user === null"), true)
	}
	for _, p := range []sdkTab{one, two} {
		p.want("what the tab was told, once", strings.Count(p.events(), "signed-in signed-out"), 1)
		p.want("the server forgot them", eval[bool](p, "app.client.refresh()"), false)
	}
}

// wiped clears the cookies of somebody who is signed in. TH-8
func (a *sdkApp) wiped(p sdkTab) {
	p.t.Helper()
	p.signIn()
	p.Eval("app.events.length = 0", nil)
	a.refuse(p.token())
	p.ClearCookies()
	p.Eval("Promise.all([1, 2, 3].map(() => app.client.fetch('/api/notes'))).then(() => app.client.fetch('/api/notes')).then(() => 0)", nil)
	p.want("events of wiped cookies", p.events(), "signed-out")
	p.want("what the API sees", a.lastShown(), "")
}
