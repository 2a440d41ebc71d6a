package app

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

const (
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	callback = "https://rp.example.org/callback"
	infoURI  = selfURI + "/oauth2/userinfo"
)

// relying is a world with clients that send people here.
func (r *rig) relying(t *testing.T) *world {
	t.Helper()
	w := r.world(t)
	add := func(id client.ID, auth client.Auth, change func(*client.Client)) {
		c := client.Client{
			ID: id, Auth: auth, Name: "The " + string(id), Grants: []string{client.GrantCode, client.GrantRefresh}, Responses: []string{"code"},
			Scopes: []string{"openid", "profile", "email", "offline_access", "read"}, Resources: []string{apiURI}, RedirectURIs: []string{callback}, IDTokenAlg: "EdDSA",
		}
		if change != nil {
			change(&c)
		}
		w.register(t, c)
	}
	add("rp", client.AuthPost, nil)
	add("other", client.AuthPost, nil)
	add("pub", client.AuthNone, func(c *client.Client) { c.Type = client.Native })
	add("old", client.AuthPost, func(c *client.Client) { c.OAuth20Only = true })
	add("pair", client.AuthPost, func(c *client.Client) { c.SubjectType = client.PairwiseSubject })
	add("pair2", client.AuthPost, func(c *client.Client) { c.SubjectType = client.PairwiseSubject })
	add("pair3", client.AuthPost, func(c *client.Client) {
		c.SubjectType, c.RedirectURIs = client.PairwiseSubject, []string{"https://elsewhere.example.org/callback"}
	})
	add("signed", client.AuthPost, func(c *client.Client) { c.UserInfoAlg, c.IDTokenAlg = "ES256", "RS256" })
	return w
}

// sitting is a session of kim.
func (w *world) sitting(t *testing.T) session.Session {
	t.Helper()
	return w.signIn(t, "kim@mail.org").Session
}

// asked is a code for a client, as the authorization endpoint would issue it.
func (w *world) asked(t *testing.T, id string, s session.Session, change ...func(*authcode.Code)) string {
	t.Helper()
	c, err := w.Registry.Client(t.Context(), id)
	must(t, err)
	code := authcode.Code{
		Client: id, ClientVersion: c.Version, User: s.User, UserVersion: s.UserVersion, Session: authcode.SessionID(s.ID),
		RedirectURI: callback, RedirectGiven: true, Challenge: authcode.Challenge(verifier), Nonce: "n-0S6_WzA2Mj", Scope: "openid profile email read",
		Audiences: []string{apiURI}, Methods: s.Methods, ACR: "1", AuthTime: s.AuthenticatedAt,
	}
	for _, fn := range change {
		fn(&code)
	}
	text, err := w.Codes.Issue(t.Context(), code, audit.Source{IP: "192.0.2.1"})
	must(t, err)
	return text.Reveal()
}

func (w *world) trade(t *testing.T, id, code string, more ...string) answer {
	t.Helper()
	return w.do(t, tradeOf(id, code, more...))
}

func tradeOf(id, code string, more ...string) ask {
	fields := map[string]string{"grant_type": "authorization_code", "code": code, "redirect_uri": callback, "code_verifier": verifier, "client_id": id, "client_secret": clientSecret}
	if id == "pub" {
		delete(fields, "client_secret")
	}
	for i := 0; i < len(more); i += 2 {
		fields[more[i]] = more[i+1]
	}
	var list []string
	for name, value := range fields {
		if value != "" {
			list = append(list, name, value)
		}
	}
	return formOf("/oauth2/token", "", list...)
}

// id are the claims of an ID token, whose signature is checked.
func (w *world) id(t *testing.T, text string) map[string]any {
	t.Helper()
	signed, _, err := jose.Verify(text, jwt.TypeID, w.Signing.Public(signing.Token))
	must(t, err)
	out := map[string]any{}
	must(t, json.Unmarshal(signed, &out))
	return out
}

func (w *world) info(t *testing.T, access string) answer {
	t.Helper()
	return w.do(t, ask{"GET", "/oauth2/userinfo", "", map[string]string{"Authorization": "Bearer " + access}})
}

// OA-13 OA-15 OA-34 OA-91 OA-97
func TestCodeBecomesTokens(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).relying(t)
		s := w.sitting(t)
		for _, id := range []string{"rp", "pub", "old"} {
			got := w.trade(t, id, w.asked(t, id, s)).want(t, 200, "")
			if got.text("token_type") != "Bearer" || got.text("scope") != "openid profile email read" || got.text("refresh_token") == "" || got.Header().Get("Cache-Control") != "no-store" {
				t.Fatalf("%s: %s", id, got.Body)
			}
			claims := w.id(t, got.text("id_token"))
			for name, want := range map[string]any{
				"iss": selfURI, "sub": w.kim.ID.String(), "aud": id, "nonce": "n-0S6_WzA2Mj", "sid": s.ID.String(), "acr": "1",
				"auth_time": float64(s.AuthenticatedAt.Unix()), "at_hash": jwt.Half(jose.EdDSA, got.text("access_token")),
			} {
				if claims[name] != want {
					t.Errorf("%s: %s is %v, want %v", id, name, claims[name], want)
				}
			}
			for _, name := range []string{"azp", "name", "email", "c_hash"} {
				if _, there := claims[name]; there {
					t.Errorf("%s: %s is there", id, name)
				}
			}
			told := w.info(t, got.text("access_token")).want(t, 200, "")
			if told.text("sub") != w.kim.ID.String() || told.text("email") != "kim@mail.org" || told.json["email_verified"] != true {
				t.Errorf("%s: %s", id, told.Body)
			}
			seen := w.introspect(t, "api", got.text("access_token"))
			if seen.json["active"] != true || seen.text("sid") != s.ID.String() {
				t.Errorf("%s: %s", id, seen.Body)
			}
		}
	})
}

// Core 12.2: a refreshed ID token repeats iss, sub, aud and auth_time, and no nonce.
func TestRefreshedIDToken(t *testing.T) {
	t.Parallel()
	w := newRig(t).relying(t)
	got := w.trade(t, "pub", w.asked(t, "pub", w.sitting(t))).want(t, 200, "")
	first := w.id(t, got.text("id_token"))
	w.clock.Advance(time.Minute)
	again := w.id(t, w.renew(t, "pub", got.text("refresh_token")).want(t, 200, "").text("id_token"))
	for _, name := range []string{"iss", "sub", "aud", "auth_time", "sid"} {
		if first[name] != again[name] {
			t.Errorf("%s: %v, then %v", name, first[name], again[name])
		}
	}
	if _, there := again["nonce"]; there || again["iat"] == first["iat"] {
		t.Errorf("%v", again)
	}
}

// OA-13 OA-14 OA-16 OA-34 OA-35: what is wrong is refused, changes nothing and
// harms nobody; not before its use, and not after.
func TestWrongRedemptionsHarmNobody(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		wrongRedemptions(t, newRigOn(t, st).relying(t))
	})
}

func wrongRedemptions(t *testing.T, w *world) {
	t.Helper()
	s := w.sitting(t)
	for name, tc := range map[string]struct {
		as   string
		more []string
		code func(*authcode.Code)
	}{
		"another verifier":    {"rp", []string{"code_verifier", strings.Repeat("x", 43)}, nil},
		"no verifier":         {"rp", []string{"code_verifier", ""}, nil},
		"a short verifier":    {"rp", []string{"code_verifier", "short"}, nil},
		"the challenge":       {"rp", []string{"code_verifier", authcode.Challenge(verifier)}, nil},
		"another client":      {"other", nil, nil},
		"a public client":     {"pub", nil, nil},
		"another address":     {"rp", []string{"redirect_uri", callback + "/"}, nil},
		"a verifier too many": {"rp", nil, func(c *authcode.Code) { c.Challenge = "" }},
		"a key":               {"rp", nil, func(c *authcode.Code) { c.JKT = "thumbprint" }},
		"another resource":    {"rp", []string{"resource", vaultURI}, nil},
	} {
		code := w.asked(t, "rp", s, func(c *authcode.Code) {
			if tc.code != nil {
				tc.code(c)
			}
		})
		want := "invalid_grant"
		if name == "another resource" {
			want = "invalid_target"
		}
		w.trade(t, tc.as, code, tc.more...).want(t, 400, want)
		if tc.code != nil {
			continue
		}
		got := w.trade(t, "rp", code).want(t, 200, "")
		w.trade(t, tc.as, code, tc.more...)
		if seen := w.introspect(t, "api", got.text("access_token")); name != "another resource" && seen.json["active"] != true {
			t.Errorf("%s: a wrong replay ended the grant", name)
		}
	}
	code := w.asked(t, "old", s)
	w.trade(t, "old", code, "redirect_uri", "").want(t, 400, "invalid_grant") // OA-35
	w.trade(t, "old", code).want(t, 200, "")
	w.trade(t, "rp", w.asked(t, "rp", s), "redirect_uri", "").want(t, 200, "")
	late := w.asked(t, "rp", s)
	w.clock.Advance(authcode.Life)
	w.trade(t, "rp", late).want(t, 400, "invalid_grant")
	w.trade(t, "rp", secret.New(authcode.Purpose).Reveal()).want(t, 400, "invalid_grant")
	w.trade(t, "rp", "").want(t, 400, "invalid_request")
}

// OA-16: fifty redeem one code; one has tokens, and the otherwise valid replays end
// them, which the person is told.
func TestCodeRedeemedByFifty(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).relying(t)
		code := w.asked(t, "rp", w.sitting(t))
		var mu sync.Mutex
		var won []answer
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				got := w.do(t, tradeOf("rp", code))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case got.Code == 200:
					won = append(won, got)
				case got.text("error") != "invalid_grant":
					t.Errorf("%d %s", got.Code, got.Body)
				}
			})
		}
		wg.Wait()
		if len(won) != 1 {
			t.Fatalf("%d have tokens", len(won))
		}
		if seen := w.introspect(t, "api", won[0].text("access_token")); seen.json["active"] != false {
			t.Errorf("the tokens live: %s", seen.Body)
		}
		if !w.has(t, "code.replayed", w.kim.ID.String()) {
			t.Error("no event")
		}
	})
}

// OA-47: without offline_access the tokens end with the session.
func TestOfflineOutlivesTheSession(t *testing.T) {
	t.Parallel()
	w := newRig(t).relying(t)
	s := w.sitting(t)
	bound := w.trade(t, "pub", w.asked(t, "pub", s)).want(t, 200, "")
	offline := w.trade(t, "pub", w.asked(t, "pub", s, func(c *authcode.Code) {
		c.Offline, c.Scope = true, "openid offline_access"
	})).want(t, 200, "")
	pending := w.asked(t, "pub", s)
	must(t, w.store.Sessions().End(t.Context(), s.User, s.ID, session.SignedOut, w.now(), user.System().Event(session.EndedEvent, w.now(), s.User)))
	w.renew(t, "pub", bound.text("refresh_token")).want(t, 400, "invalid_grant")
	w.renew(t, "pub", offline.text("refresh_token")).want(t, 200, "")
	w.trade(t, "pub", pending).want(t, 400, "invalid_grant")
	if sid := w.id(t, offline.text("id_token"))["sid"]; sid != s.ID.String() {
		t.Errorf("the ID token does not name the session: %v", sid)
	}
}

// Core 5.5: what was asked for by name comes where it was asked for, as far as the
// client is registered.
func TestClaimsParameter(t *testing.T) {
	t.Parallel()
	w := newRig(t).relying(t)
	got := w.trade(t, "rp", w.asked(t, "rp", w.sitting(t), func(c *authcode.Code) {
		c.Scope, c.Claims = "openid", json.RawMessage(`{"userinfo":{"email":{"essential":true}},"id_token":{"email":null,"auth_time":{"essential":true},"phone_number":null}}`)
	})).want(t, 200, "")
	if c := w.id(t, got.text("id_token")); c["email"] != "kim@mail.org" || c["name"] != nil {
		t.Errorf("%v", c)
	}
	if told := w.info(t, got.text("access_token")).want(t, 200, ""); told.text("email") != "kim@mail.org" || told.json["name"] != nil || told.json["email_verified"] != nil {
		t.Errorf("%s", told.Body)
	}
}

// OA-91 TH-16: clients of one sector know a person by one name, others by another,
// and no token shows them the account's id.
func TestPairwise(t *testing.T) {
	t.Parallel()
	w := newRig(t).relying(t)
	s := w.sitting(t)
	subs := map[string]string{}
	for _, id := range []string{"pair", "pair2", "pair3"} {
		redirect := func(c *authcode.Code) {
			if id == "pair3" {
				c.RedirectURI = "https://elsewhere.example.org/callback"
			}
		}
		got := w.trade(t, id, w.asked(t, id, s, redirect), "redirect_uri", "").want(t, 200, "")
		sub, _ := w.id(t, got.text("id_token"))["sub"].(string)
		access := got.text("access_token")
		if !secret.OpaqueAccessToken.Marks(access) || strings.Contains(got.Body.String(), w.kim.ID.String()) || len(sub) != 43 {
			t.Errorf("%s: %s", id, got.Body)
		}
		own := w.form(t, "/oauth2/introspect", "", "client_id", id, "client_secret", clientSecret, "token", access)
		if told := w.info(t, access).want(t, 200, ""); told.text("sub") != sub || own.text("sub") != sub {
			t.Errorf("%s: %s %s, want %s", id, told.Body, own.Body, sub)
		}
		if seen := w.introspect(t, "api", access); seen.text("sub") != w.kim.ID.String() {
			t.Errorf("the resource: %s", seen.Body)
		}
		subs[id] = sub
	}
	if subs["pair"] != subs["pair2"] || subs["pair"] == subs["pair3"] {
		t.Errorf("%v", subs)
	}
}

// OA-50 OA-51 OA-97
func TestUserInfo(t *testing.T) {
	t.Parallel()
	w := newRig(t).relying(t)
	s := w.sitting(t)
	access := w.trade(t, "rp", w.asked(t, "rp", s)).want(t, 200, "").text("access_token")
	post := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	for name, tc := range map[string]struct {
		a         ask
		status    int
		challenge string
	}{
		"lower case":      {ask{"GET", "/oauth2/userinfo", "", map[string]string{"Authorization": "bearer " + access}}, 200, ""},
		"post":            {ask{"POST", "/oauth2/userinfo", "", map[string]string{"Authorization": "Bearer " + access}}, 200, ""},
		"body":            {ask{"POST", "/oauth2/userinfo", "access_token=" + access, post}, 200, ""},
		"query":           {ask{"GET", "/oauth2/userinfo?access_token=" + access, "", nil}, 400, `error="invalid_request"`},
		"nothing":         {ask{"GET", "/oauth2/userinfo", "", nil}, 401, `Bearer realm="` + selfURI + `"`},
		"garbage":         {ask{"GET", "/oauth2/userinfo", "", map[string]string{"Authorization": "Bearer x"}}, 401, `error="invalid_token"`},
		"header and body": {ask{"POST", "/oauth2/userinfo", "access_token=" + access, map[string]string{"Content-Type": post["Content-Type"], "Authorization": "Bearer " + access}}, 400, `error="invalid_request"`},
	} {
		got := w.do(t, tc.a)
		if got.Code != tc.status || !strings.Contains(got.Header().Get("WWW-Authenticate"), tc.challenge) || (tc.status == 200) != (got.text("sub") != "") {
			t.Errorf("%s: %d %v %s", name, got.Code, got.Header(), got.Body)
		}
	}
	narrow := w.trade(t, "rp", w.asked(t, "rp", s), "resource", apiURI).want(t, 200, "").text("access_token")
	w.info(t, narrow).want(t, 401, "invalid_token")
	plain := w.trade(t, "rp", w.asked(t, "rp", s, func(c *authcode.Code) { c.Scope, c.Audiences = "read", nil })).want(t, 200, "")
	if plain.text("id_token") != "" {
		t.Error("an ID token without openid")
	}
	refused := w.info(t, plain.text("access_token")).want(t, 403, "insufficient_scope")
	if !strings.Contains(refused.Header().Get("WWW-Authenticate"), `error="insufficient_scope", scope="openid"`) {
		t.Errorf("%v", refused.Header())
	}
	must(t, w.store.Users().SetProfile(t.Context(), w.kim.ID, user.Profile{Name: "Kim K. \"<&>\"", Locale: "de", TimeZone: "Europe/Berlin"}, 0, w.now(), user.System().Event(user.Updated, w.now(), w.kim.ID)))
	if told := w.info(t, access).want(t, 200, ""); told.text("name") != "Kim K. \"<&>\"" || told.text("locale") != "de" || told.text("zoneinfo") != "Europe/Berlin" {
		t.Errorf("not at once: %s", told.Body)
	}
	must(t, w.store.Sessions().End(t.Context(), s.User, s.ID, session.SignedOut, w.now(), user.System().Event(session.EndedEvent, w.now(), s.User)))
	w.info(t, access).want(t, 401, "invalid_token")
}

// OA-92 OA-97: signed as registered, for the client.
func TestSignedUserInfo(t *testing.T) {
	t.Parallel()
	w := newRig(t).relying(t)
	got := w.trade(t, "signed", w.asked(t, "signed", w.sitting(t))).want(t, 200, "")
	told := w.info(t, got.text("access_token"))
	claims := w.id(t, told.Body.String())
	if told.Header().Get("Content-Type") != "application/jwt" || claims["iss"] != selfURI || claims["aud"] != "signed" || claims["email"] != "kim@mail.org" {
		t.Errorf("%v %s", told.Header(), told.Body)
	}
	for text, alg := range map[string]string{told.Body.String(): `"ES256"`, got.text("id_token"): `"RS256"`} {
		head, err := base64.RawURLEncoding.DecodeString(strings.SplitN(text, ".", 2)[0])
		must(t, err)
		if !strings.Contains(string(head), alg) {
			t.Errorf("%s, want %s", head, alg)
		}
	}
}

// OA-90: one document at both addresses, its own name in it, and 304.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	w := newRig(t).relying(t)
	var first string
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		got := w.do(t, ask{"GET", path, "", nil}).want(t, 200, "")
		if got.text("issuer") != selfURI || got.text("userinfo_endpoint") != infoURI || first != "" && got.Body.String() != first {
			t.Errorf("%s: %s", path, got.Body)
		}
		first = got.Body.String()
		if again := w.do(t, ask{"GET", path, "", map[string]string{"If-None-Match": got.Header().Get("ETag")}}); again.Code != http.StatusNotModified {
			t.Errorf("%s: %d", path, again.Code)
		}
	}
}

// A third party never gets a token for our own API, whatever its code says.
func TestNoTokenForOurOwnAPI(t *testing.T) {
	t.Parallel()
	w := newRig(t).relying(t)
	w.trade(t, "rp", w.asked(t, "rp", w.sitting(t), func(c *authcode.Code) { c.Audiences = []string{selfURI} })).want(t, 400, "invalid_target")
}

// The preview says what the tokens really say, and holds none.
func TestPreviewIsWhatIsIssued(t *testing.T) {
	t.Parallel()
	w := newRig(t).relying(t)
	s := w.sitting(t)
	kim, err := w.store.Users().ByID(t.Context(), w.kim.ID)
	must(t, err)
	for _, id := range []string{"rp", "pair"} {
		p, err := w.OAuth.Preview(t.Context(), oauth.PreviewRequest{Client: id, User: kim, Scope: "openid email read"})
		must(t, err)
		got := w.trade(t, id, w.asked(t, id, s, func(c *authcode.Code) { c.Scope = "openid email read" })).want(t, 200, "")
		access := w.introspect(t, "api", got.text("access_token")).json
		if id == "rp" {
			_, payload, _ := strings.Cut(got.text("access_token"), ".")
			payload, _, _ = strings.Cut(payload, ".")
			b, err := base64.RawURLEncoding.DecodeString(payload)
			must(t, err)
			access = map[string]any{}
			must(t, json.Unmarshal(b, &access))
		}
		real := map[string]map[string]any{"id_token": w.id(t, got.text("id_token")), "access_token": access, "userinfo": w.info(t, got.text("access_token")).json}
		for _, l := range p.Lines {
			have, there := real[l.In][l.Name]
			if l.Because == "" || !there && !(id == "pair" && (l.Name == "uv" || l.Name == "cv")) {
				t.Errorf("%s: %s %s is told: %v, because %q", id, l.In, l.Name, there, l.Because)
			}
			if text, err := json.Marshal(have); l.Value != nil && there && (err != nil || string(text) != string(l.Value)) {
				t.Errorf("%s: %s %s is %s, and was to be %s", id, l.In, l.Name, text, l.Value)
			}
			delete(real[l.In], l.Name)
		}
		delete(real["access_token"], "active")
		delete(real["access_token"], "token_type")
		if len(real["id_token"])+len(real["access_token"])+len(real["userinfo"]) > 0 {
			t.Errorf("%s: not in the preview: %v", id, real)
		}
		if p.Opaque != (id == "pair") {
			t.Errorf("%s: opaque %v", id, p.Opaque)
		}
	}
}

// OA-91: beside a code the hash of the code, alone the claims of the scopes, and
// never without a nonce.
func TestFrontChannelIDToken(t *testing.T) {
	t.Parallel()
	w := newRig(t).relying(t)
	s := w.sitting(t)
	code := authcode.Code{Client: "rp", User: s.User, Session: authcode.SessionID(s.ID), Nonce: "n", Scope: "openid email", AuthTime: s.AuthenticatedAt}
	beside, err := w.OAuth.Front(t.Context(), code, "the-code")
	must(t, err)
	alone, err := w.OAuth.Front(t.Context(), code, "")
	must(t, err)
	a, b := w.id(t, beside), w.id(t, alone)
	if a["c_hash"] != jwt.Half(jose.EdDSA, "the-code") || a["email"] != nil || a["nonce"] != "n" || b["c_hash"] != nil || b["email"] != "kim@mail.org" || b["at_hash"] != nil {
		t.Errorf("%v %v", a, b)
	}
	code.Nonce = ""
	if _, err := w.OAuth.Front(t.Context(), code, ""); err == nil {
		t.Error("without a nonce")
	}
}

// OA-51: a token bound to a key is no bearer token, at UserInfo neither.
func TestUserInfoWantsTheProof(t *testing.T) {
	t.Parallel()
	w := newRig(t).relying(t)
	s := w.sitting(t)
	c, err := w.Registry.Client(t.Context(), "rp")
	must(t, err)
	i, err := w.Grants.Begin(t.Context(), token.Birth{
		User: s.User, UserVersion: s.UserVersion, Client: "rp", ClientVersion: c.Version, Audiences: []string{infoURI}, Scope: "openid",
		Sender: token.Sender{Kind: token.Client}, AuthTime: w.now(), Idle: c.RefreshIdle, Life: c.RefreshLife, Wanted: token.Wanted{JKT: strings.Repeat("k", 43)},
	})
	must(t, err)
	for _, scheme := range []string{"Bearer ", "DPoP "} {
		got := w.do(t, ask{"GET", "/oauth2/userinfo", "", map[string]string{"Authorization": scheme + i.Access.Reveal()}})
		if got.Code != 401 || got.text("sub") != "" || got.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %s", scheme, got.Code, got.Body)
		}
	}
	got := w.do(t, ask{"POST", "/oauth2/userinfo", "access_token=" + i.Access.Reveal(), map[string]string{"Content-Type": "application/x-www-form-urlencoded"}})
	if got.Code != 401 {
		t.Errorf("in the form: %d %s", got.Code, got.Body)
	}
}
