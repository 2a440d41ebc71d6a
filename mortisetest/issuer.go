package mortisetest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/verify"
)

// DefaultAudience is what tokens of an Issuer are for unless told otherwise.
const DefaultAudience = "https://api.example.com"

// TokenIssuer signs tokens for tests of resource servers, good ones and bad ones.
// It has keys and a revocation feed on a loopback port, and nothing of a server:
// no accounts, no sign-in, no store. Its clock is the machine's. It is safe for
// concurrent use.
type TokenIssuer struct {
	URL string // iss

	server    *httptest.Server
	key, feed jose.PrivateKey
	stray     jose.PrivateKey // never published
	mask      []byte
	secret    string // of every service that follows

	mu      sync.Mutex
	entries []feed.Entry // number n is index n-1
	news    chan struct{}
	polls   polls
}

// Issuer starts a TokenIssuer that ends with the test.
func Issuer(t testing.TB) *TokenIssuer {
	t.Helper()
	i := &TokenIssuer{mask: make([]byte, 32), secret: secret.NewCredential(secret.ClientSecret).Reveal(), news: make(chan struct{})}
	secret.Fill(i.mask)
	for _, key := range []*jose.PrivateKey{&i.key, &i.feed, &i.stray} {
		var err error
		if *key, err = jose.Generate(jose.EdDSA); err != nil {
			t.Fatalf("mortisetest: make a key: %v", err)
		}
	}
	i.server = httptest.NewServer(i)
	i.URL = i.server.URL
	t.Cleanup(func() {
		i.server.CloseClientConnections() // polls that are held
		i.server.Close()
	})
	return i
}

// Options are what verify.New needs to take this issuer's tokens for an audience.
func (i *TokenIssuer) Options(audience string) []verify.Option {
	return []verify.Option{verify.Audience(audience), verify.Credentials("api", i.secret), verify.HTTPClient(i.server.Client())}
}

// Token signs an access token, by default of a person whom nobody else is, for
// DefaultAudience, good for ten minutes.
func (i *TokenIssuer) Token(t testing.TB, opts ...TokenOption) string {
	t.Helper()
	w := wishOf(opts)
	now := time.Now().Truncate(time.Second)
	var id token.AccessID
	secret.Fill(id[:])
	grant := token.NewID()
	claims := jwt.Access{
		Issuer: i.URL, Subject: "usr_" + id.String()[4:], ClientID: "app", Audience: w.audiences, ID: id.String(), Grant: grant.String(),
		IssuedAt: now.Unix(), NotBefore: 0, Expiry: now.Add(10 * time.Minute).Unix(), Scope: w.scope(), ACR: "1", AMR: []string{"pwd"}, AuthTime: now.Unix(),
	}
	if len(claims.Audience) == 0 {
		claims.Audience = []string{DefaultAudience}
	}
	for _, change := range w.claims {
		change(&claims)
	}
	key := i.key
	if w.wrongKey {
		key = i.stray
	}
	text, err := key.Sign(w.typ, claims.Append(nil))
	if err != nil {
		t.Fatalf("mortisetest: sign a token: %v", err)
	}
	if w.revoked {
		i.revoke(t, feed.Token, claims.ID)
	}
	return text
}

// Revoke takes a token back that this issuer signed, and returns when whoever
// follows the feed has taken it up.
func (i *TokenIssuer) Revoke(t testing.TB, text string) {
	t.Helper()
	claims, err := jwt.VerifyAccess(text, jose.NewKeySet(i.key.Public()), jwt.Expect{Issuer: i.URL, AnyAudience: true, Now: time.Now()})
	if err != nil {
		t.Fatalf("mortisetest: revoke a token: %v", err)
	}
	i.revoke(t, feed.Token, claims.ID)
}

// EndSession takes back every token that was signed with InSession(id).
func (i *TokenIssuer) EndSession(t testing.TB, id string) {
	t.Helper()
	i.revoke(t, feed.Session, id)
}

// ServeHTTP answers what a verifier asks an issuer.
func (i *TokenIssuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration":
		writeJSON(w, map[string]any{
			"issuer": i.URL, "jwks_uri": i.URL + "/jwks",
			"mortise_revocations_uri": i.URL + "/feed", "mortise_revocation_keys_uri": i.URL + "/feed/keys",
		})
	case "/jwks":
		_, _ = w.Write(jose.NewKeySet(i.key.Public()).JSON())
	case "/feed/keys":
		_, _ = w.Write(jose.NewKeySet(i.feed.Public()).JSON())
	case "/feed":
		i.serveFeed(w, r)
	default:
		http.NotFound(w, r)
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a client that has gone reads nothing
}
