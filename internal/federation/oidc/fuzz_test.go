package oidc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/federation/oidc"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/secret"
)

// page answers by the end of the address.
type page map[string][]byte

func (p page) Do(_ context.Context, r egress.Request) (egress.Response, error) {
	for end, body := range p {
		if strings.HasSuffix(r.URL, end) {
			return egress.Response{Status: 200, Header: map[string][]string{}, Body: body}, nil
		}
	}
	return egress.Response{Status: 404, Header: map[string][]string{}}, nil
}

const (
	fuzzIssuer = "https://issuer.example"
	fuzzClient = "client"
	fuzzNonce  = "nonce-of-this-attempt"
	document   = `{"issuer":"https://issuer.example","authorization_endpoint":"https://issuer.example/a","token_endpoint":"https://issuer.example/t","jwks_uri":"https://issuer.example/k"}`
)

var fuzzNow = time.Unix(1_800_000_000, 0)

func fuzzService(p page) (*oidc.Service, federation.Connection, federation.Kept) {
	s := oidc.New(oidc.Options{HTTP: p, Keyring: plainRing{}, Now: func() time.Time { return fuzzNow }})
	c := federation.Connection{Name: "x", Kind: federation.OIDC, Secret: federation.Sealed("s")}
	c.Settings = federation.Settings{ClientID: fuzzClient, Issuer: fuzzIssuer}
	return s, c, federation.Kept{Issuer: fuzzIssuer, Nonce: fuzzNonce, Verifier: secret.NewText("v"), Callback: callback}
}

// Whatever an ID token says that the service did sign, nobody is named unless
// issuer, audience, time and nonce are right; and with an error nothing is said.
// JW-62 OA-113
func FuzzIDToken(f *testing.F) {
	key, err := jose.Generate(jose.EdDSA)
	if err != nil {
		f.Fatal(err)
	}
	good := fmt.Sprintf(`{"iss":%q,"aud":%q,"sub":"1","exp":%d,"iat":%d,"nonce":%q}`, fuzzIssuer, fuzzClient, fuzzNow.Unix()+60, fuzzNow.Unix(), fuzzNonce)
	for _, seed := range []string{
		good, strings.Replace(good, `"client"`, `["client"]`, 1), strings.Replace(good, `"client"`, `["client","x"]`, 1), strings.Replace(good, `"sub"`, `"azp":"x","sub"`, 1),
		strings.Replace(good, `"sub"`, `"auth_time":1.5e9,"at_hash":"x","sub"`, 1), strings.Replace(good, `"exp":18`, `"exp":"18`, 1), `{}`, `[]`, strings.Replace(good, `"sub":"1"`, `"sub":1`, 1),
	} {
		f.Add(seed, "")
	}
	f.Add("", "eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, payload, token string) {
		if token == "" {
			if token, err = key.Sign("JWT", []byte(payload)); err != nil {
				return
			}
		}
		answer, err := json.Marshal(map[string]string{"access_token": "a", "token_type": "Bearer", "id_token": token})
		if err != nil {
			return
		}
		s, c, kept := fuzzService(page{"configuration": []byte(document), "/k": jose.NewKeySet(key.Public()).JSON(), "/t": answer})
		st, err := s.Finish(t.Context(), c, kept, federation.Answer{Code: "c"})
		if err != nil {
			if st.Subject != "" || st.Claims != nil || !errors.Is(err, federation.ErrStatement) && !errors.Is(err, federation.ErrUpstream) {
				t.Fatalf("%+v, %v", st, err)
			}
			return
		}
		var claims struct {
			Iss, Sub, Nonce string
			Aud             any
			Exp, Iat        float64
		}
		if payload == "" || json.Unmarshal([]byte(payload), &claims) != nil || claims.Iss != fuzzIssuer || claims.Nonce != fuzzNonce || claims.Sub == "" ||
			fmt.Sprint(claims.Aud) != fuzzClient && !strings.Contains(strings.Trim(fmt.Sprint(claims.Aud), "[]"), fuzzClient) ||
			int64(claims.Exp) <= fuzzNow.Unix()-60 || int64(claims.Iat) > fuzzNow.Unix()+60 {
			t.Fatalf("%s names %q", payload, st.Subject)
		}
	})
}

// Whatever stands where a discovery document should, a browser is only sent to an
// https address that the issuer itself named.
func FuzzDiscovery(f *testing.F) {
	f.Add([]byte(document))
	f.Add([]byte(strings.Replace(document, "https://issuer.example/a", "javascript:alert(1)", 1)))
	f.Add([]byte(strings.Replace(document, `"issuer":"https://issuer.example"`, `"issuer":"https://issuer.example/"`, 1)))
	f.Add([]byte(strings.Replace(document, "https://issuer.example/a", "https://user@issuer.example/a?x=1#f", 1)))
	f.Add([]byte(`{"issuer":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, c, _ := fuzzService(page{"configuration": body})
		address, _, err := s.Begin(t.Context(), c, federation.Ask{State: "s", Callback: callback})
		if err != nil {
			if address != "" || !errors.Is(err, federation.ErrStatement) && !errors.Is(err, federation.ErrUpstream) {
				t.Fatalf("%q, %v", address, err)
			}
			return
		}
		q := query(t, address)
		if !strings.HasPrefix(address, "https://") || q.Get("redirect_uri") != callback || q.Get("state") != "s" || len(q["client_id"]) != 1 {
			t.Fatalf("%s leads to %s", body, address)
		}
	})
}

// Whatever stands where a key set should, no token is believed by it but one that a
// key in it signed.
func FuzzKeySet(f *testing.F) {
	key, err := jose.Generate(jose.ES256)
	if err != nil {
		f.Fatal(err)
	}
	other, err := jose.Generate(jose.ES256)
	if err != nil {
		f.Fatal(err)
	}
	token, err := key.Sign("JWT", fmt.Appendf(nil, `{"iss":%q,"aud":%q,"sub":"1","exp":%d,"iat":%d,"nonce":%q}`, fuzzIssuer, fuzzClient, fuzzNow.Unix()+60, fuzzNow.Unix(), fuzzNonce))
	if err != nil {
		f.Fatal(err)
	}
	good := string(jose.NewKeySet(key.Public()).JSON())
	for _, seed := range []string{
		good, string(jose.NewKeySet(other.Public()).JSON()), string(jose.NewKeySet(other.Public().Named(key.Public().ID())).JSON()), `{"keys":[]}`, `{}`, `{"keys":[{"kty":"oct","k":"AAAA"}]}`,
		strings.Replace(good, `"keys":[`, `"keys":[{"kid":1,"issuer":"x"},`, 1), strings.Replace(good, `"use":"sig"`, `"use":"sig","issuer":"https://other.example"`, 1),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, c, kept := fuzzService(page{"configuration": []byte(document), "/k": body, "/t": fmt.Appendf(nil, `{"access_token":"a","id_token":%q}`, token)})
		st, err := s.Finish(t.Context(), c, kept, federation.Answer{Code: "c"})
		set, fault := jose.ParseKeySet(body)
		if err != nil {
			return
		}
		if found, ok := set.Key(key.Public().ID()); fault != nil || !ok || found.Thumbprint() != key.Public().Thumbprint() {
			t.Fatalf("%s names %q", body, st.Subject)
		}
	})
}
