package verify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/verify"
)

// A resource server: who calls is checked before the handler runs. The issuer here
// has no revocation feed, which a service has to accept by name.
func Example() {
	issuer, token := exampleIssuer()
	defer issuer.Close()

	v, err := verify.New(context.Background(), issuer.URL,
		verify.Audience("https://api.example.org"),
		verify.InsecureWithoutRevocation(), // with Mortise: verify.Credentials("api", secret)
		verify.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer v.Close()

	mux := http.NewServeMux()
	mux.Handle("GET /invoices", v.Require(verify.Scope("invoices:read"))(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			who, _ := verify.FromContext(r.Context())
			fmt.Fprintf(w, "invoices of %s", who.Subject)
		})))

	for _, authorization := range []string{"Bearer " + token, "", "Bearer nonsense"} {
		r := httptest.NewRequest(http.MethodGet, "/invoices", http.NoBody)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, said(w))
	}
	// Output:
	// 200 invoices of usr_kim
	// 401 not_signed_in
	// 401 token_malformed
}

// One guard for several routes, with rules that differ.
func ExampleVerifier_Require() {
	issuer, token := exampleIssuer()
	defer issuer.Close()
	v, err := verify.New(context.Background(), issuer.URL,
		verify.Audience("https://api.example.org"), verify.InsecureWithoutRevocation(),
		verify.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer v.Close()

	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "done") })
	read := verify.Scope("invoices:read")
	mux := http.NewServeMux()
	mux.Handle("GET /invoices", v.Require(read)(page))
	mux.Handle("GET /audit", v.Require(read, verify.AnyOf(verify.Role("admin"), verify.InOrganization("acme", "owner")))(page))
	mux.Handle("DELETE /invoices", v.Require(verify.Scope("invoices:write"))(page))
	mux.Handle("POST /payout", v.Require(read, verify.Assurance(2), verify.FreshWithin(5*time.Minute))(page))

	for _, route := range []string{"GET /invoices", "GET /audit", "DELETE /invoices", "POST /payout"} {
		var method, path string
		_, _ = fmt.Sscan(route, &method, &path)
		r := httptest.NewRequest(method, path, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(route, w.Code, said(w))
	}
	// Output:
	// GET /invoices 200 done
	// GET /audit 200 done
	// DELETE /invoices 403 insufficient_scope
	// POST /payout 401 insufficient_assurance
}

// said is the code of a refusal, or the body.
func said(w *httptest.ResponseRecorder) string {
	var problem struct{ Code string }
	if json.Unmarshal(w.Body.Bytes(), &problem) == nil {
		return problem.Code
	}
	return w.Body.String()
}

// exampleIssuer is an authorization server in a few lines, and a token of it.
func exampleIssuer() (*httptest.Server, string) {
	key, err := jose.Generate(jose.EdDSA)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": s.URL, "jwks_uri": s.URL + "/jwks"})
	})
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(jose.NewKeySet(key.Public()).JSON()) })
	now := time.Now()
	claims := jwt.Access{
		Issuer: s.URL, Subject: "usr_kim", ClientID: "web", Audience: []string{"https://api.example.org"}, ID: "tok_1",
		Scope: "invoices:read", ACR: "1", IssuedAt: now.Unix(), Expiry: now.Add(10 * time.Minute).Unix(),
		Org: []jwt.Org{{ID: "org_1", Slug: "acme", Roles: []string{"owner"}}},
	}
	token, err := key.Sign(jwt.TypeAccess, claims.Append(nil))
	if err != nil {
		panic(err)
	}
	return s, token
}
