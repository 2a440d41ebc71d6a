package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

// redeem trades a code that came from the endpoint.
func (w *world) redeem(t *testing.T, id, code string, more ...string) answer {
	t.Helper()
	v := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callbackURI}, "code_verifier": {pkceVerifier}}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return w.do(t, ask{"POST", "/oauth2/token", v.Encode(), map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Authorization": basicOf(id, clientSecret),
	}})
}

// enter signs somebody in at the page that an answer leads to.
func (b *tab) enter(a answer, email string) answer {
	b.t.Helper()
	u := a.to(b.t)
	shown := b.get(u.RequestURI())
	b.clock.Advance(time.Second)
	more := []string{"identifier", email, "password", rightPassword, "return_to", u.Query().Get("return_to")}
	if u.Query().Get("beside") != "" {
		more = append(more, "beside", "1")
	}
	return b.submit("/login", shown, more...)
}

// OA-95: an ID token of ours says who is meant, however old it is; another person
// is told nothing, and gets nothing.
func TestIDTokenHint(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	w.person(t, "lou@mail.org")
	w.codeClient(t, "house2", func(c *client.Client) { c.FirstParty = true })
	b := w.tab(t)
	id := w.redeem(t, "house", b.signIn(b.want(wanting("house"))).back(t).Get("code")).want(t, 200, "").text("id_token")
	silent := func(b *tab, as string, more ...string) url.Values {
		return b.want(wanting(as, append([]string{"prompt", "none", "id_token_hint", id}, more...)...)).back(t)
	}
	if got := silent(b, "house"); got.Get("code") == "" {
		t.Errorf("the very person: %v", got)
	}
	head, rest, _ := strings.Cut(id, ".")
	for name, got := range map[string]url.Values{
		"of another client": silent(b, "house2"), "tampered": silent(b, "house", "id_token_hint", head+".A"+rest), "an access token": silent(b, "house", "id_token_hint", "x"),
	} {
		if got.Get("error") != "invalid_request" || got.Get("code") != "" {
			t.Errorf("%s: %v", name, got)
		}
	}
	other := w.tab(t)
	other.get(other.enter(other.want(wanting("house")), "lou@mail.org").to(t).RequestURI()).back(t)
	if got := silent(other, "house"); got.Get("error") != "login_required" {
		t.Errorf("somebody else: %v", got)
	}
	w.clock.Advance(time.Second)
	choose := other.want(wanting("house", "id_token_hint", id))
	if u := choose.to(t); u.Path != "/choose" {
		t.Errorf("somebody else is led to %s", u)
	}
	if got := other.get(choose.to(t).Query().Get("return_to")).back(t); got.Get("error") != "login_required" {
		t.Errorf("who stays somebody else: %v", got)
	}
	w.clock.Advance(26 * time.Hour) // past the life of the ID token
	late := w.tab(t)
	late.signIn(late.want(wanting("house"))).back(t)
	if got := silent(late, "house"); got.Get("code") == "" {
		t.Errorf("an old hint: %v", got)
	}
}

// OA-11 OA-91: code id_token and id_token, for who is registered, in the fragment or
// as a form, never in a query; the hashes hold, and the code is a code.
func TestHybrid(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	w.codeClient(t, "mix", func(c *client.Client) {
		c.FirstParty, c.Responses, c.Grants = true, []string{"code", "id_token", "code id_token"}, []string{client.GrantCode, client.GrantRefresh, "implicit"}
	})
	b := w.tab(t)
	b.signIn(b.want(wanting("mix"))).back(t)
	fragment := func(more ...string) url.Values {
		t.Helper()
		u := b.want(wanting("mix", more...)).to(t)
		v, err := url.ParseQuery(u.EscapedFragment())
		must(t, err)
		if u.RawQuery != "" || v.Get("iss") != selfURI || v.Get("state") != "s1" {
			t.Errorf("%s", u)
		}
		return v
	}
	both := fragment("response_type", "id_token code")
	claims := w.id(t, both.Get("id_token"))
	if claims["nonce"] != "n1" || claims["c_hash"] != jwt.Half(jose.EdDSA, both.Get("code")) || claims["sub"] != w.kim.ID.String() || both.Get("access_token") != "" {
		t.Errorf("%v", claims)
	}
	if again := w.id(t, w.redeem(t, "mix", both.Get("code")).want(t, 200, "").text("id_token")); again["sub"] != claims["sub"] || again["nonce"] != "n1" {
		t.Errorf("%v", again)
	}
	alone := fragment("response_type", "id_token", "code_challenge", "", "code_challenge_method", "")
	if claims := w.id(t, alone.Get("id_token")); claims["nonce"] != "n1" || claims["c_hash"] != nil || alone.Get("code") != "" {
		t.Errorf("%v of %v", claims, alone)
	}
	for name, more := range map[string][]string{
		"no nonce": {"response_type", "code id_token", "nonce", ""}, "query": {"response_type", "code id_token", "response_mode", "query"},
		"no challenge": {"response_type", "code id_token", "code_challenge", ""},
	} {
		if got := fragment(more...); got.Get("error") != "invalid_request" || got.Get("id_token")+got.Get("code") != "" {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := fragment("response_type", "id_token", "scope", "read"); got.Get("error") != "invalid_scope" {
		t.Errorf("without openid: %v", got)
	}
	if a := b.want(wanting("mix", "response_type", "code id_token", "response_mode", "form_post")); a.Code != 200 || !strings.Contains(a.Body.String(), `name="id_token"`) || a.Header().Get("Location") != "" {
		t.Errorf("%d %v", a.Code, a.Header())
	}
}

// OA-96 OA-91: an acr that must be, and cannot, is told; one that was only wished for
// changes nothing, and the ID token says what was.
func TestACR(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	must := func(values string) string { return `{"id_token":{"acr":{"essential":true,"values":[` + values + `]}}}` }
	if got := w.tab(t).want(wanting("house", "claims", must(`"urn:example:gold"`))).back(t); got.Get("error") != "unmet_authentication_requirements" || got.Get("state") != "s1" {
		t.Errorf("nobody can have it: %v", got)
	}
	b := w.tab(t)
	if got := b.signIn(b.want(wanting("house", "claims", must(`"3"`)))).back(t); got.Get("error") != "unmet_authentication_requirements" || got.Get("code") != "" {
		t.Errorf("not reached: %v", got)
	}
	for name, more := range map[string][]string{
		"reached": {"claims", must(`"1"`)}, "one of them": {"claims", must(`"2","1","urn:x"`)}, "any": {"claims", `{"id_token":{"acr":{"essential":true}}}`},
		"voluntary": {"claims", `{"id_token":{"acr":{"values":["3"]}}}`}, "acr_values": {"acr_values", "3 2"},
	} {
		got := b.want(wanting("house", more...)).back(t)
		if claims := w.id(t, w.redeem(t, "house", got.Get("code")).text("id_token")); claims["acr"] != "1" {
			t.Errorf("%s: %v", name, claims)
		}
	}
}

// OA-75: who is registered to sign its requests must, at both endpoints.
func TestSignedRequests(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	key := keyOf(t, jose.ES256)
	w.codeClient(t, "signs", func(c *client.Client) {
		c.FirstParty, c.RequireSignedRequest = true, true
		inline(c, key)
	})
	object := func(k jose.PrivateKey, v url.Values) string {
		claims := map[string]any{"iss": "signs", "aud": selfURI, "exp": w.now().Add(time.Minute).Unix(), "nbf": w.now().Unix()}
		for name := range v {
			claims[name] = v.Get(name)
		}
		text, err := k.Sign(jwt.TypeRequest, asJSON(t, claims))
		must(t, err)
		return text
	}
	push := func(v url.Values) answer {
		return w.do(t, ask{"POST", "/oauth2/par", v.Encode(), map[string]string{
			"Content-Type": "application/x-www-form-urlencoded", "Authorization": basicOf("signs", clientSecret),
		}})
	}
	b := w.tab(t)
	b.signIn(b.want(wanting("house"))).back(t)
	if got := b.want(wanting("signs")).back(t); got.Get("error") != "invalid_request" || got.Get("code") != "" {
		t.Errorf("unsigned: %v", got)
	}
	push(wanting("signs")).want(t, 400, "invalid_request")
	push(url.Values{"client_id": {"signs"}, "request": {object(keyOf(t, jose.ES256), wanting("signs"))}}).want(t, 400, "invalid_request_object")
	good := url.Values{"client_id": {"signs"}, "redirect_uri": {callbackURI}, "state": {"outside"}, "request": {object(key, wanting("signs"))}}
	if got := b.want(good).back(t); got.Get("code") == "" || got.Get("state") != "s1" {
		t.Errorf("signed: %v", got)
	}
	uri := push(url.Values{"client_id": {"signs"}, "request": {object(key, wanting("signs"))}}).want(t, http.StatusCreated, "").text("request_uri")
	if got := b.want(url.Values{"client_id": {"signs"}, "request_uri": {uri}}).back(t); got.Get("code") == "" {
		t.Errorf("pushed: %v", got)
	}
	posted := ask{"POST", "/oauth2/authorize", wanting("signs").Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}
	if got := w.do(t, posted).back(t); got.Get("error") != "invalid_request" {
		t.Errorf("as a form: %v", got)
	}
}

// What an app is told of a refusal has the code under which administrators read
// why; see docs/decisions.
func TestRefusalsAreExplained(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	said := w.tab(t).want(wanting("rp", "scope", "openid email")).back(t).Get("error_description")
	_, code, ok := strings.Cut(strings.TrimSuffix(said, "]"), "[why: ")
	if !ok {
		t.Fatalf("%q", said)
	}
	d, err := w.Decisions.Find(t.Context(), code)
	must(t, err)
	if d.Refusal != "invalid_scope" || d.Client != "rp" {
		t.Errorf("%+v", d)
	}
}

// OA-23: what a person takes back takes the codes with it that nobody used yet.
func TestWithdrawalTakesCodes(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) { withdrawal(t, newRigOn(t, st).begun(t).world(t).codeClients(t)) })
}

func withdrawal(t *testing.T, w *world) {
	t.Helper()
	b := w.tab(t)
	away := func(refresh string) string {
		u, err := url.Parse(strings.TrimPrefix(refresh, "0; url="))
		must(t, err)
		return u.Query().Get("code")
	}
	code := away(b.agree(b.signIn(b.want(wanting("rp"))), "approve", "scope:read", "on").Header().Get("Refresh"))
	house := b.want(wanting("house")).back(t).Get("code")
	_, err := w.Directory.Withdraw(t.Context(), user.Host(), w.kim.ID, "rp")
	must(t, err)
	w.redeem(t, "rp", code).want(t, 400, "invalid_grant")
	w.redeem(t, "house", house).want(t, 200, "")
}
