package app

import (
	"cmp"
	"encoding/json"
	"net/url"
	"testing"

	"github.com/mortise-auth/mortise/internal/assertion"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/testenv/dpoptest"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// keyed sends a form with proofs of key, and again with the nonce that is asked for.
func (w *world) keyed(t *testing.T, key *dpoptest.Key, a func() ask) answer {
	t.Helper()
	one := a()
	one.head["DPoP"] = w.proof(key, "")
	nonce := w.do(t, one).want(t, 400, "use_dpop_nonce").Header().Get("DPoP-Nonce")
	one = a()
	one.head["DPoP"] = w.proof(key, nonce)
	return w.do(t, one)
}

// OA-44 OA-63 OA-82: a device of the strict profile authenticates with a key at both
// endpoints, gets bound tokens, UserInfo among what they are for, and a refresh token
// that stays.
func TestStrictDevice(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).world(t)
		s := w.signer(t, "till", func(c *client.Client, key jose.PrivateKey) {
			c.Profile, c.Grants, c.Scopes, c.Resources = client.FAPI2, []string{client.GrantDevice, client.GrantRefresh}, []string{"openid", "email", "read"}, []string{apiURI}
			inline(c, key)
		})
		asked := s.post(t, "/oauth2/device_authorization", s.assertion(t), "scope", "openid email read").want(t, 200, "")
		s.form(t, "/oauth2/device_authorization", "till").want(t, 401, "invalid_client")
		w.browser(t).post(t, "code", asked.text("user_code"), "decision", "approve").want(t, 200, "")
		form := func(fields ...string) func() ask {
			return func() ask {
				return formOf("/oauth2/token", "", append(fields, "client_assertion_type", assertion.Type, "client_assertion", s.assertion(t))...)
			}
		}
		key := dpoptest.New(t)
		poll := form("grant_type", client.GrantDevice, "device_code", asked.text("device_code"))
		w.do(t, poll()).want(t, 400, "invalid_dpop_proof")
		got := w.keyed(t, key, poll).want(t, 200, "")
		if got.text("token_type") != "DPoP" || got.text("id_token") == "" {
			t.Errorf("%s", got.Body)
		}
		told := w.introspect(t, "api", got.text("access_token"))
		if cnf, _ := told.json["cnf"].(map[string]any); cnf["jkt"] != key.JKT {
			t.Errorf("%s", told.Body)
		}
		w.info(t, got.text("access_token")).want(t, 401, "invalid_token") // not as Bearer
		first := got.text("refresh_token")
		for range 2 {
			again := w.keyed(t, key, form("grant_type", "refresh_token", "refresh_token", first)).want(t, 200, "")
			if next := cmp.Or(again.text("refresh_token"), first); next != first || again.text("token_type") != "DPoP" {
				t.Errorf("%s", again.Body)
			}
		}
	})
}

// OA-38 OA-97: with openid a device asks UserInfo; nobody but a first-party client
// gets a token for our own API by a device either.
func TestDeviceAudiences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tv(t)
	w.register(t, client.Client{
		ID: "bare", Auth: client.AuthNone, Type: client.Native, Grants: []string{client.GrantDevice}, Scopes: []string{"openid", "email"}, IDTokenAlg: "EdDSA",
	})
	audience := func(id, access string) any {
		a, err := w.Auth.Access(t.Context(), access)
		must(t, err)
		if a.ClientID != id {
			t.Errorf("%+v", a)
		}
		b, err := json.Marshal(a.Audience)
		must(t, err)
		return string(b)
	}
	for id, want := range map[string]string{"tv": `["` + apiURI + `","` + infoURI + `"]`, "bare": `["` + infoURI + `"]`} {
		w.form(t, "/oauth2/device_authorization", id, "resource", selfURI).want(t, 400, "invalid_target")
		asked := w.form(t, "/oauth2/device_authorization", id).want(t, 200, "")
		w.browser(t).post(t, "code", asked.text("user_code"), "decision", "approve").want(t, 200, "")
		got := w.form(t, "/oauth2/token", id, "grant_type", client.GrantDevice, "device_code", asked.text("device_code")).want(t, 200, "")
		access := got.text("access_token")
		if got := audience(id, access); got != want {
			t.Errorf("%s: for %s, want %s", id, got, want)
		}
		if told := w.info(t, access).want(t, 200, ""); told.text("sub") != w.kim.ID.String() {
			t.Errorf("%s: %s", id, told.Body)
		}
		w.call(t, "Bearer "+access).want(t, 401, "invalid_token")
	}
}

// OA-62 OA-82: what is exchanged with a proof is bound to its key, and said to be.
func TestBoundExchange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exchangers(t)
	parent := w.inSession(t, apiURI)
	key := dpoptest.New(t)
	got := w.keyed(t, key, func() ask {
		return formOf("/oauth2/token", "gate", "grant_type", client.GrantExchange, "subject_token", parent.Access.Reveal(),
			"subject_token_type", oauth.TypeAccessToken, "client_secret", clientSecret, "resource", filmsURI)
	}).want(t, 200, "")
	a, err := w.Auth.Access(t.Context(), got.text("access_token"))
	must(t, err)
	if got.text("token_type") != "DPoP" || a.JKT != key.JKT {
		t.Errorf("%s, bound to %q", got.Body, a.JKT)
	}
}

// OA-32: a verifier without a secret follows the revocations with an assertion in a
// form, once each.
func TestFeedTakesAssertions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signer(t, "guard", inline)
	_, err := w.Directory.CreateResource(t.Context(), user.Host(), resource.Resource{Identifier: "https://guarded.example.org", TokenFormat: resource.JWT, Verifiers: []string{"guard"}})
	must(t, err)
	poll := func(text, audience string) answer {
		return s.post(t, "/api/v1/revocations?wait=0&nonce=0123456789abcdef&audience="+url.QueryEscape(audience), text)
	}
	text := s.assertion(t)
	if got := poll(text, "https://guarded.example.org"); got.Code != 200 || got.json["batches"] == nil && got.Body.Len() == 0 {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	for name, got := range map[string]answer{
		"again": poll(text, "https://guarded.example.org"), "endpoint": poll(s.assertion(t, "aud", selfURI+"/api/v1/revocations"), "https://guarded.example.org"), "nothing": poll("", "https://guarded.example.org"),
	} {
		if got.Code != 401 {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	poll(s.assertion(t), apiURI).want(t, 403, "feed_audience")
}

// OA-80 OA-82: below a path, a proof names the whole address, at UserInfo and before
// our own API; one for the same name at the host's root is for somebody else.
func TestProofsBelowAPath(t *testing.T) {
	t.Parallel()
	const public = "https://id.example.org/auth"
	w := newRig(t, func(cfg *Config) { cfg.URL = public }).world(t)
	key := dpoptest.New(t)
	for path, audience := range map[string]string{"/oauth2/userinfo": public + "/oauth2/userinfo", "/api/v1/me": public} {
		g := w.bound(t, "phone", key, audience)
		if path == "/oauth2/userinfo" {
			u, err := w.store.Users().ByID(t.Context(), w.kim.ID)
			must(t, err)
			c, err := w.Registry.Client(t.Context(), "phone")
			must(t, err)
			g, err = w.Grants.Begin(t.Context(), token.Birth{
				User: u.ID, UserVersion: u.Version, Client: "phone", ClientVersion: c.Version, Audiences: []string{audience}, Scope: "openid",
				Sender: token.Sender{Kind: token.DPoP, Key: key.JKT}, Wanted: token.Wanted{JKT: key.JKT}, Methods: []string{"pwd"}, ACR: "1",
				AuthTime: w.now(), Idle: c.RefreshIdle, Life: c.RefreshLife,
			})
			must(t, err)
		}
		access := g.Access.Reveal()
		call := func(htu, nonce string) answer {
			t.Helper()
			proof := key.Proof(w.now(), "GET", htu, access, func(c map[string]any) {
				if nonce != "" {
					c["nonce"] = nonce
				}
			})
			return w.do(t, ask{"GET", "/auth" + path, "", map[string]string{"Authorization": "DPoP " + access, "DPoP": proof}})
		}
		codes := [2]string{"dpop_nonce_needed", "dpop_proof_refused"}
		if path == "/oauth2/userinfo" {
			codes = [2]string{"use_dpop_nonce", "invalid_dpop_proof"}
		}
		nonce := call(public+path, "").want(t, 401, codes[0]).Header().Get("DPoP-Nonce")
		call("https://id.example.org"+path, nonce).want(t, 401, codes[1])
		call(public+path, nonce).want(t, 200, "")
	}
}
