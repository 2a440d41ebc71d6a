package app

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// OA-30 OA-31 OA-34 OA-40 OA-41 OA-46: a refresh by each way of authenticating,
// a scope that shrinks for one access token, and the answer's form.
func TestRefreshAtTheEndpoint(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).world(t)
		for as, sender := range map[string]token.SenderKind{"web": token.Client, "desk": token.Client, "phone": token.Unproven} {
			first := w.grant(t, as, sender, apiURI).Refresh.Reveal()
			got := w.renew(t, as, first, "scope", "read").want(t, 200, "")
			if got.text("token_type") != "Bearer" || got.json["expires_in"].(float64) < 300 || got.text("scope") != "read" ||
				got.text("refresh_token") == "" || got.text("refresh_token") == first {
				t.Errorf("%s: %s", as, got.Body)
			}
			h := got.Header()
			if h.Get("Cache-Control") != "no-store" || h.Get("Pragma") != "no-cache" || h.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %v", as, h)
			}
			again := w.renew(t, as, got.text("refresh_token")).want(t, 200, "")
			if again.text("scope") != "read write" {
				t.Errorf("%s: the scope shrank for good: %s", as, again.Body)
			}
			w.renew(t, as, again.text("refresh_token"), "scope", "read openid").want(t, 400, "invalid_scope")
			w.renew(t, as, again.text("refresh_token"), "scope", `re"ad`).want(t, 400, "invalid_scope")
			w.renew(t, as, again.text("refresh_token"), "resource", vaultURI).want(t, 400, "invalid_target")
			w.renew(t, as, again.text("refresh_token"), "resource", "").want(t, 200, "") // an empty parameter is none
		}
	})
}

// OA-34 OA-36 TH-8: what is refused changes nothing: afterwards the token works.
func TestRefusedRefreshes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine := w.grant(t, "web", token.Client, apiURI).Refresh.Reveal()
	dead := w.grant(t, "web", token.Client, apiURI).Refresh.Reveal()
	w.form(t, "/oauth2/revoke", "web", "token", dead).want(t, 200, "")
	asWrong := formOf("/oauth2/token", "web", "grant_type", "refresh_token", "refresh_token", mine)
	for name, head := range map[string]string{
		"wrong secret": basicOf("web", clientSecret+"!"), "unknown client": basicOf("nobody", clientSecret), "no secret": basicOf("web", ""),
		"post for basic": basicOf("desk", clientSecret), "a public client with a secret": basicOf("phone", clientSecret),
		"not encoded": "Basic d2ViOnA6c3MlMjB3K3Jk", "no base64": "Basic ###", "no colon": "Basic d2Vi", "another scheme": "Bearer " + mine,
		"a percent sign alone": "Basic d2ViOiV6eg==", "not UTF-8": basicOf("\xff", "\xfe"), "an endless name": basicOf(strings.Repeat("a", 5000), clientSecret),
	} {
		asWrong.head["Authorization"] = head
		got := w.do(t, asWrong).want(t, 401, "invalid_client")
		if c := got.Header().Get("WWW-Authenticate"); !strings.HasPrefix(c, `Basic realm="https://id.example.org"`) {
			t.Errorf("%s: WWW-Authenticate %q", name, c)
		}
		if got.text("error_description") != client.ErrCredentials.Public {
			t.Errorf("%s says what is wrong: %s", name, got.Body)
		}
		if strings.ContainsAny(got.text("error_description"), "\"\\\n") || !utf8.ValidString(got.text("error_description")) { // OA-26
			t.Errorf("%s: %s", name, got.Body)
		}
	}
	w.renew(t, "phone", mine).want(t, 400, "invalid_grant")
	w.renew(t, "stranger", mine).want(t, 400, "invalid_grant")
	for name, text := range map[string]string{
		"truncated": mine[:len(mine)-1], "uppercase": strings.ToUpper(mine), "lowercase": strings.ToLower(mine), "longer": mine + "A", "padded": " " + mine,
		"dead family": dead, "another kind": "mrt_at_" + mine[7:], "nothing like it": "x", "a kilobyte": strings.Repeat("x", 1024),
	} {
		got := w.renew(t, "web", text)
		if got.Code != 400 || got.text("error") != "invalid_grant" {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
		if got.text("why") == "" {
			t.Errorf("%s: nobody can find out why: %s", name, got.Body)
		}
	}
	w.form(t, "/oauth2/token", "web", "grant_type", "password", "username", "kim@mail.org", "password", rightPassword).want(t, 400, "unsupported_grant_type")
	w.form(t, "/oauth2/token", "web", "grant_type", "refresh_token").want(t, 400, "invalid_request")
	w.form(t, "/oauth2/token", "web", "refresh_token", mine).want(t, 400, "invalid_request")
	w.renew(t, "web", mine).want(t, 200, "")
}

// OA-30 OA-31: a request that could be read in two ways is refused, and changes
// nothing.
func TestAmbiguousRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine := w.grant(t, "phone", token.Unproven, apiURI).Refresh.Reveal()
	web := w.grant(t, "web", token.Client, apiURI).Refresh.Reveal()
	for _, path := range []string{"/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"} {
		base := func(change func(*ask)) ask {
			a := formOf(path, "phone", "grant_type", "refresh_token", "refresh_token", mine, "token", mine)
			change(&a)
			return a
		}
		for name, a := range map[string]ask{
			"in the query":         base(func(a *ask) { a.path += "?client_id=phone" }),
			"all in the query":     base(func(a *ask) { a.path, a.body = a.path+"?"+a.body, "" }),
			"repeated":             base(func(a *ask) { a.body += "&token=x&refresh_token=x" }),
			"repeated, once empty": base(func(a *ask) { a.body += "&client_id=" }),
			"two methods":          base(func(a *ask) { a.head["Authorization"] = basicOf("web", clientSecret); a.body += "&client_secret=x" }),
			"two names":            base(func(a *ask) { a.head["Authorization"] = basicOf("web", clientSecret) }),
			"two headers":          base(func(a *ask) { a.head["Authorization"] = "Basic d2ViOng=\nBasic d2ViOnk=" }),
			"JSON":                 base(func(a *ask) { a.head["Content-Type"] = "application/json"; a.body = `{"client_id":"phone"}` }),
			"multipart":            base(func(a *ask) { a.head["Content-Type"] = "multipart/form-data; boundary=x" }),
			"no type":              base(func(a *ask) { delete(a.head, "Content-Type") }),
			"not UTF-8":            base(func(a *ask) { a.body += "&scope=%ff" }),
			"NUL":                  base(func(a *ask) { a.body += "&scope=%00" }),
			"bad escape":           base(func(a *ask) { a.body += "&scope=%zz" }),
			"semicolons":           base(func(a *ask) { a.body = strings.ReplaceAll(a.body, "&", ";") }),
			"too many parameters":  base(func(a *ask) { a.body += strings.Repeat("&a=", 64) }),
		} {
			if got := w.do(t, a); got.Code != 400 || got.text("error") != "invalid_request" {
				t.Errorf("%s, %s: %d %s", path, name, got.Code, got.Body)
			}
		}
		large := base(func(a *ask) { a.body += "&x=" + strings.Repeat("x", 1<<20) })
		if got := w.do(t, large); got.Code != 413 || got.text("error") != "invalid_request" {
			t.Errorf("%s, 1 MB: %d %s", path, got.Code, got.Body)
		}
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			if got := w.do(t, base(func(a *ask) { a.method = method })); got.Code != 405 {
				t.Errorf("%s %s: %d", method, path, got.Code)
			}
		}
		assertion := base(func(a *ask) { a.body += "&client_assertion=x&client_assertion_type=y" })
		w.do(t, assertion).want(t, 401, "invalid_client")
	}
	w.renew(t, "phone", mine).want(t, 200, "")
	w.renew(t, "web", web).want(t, 200, "")
}

// OA-60: a token is described to its resource's verifier and to its own client;
// everybody else reads exactly {"active":false}.
func TestIntrospection(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).world(t)
		jwt, opaque := w.grant(t, "web", token.Client, apiURI), w.grant(t, "web", token.Client, vaultURI)
		if strings.HasPrefix(jwt.Access.Reveal(), "mrt_") || !strings.HasPrefix(opaque.Access.Reveal(), "mrt_at_") {
			t.Fatal("the formats are not what this test is about")
		}
		const no = "{\"active\":false}\n"
		for name, i := range map[string]token.Issued{"JWT": jwt, "opaque": opaque} {
			text := i.Access.Reveal()
			for _, as := range []string{"api", "web"} {
				got := w.introspect(t, as, text)
				if got.json["active"] != true || got.text("sub") != w.kim.ID.String() || got.text("client_id") != "web" || got.text("scope") != "read write" ||
					got.text("iss") != selfURI || got.text("aud") != i.Audiences[0] || got.text("token_type") != "Bearer" || got.text("gid") != i.Grant.ID.String() {
					t.Errorf("%s to %s: %s", name, as, got.Body)
				}
			}
			for _, text := range []string{text, text[:len(text)-1], strings.ToUpper(text), text + "A"} {
				if got := w.introspect(t, "stranger", text); got.Code != 200 || got.Body.String() != no {
					t.Errorf("%s to a stranger: %d %s", name, got.Code, got.Body)
				}
			}
			w.introspect(t, "phone", text).want(t, 401, "invalid_client")
			w.introspect(t, "", text).want(t, 401, "invalid_client")
		}
		refresh := jwt.Refresh.Reveal()
		if got := w.introspect(t, "web", refresh); got.json["active"] != true || got.text("token_type") != "refresh_token" {
			t.Errorf("the client's own refresh token: %s", got.Body)
		}
		for _, as := range []string{"api", "stranger", "desk"} {
			if got := w.introspect(t, as, refresh); got.Body.String() != no {
				t.Errorf("a refresh token to %s: %s", as, got.Body)
			}
		}
		w.introspect(t, "api", "").want(t, 400, "invalid_request")
		// Asking changed nothing: the token still rotates, and its parent is inactive then.
		w.renew(t, "web", refresh).want(t, 200, "")
		if got := w.introspect(t, "web", refresh); got.Body.String() != no {
			t.Errorf("a used refresh token: %s", got.Body)
		}
		w.clock.Advance(16 * time.Minute)
		for _, i := range []token.Issued{jwt, opaque} {
			if got := w.introspect(t, "api", i.Access.Reveal()); got.Body.String() != no {
				t.Errorf("expired: %s", got.Body)
			}
		}
	})
}

// OA-61: each kind of token is taken back by its own client only, whatever the
// hint says; unknown ones are as good as revoked.
func TestRevocationEndpoint(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).world(t)
		active := func(text string) bool { return w.introspect(t, "api", text).json["active"] == true }
		revoke := func(as, text, hint string) {
			t.Helper()
			got := w.form(t, "/oauth2/revoke", as, "token", text, "token_type_hint", hint)
			if got.Code != 200 || got.Body.Len() != 0 {
				t.Errorf("%s: %d %s", as, got.Code, got.Body)
			}
		}
		for _, audience := range []string{apiURI, vaultURI} {
			i := w.grant(t, "web", token.Client, audience)
			access, refresh := i.Access.Reveal(), i.Refresh.Reveal()
			for _, other := range []string{"phone", "stranger", "api", "desk"} {
				revoke(other, access, "access_token")
				revoke(other, refresh, "refresh_token")
			}
			if !active(access) {
				t.Fatalf("%s: another client took the token back", audience)
			}
			revoke("web", access, "refresh_token")
			if active(access) {
				t.Errorf("%s: lives after its revocation", audience)
			}
			want := 200
			if audience == apiURI { // a JWT goes with its grant
				want = 400
			}
			if got := w.renew(t, "web", refresh); got.Code != want {
				t.Errorf("%s: refresh after revocation of the access token: %d, want %d", audience, got.Code, want)
			}
			// A refresh token takes its access tokens along, in any generation (OA-43).
			j := w.grant(t, "web", token.Client, audience)
			next := w.renew(t, "web", j.Refresh.Reveal()).want(t, 200, "")
			revoke("web", j.Refresh.Reveal(), "nonsense")
			if active(j.Access.Reveal()) || active(next.text("access_token")) {
				t.Errorf("%s: an access token outlives its grant", audience)
			}
			w.renew(t, "web", next.text("refresh_token")).want(t, 400, "invalid_grant")
		}
		for _, text := range []string{"x", "mrt_rt_x", "mrt_at_" + strings.Repeat("0", 49), strings.Repeat("y", 9000)} {
			revoke("web", text, "")
			revoke("phone", text, "")
		}
		w.form(t, "/oauth2/revoke", "web").want(t, 400, "invalid_request")
		w.form(t, "/oauth2/revoke", "nobody", "token", "x").want(t, 401, "invalid_client")
	})
}

// TH-9 SE-31: cookies mean nothing at the protocol endpoints, whatever they hold.
func TestEndpointsReadNoCookies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.headless(t, "spa", spaPage).want(t, 200, "")
	res := w.signIn(t, "kim@mail.org")
	page := w.headless(t, "spa", spaPage)
	c, _ := page.cookie(w.Frame.Names().Refresh("spa"))
	for _, path := range []string{"/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"} {
		bare := w.do(t, formOf(path, "spa", "grant_type", "refresh_token"))
		full := formOf(path, "spa", "grant_type", "refresh_token")
		full.head["Cookie"] = c.Name + "=" + c.Value + "; __Host-mortise=" + res.Secret.Reveal()
		full.head["Origin"], full.head["Sec-Fetch-Site"] = "https://evil.example", "cross-site"
		got := w.do(t, full)
		if got.Code != bare.Code || got.text("error") != bare.text("error") || got.Header().Get("Set-Cookie") != "" ||
			got.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %s %v, without cookies %d %s", path, got.Code, got.Body, got.Header(), bare.Code, bare.Body)
		}
	}
	// A page of the client's own origin may read the answer, without credentials.
	own := formOf("/oauth2/token", "spa", "grant_type", "refresh_token", "refresh_token", c.Value)
	own.head["Origin"] = spaPage
	h := w.do(t, own).want(t, 200, "").Header()
	if h.Get("Access-Control-Allow-Origin") != spaPage || h.Get("Access-Control-Allow-Credentials") != "" || !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") {
		t.Errorf("CORS: %v", h)
	}
}

// OA-7 OA-61: only failures count; whoever is over the limit is told when to come
// back, and nobody else is.
func TestClientLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine := w.grant(t, "web", token.Client, apiURI)
	for range 1300 { // twice the limit
		w.introspect(t, "web", mine.Access.Reveal()).want(t, 200, "")
	}
	limited := func(a ask) bool {
		for range 700 {
			got := w.do(t, a)
			if got.Code == 429 {
				if got.text("error") != "temporarily_unavailable" || got.Header().Get("Retry-After") == "" {
					t.Errorf("%v %s", got.Header(), got.Body)
				}
				return true
			}
		}
		return false
	}
	guess := formOf("/oauth2/introspect", "web", "token", "x")
	guess.head["Authorization"] = basicOf("web", clientSecret+"?")
	if !limited(guess) {
		t.Error("secrets may be guessed for ever")
	}
	if !limited(formOf("/oauth2/revoke", "phone", "token", "mrt_at_"+strings.Repeat("0", 49))) {
		t.Error("whoever proves nothing may look for tokens for ever")
	}
	w.form(t, "/oauth2/introspect", "api", "token", mine.Access.Reveal()).want(t, 200, "")
	w.clock.Advance(time.Minute)
	w.introspect(t, "web", mine.Access.Reveal()).want(t, 200, "")
}

// AU-2 AU-5 AU-23 AU-30: a failed client authentication is in the log, with the
// client if there is one and without what was typed if there is none.
func TestFailedClientAuthenticationIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const typed = "hunter2hunter2hunter2"
	for _, id := range []string{"web", typed} {
		a := formOf("/oauth2/token", "", "grant_type", "refresh_token")
		a.head["Authorization"] = basicOf(id, typed)
		w.do(t, a).want(t, 401, "invalid_client")
	}
	found, err := w.store.Audit().Search(t.Context(), audit.Query{Name: "client.auth_failed", Limit: 10})
	must(t, err)
	if len(found) != 2 || found[1].Client != "web" || found[0].Client != "" || found[0].Severity != audit.Warning || found[0].Source.IP == "" {
		t.Errorf("%+v", found)
	}
	for _, ev := range found {
		for _, v := range ev.Details {
			if strings.Contains(v, typed) {
				t.Errorf("the log holds what was typed: %+v", ev)
			}
		}
	}
}

// OA-41 OA-43 TH-5 TH-8 TH-13 AU-5 AU-60: a token used twice ends its family and
// its access tokens, leaves other apps alone, and the person is told by mail in
// their language.
func TestTheftIsTold(t *testing.T) {
	t.Parallel()
	for locale, words := range map[string][]string{"en": {"The phone", "used from two places"}, "de": {"The phone", "zwei Stellen"}} {
		w := newWorld(t)
		w.rig.running(t)
		p, err := w.Directory.UpdateUser(t.Context(), user.Host(), w.kim.ID, user.Profile{Name: "Kim", Locale: locale}, w.kim.Revision)
		must(t, err)
		w.kim = p
		i, other := w.grant(t, "phone", token.Unproven, apiURI), w.grant(t, "desk", token.Client, apiURI)
		second := w.renew(t, "phone", i.Refresh.Reveal()).want(t, 200, "")
		third := w.renew(t, "phone", second.text("refresh_token")).want(t, 200, "")
		w.renew(t, "phone", i.Refresh.Reveal()).want(t, 400, "invalid_grant")
		w.renew(t, "phone", third.text("refresh_token")).want(t, 400, "invalid_grant")
		if w.introspect(t, "api", third.text("access_token")).json["active"] == true {
			t.Error("an access token outlives the theft")
		}
		w.renew(t, "desk", other.Refresh.Reveal()).want(t, 200, "")
		found, err := w.store.Audit().Search(t.Context(), audit.Query{Name: "token.refresh_reuse", Limit: 10})
		must(t, err)
		if len(found) != 1 || found[0].Severity != audit.Critical || found[0].Subject != w.kim.ID.String() || found[0].Client != "phone" {
			t.Errorf("%+v", found)
		}
		l := w.letter(t, "kim@mail.org")
		for _, word := range words {
			if !strings.Contains(l.Subject+l.Text, word) {
				t.Errorf("%s: the mail lacks %q: %s\n%s", locale, word, l.Subject, l.Text)
			}
		}
	}
}

// A preflight promises any page only that it may send a form without cookies.
func TestProtocolPreflight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/oauth2/token", "/oauth2/revoke"} {
		h := w.do(t, ask{"OPTIONS", path, "", map[string]string{"Origin": spaPage, "Access-Control-Request-Method": "POST"}}).want(t, 204, "").Header()
		if h.Get("Access-Control-Allow-Origin") != spaPage || h.Get("Access-Control-Allow-Credentials") != "" || h.Get("Access-Control-Allow-Methods") != "POST" {
			t.Errorf("%s: %v", path, h)
		}
	}
}
