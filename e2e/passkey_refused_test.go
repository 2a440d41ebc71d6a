package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// signing is what a page does to answer a question for a passkey, by hand.
const signing = `
const bytes = (s) => Uint8Array.from(atob(s.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const sign = async (o) => {
  const c = await navigator.credentials.get({ publicKey: { ...o, challenge: bytes(o.challenge) } });
  const response = {};
  for (const part of ["clientDataJSON", "authenticatorData", "signature", "userHandle"]) response[part] = text(c.response[part]);
  return JSON.stringify({ id: c.id, rawId: text(c.rawId), type: c.type, response, clientExtensionResults: {} });
};`

// elsewhere is another origin on this machine, whose frame page frames an address.
func elsewhere(t *testing.T, pages map[string]string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>elsewhere</title>"+pages[r.URL.Path])
	}))
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	must(t, err)
	return "http://localhost:" + port
}

// PW-53 PW-61 PW-62 PW-63 PW-73: what Chromium signs on another site, in its frame,
// for another domain or for a passkey that was removed, signs nobody in; what keeps
// no passkeys gets none.
func TestPasskeysRefusedInABrowser(t *testing.T) {
	t.Parallel()
	dev := dev(t)
	const me, password = "ben@example.test", "correct horse battery staple"
	p := open(t, browser.Launch(t, testenv.Chromium(t)), "passkeys-refused", dev.url(), browser.Options{})
	p.Call("Page.enable", map[string]any{}, nil)
	p.Call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": "PublicKeyCredential.isConditionalMediationAvailable = async () => false"}, nil)
	inside := elsewhere(t, map[string]string{
		"/framed": "<script>" + signing + `onmessage = async (e) => parent.postMessage(await sign(e.data).catch(String), "*");</script>`,
	})
	outside := elsewhere(t, map[string]string{
		"/login": fmt.Sprintf(`<iframe id="f" src="%s/login"></iframe>`, dev.url()),
		"/sign":  fmt.Sprintf(`<iframe id="f" src="%s/framed" allow="publickey-credentials-get *"></iframe>`, inside),
	})

	enrol := func() {
		t.Helper()
		p.Goto(dev.url() + "/account/passkeys")
		p.Submit("add-passkey-button")
		p.Fill("password", password)
		p.Submit("submit")
	}
	p.Goto(dev.url() + "/login")
	p.Fill("identifier", me)
	p.Fill("password", password)
	p.Submit("submit")

	// A key that keeps no passkeys cannot be found by itself: the browser says so.
	plain := addAuthenticator(p.Page, "usb", false, true)
	enrol()
	p.Click("submit")
	p.Eval(`new Promise((done) => { const look = () => document.querySelector("[data-failed]:not([hidden])") ? done(0) : setTimeout(look, 20); look(); })`, nil)
	plain.remove()

	key := addAuthenticator(p.Page, "internal", true, true)
	enrol()
	p.Submit("submit")
	if n := key.credentials(); n < 1 {
		t.Fatalf("the authenticator has %d", n)
	}

	ask := func() string {
		t.Helper()
		p.Goto(dev.url() + "/login?beside=1")
		var question any
		p.Eval(`fetch("/login/passkey").then((r) => r.json())`, &question)
		out, err := json.Marshal(question)
		must(t, err)
		return string(out)
	}
	sign := func(question string) (answer string) {
		t.Helper()
		p.Eval(`(async () => {`+signing+` return sign(`+question+`); })()`, &answer)
		return answer
	}
	give := func(answer string) string {
		t.Helper()
		p.Goto(dev.url() + "/login?beside=1")
		quoted, err := json.Marshal(answer)
		must(t, err)
		p.Eval(`document.querySelector("input[name=passkey]").value = `+string(quoted), nil)
		p.Fill("identifier", "nobody")
		p.Fill("password", "nothing")
		p.Submit("submit")
		if p.path() == "/account" {
			return "signed in"
		}
		return p.Text("error-code")
	}

	if got := give(sign(ask())); got != "signed in" {
		t.Fatalf("by hand: %s", got)
	}
	question := ask()
	p.Goto(outside + "/")
	if got := give(sign(question)); got != "passkey_wrong" {
		t.Errorf("another origin: %s", got)
	}

	// In a frame of another site: ours may not be framed, and what one signs is not ours.
	p.Goto(outside + "/login")
	var tree struct {
		FrameTree struct {
			ChildFrames []struct {
				Frame struct{ URL, UnreachableURL string }
			}
		}
	}
	eventually(t, "the frame's end", func() bool {
		p.Call("Page.getFrameTree", map[string]any{}, &tree)
		return len(tree.FrameTree.ChildFrames) == 1 && tree.FrameTree.ChildFrames[0].Frame.URL != ""
	})
	if f := tree.FrameTree.ChildFrames[0].Frame; f.UnreachableURL == "" {
		t.Errorf("our page is framed: %+v", f)
	}

	question = ask()
	p.Goto(outside + "/sign")
	var framed string
	p.Eval(`new Promise((done) => { onmessage = (e) => done(e.data); document.getElementById("f").contentWindow.postMessage(`+question+`, "*"); })`, &framed)
	if got := give(framed); got != "passkey_wrong" {
		t.Errorf("in a frame of another site: %s, %s", got, framed)
	}

	// Another domain than the page's: the browser refuses by itself.
	p.Goto(dev.url() + "/login?beside=1")
	var refused string
	p.Eval(`(async () => {`+signing+` try { await sign({ ...`+ask()+`, rpId: "example.test" }); return "signed"; } catch (e) { return e.name; } })()`, &refused)
	if refused != "SecurityError" {
		t.Errorf("another domain: %s", refused)
	}

	// Signed before the passkey was removed, given after it.
	answer := sign(ask())
	p.Goto(dev.url() + "/account/passkeys")
	p.Eval(`document.querySelector("form[action$='/passkeys/remove'] button").id = "take-away"`, nil)
	p.Submit("take-away")
	p.Fill("password", password)
	p.Submit("submit")
	if got := give(answer); got != "passkey_wrong" {
		t.Errorf("a removed passkey: %s", got)
	}
	dev.stopped()
}
