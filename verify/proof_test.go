package verify

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/testenv/dpoptest"
)

// A token bound to a key works with the scheme DPoP and a proof of that key, made
// for this very request, and never otherwise; however often it was seen before.
//
// OA-51 OA-80 OA-81 OA-82 OA-83 TH-20
func TestProofs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		key, other := dpoptest.New(t), dpoptest.New(t)
		v := o.start(PublicURL(testAudience), Documented())
		bound := o.mint(func(a *jwt.Access) { a.JKT = key.JKT })
		both := o.mint(func(a *jwt.Access) { a.JKT, a.X5T = key.JKT, "x" })
		unbound := o.mint(nil)
		time.Sleep(time.Second) // a proof made in the second this process began needs a nonce
		proof := func(change func(c map[string]any)) string {
			return key.Proof(time.Now(), "GET", testAudience+"/things", bound, change)
		}
		replayed := proof(nil)
		for _, c := range []struct {
			name, auth string
			proofs     []string
			code       string
		}{
			{"good", "DPoP " + bound, []string{replayed}, ""},
			{"the same again", "DPoP " + bound, []string{replayed}, "dpop_proof_refused"},
			{"another", "dpop " + bound, []string{proof(nil)}, ""},
			{"as Bearer", "Bearer " + bound, []string{proof(nil)}, "token_bound"},
			{"as Bearer without a proof", "Bearer " + bound, nil, "token_bound"},
			{"no proof", "DPoP " + bound, nil, "dpop_proof_refused"},
			{"two proofs", "DPoP " + bound, []string{proof(nil), proof(nil)}, "dpop_proof_refused"},
			{"of another key", "DPoP " + bound, []string{other.Proof(time.Now(), "GET", testAudience+"/things", bound, nil)}, "token_not_bound"},
			{"for another token", "DPoP " + bound, []string{key.Proof(time.Now(), "GET", testAudience+"/things", unbound, nil)}, "dpop_proof_refused"},
			{"for another address", "DPoP " + bound, []string{key.Proof(time.Now(), "GET", testAudience+"/other", bound, nil)}, "dpop_proof_refused"},
			{"for another method", "DPoP " + bound, []string{key.Proof(time.Now(), "POST", testAudience+"/things", bound, nil)}, "dpop_proof_refused"},
			{"old", "DPoP " + bound, []string{key.Proof(time.Now().Add(-time.Hour), "GET", testAudience+"/things", bound, nil)}, "dpop_proof_refused"},
			{"made before this process began", "DPoP " + bound, []string{key.Proof(time.Now().Add(-20*time.Second), "GET", testAudience+"/things", bound, nil)}, "dpop_nonce_needed"},
			{"a token that is bound to nothing", "DPoP " + unbound, []string{proof(nil)}, "token_not_bound"},
			{"bound to a certificate too", "DPoP " + both, []string{key.Proof(time.Now(), "GET", testAudience+"/things", both, nil)}, "token_bound"},
			{"an unbound token as ever", "Bearer " + unbound, nil, ""},
		} {
			r := httptest.NewRequest("GET", "/things?x=y", nil)
			r.Header.Set("Authorization", c.auth)
			r.Header["Dpop"] = c.proofs
			w := serve(v.Require(), r)
			var p struct{ Code string }
			_ = json.Unmarshal(w.Body.Bytes(), &p)
			if p.Code != c.code || (w.Code == 401) != (c.code != "") {
				t.Errorf("%s: %d %q, not %q", c.name, w.Code, p.Code, c.code)
			}
			challenge := w.Header().Get("WWW-Authenticate")
			scheme, _, _ := strings.Cut(c.auth, " ")
			if c.code != "" && (!strings.HasPrefix(strings.ToLower(challenge), strings.ToLower(scheme)+" ") || !strings.Contains(challenge, `resource_metadata="`+testAudience+`/.well-known/oauth-protected-resource"`)) {
				t.Errorf("%s: challenge %q", c.name, challenge)
			}
			if nonce := w.Header().Get("DPoP-Nonce"); (nonce != "") != (c.code == "dpop_nonce_needed") {
				t.Errorf("%s: nonce %q", c.name, nonce)
			}
		}
		if _, err := v.Token(t.Context(), bound); codeOf(err) != "token_bound" {
			t.Errorf("without HTTP: %v", err)
		}
		if _, err := v.Authenticate(t.Context(), &http.Request{Header: http.Header{"Authorization": {"DPoP " + bound}}}); codeOf(err) != "token_bound" {
			t.Errorf("without a request: %v", err)
		}
	})
}

// A nonce is asked for, taken, and void at another process. OA-83 TH-27
func TestRequireNonces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		key := dpoptest.New(t)
		v, w := o.start(PublicURL(testAudience), RequireNonces()), o.start(PublicURL(testAudience), RequireNonces())
		bound := o.mint(func(a *jwt.Access) { a.JKT = key.JKT })
		ask := func(v *Verifier, nonce string) (string, string) {
			r := httptest.NewRequest("GET", "/things", nil)
			r.Header.Set("Authorization", "DPoP "+bound)
			r.Header.Set("DPoP", key.Proof(time.Now(), "GET", testAudience+"/things", bound, func(c map[string]any) { c["nonce"] = nonce }))
			a := serve(v.Require(), r)
			return fmt.Sprint(a.Code, " ", a.Header().Get("WWW-Authenticate")), a.Header().Get("DPoP-Nonce")
		}
		first, nonce := ask(v, "")
		if !strings.HasPrefix(first, `401 DPoP algs="ES256 EdDSA PS256",error="use_dpop_nonce"`) || nonce == "" {
			t.Fatalf("%s, nonce %q", first, nonce)
		}
		if got, _ := ask(v, nonce); got != "204 " {
			t.Errorf("with the nonce: %s", got)
		}
		if got, _ := ask(w, nonce); !strings.HasPrefix(got, "401 ") {
			t.Errorf("at another process: %s", got)
		}
	})
}

// What introspection tells of an opaque token binds it as a claim would. OA-82
func TestOpaqueProofs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		key := dpoptest.New(t)
		v := o.start(PublicURL(testAudience))
		text := credential62("mrt_at_0000000000000000000042")
		o.opaque[text] = map[string]any{
			"active": true, "iss": testIssuer, "aud": testAudience, "sub": "usr_kim", "client_id": "web", "sid": "ses_1", "gid": "grt_1",
			"exp": time.Now().Unix() + 600, "iat": time.Now().Unix(), "token_type": "DPoP", "uv": 5, "cnf": map[string]string{"jkt": key.JKT},
		}
		time.Sleep(time.Second)
		r := httptest.NewRequest("GET", "/things", nil)
		r.Header.Set("Authorization", "DPoP "+text)
		if _, err := v.Authenticate(t.Context(), r); codeOf(err) != "dpop_proof_refused" {
			t.Errorf("without a proof: %v", err)
		}
		r.Header.Set("DPoP", key.Proof(time.Now(), "GET", testAudience+"/things", text, nil))
		if who, err := v.Authenticate(t.Context(), r); err != nil || who.Subject != "usr_kim" {
			t.Errorf("%+v, %v", who, err)
		}
		wants(t, v, text, "token_bound")
	})
}

// OA-54
func TestMetadataHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newOrigin(t, testIssuer).start()
		w := httptest.NewRecorder()
		v.MetadataHandler("posts:read").ServeHTTP(w, httptest.NewRequest("GET", "/.well-known/oauth-protected-resource", nil))
		want := `{"resource":"https://api.example.test","authorization_servers":["https://id.example.test"],"scopes_supported":["posts:read"],"bearer_methods_supported":["header"],"dpop_signing_alg_values_supported":["ES256","EdDSA","PS256"]}`
		if got := w.Body.String(); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	})
}
