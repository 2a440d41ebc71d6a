package app

import (
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/user"
)

const (
	callbackURI  = "https://client.example.org/cb"
	pkceVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)

// tab is a browser of kim's at the pages.
type tab struct {
	*world
	t       *testing.T
	cookies map[string]string
}

func (w *world) tab(t *testing.T) *tab { return &tab{w, t, map[string]string{}} }

func (b *tab) send(a ask) answer {
	b.t.Helper()
	if a.head == nil {
		a.head = map[string]string{}
	}
	var all []string
	for k, v := range b.cookies {
		all = append(all, k+"="+v)
	}
	if len(all) > 0 {
		a.head["Cookie"] = strings.Join(all, "; ")
	}
	out := b.do(b.t, a)
	for _, c := range out.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = c.Value
	}
	return out
}

func (b *tab) get(path string) answer { b.t.Helper(); return b.send(ask{method: "GET", path: path}) }

var (
	formToken = regexp.MustCompile(`name="csrf" value="([^"]+)"`)
	asked     = regexp.MustCompile(`name="account" value="([^"]+)"`)
)

// submit posts the form of a page that was shown.
func (b *tab) submit(path string, shown answer, fields ...string) answer {
	b.t.Helper()
	found := formToken.FindStringSubmatch(shown.Body.String())
	if found == nil {
		b.t.Fatalf("no form: %d %s", shown.Code, shown.Body)
	}
	v := url.Values{"csrf": {html.UnescapeString(found[1])}}
	if account := asked.FindStringSubmatch(shown.Body.String()); account != nil {
		v.Set("account", account[1])
	}
	for i := 0; i < len(fields); i += 2 {
		v.Set(fields[i], fields[i+1])
	}
	return b.send(ask{"POST", path, v.Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": selfURI, "Sec-Fetch-Site": "same-origin"}})
}

// to is where an answer leads.
func (a answer) to(t *testing.T) *url.URL {
	t.Helper()
	if a.Code != http.StatusSeeOther {
		t.Fatalf("%d, want 303: %s", a.Code, a.Body)
	}
	u, err := url.Parse(a.Header().Get("Location"))
	must(t, err)
	return u
}

// back is the response that an answer carries to the client.
func (a answer) back(t *testing.T) url.Values {
	t.Helper()
	u := a.to(t)
	if got := u.Scheme + "://" + u.Host + u.Path; got != callbackURI {
		t.Fatalf("leads to %s", u)
	}
	if u.Query().Get("iss") != selfURI {
		t.Errorf("no iss in %s", u)
	}
	return u.Query()
}

// signIn goes through the page that an answer leads to.
func (b *tab) signIn(a answer) answer {
	b.t.Helper()
	u := a.to(b.t)
	if u.Path != "/login" {
		b.t.Fatalf("leads to %s", u)
	}
	shown := b.get(u.RequestURI())
	b.clock.Advance(time.Second)
	done := b.submit("/login", shown, "identifier", "kim@mail.org", "password", rightPassword, "return_to", u.Query().Get("return_to"))
	return b.get(done.to(b.t).RequestURI())
}

// agree answers the consent page that an answer leads to.
func (b *tab) agree(a answer, decision string, more ...string) answer {
	b.t.Helper()
	u := a.to(b.t)
	if u.Path != "/consent" {
		b.t.Fatalf("leads to %s", u)
	}
	shown := b.get(u.RequestURI())
	return b.submit("/consent", shown, append([]string{"flow", u.Query().Get("flow"), "decision", decision}, more...)...)
}

func (w *world) codeClient(t *testing.T, id client.ID, change func(*client.Client)) {
	t.Helper()
	c := client.Client{
		ID: id, Name: "The " + string(id), Auth: client.AuthBasic, Grants: []string{client.GrantCode, client.GrantRefresh}, Responses: []string{"code"},
		RedirectURIs: []string{callbackURI}, Scopes: []string{"openid", "profile", "offline_access", "read"}, Resources: []string{apiURI}, IDTokenAlg: "EdDSA",
	}
	if change != nil {
		change(&c)
	}
	w.register(t, c)
}

func newCodeWorld(t *testing.T) *world {
	t.Helper()
	return newRig(t).begun(t).world(t).codeClients(t)
}

func (w *world) codeClients(t *testing.T) *world {
	t.Helper()
	w.codeClient(t, "rp", nil)
	w.codeClient(t, "house", func(c *client.Client) { c.FirstParty = true })
	return w
}

func wanting(id string, more ...string) url.Values {
	v := url.Values{
		"client_id": {id}, "response_type": {"code"}, "redirect_uri": {callbackURI}, "scope": {"openid read"}, "state": {"s1"}, "nonce": {"n1"},
		"code_challenge": {authcode.Challenge(pkceVerifier)}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(more); i += 2 {
		if v.Del(more[i]); more[i+1] != "" {
			v.Set(more[i], more[i+1])
		}
	}
	return v
}

func (b *tab) want(v url.Values) answer {
	b.t.Helper()
	return b.get("/oauth2/authorize?" + v.Encode())
}

// OA-17 OA-19 OA-20 OA-23: from a stranger to a code, by the pages, and at once
// the next time.
func TestAuthorize(t *testing.T) {
	w := newCodeWorld(t)
	b := w.tab(t)
	a := b.signIn(b.want(wanting("rp", "login_hint", "kim@mail.org")))
	page := b.get(a.to(t).RequestURI())
	for _, text := range []string{"The rp", "client.example.org", "Know who you are", `id="approve"`, `id="deny"`} {
		if !strings.Contains(page.Body.String(), text) {
			t.Errorf("the page does not say %q", text)
		}
	}
	for name, value := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
		if got := page.Header().Get(name); got != value {
			t.Errorf("%s: %q", name, got)
		}
	}
	if p := page.Header().Get("Content-Security-Policy"); !strings.Contains(p, "frame-ancestors 'none'") {
		t.Errorf("policy %q", p)
	}
	done := b.agree(a, "approve", "scope:read", "on")
	// A browser that sent our form is led on by a page (SE-41).
	if refresh := done.Header().Get("Refresh"); done.Code != 200 || !strings.HasPrefix(refresh, "0; url="+callbackURI+"?code=") || !strings.Contains(refresh, "&state=s1&iss=https") {
		t.Fatalf("%d %q", done.Code, refresh)
	}
	again := b.want(wanting("rp", "state", "s2")).back(t)
	if again.Get("code") == "" || again.Get("state") != "s2" {
		t.Errorf("not at once: %v", again)
	}
	if got := w.tab(t).want(wanting("rp", "prompt", "none")).back(t); got.Get("error") != "login_required" {
		t.Errorf("%v", got)
	}
}

// OA-4 OA-1 OA-2: nobody is sent anywhere while client or address are bad.
func TestAuthorizeNeverLeaves(t *testing.T) {
	w := newCodeWorld(t)
	for name, v := range map[string]url.Values{
		"no client":        wanting(""),
		"unknown client":   wanting("ghost"),
		"no address":       wanting("rp", "redirect_uri", ""),
		"case":             wanting("rp", "redirect_uri", "https://client.example.org/CB"),
		"host's case":      wanting("rp", "redirect_uri", "https://CLIENT.example.org/cb"),
		"port":             wanting("rp", "redirect_uri", "https://client.example.org:443/cb"),
		"dot segment":      wanting("rp", "redirect_uri", "https://client.example.org/x/../cb"),
		"user":             wanting("rp", "redirect_uri", "https://client.example.org@evil.example/cb"),
		"fragment":         wanting("rp", "redirect_uri", callbackURI+"#x"),
		"more":             wanting("rp", "redirect_uri", callbackURI+"/"),
		"query":            wanting("rp", "redirect_uri", callbackURI+"?a=b"),
		"plain":            wanting("rp", "redirect_uri", "http://client.example.org/cb"),
		"look-alike":       wanting("rp", "redirect_uri", "https://client.example.оrg/cb"),
		"script":           wanting("rp", "redirect_uri", "javascript:alert(1)"),
		"state too long":   wanting("rp", "state", strings.Repeat("s", 2049)),
		"line in state":    wanting("rp", "state", "a\r\nb"),
		"unknown uri":      {"client_id": {"rp"}, "request_uri": {"urn:ietf:params:oauth:request_uri:" + strings.Repeat("A", 43)}},
		"several clients":  {"client_id": {"rp", "rp"}, "redirect_uri": {callbackURI}},
		"several adresses": {"client_id": {"rp"}, "redirect_uri": {callbackURI, callbackURI}},
	} {
		a := w.tab(t).want(v)
		if a.Code != 400 || a.Header().Get("Location") != "" || a.Header().Get("Refresh") != "" || !strings.Contains(a.Body.String(), `id="error-code"`) {
			t.Errorf("%s: %d %v", name, a.Code, a.Header())
		}
		if strings.Contains(a.Body.String(), callbackURI) {
			t.Errorf("%s: a stranger reads what is registered", name)
		}
		if strings.Contains(a.Body.String(), "a page of ours") {
			t.Errorf("%s: says to reload a page of ours: %s", name, a.Body)
		}
	}
	w.codeClient(t, "phone9", func(c *client.Client) {
		c.Type, c.Auth, c.RedirectURIs = client.Native, client.AuthNone, []string{"http://127.0.0.1/cb"}
	})
	if u := w.tab(t).want(wanting("phone9", "redirect_uri", "http://127.0.0.1:5173/cb", "prompt", "none")).to(t); u.Host != "127.0.0.1:5173" {
		t.Errorf("a loopback port: %s", u)
	}
}

// OA-10 OA-11 OA-12 OA-13 OA-26 OA-93: faults go back by their registered names.
func TestAuthorizeRefusals(t *testing.T) {
	w := newCodeWorld(t)
	for name, tt := range map[string]struct {
		more []string
		want string
	}{
		"no type":           {[]string{"response_type", ""}, "invalid_request"},
		"no challenge":      {[]string{"code_challenge", ""}, "invalid_request"},
		"no method":         {[]string{"code_challenge_method", ""}, "invalid_request"},
		"plain":             {[]string{"code_challenge_method", "plain"}, "invalid_request"},
		"short challenge":   {[]string{"code_challenge", "abc"}, "invalid_request"},
		"long challenge":    {[]string{"code_challenge", strings.Repeat("A", 44)}, "invalid_request"},
		"unknown scope":     {[]string{"scope", "openid email"}, "invalid_scope"},
		"bad scope":         {[]string{"scope", "openid  read"}, "invalid_scope"},
		"unknown resource":  {[]string{"resource", "https://other.example.org"}, "invalid_target"},
		"our own API":       {[]string{"resource", selfURI}, "invalid_target"},
		"unknown prompt":    {[]string{"prompt", "later"}, "invalid_request"},
		"none with login":   {[]string{"prompt", "none login"}, "invalid_request"},
		"none":              {[]string{"prompt", "none"}, "login_required"},
		"max_age":           {[]string{"max_age", "-1"}, "invalid_request"},
		"mode":              {[]string{"response_mode", "fragment"}, "invalid_request"},
		"hint":              {[]string{"id_token_hint", "a.b.c"}, "invalid_request"},
		"claims":            {[]string{"claims", "{"}, "invalid_request"},
		"details":           {[]string{"authorization_details", `[{"type":"pay"}]`}, "invalid_authorization_details"},
		"details, no array": {[]string{"authorization_details", `{}`}, "invalid_authorization_details"},
		"jkt":               {[]string{"dpop_jkt", "x"}, "invalid_request"},
		"request object":    {[]string{"request", "a.b.c"}, "invalid_request_object"},
	} {
		got := w.tab(t).want(wanting("rp", tt.more...)).back(t)
		if got.Get("error") != tt.want || got.Get("state") != "s1" || got.Get("code") != "" {
			t.Errorf("%s: %v", name, got)
		}
	}
	for kind, want := range map[string]string{
		"token": "unsupported_response_type", "code token": "unsupported_response_type", "id_token": "unauthorized_client", "code id_token": "unauthorized_client",
	} {
		u := w.tab(t).want(wanting("rp", "response_type", kind)).to(t)
		v, err := url.ParseQuery(u.Fragment)
		if err != nil || u.RawQuery != "" || v.Get("error") != want || v.Get("iss") != selfURI {
			t.Errorf("%s: %s", kind, u)
		}
	}
	v := wanting("rp")
	v.Add("nonce", "again")
	if got := w.tab(t).want(v).back(t); got.Get("error") != "invalid_request" {
		t.Errorf("repeated: %v", got)
	}
	if a := w.tab(t).want(wanting("rp", "unheard_of", "x", "display", "page", "acr_values", "1", "claims_locales", "de", "ui_locales", "de")); a.to(t).Path != "/login" { // OA-96
		t.Errorf("%s", a.Body)
	}
}

// OA-18 OA-25 OA-10: state comes back byte for byte, in every mode; a form is taken.
func TestAuthorizeEchoes(t *testing.T) {
	w := newCodeWorld(t)
	b := w.tab(t)
	b.signIn(b.want(wanting("house"))).back(t)
	state := strings.Repeat(`ä"<>&'+ %20/`, 80)[:1024]
	got := b.want(wanting("house", "state", state, "nonce", strings.Repeat("n", 384))).back(t)
	if got.Get("state") != state || got.Get("code") == "" {
		t.Errorf("state came back as %q", got.Get("state"))
	}
	a := b.want(wanting("house", "state", state, "response_mode", "form_post"))
	if a.Code != 200 || a.Header().Get("Location") != "" || !strings.Contains(a.Header().Get("Content-Security-Policy"), "script-src 'nonce-") {
		t.Fatalf("%d %v", a.Code, a.Header())
	}
	for _, part := range []string{`action="` + callbackURI + `"`, `name="state" value="` + strings.ReplaceAll(html.EscapeString(state), "&#43;", "+"), `name="iss"`, `id="continue"`} {
		if !strings.Contains(strings.ReplaceAll(a.Body.String(), "&#43;", "+"), part) {
			t.Errorf("the form has no %q", part)
		}
	}
	foreign := ask{"POST", "/oauth2/authorize", wanting("house").Encode(), map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://client.example.org", "Sec-Fetch-Site": "cross-site",
	}}
	u := w.do(t, foreign).to(t)
	if got := b.get(u.RequestURI()).back(t); got.Get("code") == "" {
		t.Errorf("posted: %v", got)
	}
	if a := b.get(u.RequestURI()); a.Code != 400 {
		t.Errorf("brought again after its end: %d", a.Code)
	}
}

// OA-24: what one browser began no other goes on with, and two tabs each have
// their own.
func TestAuthorizeBinding(t *testing.T) {
	w := newCodeWorld(t)
	victim, thief := w.tab(t), w.tab(t)
	begun := thief.want(wanting("rp", "state", "thief"))
	flow := begun.to(t).Query().Get("return_to")
	victim.signIn(victim.want(wanting("house"))).back(t)
	if a := victim.get(flow); a.Code != 410 || !strings.Contains(a.Body.String(), "authorization_unknown") {
		t.Errorf("another browser's request: %d", a.Code)
	}
	one, two := victim.want(wanting("rp", "state", "one")), victim.want(wanting("rp", "state", "two"))
	if got := victim.agree(two, "approve").Header().Get("Refresh"); !strings.Contains(got, "state=two") {
		t.Errorf("%q", got)
	}
	if got := victim.agree(one, "deny").Header().Get("Refresh"); !strings.Contains(got, "error=access_denied") || !strings.Contains(got, "state=one") {
		t.Errorf("%q", got)
	}
	// The back button, on a page that was answered.
	if a := victim.get("/oauth2/authorize?flow=" + two.to(t).Query().Get("flow")); a.Code != 410 || !strings.Contains(a.Body.String(), "authorization_over") {
		t.Errorf("answered before: %d %s", a.Code, a.Body)
	}
	late := victim.want(wanting("rp", "prompt", "consent"))
	w.clock.Advance(61 * time.Minute)
	if a := victim.get("/oauth2/authorize?flow=" + late.to(t).Query().Get("flow")); a.Code != 410 {
		t.Errorf("after an hour: %d", a.Code)
	}
}

// OA-24 TH-1: fifty answers to one page are one code.
func TestApproveOnce(t *testing.T) {
	w := newCodeWorld(t)
	b := w.tab(t)
	u := b.signIn(b.want(wanting("rp"))).to(t)
	shown := b.get(u.RequestURI())
	var codes atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		own := w.tab(t)
		for k, v := range b.cookies {
			own.cookies[k] = v
		}
		wg.Go(func() {
			a := own.submit("/consent", shown, "flow", u.Query().Get("flow"), "decision", "approve")
			if strings.Contains(a.Header().Get("Refresh"), "code=") {
				codes.Add(1)
			}
		})
	}
	wg.Wait()
	if n := codes.Load(); n != 1 {
		t.Errorf("%d codes", n)
	}
}

// OA-94: the person is proven again, and auth_time moves.
func TestReauthenticate(t *testing.T) {
	w := newCodeWorld(t)
	b := w.tab(t)
	b.signIn(b.want(wanting("house"))).back(t)
	w.clock.Advance(time.Minute)
	for name, more := range map[string][]string{"login": {"prompt", "login"}, "0": {"max_age", "0"}, "30": {"max_age", "30"}} {
		w.clock.Advance(time.Minute)
		u := b.want(wanting("house", more...)).to(t)
		if u.Path != "/login" || u.Query().Get("again") != "1" {
			t.Fatalf("%s: %s", name, u)
		}
		if a := b.get(u.Query().Get("return_to")); a.to(t).Path != "/login" {
			t.Errorf("%s: skipped", name)
		}
		w.clock.Advance(time.Second)
		shown := b.get(u.RequestURI())
		done := b.submit("/login/again", shown, "password", rightPassword, "return_to", u.Query().Get("return_to"))
		if got := b.get(done.to(t).RequestURI()).back(t); got.Get("code") == "" {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := b.want(wanting("house", "max_age", "3600")).back(t); got.Get("code") == "" {
		t.Errorf("%v", got)
	}
	w.clock.Advance(time.Minute)
	if got := b.want(wanting("house", "max_age", "10", "prompt", "none")).back(t); got.Get("error") != "login_required" {
		t.Errorf("%v", got)
	}
}

// OA-73 OA-74
func TestPushed(t *testing.T) {
	w := newCodeWorld(t)
	b := w.tab(t)
	b.signIn(b.want(wanting("house"))).back(t)
	push := func(as string, v url.Values) answer {
		a := ask{"POST", "/oauth2/par", v.Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": basicOf(as, clientSecret)}}
		return w.do(t, a)
	}
	a := push("rp", wanting("rp", "state", "inside"))
	uri, life := a.text("request_uri"), a.json["expires_in"].(float64)
	if a.Code != 201 || !strings.HasPrefix(uri, "urn:ietf:params:oauth:request_uri:") || life <= 0 || life >= 600 {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	bring := wanting("rp", "request_uri", uri, "state", "outside", "scope", "openid profile")
	stolen := wanting("house", "request_uri", uri)
	if a := b.want(stolen); a.Code != 400 {
		t.Errorf("of another client: %d", a.Code)
	}
	b.want(bring)
	second := b.want(bring) // the page was loaded again
	if got := b.agree(second, "approve").Header().Get("Refresh"); !strings.Contains(got, "state=inside") {
		t.Errorf("%q", got)
	}
	if a := b.want(bring); a.Code != 400 {
		t.Errorf("after its end: %d", a.Code)
	}
	uri = push("rp", wanting("rp")).text("request_uri")
	w.clock.Advance(91 * time.Second)
	if a := b.want(url.Values{"client_id": {"rp"}, "request_uri": {uri}}); a.Code != 400 {
		t.Errorf("late: %d", a.Code)
	}
	for name, tt := range map[string]struct {
		a    answer
		want string
	}{
		"request_uri": {push("rp", wanting("rp", "request_uri", "urn:x")), "invalid_request"},
		"redirect":    {push("rp", wanting("rp", "redirect_uri", "https://evil.example")), "invalid_request"},
		"scope":       {push("rp", wanting("rp", "scope", "email")), "invalid_scope"},
		"two names":   {push("rp", wanting("house")), "invalid_request"},
		"plain":       {push("rp", wanting("rp", "code_challenge_method", "plain")), "invalid_request"},
	} {
		if tt.a.Code != 400 || tt.a.text("error") != tt.want {
			t.Errorf("%s: %d %s", name, tt.a.Code, tt.a.Body)
		}
	}
	wrong := ask{"POST", "/oauth2/par", wanting("rp").Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": basicOf("rp", clientSecret+"0")}}
	w.do(t, wrong).want(t, 401, "invalid_client")
	if a := w.do(t, ask{method: "GET", path: "/oauth2/par?client_id=rp"}); a.Code != 405 {
		t.Errorf("GET: %d", a.Code)
	}
	w.codeClient(t, "pusher", func(c *client.Client) { c.FirstParty, c.RequirePAR = true, true })
	if got := b.want(wanting("pusher")).back(t); got.Get("error") != "invalid_request" {
		t.Errorf("not pushed: %v", got)
	}
	uri = push("pusher", wanting("pusher")).text("request_uri")
	if got := b.want(url.Values{"client_id": {"pusher"}, "request_uri": {uri}}).back(t); got.Get("code") == "" {
		t.Errorf("pushed: %v", got)
	}
	if a := b.want(url.Values{"client_id": {"pusher"}, "request_uri": {uri}}); a.Code != 400 {
		t.Errorf("used: %d", a.Code)
	}
}

// OA-76
func TestAuthorizationDetails(t *testing.T) {
	w := newCodeWorld(t)
	_, err := w.Directory.CreateResource(t.Context(), user.Host(), resource.Resource{
		Identifier: "https://bank.example.org", TokenFormat: resource.JWT,
		DetailTypes: []resource.DetailType{{Type: "payment", Description: "Pay from your account", Fields: []resource.DetailField{
			{Name: "amount", Description: "Amount", Kind: resource.DetailObject, Required: true, Fields: []resource.DetailField{
				{Name: "value", Description: "value", Kind: resource.DetailNumber, Required: true}, {Name: "currency", Description: "currency", Kind: resource.DetailText, Required: true},
			}},
			{Name: "creditor", Description: "To", Kind: resource.DetailText, Required: true},
		}}},
	})
	must(t, err)
	w.codeClient(t, "shop", func(c *client.Client) {
		c.Resources, c.DetailTypes = []string{"https://bank.example.org"}, []string{"payment"}
	})
	const pay = `[{"type":"payment","creditor":"Ben","amount":{"currency":"EUR","value":12.5}}]`
	b := w.tab(t)
	a := b.signIn(b.want(wanting("shop", "scope", "openid", "authorization_details", pay)))
	page := b.get(a.to(t).RequestURI()).Body.String()
	for _, text := range []string{"Pay from your account", "Ben", "12.5", "EUR"} {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not say %q", text)
		}
	}
	u, err := url.Parse(strings.TrimPrefix(b.agree(a, "approve").Header().Get("Refresh"), "0; url="))
	must(t, err)
	c, err := authcode.New(w.store.Codes(), w.facts.ID, w.c.Now).Find(t.Context(), u.Query().Get("code"))
	must(t, err)
	if want := `[{"amount":{"currency":"EUR","value":12.5},"creditor":"Ben","type":"payment"}]`; string(c.Details) != want {
		t.Errorf("the code carries %s", c.Details)
	}
	for _, bad := range []string{
		`[{"type":"payment","creditor":"Ben"}]`, `[{"type":"payment","creditor":"Ben","amount":{"value":1,"currency":"EUR"},"extra":1}]`,
		`[{"type":"payment","creditor":"Ben\u202e","amount":{"value":1,"currency":"EUR"}}]`, `[]`, `[1]`, `[{"type":"other"}]`,
		`[{"type":"payment","type":"payment","creditor":"Ben","amount":{"value":1,"currency":"EUR"}}]`,
	} {
		if got := w.tab(t).want(wanting("shop", "scope", "openid", "authorization_details", bad)).back(t); got.Get("error") != "invalid_authorization_details" {
			t.Errorf("%s: %v", bad, got)
		}
	}
}

// OA-15 OA-84: what the code is bound to.
func TestCodeBinding(t *testing.T) {
	w := newCodeWorld(t)
	b := w.tab(t)
	jkt := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	got := b.signIn(b.want(wanting("house", "dpop_jkt", jkt, "scope", "openid offline_access read", "resource", apiURI))).back(t)
	c, err := authcode.New(w.store.Codes(), w.facts.ID, w.c.Now).Find(t.Context(), got.Get("code"))
	must(t, err)
	if c.Client != "house" || c.User != w.kim.ID || c.RedirectURI != callbackURI || !c.RedirectGiven || c.Challenge != authcode.Challenge(pkceVerifier) || c.Nonce != "n1" ||
		c.Scope != "openid offline_access read" || len(c.Audiences) != 1 || c.Audiences[0] != apiURI || c.JKT != jkt || !c.Offline || c.ACR != "1" || c.AuthTime.IsZero() {
		t.Errorf("%+v", c)
	}
}
