package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// providerApps are two programs of other people and what they may ask for.
const providerApps = `
users:
  - {email: ada@example.test, name: Ada Lovelace, password: correct horse battery staple, email_verified: true}
  - {email: ben@example.test, name: Ben Bitdiddle, password: correct horse battery staple, email_verified: true}
scopes:
  - {name: "notes:read", description: Read your notes}
  - {name: "notes:write", description: Write notes for you and change those that are there}
resources:
  - identifier: https://bank.example.test
    name: The Bank
    scopes: ["notes:read", "notes:write"]
    authorization_details_types:
      - type: payment
        description: Pay from your account
        fields:
          - {name: creditor, description: To, kind: text, required: true}
          - {name: amount, description: Amount, kind: number, required: true}
clients:
  - client_id: shop
    client_name: Woodshop & Sons
    client_uri: %[1]s/
    policy_uri: %[1]s/privacy
    tos_uri: %[1]s/terms
    client_secret: {value: not-a-real-secret-0123456789abcdef}
    grant_types: [authorization_code, refresh_token]
    redirect_uris: ["%[1]s/callback"]
    post_logout_redirect_uris: ["%[1]s/bye"]
    scope: openid profile email offline_access notes:read notes:write
    resources: [https://bank.example.test]
    authorization_details_types: [payment]
  - client_id: tv
    client_name: Living room TV
    token_endpoint_auth_method: none
    application_type: native
    grant_types: ["urn:ietf:params:oauth:grant-type:device_code"]
    scope: openid notes:read
    resources: [https://bank.example.test]
`

const providerVerifier = "a-verifier-that-is-long-enough-for-everybody-0123456789"

// TestProviderInABrowser meets every page that an app of somebody else leads to, in
// English with JavaScript and in German without. OA-22 OA-23
func TestProviderInABrowser(t *testing.T) {
	t.Parallel()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><title>App</title><link rel="icon" href="data:,"><h1 id="app">%s</h1></html>`, strings.TrimPrefix(r.URL.Path, "/"))
	}))
	t.Cleanup(app.Close)
	file := filepath.Join(t.TempDir(), "apps.yaml")
	must(t, os.WriteFile(file, fmt.Appendf(nil, providerApps, app.URL), 0o600))
	b := browser.Launch(t, testenv.Chromium(t))
	for _, o := range []struct {
		name    string
		options browser.Options
	}{{"oauth", browser.Options{}}, {"oauth-plain", browser.Options{NoScript: true, Language: "de"}}} {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			p := dev(t, "--apply", file)
			j := providerJourney{tab: open(t, b, o.name, p.url(), o.options), app: app.URL}
			j.consent()
			j.choose()
			j.device()
			j.mistakes()
			j.leave()
			p.stopped()
		})
	}
}

type providerJourney struct {
	*tab
	app string
}

func (j providerJourney) ask(more ...string) string {
	sum := sha256.Sum256([]byte(providerVerifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {"shop"}, "redirect_uri": {j.app + "/callback"}, "state": {"s"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	return j.base + "/oauth2/authorize?" + query.Encode()
}

// answered wants the browser to be back at the app with a parameter.
func (j providerJourney) answered(parameter string) url.Values {
	j.t.Helper()
	var u *url.URL
	eventually(j.t, parameter+" at the app", func() (there bool) {
		var err error
		u, err = url.Parse(j.URL())
		must(j.t, err)
		var complete bool // else its end would be taken for that of the next page
		j.Eval("document.readyState === 'complete'", &complete)
		return complete && u.Path == "/callback" && u.Query().Has(parameter)
	})
	return u.Query()
}

func (j providerJourney) enter(email string) {
	j.t.Helper()
	j.at("/login")
	j.send("submit", "identifier", email, "password", sdkPassword)
}

func (j providerJourney) consent() {
	j.t.Helper()
	j.Goto(j.ask("scope", "openid profile offline_access notes:read notes:write"))
	j.enter("ada@example.test")
	j.at("/consent")
	j.Submit("deny")
	if got := j.answered("error").Get("error"); got != "access_denied" {
		j.t.Errorf("refused, the app is told %q", got)
	}
	j.Back()
	j.at(j.path()) // the back button decides nothing
	j.Goto(j.ask("scope", "openid profile notes:read",
		"authorization_details", `[{"type":"payment","creditor":"Merchant A, a name that goes on for quite a while","amount":123.5}]`))
	j.at("/consent")
	j.examine("/consent-details")
	j.Submit("approve")
	j.answered("code")
	j.Goto(j.ask("scope", "openid profile notes:read notes:write email"))
	j.at("/consent") // asks again as it wants more, and says what is new
	j.examine("/consent-more")
	j.Submit("approve")
	code := j.answered("code").Get("code")
	if status, body := j.redeem(code); status != http.StatusOK || !strings.Contains(body, "notes:write") {
		j.t.Errorf("the code gives %d %s", status, body)
	}
	j.notified("ada@example.test")
}

// notified wants one mail to say that the app may act for them now. AU-60
func (j providerJourney) notified(email string) {
	j.t.Helper()
	mails := visit(j.t, j.base, nil)
	if l := mails.mail(email, "Woodshop & Sons"); !strings.Contains(l.Text, "/account/apps") {
		j.t.Errorf("the mail leads nowhere: %s", l.Text)
	}
	told := 0
	for _, l := range mails.letters() {
		if l.To == email && strings.Contains(l.Subject, "Woodshop & Sons") {
			told++
		}
	}
	if told != 1 {
		j.t.Errorf("%d mails tell that an app may act for %s", told, email)
	}
}

func (j providerJourney) redeem(code string) (int, string) {
	j.t.Helper()
	return j.post("/oauth2/token", "shop", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {j.app + "/callback"}, "code_verifier": {providerVerifier},
	})
}

func (j providerJourney) post(path, client string, form url.Values) (int, string) {
	j.t.Helper()
	r, err := http.NewRequestWithContext(j.t.Context(), "POST", j.base+path, strings.NewReader(form.Encode()))
	must(j.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if client != "" {
		r.SetBasicAuth(client, "not-a-real-secret-0123456789abcdef")
	}
	resp, err := http.DefaultClient.Do(r)
	must(j.t, err)
	defer resp.Body.Close()
	var body json.RawMessage
	must(j.t, json.NewDecoder(resp.Body).Decode(&body))
	return resp.StatusCode, string(body)
}

func (j providerJourney) choose() {
	j.t.Helper()
	j.Goto(j.ask("scope", "openid", "prompt", "select_account"))
	j.at("/choose")
	j.Submit("another")
	j.enter("ben@example.test")
	j.at("/consent")
	j.Submit("approve")
	j.answered("code")
	j.Goto(j.ask("scope", "openid", "prompt", "select_account"))
	j.at("/choose")
	j.examine("/choose-two")
	j.goTo("/account/apps")
}

// device lets a device wait for the person, who enters its code, and then refuses another one.
func (j providerJourney) device() {
	j.t.Helper()
	for _, decision := range []string{"approve", "deny"} {
		status, body := j.post("/oauth2/device_authorization", "", url.Values{"client_id": {"tv"}, "scope": {"openid notes:read"}})
		var asked struct {
			Device   string `json:"device_code"`
			User     string `json:"user_code"`
			Complete string `json:"verification_uri_complete"`
		}
		if err := json.Unmarshal([]byte(body), &asked); err != nil || status != http.StatusOK {
			j.t.Fatalf("device authorization: %d %s", status, body)
		}
		if decision == "approve" {
			j.goTo("/device")
			j.send("submit", "code", "XXXX-XXXX")
			j.at("/device")
			j.send("submit", "code", asked.User)
		} else {
			j.Goto(asked.Complete)
		}
		j.at("/device")
		if j.Has("submit") {
			j.Submit("submit")
			j.at("/device")
		}
		j.Submit(decision)
		j.at("/device")
		j.examine("/device-" + decision)
		poll := url.Values{"client_id": {"tv"}, "grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {asked.Device}}
		status, body = j.post("/oauth2/token", "", poll)
		if want := map[string]string{"approve": "access_token", "deny": "access_denied"}[decision]; !strings.Contains(body, want) {
			j.t.Errorf("%s: the device is told %d %s", decision, status, body)
		}
	}
}

func (j providerJourney) mistakes() {
	j.t.Helper()
	for _, m := range []struct{ code, address string }{
		{"redirect_uri_mismatch", j.ask("redirect_uri", j.app+"/Callback/")},
		{"authorize_client_unknown", j.ask("client_id", "nobody")},
		{"bad_logout_target", j.base + "/oauth2/end_session?client_id=shop&post_logout_redirect_uri=" + url.QueryEscape(j.app+"/elsewhere")},
		{"", j.base + "/consent?flow=gone"},
		{"", j.base + "/oauth2/authorize?flow=gone"},
	} {
		j.Goto(m.address)
		j.at(j.path())
		j.told = len(j.Complaints()) // of the status, which is no 200
		if got := j.Text("error-code"); got == "" || (m.code != "" && got != m.code) {
			j.t.Errorf("%s shows the code %q, want %q", m.address, got, m.code)
		}
	}
}

func (j providerJourney) leave() {
	j.t.Helper()
	back := "&post_logout_redirect_uri=" + url.QueryEscape(j.app+"/bye")
	j.Goto(j.base + "/oauth2/end_session?client_id=shop" + back)
	j.at("/oauth2/end_session")
	j.Submit("logout-confirm")
	eventually(j.t, "the way back to the app", func() bool { return strings.HasPrefix(j.URL(), j.app+"/bye") })
	j.goTo("/choose")
	j.Goto(j.base + "/oauth2/end_session")
	j.at(j.path())
	if j.Has("logout-confirm") {
		j.Submit("logout-confirm")
		j.at(j.path())
	}
	j.Goto(j.base + "/oauth2/end_session")
	j.at(j.path())
	j.examine("/nobody-to-sign-out")
}
