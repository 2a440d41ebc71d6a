package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

const (
	sdkPerson   = "ada@example.test"
	sdkPassword = "correct horse battery staple"
)

// TestSDKInABrowser: sdk/js against the program itself. TH-8 TH-9
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
