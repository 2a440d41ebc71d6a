package e2e

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// Names that stand for three sites; only the browser under test knows where they are.
const (
	home    = "https://accounts.example.org"
	sister  = "https://shop.example.net" // a related origin
	foreign = "https://other.example.com"
)

// relatives are our server and two other sites, all of one certificate, and a browser
// that finds them where a browser looks for a relying party: at port 443.
func relatives(t *testing.T) *tab {
	t.Helper()
	cert := certify(t, folder(t), "accounts.example.org")
	g := guard(t, crowd(1), "URL="+home, "TLS__CERT_FILE="+cert.cert, "TLS__KEY_FILE="+cert.key, "PASSKEYS__RELATED_ORIGINS="+sister)
	other := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>elsewhere</title>")
	}))
	other.TLS = &tls.Config{Certificates: []tls.Certificate{cert.pair}, MinVersion: tls.VersionTLS12}
	other.StartTLS()
	t.Cleanup(other.Close)
	pin := sha256.Sum256(cert.leaf.RawSubjectPublicKeyInfo)
	there := other.Listener.Addr().String()
	b := browser.Launch(t, testenv.Chromium(t),
		"--ignore-certificate-errors-spki-list="+base64.StdEncoding.EncodeToString(pin[:]),
		"--host-resolver-rules=MAP accounts.example.org:443 "+g.setting("LISTEN")+", MAP shop.example.net:443 "+there+", MAP other.example.com:443 "+there+", MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
	return open(t, b, "passkeys-related", home, browser.Options{})
}

// PW-74 PW-61: a passkey of ours signs on the page of a related origin, which Chromium
// looks up, and opens a session; on any other page Chromium refuses by itself.
func TestPasskeyOfARelatedOriginInABrowser(t *testing.T) {
	t.Parallel()
	p := relatives(t)
	p.Call("Page.enable", map[string]any{}, nil)
	p.Call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": "PublicKeyCredential.isConditionalMediationAvailable = async () => false"}, nil)
	key := addAuthenticator(p.Page, "internal", true, true)
	p.Goto(home + "/login")
	p.Fill("identifier", person(0))
	p.Fill("password", ownPassword)
	p.Submit("submit")
	p.Goto(home + "/account/passkeys")
	p.Submit("add-passkey-button")
	p.Fill("password", ownPassword)
	p.Submit("submit")
	p.Submit("submit")
	if n := key.credentials(); n != 1 {
		t.Fatalf("the authenticator has %d", n)
	}

	p.ClearCookies()
	signed := func(origin string) (answer, refused string) {
		t.Helper()
		p.Goto(home + "/login?beside=1") // signed in or not
		var question json.RawMessage
		p.Eval(`fetch("/login/passkey").then((r) => r.json())`, &question)
		p.Goto(origin + "/")
		var out []string
		p.Eval(`(async () => {`+signing+` try { return [await sign(`+string(question)+`), ""]; } catch (e) { return ["", e.name]; } })()`, &out)
		return out[0], out[1]
	}
	answer, refused := signed(sister)
	if refused != "" {
		t.Fatalf("on the page of a related origin: %s", refused)
	}
	p.Goto(home + "/login")
	quoted, err := json.Marshal(answer)
	must(t, err)
	p.Eval(`document.querySelector("input[name=passkey]").value = `+string(quoted), nil)
	p.Fill("identifier", "nobody")
	p.Fill("password", "nothing")
	p.Submit("submit")
	p.at("/account")
	if _, refused := signed(foreign); refused != "SecurityError" {
		t.Errorf("on the page of a stranger: %q", refused)
	}
}
