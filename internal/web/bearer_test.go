package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/problem"
)

// OA-50: what a header says is a token, somebody else's, or a refusal; nothing that
// begins like a token is ever taken for the absence of one.
func FuzzBearerHeader(f *testing.F) {
	for _, h := range []string{"", "Bearer x", "bearer  x ", "BEARER\tx", "Bearer", "Bearer,x", "DPoP x", "Basic eDp5", "Bearer \x00", "Bearerx y"} {
		f.Add(h, "")
		f.Add(h, "Bearer y")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		r := &http.Request{Header: http.Header{"Authorization": {first}}}
		if second != "" {
			r.Header["Authorization"] = append(r.Header["Authorization"], second)
		}
		p, ok, err := AccessToken(r)
		token := p.Token
		scheme, _, _ := strings.Cut(strings.ReplaceAll(first, "\t", " "), " ")
		ours := strings.EqualFold(scheme, "bearer") || strings.EqualFold(scheme, "dpop") || second != ""
		if ok != ours {
			t.Fatalf("%q, %q: presented %v", first, second, ok)
		}
		if (err != nil || !ok) && token != "" || strings.Trim(token, " \t") != token || !strings.Contains(first, token) {
			t.Fatalf("%q reads as %q, %v", first, token, err)
		}
		if second != "" && err == nil {
			t.Fatal("two headers are taken")
		}
		c := Challenge(r, Realm{Name: "https://id.example.org"}, errToken)
		if !strings.Contains(c, ` realm="https://id.example.org"`) || strings.Count(c, `"`)%2 != 0 || strings.ContainsAny(c, "\r\n") {
			t.Fatalf("challenge %q", c)
		}
	})
}

// OA-51 OA-53 OA-54 OA-82 OA-83: the challenge fits the refusal.
func TestChallenge(t *testing.T) {
	t.Parallel()
	forbidden := problem.New(problem.Forbidden, "test_forbidden", "No.")
	for _, c := range []struct {
		authorization string
		p             *problem.Error
		status        int
		want          string
	}{
		{"", errNoCookie, 401, `Bearer realm="r", resource_metadata="m", DPoP algs="ES256 EdDSA PS256"`},
		{"Basic x", errNoCookie, 401, `Bearer realm="r", resource_metadata="m", DPoP algs="ES256 EdDSA PS256"`},
		{"Bearer x", errToken, 401, `Bearer realm="r", resource_metadata="m", error="invalid_token"`},
		{"DPoP x", errToken, 401, `DPoP realm="r", resource_metadata="m", algs="ES256 EdDSA PS256", error="invalid_token"`},
		{"DPoP x", authn.ErrNonce, 401, `DPoP realm="r", resource_metadata="m", algs="ES256 EdDSA PS256", error="use_dpop_nonce"`},
		{"DPoP x", authn.ErrProof, 401, `DPoP realm="r", resource_metadata="m", algs="ES256 EdDSA PS256", error="invalid_dpop_proof"`},
		{"Bearer x", forbidden, 403, ""},
		{"Bearer x", forbidden.Because(&StepUp{ACR: "2", MaxAge: time.Minute}), 401, `Bearer realm="r", resource_metadata="m", error="insufficient_user_authentication", acr_values="2", max_age="60"`},
		{"", forbidden.Because(&StepUp{ACR: "2"}), 403, ""},
	} {
		r := &http.Request{Header: http.Header{}}
		if c.authorization != "" {
			r.Header.Set("Authorization", c.authorization)
		}
		if got, status := Challenge(r, Realm{"r", "m"}, c.p), Status(r, c.p); got != c.want || status != c.status {
			t.Errorf("%q, %s: %d %q, want %d %q", c.authorization, c.p.Code, status, got, c.status, c.want)
		}
	}
}
