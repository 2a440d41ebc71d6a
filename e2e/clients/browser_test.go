package clients

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// spa is a page with oidc-client-ts, which follows what localStorage says of DPoP.
const spa = `<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,"><p>page</p><script src="/oidc.js"></script><script>
globalThis.manager = new oidc.UserManager({
	authority: %q, client_id: "page", redirect_uri: location.origin + "/", post_logout_redirect_uri: location.origin + "/bye",
	scope: "openid profile email offline_access", automaticSilentRenew: false, loadUserInfo: !localStorage.dpop,
	dpop: localStorage.dpop ? { bind_authorization_code: true, store: new oidc.IndexedDbDPoPStore() } : undefined,
});
document.body.append(Object.assign(document.createElement("p"), { id: "ready" }));
</script>`

// inBrowser is oidc-client-ts, which does all of it in the page, across origins.
func inBrowser(t *testing.T, w *world) {
	library, err := os.ReadFile("node/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js")
	if err != nil {
		t.Fatalf("%v; scripts/install-test-clients installs it", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /oidc.js", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/javascript")
		_, _ = rw.Write(library)
	})
	mux.HandleFunc("GET /{$}", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(rw, spa, w.issuer)
	})
	mux.HandleFunc("GET /bye", blank)
	w.serve(t, w.ports["browser"], mux)
	for _, kind := range []string{"Bearer", "DPoP"} {
		p := page{w.person(t, "page@example.test"), w.at("browser")}
		p.journey(kind)
	}
}

// page is the app in its tab.
type page struct {
	*person
	origin string
}

// leave starts something that takes the browser to our pages, and walks on.
func (p page) leave(call string) string {
	p.t.Helper()
	p.Wait("ready")
	before := p.URL()
	p.Eval("manager."+call+"; undefined", nil)
	for deadline := time.Now().Add(patience); p.URL() == before; {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s does not lead away: %v", call, p.Complaints())
		}
	}
	return p.through()
}

func (p page) ask(expression string) (out string) {
	p.t.Helper()
	p.Wait("ready")
	p.Eval(expression+".then(String, (e) => 'failed: ' + e)", &out)
	return out
}

func (p page) journey(kind string) {
	p.t.Helper()
	p.Goto(p.origin + "/")
	if kind == "DPoP" {
		p.Eval("localStorage.dpop = 1; undefined", nil)
		p.Reload()
	}
	back := p.leave(`signinRedirect({prompt: "consent"})`)
	p.saw("/login", "/consent")
	if !strings.HasPrefix(back, p.origin+"/?") {
		p.t.Fatalf("the sign-in ends at %s", back)
	}
	want(p.t, "who signed in", p.ask("manager.signinCallback().then((u) => u.token_type + ' ' + u.profile.sub.slice(0, 4) + ' ' + Boolean(u.refresh_token))"), kind+" usr_ true")
	if kind == "Bearer" {
		want(p.t, "UserInfo", p.ask("manager.getUser().then((u) => u.profile.name)"), "Pia Page")
	}
	want(p.t, "refresh", p.ask("manager.getUser().then((old) => manager.signinSilent().then((u) => u.access_token !== old.access_token && u.token_type))"), kind)
	want(p.t, "revocation", p.ask("manager.revokeTokens(['refresh_token'])"), "undefined")
	want(p.t, "where signing out ends", p.leave("signoutRedirect()"), p.origin+"/bye")
	p.Goto(p.origin + "/")
	want(p.t, "the error of prompt=none", p.leave(`signinRedirect({prompt: "none"})`)[:len(p.origin)+8], p.origin+"/?error=")
	want(p.t, "what the library says", p.ask("manager.signinCallback()")[:22], "failed: ErrorResponse:")
	for _, c := range p.Complaints() {
		if !strings.Contains(c, "400") && !strings.Contains(c, "401") {
			p.t.Errorf("the console says: %s", c)
		}
	}
}
