package conformance

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// OA-98: the modules of RP-Initiated Logout.
func TestConformanceRPInitiatedLogout(t *testing.T) {
	t.Attr("plan", "oidcc-rp-initiated-logout-certification-test-plan")
	const prefix = "oidcc-rp-initiated-logout"
	plan(t, variant{}, []module{
		{prefix + "-discovery-endpoint-verification", func(m *run) { m.discovered("end_session_endpoint") }},
		{prefix, leaving(sentBack)},
		{prefix + "-bad-post-logout-redirect-uri", leaving(kept("bad_logout_target"), "post_logout_redirect_uri", "https://127.0.0.1/unregistered")},
		{prefix + "-query-added-to-post-logout-redirect-uri", leaving(queryAdded)},
		{prefix + "-modified-id-token-hint", leaving(modifiedHint)},
		{prefix + "-bad-id-token-hint", leaving(foreignHint)},
		{prefix + "-no-id-token-hint", leaving(asked, "id_token_hint", "")},
		{prefix + "-no-params", leaving(asked, "id_token_hint", "", "post_logout_redirect_uri", "", "state", "")},
		{prefix + "-only-state", leaving(asked, "id_token_hint", "", "post_logout_redirect_uri", "")},
		{prefix + "-no-post-logout-redirect-uri", leaving(told, "post_logout_redirect_uri", "")},
		{prefix + "-no-state", leaving(sentBack, "state", "")},
	})
}

// leaver is a client whose person signs out: what it sends, and what it holds.
type leaver struct {
	*client
	b *browser
	q url.Values
	t tokens
}

// leaving signs a person in, and does the rest.
func leaving(then func(l *leaver), change ...string) func(*run) {
	return func(m *run) {
		c, b := m.rp.client(map[string]any{"post_logout_redirect_uris": []string{m.rp.url + "/bye"}}), m.browser()
		l := &leaver{client: c, b: b, t: c.signIn(b)}
		state := strings.Repeat(rand.Text(), 5)[:128] // long, to see that it stays whole
		l.q = with(url.Values{"id_token_hint": {l.t.idToken}, "post_logout_redirect_uri": {m.rp.url + "/bye"}, "state": {state}}, change...)
		then(l)
	}
}

// leave sends the browser to the end of the session.
func (l *leaver) leave() {
	l.Helper()
	l.b.open(l.discovered("end_session_endpoint") + "?" + l.q.Encode())
}

// over wants that nobody is signed in any more.
func (l *leaver) over() {
	l.Helper()
	q := l.asking("prompt", "none")
	l.authorize(l.b, q)
	l.denied(l.b, q, "login_required", "interaction_required")
}

// back wants the browser where the client asked for, with its state and nothing else.
func (l *leaver) back() {
	l.Helper()
	got, ok := l.last()
	want := url.Values{}
	if l.q.Has("state") {
		want = url.Values{"state": l.q["state"]}
	}
	if !ok || got.path != "/bye" || got.method != http.MethodGet || !reflect.DeepEqual(got.query, want) {
		l.Fatalf("came back: %v; the browser is at %s: %s", got, l.b.page.url, l.b.page.text())
	}
}

// stayed wants that nobody was sent to the client.
func (l *leaver) stayed() {
	l.Helper()
	if got, called := l.last(); called {
		l.Errorf("the browser was sent to %v", got)
	}
}

func sentBack(l *leaver) {
	l.leave()
	l.back()
	l.over()
}

// kept wants a page with an error, and that nothing ended.
func kept(code string) func(*leaver) {
	return func(l *leaver) {
		l.leave()
		l.stranded(l.b, code)
		q := l.asking("prompt", "none")
		l.authorize(l.b, q)
		l.code(l.b, q)
	}
}

func queryAdded(l *leaver) {
	l.q.Set("post_logout_redirect_uri", l.q.Get("post_logout_redirect_uri")+"?foo=bar")
	kept("bad_logout_target")(l)
}

// modifiedHint is the hint without a signature.
func modifiedHint(l *leaver) {
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(l.t.idToken, ".")[1])
	l.must(err)
	var claims map[string]any
	l.must(json.Unmarshal(payload, &claims))
	l.q.Set("id_token_hint", unsigned(l.T, claims))
	kept("bad_logout_hint")(l)
}

// foreignHint is the hint signed by somebody else.
func foreignHint(l *leaver) {
	k := newKey(l.T, "RS256")
	k.kid = text(l.t.header, "kid")
	l.q.Set("id_token_hint", k.sign(l.t.claims, nil))
	kept("bad_logout_hint")(l)
}

// asked wants the person to be asked, and told when it is done.
func asked(l *leaver) {
	l.leave()
	if l.stayed(); l.b.shown() != "logout" {
		l.Fatalf("nobody is asked: %d %s", l.b.page.status, l.b.page.text())
	}
	l.b.press("logout-confirm")
	told(l)
}

// told wants the page that says that the person is signed out.
func told(l *leaver) {
	l.Helper()
	if l.b.shown() == "" { // not left yet: still with the client
		l.leave()
	}
	if l.stayed(); l.b.page.status != http.StatusOK || l.b.page.code() != "" || !strings.Contains(l.b.page.text(), "signed out") {
		l.Errorf("%d: %s", l.b.page.status, l.b.page.text())
	}
	l.over()
}

// OA-99: the modules of Back-Channel Logout.
func TestConformanceBackChannelLogout(t *testing.T) {
	t.Attr("plan", "oidcc-backchannel-rp-initiated-logout-certification-test-plan")
	plan(t, variant{}, []module{
		{"oidcc-backchannel-logout-discovery-endpoint-verification", func(m *run) {
			doc := m.discovery()
			if m.discovered("end_session_endpoint"); doc["backchannel_logout_supported"] != true || doc["backchannel_logout_session_supported"] != true {
				m.Errorf("%v, %v", doc["backchannel_logout_supported"], doc["backchannel_logout_session_supported"])
			}
		}},
		{"oidcc-backchannel-rp-initiated-logout", backchannel},
	})
}

func backchannel(m *run) {
	c, b := m.rp.client(map[string]any{
		"post_logout_redirect_uris": []string{m.rp.url + "/bye"}, "backchannel_logout_uri": m.rp.url + "/backchannel", "backchannel_logout_session_required": true,
	}), m.browser()
	l := &leaver{client: c, b: b, t: c.signIn(b)}
	l.q = url.Values{"id_token_hint": {l.t.idToken}, "post_logout_redirect_uri": {m.rp.url + "/bye"}, "state": {rand.Text()}}
	l.leave()
	l.back()
	got := m.rp.told()
	if got.method != http.MethodPost || got.kind != "application/x-www-form-urlencoded" || len(got.query) != 0 || len(got.form) != 1 || len(got.form["logout_token"]) != 1 {
		m.Fatalf("the back channel: %v", got)
	}
	if got.tls < tls.VersionTLS13 {
		m.warn("the server came with TLS %x", got.tls)
	}
	l.checkLogoutToken(got.form.Get("logout_token"))
	l.over()
}

// checkLogoutToken does Back-Channel Logout 1.0 section 2.6.
func (l *leaver) checkLogoutToken(compact string) {
	l.Helper()
	claims, header := l.verified(compact)
	now := float64(l.clock.Now().Unix())
	iat, _ := claims["iat"].(float64)
	exp, _ := claims["exp"].(float64)
	events, _ := claims["events"].(map[string]any)
	event, isObject := events["http://schemas.openid.net/event/backchannel-logout"].(map[string]any)
	_, hasNonce := claims["nonce"]
	switch {
	case header["alg"] != "RS256", header["typ"] != "logout+jwt":
		l.Errorf("the header is %v", header)
	case claims["iss"] != l.issuer, claims["aud"] != l.id, iat > now || iat < now-60, exp <= now, text(claims, "jti") == "":
		l.Errorf("the claims are %v", claims)
	case !isObject || len(event) != 0 || len(events) != 1:
		l.Errorf("events are %v", claims["events"])
	case hasNonce:
		l.Error("there is a nonce")
	case claims["sub"] != l.t.claims["sub"] || claims["sid"] != l.t.claims["sid"] || claims["sid"] == nil:
		l.Errorf("it is about %v in %v, the ID token about %v in %v", claims["sub"], claims["sid"], l.t.claims["sub"], l.t.claims["sid"])
	}
}
