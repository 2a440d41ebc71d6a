package mortise_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/internal/testenv/dpoptest"
	"github.com/mortise-auth/mortise/mortisetest"
)

// OA-54 OA-82 OA-83: Require takes a token bound to a key with its proof, for the
// address as the client sees it, and tells where its metadata is.
func TestRequireTakesProofs(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	_, refresh := tokensOf(t, srv, "")
	key := dpoptest.New(t)
	base := srv.URL("/auth")
	token, nonce := "", ""
	for range 2 { // the first try learns the nonce
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "client_id": {"phone"}}
		r := httptest.NewRequest("POST", base+"/oauth2/token", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("DPoP", key.Proof(srv.Clock.Now(), "POST", base+"/oauth2/token", "", nonced(nonce)))
		got := mortisetest.Do(t, srv.Auth.Handler(), r)
		nonce = got.Header.Get("DPoP-Nonce")
		if got.StatusCode == http.StatusOK {
			var told struct {
				Access string `json:"access_token"`
				Type   string `json:"token_type"`
			}
			got.JSON(&told)
			if told.Type != "DPoP" {
				t.Fatalf("type %q", told.Type)
			}
			token = told.Access
		}
		if nonce == "" {
			break
		}
	}
	guarded := http.StripPrefix("/app", srv.Auth.Require(mortise.Scope("posts:read"))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	ask := func(authorization, proof string) *mortisetest.Answer {
		r := with(srv.Request(t, "GET", "/app/posts?page=2", nil), authorization)
		if proof != "" {
			r.Header.Set("DPoP", proof)
		}
		return mortisetest.Do(t, guarded, r)
	}
	proof := func(path, nonce string) string {
		return key.Proof(srv.Clock.Now(), "GET", srv.URL(path), token, nonced(nonce))
	}
	a := ask("DPoP "+token, proof("/app/posts", "")).Problem(401, "dpop_nonce_needed")
	nonce = a.Header.Get("DPoP-Nonce")
	if c := a.Header.Get("WWW-Authenticate"); !strings.Contains(c, `resource_metadata="`+srv.URL("")+`/.well-known/oauth-protected-resource/auth"`) {
		t.Errorf("challenge %q", c)
	}
	good := proof("/app/posts", nonce)
	ask("DPoP "+token, good).Status(200)
	ask("DPoP "+token, good).Problem(401, "dpop_proof_refused")
	ask("DPoP "+token, proof("/posts", nonce)).Problem(401, "dpop_proof_refused")
	ask("Bearer "+token, proof("/app/posts", nonce)).Problem(401, "invalid_token")
}

func nonced(nonce string) func(map[string]any) {
	return func(c map[string]any) {
		if nonce != "" {
			c["nonce"] = nonce
		}
	}
}
