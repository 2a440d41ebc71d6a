package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

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
