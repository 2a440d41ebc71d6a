package app

import (
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/federation"
)

const phonePage = "com.example.phone:/signed-in"

// newProgram is an abroad with an app that has a page of its own.
func newProgram(t *testing.T) *abroad {
	t.Helper()
	a := newAbroad(t)
	a.register(t, client.Client{
		ID: "mobile", Auth: client.AuthNone, Type: client.Native, Grants: []string{client.GrantCode, client.GrantRefresh}, FirstParty: true,
		RedirectURIs: []string{phonePage}, Scopes: []string{"openid", "read"}, Resources: []string{apiURI}, Name: "The mobile", IDTokenAlg: "EdDSA",
	})
	a.idp.person("zoe", "sub-1", "email", "zoe@mail.org", "name", "Zoe")
	return a
}

// program posts JSON to our API: as an app, or as a page of origin.
func (a *abroad) program(t *testing.T, path, origin, cookie string, body map[string]any) answer {
	t.Helper()
	text, err := json.Marshal(body)
	must(t, err)
	q := ask{"POST", "/api/v1" + path, string(text), map[string]string{"Content-Type": "application/json", "User-Agent": phoneAgent}}
	if origin != "" {
		q.path += "?client_id=" + url.QueryEscape(body["client_id"].(string))
		q.head["Origin"], q.head["Sec-Fetch-Site"] = origin, "same-site"
	}
	if cookie != "" {
		q.head["Cookie"] = cookie
	}
	return a.do(t, q)
}

func leaving(id, page string) map[string]any {
	return map[string]any{"connection": "acme", "client_id": id, "page": page, "login_hint": "zoe@mail.org"}
}

// around opens an address in a browser, and is what the program's page is told.
func (a *abroad) around(t *testing.T, b *tab, address, code string) url.Values {
	t.Helper()
	to := b.home("acme", b.away(strings.TrimPrefix(address, selfURI)), code).to(t)
	if !strings.HasPrefix(to.String(), phonePage+"?") && !strings.HasPrefix(to.String(), spaPage+"/back?") {
		t.Fatalf("leads to %s", to)
	}
	return to.Query()
}

func signingIn(id, flow, answer string) map[string]any {
	return map[string]any{"federated": answer, "flow": flow, "client_id": id, "deliver": "tokens"}
}

// TH-34: an app without our pages signs somebody in with another service: what comes
// back is of use to who asked for it, once, and leaves no session in the browser.
func TestProgramSignsInByService(t *testing.T) {
	t.Parallel()
	a := newProgram(t)
	left := a.program(t, "/signin/service", "", "", leaving("mobile", phonePage)).want(t, 200, "")
	flow, address := left.text("flow"), left.text("address")
	if flow == "" || strings.Contains(address, flow) || !strings.HasPrefix(address, selfURI+"/federation/acme/start?program=") || len(left.Result().Cookies()) != 0 {
		t.Fatalf("%s", left.Body)
	}
	b := a.tab(t)
	told := a.around(t, b, address, "zoe").Get("federated")
	if hint := a.idp.lastAsk().LoginHint; hint != "zoe@mail.org" {
		t.Errorf("hint %q", hint)
	}
	b.mustBe("")
	other := a.program(t, "/signin/service", "", "", leaving("mobile", phonePage)).text("flow")
	for name, body := range map[string]map[string]any{
		"no flow": signingIn("mobile", "", told), "another flow": signingIn("mobile", other, told), "another client": signingIn("phone", flow, told),
		"for a cookie of nobody": {"federated": told, "flow": flow}, "made up": signingIn("mobile", flow, told[1:]+"A"), "the address's": signingIn("mobile", flow, address[len(selfURI)+len("/federation/acme/start?program="):]),
	} {
		if got := a.program(t, "/signin", "", "", body); got.Code != 410 || got.text("code") != "federation_attempt_over" || got.text("access_token") != "" {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	more := signingIn("mobile", flow, told)
	more["password"] = rightPassword
	a.program(t, "/signin", "", "", more).want(t, 422, "invalid_members")
	got := a.program(t, "/signin", "", "", signingIn("mobile", flow, told)).want(t, 200, "")
	if got.text("status") != "complete" || got.text("access_token") == "" || got.text("refresh_token") == "" {
		t.Fatalf("%s", got.Body)
	}
	if u, _ := got.json["user"].(map[string]any); u["email"] != "zoe@mail.org" || len(a.links(t, u["id"].(string))) != 1 {
		t.Errorf("%s", got.Body)
	}
	a.program(t, "/signin", "", "", signingIn("mobile", flow, told)).want(t, 410, "federation_attempt_over")
	// Whoever is signed in in that browser stays so, and is somebody else.
	b = a.asKim(t)
	a.around(t, b, address, "zoe")
	b.mustBe(a.kim.ID.String())
}

// TH-34: of many at once who bring one answer, one is in.
func TestProgramAnswerIsGoodOnce(t *testing.T) {
	t.Parallel()
	a := newProgram(t)
	left := a.program(t, "/signin/service", "", "", leaving("mobile", phonePage)).want(t, 200, "")
	told := a.around(t, a.tab(t), left.text("address"), "zoe").Get("federated")
	var wg sync.WaitGroup
	in := make(chan int, 8)
	for range cap(in) {
		wg.Go(func() { in <- a.program(t, "/signin", "", "", signingIn("mobile", left.text("flow"), told)).Code })
	}
	wg.Wait()
	close(in)
	good := 0
	for code := range in {
		if code == 200 {
			good++
		} else if code != 410 {
			t.Errorf("%d", code)
		}
	}
	if good != 1 {
		t.Errorf("%d are in", good)
	}
}

// TH-34 SE-10: a page of a registered origin has the flow in a cookie, and is told at
// a page of that origin and nowhere else.
func TestProgramPage(t *testing.T) {
	t.Parallel()
	a := newProgram(t)
	left := a.program(t, "/signin/service", spaPage, "", leaving("spa", spaPage+"/back")).want(t, 200, "")
	c, ok := left.cookie(a.Frame.Names().Flow)
	if !ok || !c.HttpOnly || left.text("flow") != "" || left.Header().Get("Access-Control-Allow-Origin") != spaPage {
		t.Fatalf("%v %s", left.Header(), left.Body)
	}
	told := a.around(t, a.tab(t), left.text("address"), "zoe").Get("federated")
	a.program(t, "/signin", spaPage, "", signingIn("spa", "", told)).want(t, 410, "federation_attempt_over")
	got := a.program(t, "/signin", spaPage, c.Name+"="+c.Value, signingIn("spa", "", told)).want(t, 200, "")
	if got.text("access_token") == "" || got.text("refresh_token") != "" {
		t.Errorf("%s", got.Body)
	}
	h := a.do(t, ask{"OPTIONS", "/api/v1/signin/service?client_id=spa", "", map[string]string{"Origin": spaPage, "Access-Control-Request-Method": "POST"}}).Header()
	if h.Get("Access-Control-Allow-Origin") != spaPage {
		t.Errorf("preflight: %v", h)
	}
	for _, page := range []string{"", "https://evil.example/", spaPage + ".evil.example/", spaPage + "@evil.example/", "//app.example.org/", "javascript:alert(1)", spaPage + "/#a", "/account", phonePage, spa2Page, "http://app.example.org/"} {
		a.program(t, "/signin/service", spaPage, "", leaving("spa", page)).want(t, 400, "client_page")
	}
	a.program(t, "/signin/service", "", "", leaving("mobile", phonePage+"/more")).want(t, 400, "client_page")
	a.program(t, "/signin/service", spaPage, "", leaving("spa2", spa2Page)).want(t, 403, "cross_origin")
	for _, id := range []string{"third", "web", "nobody"} {
		a.program(t, "/signin/service", "", "", leaving(id, spaPage)).want(t, 403, "client_not_first_party")
	}
	unknown := leaving("mobile", phonePage)
	unknown["connection"] = "nobody"
	a.program(t, "/signin/service", "", "", unknown).want(t, 404, "connection_unknown")
}

// What does not work is told to the program; what is over leads nowhere.
func TestProgramIsToldWhatWentWrong(t *testing.T) {
	t.Parallel()
	a := newProgram(t)
	a.idp.person("kim", "sub-kim", "email", kimsMail)
	start := func() string {
		return a.program(t, "/signin/service", "", "", leaving("mobile", phonePage)).text("address")
	}
	if got := a.around(t, a.tab(t), start(), "kim"); got.Get("error") != "link_required" || got.Has("federated") {
		t.Errorf("an account has the address: %v", got)
	}
	b := a.tab(t)
	if to := b.get("/federation/acme/callback?error=access_denied&state=" + b.away(strings.TrimPrefix(start(), selfURI))).to(t); to.Query().Get("error") != "federation_refused" {
		t.Errorf("refused: %s", to)
	}
	address := start()
	a.idp.down = true
	if to := b.get(strings.TrimPrefix(address, selfURI)).to(t); to.Scheme != "com.example.phone" || to.Query().Get("error") != "federation_unavailable" {
		t.Errorf("down: %s", to)
	}
	a.idp.down = false
	b.get("/federation/beta/start?"+address[strings.Index(address, "program="):]).says(t, 410, "federation_attempt_over")
	b.get("/federation/acme/start?program=made-up").says(t, 410, "federation_attempt_over")
	late := start()
	a.clock.Advance(16 * time.Minute)
	b.get(strings.TrimPrefix(late, selfURI)).says(t, 410, "federation_attempt_over")
	late = start()
	a.alter(t, "acme", func(c *federation.Connection) { c.Label = "Other" })
	b.get(strings.TrimPrefix(late, selfURI)).says(t, 410, "federation_attempt_over")
}
