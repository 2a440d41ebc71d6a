package app

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/enroll"
	"github.com/mortise-auth/mortise/internal/registration"
)

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return b
}

// seat is the button of an account on the chooser.
var seat = regexp.MustCompile(`(?s)name="account" value="(ses_[^"]+)"`)

var sessionName = regexp.MustCompile(`ses_[0-9a-z]+`)

// OA-93: two accounts in one browser. The app gets the one that was chosen, once
// asked; prompt=none takes the current one.
func TestSelectAccount(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	lou := w.person(t, "lou@mail.org")
	b := w.tab(t)
	b.signIn(b.want(wanting("house"))).back(t)
	shown := b.get("/login?beside=1&return_to=/account")
	w.clock.Advance(time.Second)
	b.submit("/login", shown, "identifier", "lou@mail.org", "password", rightPassword, "beside", "1", "return_to", "/account").to(t)
	w.clock.Advance(time.Second)
	sub := func(v url.Values) any {
		t.Helper()
		return w.id(t, w.redeem(t, "house", v.Get("code")).want(t, 200, "").text("id_token"))["sub"]
	}
	if got := sub(b.want(wanting("house", "prompt", "none")).back(t)); got != lou.ID.String() {
		t.Errorf("silently: %v", got)
	}
	for _, prompt := range []string{"", "select_account"} {
		asked := b.want(wanting("house", "prompt", prompt, "ui_locales", "de")).to(t)
		if asked.Path != "/choose" || asked.Query().Get("ui_locales") != "de" { // OA-96
			t.Fatalf("prompt %q leads to %s", prompt, asked)
		}
		page := b.get(asked.RequestURI())
		seats := seat.FindAllStringSubmatch(page.Body.String(), -1)
		if len(seats) < 2 {
			t.Fatalf("%d accounts: %s", len(seats), page.Body)
		}
		var other string
		for _, s := range seats { // the one that is not current
			if id := s[1]; id != b.current() {
				other = id
			}
		}
		before := b.current()
		done := b.submit("/choose", page, "account", other, "return_to", asked.Query().Get("return_to"))
		if b.current() == before {
			t.Fatal("the account was not changed")
		}
		want := w.kim.ID
		if prompt != "" {
			want = lou.ID // back to the first
		}
		if got := sub(b.get(done.to(t).RequestURI()).back(t)); got != want.String() {
			t.Errorf("prompt %q: %v, want %s", prompt, got, want)
		}
	}
}

// current is the session that the browser acts with.
func (b *tab) current() string {
	b.t.Helper()
	a := b.get("/api/v1/session")
	if found := sessionName.FindString(a.Body.String()); found != "" {
		return found
	}
	b.t.Fatalf("nobody: %s", a.Body)
	return ""
}

// OA-94: a proof that was made in another tab is as good, and no page is shown twice.
func TestMaxAgeInTwoTabs(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	b := w.tab(t)
	b.signIn(b.want(wanting("house"))).back(t)
	w.clock.Advance(10 * time.Minute)
	one, two := b.want(wanting("house", "max_age", "60")), b.want(wanting("house", "prompt", "login"))
	for _, a := range []answer{one, two} {
		if u := a.to(t); u.Path != "/login" || u.Query().Get("again") != "1" {
			t.Fatalf("%s", u)
		}
	}
	w.clock.Advance(time.Second)
	u := two.to(t)
	done := b.submit("/login/again", b.get(u.RequestURI()), "password", rightPassword, "return_to", u.Query().Get("return_to"))
	if got := b.get(done.to(t).RequestURI()).back(t); got.Get("code") == "" {
		t.Errorf("%v", got)
	}
	if got := b.get(one.to(t).Query().Get("return_to")).back(t); got.Get("code") == "" {
		t.Errorf("the other tab: %v", got)
	}
}

// prompt=create of its own specification: where people may sign up.
func TestPromptCreate(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	if u := w.tab(t).want(wanting("house", "prompt", "create", "ui_locales", "de")).to(t); u.Path != "/signup" || !strings.HasPrefix(u.Query().Get("return_to"), "/oauth2/authorize?flow=") || u.Query().Get("ui_locales") != "de" {
		t.Errorf("leads to %s", u)
	}
	if got := w.tab(t).want(wanting("house", "prompt", "create login")).back(t); got.Get("error") != "invalid_request" {
		t.Errorf("%v", got)
	}
	b := w.tab(t)
	b.signIn(b.want(wanting("house"))).back(t)
	w.clock.Advance(time.Minute)
	if u := b.want(wanting("house", "prompt", "create")).to(t); u.Path != "/signup" {
		t.Errorf("who is signed in is led to %s", u)
	}
	closed := newRig(t, func(c *Config) { c.NoSignUp = true }).begun(t).world(t)
	closed.codeClient(t, "house", nil)
	if u := closed.tab(t).want(wanting("house", "prompt", "create")).to(t); u.Path != "/login" {
		t.Errorf("where nobody may: %s", u)
	}
}

// OA-96: the languages that the app asks for go along to each page.
func TestLanguagesGoAlong(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	b := w.tab(t)
	a := b.want(wanting("rp", "ui_locales", "fr de"))
	if u := a.to(t); u.Path != "/login" || u.Query().Get("ui_locales") != "fr de" {
		t.Errorf("%s", u)
	}
	if page := b.get(a.to(t).RequestURI()).Body.String(); !strings.Contains(page, `lang="de"`) {
		t.Errorf("the page is not German: %.200s", page)
	}
	u := b.signIn(a).to(t)
	if u.Path != "/consent" || u.Query().Get("ui_locales") != "fr de" {
		t.Errorf("%s", u)
	}
	if page := b.get(u.RequestURI()).Body.String(); !strings.Contains(page, `lang="de"`) {
		t.Errorf("the page is not German: %.200s", page)
	}
}

// OA-21: a client that registered itself sends nobody anywhere by an error: a page
// names the host first, in every response mode.
func TestNoOpenRedirector(t *testing.T) {
	t.Parallel()
	w := newRig(t, registering(enroll.Open)).begun(t).world(t)
	id := w.enrol(t, "", `{"redirect_uris":["`+callbackURI+`"],"client_name":"Stray","scope":"openid"}`).want(t, 201, "").text("client_id")
	for name, more := range map[string][]string{
		"silent": {"prompt", "none"}, "bad": {"response_type", "token"}, "scope": {"scope", "admin"}, "form": {"prompt", "none", "response_mode", "form_post"},
	} {
		a := w.tab(t).want(wanting(id, append([]string{"scope", "openid"}, more...)...))
		page := a.Body.String()
		if a.Code != 400 || a.Header().Get("Location")+a.Header().Get("Refresh") != "" || !strings.Contains(page, "client.example.org") || !strings.Contains(page, `id="continue"`) {
			t.Errorf("%s: %d %v %s", name, a.Code, a.Header(), page)
		}
		if strings.Contains(page, "data-send") || strings.Contains(page, "http-equiv") {
			t.Errorf("%s: it goes on by itself", name)
		}
		if name == "form" && (!strings.Contains(page, `name="error" value="login_required"`) || strings.Contains(page, "?error=")) {
			t.Errorf("not as a form: %s", page)
		}
	}
	b := w.tab(t)
	a := b.signIn(b.want(wanting(id, "scope", "openid")))
	if got := b.agree(a, "deny").Header().Get("Refresh"); !strings.HasPrefix(got, "0; url="+callbackURI+"?error=access_denied") {
		t.Errorf("who refused is sent back at once: %q", got)
	}
}

// OA-62 OA-70: nothing of token exchange, and no tokens of its own, for clients that
// registered themselves, unless a policy says so.
func TestSelfRegisteredGrants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registering(enroll.Token))
	plain := w.initial(t, registration.Token{MaxUses: 20})
	for _, grant := range []string{client.GrantClientCredentials, client.GrantExchange, client.GrantDevice} {
		w.enrol(t, plain, with(`"grant_types":["authorization_code","`+grant+`"]`)).want(t, 400, "invalid_client_metadata")
	}
	const wish = `"exchange_subjects":["received"],"exchange_audiences":["` + apiURI + `"],"exchange_modes":["impersonation"],"assertion_audiences":["https://x.example"],"first_party":true,"without_pkce":true`
	got := w.enrol(t, plain, with(wish)).want(t, 201, "")
	c, err := w.Registry.Client(t.Context(), got.text("client_id"))
	must(t, err)
	if c.FirstParty || c.NoPKCE || len(c.ExchangeSubjects)+len(c.ExchangeAudiences)+len(c.ExchangeModes)+len(c.AssertionAudiences) > 0 || c.May(client.GrantExchange) {
		t.Errorf("%+v", c)
	}
	wide := w.initial(t, registration.Token{MaxUses: 20, Policy: registration.Policy{Grants: []string{client.GrantCode, client.GrantClientCredentials, client.GrantExchange}}})
	got = w.enrol(t, wide, with(`"grant_types":["authorization_code","client_credentials"]`)).want(t, 201, "")
	if !slices.Contains(got.list("grant_types"), client.GrantClientCredentials) {
		t.Errorf("%s", got.Body)
	}
	w.enrol(t, wide, with(wish+`,"grant_types":["authorization_code","`+client.GrantExchange+`"]`)).want(t, 400, "invalid_client_metadata")
}

// OA-4: the two addresses, with the characters that differ, are for administrators.
func TestMismatchIsShownToAdministrators(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	wrong := wanting("rp", "redirect_uri", strings.Replace(callbackURI, "/cb", "/cB", 1))
	admin := w.tab(t)
	admin.get(admin.enter(admin.want(wanting("house")), "ada@mail.org").to(t).RequestURI())
	page := admin.want(wrong)
	for _, want := range []string{`id="sent">https://client.example.org/c<mark>B</mark>`, `id="registered">https://client.example.org/c<mark>b</mark>`, `id="why"`} {
		if page.Code != 400 || !strings.Contains(page.Body.String(), want) {
			t.Errorf("%d, no %s in %s", page.Code, want, page.Body)
		}
	}
	kim := w.tab(t)
	kim.signIn(kim.want(wanting("house"))).back(t)
	for name, b := range map[string]*tab{"a stranger": w.tab(t), "somebody": kim} {
		if page := b.want(wrong).Body.String(); strings.Contains(page, "<mark>") || strings.Contains(page, `id="registered"`) || strings.Contains(page, callbackURI) {
			t.Errorf("%s reads what is registered: %s", name, page)
		}
	}
}
