package app

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

const bye = "https://app.example.org/bye"

// party is a relying party over real HTTP that keeps the logout tokens it gets.
type party struct {
	*httptest.Server
	got    chan url.Values
	answer func(w http.ResponseWriter, r *http.Request) // nil: 200
}

func newParty(t *testing.T, answer func(http.ResponseWriter, *http.Request)) *party {
	t.Helper()
	p := &party{got: make(chan url.Values, 100), answer: answer}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		if r.Method != http.MethodPost || r.URL.RawQuery != "" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			form = url.Values{"wrong": {r.Method + " " + r.URL.String()}}
		}
		p.got <- form
		if p.answer != nil {
			p.answer(w, r)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

// leaver is a rig whose clients are told of logouts.
type leaver struct {
	*rig
	h   http.Handler
	ada user.User
}

func newLeaver(t *testing.T, st store.Store) *leaver {
	t.Helper()
	r := newRigOn(t, st, func(c *Config) { c.EgressAllow = []string{"127.0.0.0/8"} })
	return &leaver{rig: r, h: r.Handler(), ada: r.person(t, "ada@mail.org")}
}

// app keeps a client; http on loopback is not for production, so the file and the
// API would not take it.
func (l *leaver) app(t *testing.T, id, back, front string) {
	t.Helper()
	c := client.Client{
		ID: client.ID(id), Name: "The " + id, Type: client.Web, Auth: client.AuthNone, Profile: client.OAuth21, Grants: []string{client.GrantCode},
		Responses: []string{"code"}, RedirectURIs: []string{"https://app.example.org/cb"}, PostLogoutURIs: []string{bye}, BackchannelLogout: back,
		IDTokenAlg: "EdDSA", RefreshIdle: time.Hour, RefreshLife: time.Hour, CreatedAt: l.now(), UpdatedAt: l.now(), Revision: 1,
	}
	c.FrontchannelLogout = front
	must(t, l.store.Clients().Create(t.Context(), c, user.System().Event(client.Created, l.now(), user.ID{})))
}

// visit signs ada in and gives the clients ID tokens, as the code grant does.
func (l *leaver) visit(t *testing.T, clients ...string) signin.Result {
	t.Helper()
	res := l.signIn(t, "ada@mail.org")
	for _, id := range clients {
		must(t, l.store.Logouts().Join(t.Context(), logout.Participant{
			Session: logout.SessionID(res.Session.ID), Client: id, Subject: l.ada.ID.String(), Since: l.now(),
		}))
	}
	return res
}

func (l *leaver) hint(t *testing.T, id string, res signin.Result, change ...string) string {
	t.Helper()
	claims := fmt.Sprintf(`{"iss":%q,"sub":%q,"aud":%q,"exp":%d,"iat":1,"sid":%q}`, l.Issuer(), res.Session.User, id, l.now().Unix()-1000, res.Session.ID)
	text, err := l.Signing.Sign(t.Context(), signing.Token, jose.EdDSA, "JWT", []byte(strings.NewReplacer(change...).Replace(claims)))
	must(t, err)
	return text
}

func (l *leaver) send(t *testing.T, method, to string, body url.Values, res *signin.Result, head ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, "https://id.example.org"+to, strings.NewReader(body.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if res != nil {
		r.Header.Set("Cookie", "__Host-mortise="+res.Secret.Reveal())
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	l.h.ServeHTTP(w, r)
	return w
}

func (l *leaver) end(t *testing.T, q url.Values, res *signin.Result) *httptest.ResponseRecorder {
	t.Helper()
	return l.send(t, "GET", "/oauth2/end_session?"+q.Encode(), nil, res)
}

func (l *leaver) alive(t *testing.T, res signin.Result) bool {
	t.Helper()
	s, err := l.store.Sessions().ByID(t.Context(), res.Session.ID)
	must(t, err)
	return s.Live(l.now())
}

// told waits for a logout token and returns its claims, checked as a client does.
func (l *leaver) told(t *testing.T, p *party) map[string]any {
	t.Helper()
	select {
	case form := <-p.got:
		if len(form) != 1 || len(form["logout_token"]) != 1 {
			t.Fatalf("the client got %v", form)
		}
		keys := httptest.NewRecorder()
		l.h.ServeHTTP(keys, httptest.NewRequest("GET", "https://id.example.org/oauth2/jwks", nil))
		set, err := jose.ParseKeySet(keys.Body.Bytes())
		must(t, err)
		payload, _, err := jose.VerifyText(form.Get("logout_token"), "logout+jwt", set)
		must(t, err)
		var claims map[string]any
		must(t, json.Unmarshal([]byte(payload), &claims))
		return claims
	case <-time.After(20 * time.Second):
		t.Fatal("the client was not told")
	}
	return nil
}

// OA-98 OA-99: oidcc-rp-initiated-logout, …-no-state and
// oidcc-backchannel-rp-initiated-logout, on both engines.
func TestEndSession(t *testing.T) {
	engines(t, func(t *testing.T, st store.Store) {
		l := newLeaver(t, st)
		l.running(t)
		rp, second := newParty(t, nil), newParty(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
		l.app(t, "web", rp.URL+"/out", "")
		l.app(t, "mail", second.URL+"/out", "")
		for _, state := range []string{"", "x y&z=\u00e9"} {
			res := l.visit(t, "web", "mail")
			q := url.Values{"id_token_hint": {l.hint(t, "web", res)}, "post_logout_redirect_uri": {bye}, "ui_locales": {"de"}, "unknown": {"1"}}
			want := bye
			if state != "" {
				q.Set("state", state)
				want += "?" + url.Values{"state": {state}}.Encode()
			}
			got := l.end(t, q, &res)
			if got.Code != 303 || got.Header().Get("Location") != want || !strings.Contains(strings.Join(got.Header()["Set-Cookie"], " "), "__Host-mortise=; Path=/; Max-Age=0") {
				t.Fatalf("%d %v", got.Code, got.Header())
			}
			if l.alive(t, res) {
				t.Fatal("the session lives")
			}
			for id, p := range map[string]*party{"web": rp, "mail": second} {
				claims := l.told(t, p)
				now := float64(l.now().Unix())
				if claims["iss"] != l.Issuer() || claims["aud"] != id || claims["sub"] != l.ada.ID.String() || claims["sid"] != res.Session.ID.String() ||
					claims["iat"] != now || claims["exp"] != now+120 || claims["jti"] == "" || claims["nonce"] != nil {
					t.Errorf("%s was told %v", id, claims)
				}
				if ev, ok := claims["events"].(map[string]any); !ok || len(ev) != 1 || fmt.Sprint(ev["http://schemas.openid.net/event/backchannel-logout"]) != "map[]" {
					t.Errorf("events: %v", claims["events"])
				}
			}
			if again := l.end(t, q, &res); again.Code != 303 || again.Header().Get("Location") != want {
				t.Errorf("again: %d", again.Code)
			}
		}
	})
}

var csrf = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// OA-98 SE-29: …-no-id-token-hint, …-no-params, …-only-state: the person is asked,
// and goes on only where it is allowed.
func TestEndSessionAsks(t *testing.T) {
	t.Parallel()
	l := newRig(t).leaver(t)
	l.app(t, "web", "", "")
	for name, c := range map[string]struct {
		q    url.Values
		goes string
	}{
		"no params":                             {url.Values{}, ""},
		"only state":                            {url.Values{"state": {"s"}}, ""},
		"address of nobody":                     {url.Values{"post_logout_redirect_uri": {bye}, "state": {"s"}}, ""},
		"address of a client":                   {url.Values{"post_logout_redirect_uri": {bye}, "state": {"s"}, "client_id": {"web"}}, bye + "?state=s"},
		"hint about a session that is not hers": {url.Values{"post_logout_redirect_uri": {bye}, "id_token_hint": {"OTHER"}}, bye},
	} {
		res := l.visit(t, "web")
		if c.q.Get("id_token_hint") != "" {
			c.q.Set("id_token_hint", l.hint(t, "web", res, l.ada.ID.String(), user.NewID(l.now()).String()))
		}
		page := l.end(t, c.q, &res)
		if page.Code != 200 || !strings.Contains(page.Body.String(), `id="logout-confirm"`) || !strings.Contains(page.Body.String(), `id="cancel"`) ||
			page.Header().Get("Location")+page.Header().Get("Refresh") != "" || !l.alive(t, res) {
			t.Fatalf("%s: %d %v", name, page.Code, page.Header())
		}
		form := url.Values{}
		for _, m := range regexp.MustCompile(`type="hidden" name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(page.Body.String(), -1) {
			form.Set(m[1], html.UnescapeString(m[2]))
		}
		for k := range c.q {
			if form.Get(k) != c.q.Get(k) {
				t.Errorf("%s: %s is not carried on", name, k)
			}
		}
		without := url.Values{"state": {"s"}}
		if got := l.send(t, "POST", "/oauth2/end_session/confirm", without, &res); got.Code < 400 || !l.alive(t, res) {
			t.Errorf("%s: a form without its token: %d", name, got.Code)
		}
		if got := l.send(t, "POST", "/oauth2/end_session/confirm", form, &res, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.test"); got.Code != 403 || !l.alive(t, res) {
			t.Errorf("%s: another site's form: %d", name, got.Code)
		}
		form.Set("csrf", csrf.FindStringSubmatch(page.Body.String())[1])
		for range 2 { // the second time nobody is signed in any more
			got := l.send(t, "POST", "/oauth2/end_session/confirm", form, &res)
			refresh := got.Header().Get("Refresh")
			if got.Code != 200 || l.alive(t, res) || c.goes == "" != (refresh == "") || c.goes != "" && refresh != "0; url="+c.goes {
				t.Fatalf("%s: %d, refresh %q", name, got.Code, refresh)
			}
		}
	}
	if got := l.end(t, url.Values{"client_id": {"web"}, "post_logout_redirect_uri": {bye}}, nil); got.Code != 200 || !strings.Contains(got.Body.String(), `id="continue"`) ||
		got.Header().Get("Location")+got.Header().Get("Refresh") != "" {
		t.Errorf("nobody signed in, no hint: %d %v", got.Code, got.Header())
	}
	if got := l.end(t, nil, nil); got.Code != 200 || strings.Contains(got.Body.String(), "logout-confirm") {
		t.Errorf("nobody signed in: %d", got.Code)
	}
}

// leaver is a rig for logouts without anybody to call.
func (r *rig) leaver(t *testing.T) *leaver {
	t.Helper()
	return &leaver{rig: r, h: r.Handler(), ada: r.person(t, "ada@mail.org")}
}

// OA-98: …-modified-id-token-hint, …-bad-id-token-hint, …-bad-post-logout-redirect-uri,
// …-query-added-to-post-logout-redirect-uri: a page with a code, and nothing ends.
func TestEndSessionRefuses(t *testing.T) {
	t.Parallel()
	l := newRig(t).leaver(t)
	l.app(t, "web", "", "")
	l.app(t, "mail", "", "")
	res := l.visit(t, "web")
	good := l.hint(t, "web", res)
	parts := strings.Split(good, ".")
	foreign, err := jose.Generate(jose.EdDSA)
	must(t, err)
	forged, err := foreign.Sign("JWT", []byte(`{"iss":"https://id.example.org","sub":"x","aud":"web","exp":1}`))
	must(t, err)
	for name, c := range map[string]struct {
		code string
		q    url.Values
	}{
		"alg none":         {"bad_logout_hint", url.Values{"id_token_hint": {"eyJhbGciOiJub25lIn0." + parts[1] + "."}, "post_logout_redirect_uri": {bye}}},
		"somebody else's":  {"bad_logout_hint", url.Values{"id_token_hint": {forged}, "post_logout_redirect_uri": {bye}}},
		"no token":         {"bad_logout_hint", url.Values{"id_token_hint": {"x"}}},
		"another client":   {"bad_logout_client", url.Values{"id_token_hint": {good}, "client_id": {"mail"}}},
		"unknown client":   {"bad_logout_client", url.Values{"client_id": {"nobody"}, "post_logout_redirect_uri": {bye}}},
		"unregistered":     {"bad_logout_target", url.Values{"id_token_hint": {good}, "post_logout_redirect_uri": {"https://evil.test/"}}},
		"query added":      {"bad_logout_target", url.Values{"id_token_hint": {good}, "post_logout_redirect_uri": {bye + "?foo=bar"}}},
		"parameters twice": {"bad_request", url.Values{"state": {"a", "b"}}},
	} {
		got := l.end(t, c.q, &res)
		if got.Code != 400 || !strings.Contains(got.Body.String(), `<code id="error-code">`+c.code+`</code>`) || got.Header().Get("Location")+got.Header().Get("Refresh") != "" {
			t.Errorf("%s: %d %s", name, got.Code, got.Header().Get("Location"))
		}
		if strings.Contains(got.Body.String(), bye) {
			t.Errorf("%s: the page tells a registered address", name)
		}
		if !l.alive(t, res) {
			t.Fatalf("%s: the session ended", name)
		}
	}
	for name, head := range map[string][]string{"HEAD": nil, "prefetch": {"Sec-Purpose", "prefetch;prerender"}} {
		method := "GET"
		if name == "HEAD" {
			method = name
		}
		if got := l.send(t, method, "/oauth2/end_session?id_token_hint="+good, nil, &res, head...); got.Code != 200 || !l.alive(t, res) {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
}

// OA-98: a POST of the client's page carries no cookie of ours; it becomes a GET.
func TestEndSessionPosted(t *testing.T) {
	t.Parallel()
	l := newRig(t).leaver(t)
	l.app(t, "web", "", "")
	res := l.visit(t, "web")
	form := url.Values{"id_token_hint": {l.hint(t, "web", res)}, "post_logout_redirect_uri": {bye}, "state": {"s"}, "x": {"y"}}
	got := l.send(t, "POST", "/oauth2/end_session", form, nil, "Sec-Fetch-Site", "cross-site", "Origin", "https://app.example.org")
	form.Del("x")
	if to := got.Header().Get("Location"); got.Code != 303 || to != "/oauth2/end_session?"+form.Encode() {
		t.Fatalf("%d to %s", got.Code, to)
	}
	if got = l.send(t, "GET", got.Header().Get("Location"), nil, &res, "Sec-Fetch-Site", "cross-site"); got.Header().Get("Location") != bye+"?state=s" || l.alive(t, res) {
		t.Errorf("%d %v", got.Code, got.Header())
	}
	form.Set("state", strings.Repeat("s", 9000))
	if got := l.send(t, "POST", "/oauth2/end_session", form, nil); got.Code != 413 {
		t.Errorf("%d", got.Code)
	}
}

// Front-Channel Logout 1.0: the page loads what the clients named, may load nothing
// else, and leads on without a script.
func TestFrontChannel(t *testing.T) {
	t.Parallel()
	l := newRig(t).leaver(t)
	l.app(t, "web", "", "https://app.example.org/front?a=b")
	l.app(t, "old", "", "https://old.example.org:8443/front")
	l.app(t, "mail", "", "")
	res := l.visit(t, "web", "old", "mail")
	got := l.end(t, url.Values{"id_token_hint": {l.hint(t, "web", res)}, "post_logout_redirect_uri": {bye}, "state": {"s"}}, &res)
	said := "iss=https%3A%2F%2Fid.example.org&sid=" + res.Session.ID.String()
	for _, want := range []string{`src="https://app.example.org/front?a=b&` + said + `"`, `src="https://old.example.org:8443/front?` + said + `"`, `<a class="primary" id="continue" href="` + bye + `?state=s"`} {
		if !strings.Contains(html.UnescapeString(got.Body.String()), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	policy := got.Header().Get("Content-Security-Policy")
	if got.Code != 200 || got.Header().Get("Refresh") != "3; url="+bye+"?state=s" || !strings.Contains(policy, "frame-src 'self' https://old.example.org:8443 https://app.example.org;") {
		t.Errorf("%d, refresh %q, policy %q", got.Code, got.Header().Get("Refresh"), policy)
	}
	if l.alive(t, res) || strings.Count(got.Body.String(), "<iframe") != 2 {
		t.Error("the session lives, or there are other frames")
	}
}

// OA-99 SE-29 TH-4: whatever ended the session, its clients are told, once.
func TestEveryEndIsTold(t *testing.T) {
	engines(t, func(t *testing.T, st store.Store) {
		l := newLeaver(t, st)
		l.running(t)
		rp := newParty(t, nil)
		l.app(t, "web", rp.URL, "")
		for _, c := range []struct {
			name string
			end  func(res signin.Result)
		}{
			{"the page of signing out", func(res signin.Result) {
				page := l.send(t, "GET", "/logout", nil, &res)
				got := l.send(t, "POST", "/logout", url.Values{"csrf": {csrf.FindStringSubmatch(page.Body.String())[1]}}, &res)
				if got.Code != 303 {
					t.Fatalf("%d %s", got.Code, got.Body)
				}
			}},
			{"from elsewhere", func(res signin.Result) {
				must(t, l.Account.EndSession(t.Context(), user.By(l.ada.ID, session.NewID(l.now()).String(), audit.Source{}), res.Session.ID))
			}},
			{"everywhere", func(signin.Result) {
				_, err := l.Account.EndEverywhere(t.Context(), user.By(l.ada.ID, "", audit.Source{}))
				must(t, err)
			}},
			{"idle", func(signin.Result) {
				l.clock.Advance(40 * 24 * time.Hour)
				must(t, l.Sweep(t.Context()))
			}},
			{"suspension", func(signin.Result) {
				err := l.Directory.Disable(t.Context(), user.Host(), l.ada.ID, "en")
				must(t, err)
				err = l.Directory.Enable(t.Context(), user.Host(), l.ada.ID)
				must(t, err)
			}},
			{"deletion", func(signin.Result) {
				must(t, l.store.Users().Delete(t.Context(), l.ada.ID, l.now(), user.System().Event(user.Deleted, l.now(), l.ada.ID)))
			}},
		} {
			res := l.visit(t, "web")
			c.end(res)
			if got := l.told(t, rp)["sid"]; got != res.Session.ID.String() {
				t.Fatalf("%s: told of %v", c.name, got)
			}
			l.settled(t) // or the lease of the attempt is over when the clock moves
		}
		if len(rp.got) != 0 {
			t.Error("told twice")
		}
	})
}

// settled waits until nothing is under way.
func (l *leaver) settled(t *testing.T) {
	t.Helper()
	for {
		if d, _, ok := l.LogoutQueue(); ok && d.Waiting == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// OA-71 OA-99 WH-33: a client that hangs, redirects, fails or lies at a private
// address holds up nobody else, and is told later with the same jti.
func TestBadParties(t *testing.T) {
	t.Parallel()
	l := newRig(t, func(c *Config) { c.EgressAllow = []string{"127.0.0.0/8"} }).running(t).leaver(t)
	release := make(chan struct{})
	hang := newParty(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(release) })
	trap, good := newParty(t, nil), newParty(t, nil)
	turn := newParty(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, trap.URL, http.StatusTemporaryRedirect)
	})
	var once sync.Once
	fail := newParty(t, func(w http.ResponseWriter, _ *http.Request) {
		once.Do(func() { w.WriteHeader(http.StatusInternalServerError) })
	})
	l.app(t, "hang", hang.URL, "")
	l.app(t, "turn", turn.URL, "")
	l.app(t, "fail", fail.URL, "")
	l.app(t, "good", good.URL, "")
	l.app(t, "private", "http://169.254.169.254/latest", "")
	res := l.visit(t, "hang", "turn", "fail", "good", "private")
	must(t, l.SignIn.SignOut(t.Context(), user.By(l.ada.ID, res.Session.ID.String(), audit.Source{})))
	l.told(t, good)
	l.told(t, turn)
	first := l.told(t, fail)
	reasons := func() map[string]string {
		all, err := l.store.Logouts().Stuck(t.Context(), logout.ID{}, 100)
		must(t, err)
		out := map[string]string{}
		for _, d := range all {
			out[d.Client] = d.Reason
		}
		return out
	}
	for reasons()["turn"] == "" || reasons()["fail"] == "" || reasons()["private"] == "" {
		if t.Context().Err() != nil {
			t.Fatal(reasons())
		}
		time.Sleep(time.Millisecond)
	}
	l.clock.Advance(7 * time.Second)
	l.Logouts.Wake()
	if again := l.told(t, fail); again["jti"] != first["jti"] || again["iat"] == first["iat"] {
		t.Errorf("again: %v", again)
	}
	if len(trap.got) != 0 || !strings.Contains(reasons()["turn"], "307") || !strings.Contains(reasons()["private"], "egress") {
		t.Errorf("%d in the trap, %v", len(trap.got), reasons())
	}
}

// A hint whose key has retired counts, and one whose key was withdrawn does not.
func TestHintsOfFormerKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	l := r.leaver(t)
	l.app(t, "web", "", "")
	res := l.visit(t, "web")
	hint := l.hint(t, "web", res)
	read := func() error { _, err := l.Hints.Read(t.Context(), hint); return err }
	must(t, read())
	kid := l.kid(t, hint)
	for range 60 {
		r.clock.Advance(3 * 24 * time.Hour)
		must(t, l.Signing.Advance(t.Context()))
	}
	if _, ok := l.Signing.Public(signing.Token).Key(kid); ok {
		t.Fatal("the key is still published")
	}
	must(t, read())
	hint = l.hint(t, "web", res)
	_, err := l.Signing.Replace(t.Context(), user.Host(), signing.Token, jose.EdDSA)
	must(t, err)
	r.running(t).fresh(t)
	if read() == nil {
		t.Error("a hint that a withdrawn key signed")
	}
}

func (l *leaver) kid(t *testing.T, text string) string {
	t.Helper()
	_, kid, err := jose.VerifyText(text, "JWT", l.Signing.Public(signing.Token))
	must(t, err)
	return kid
}
