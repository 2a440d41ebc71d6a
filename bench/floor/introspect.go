package floor

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"time"
)

// Introspector is a bare introspection: form, SHA-256 secret check, map look-up,
// JSON.
type Introspector struct {
	client string
	digest [32]byte
	live   map[[32]byte]*known
}

type known struct {
	Active   bool     `json:"active"`
	Type     string   `json:"token_type"`
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Client   string   `json:"client_id"`
	Audience string   `json:"aud"`
	Scope    string   `json:"scope"`
	Expiry   int64    `json:"exp"`
	IssuedAt int64    `json:"iat"`
	ID       string   `json:"jti"`
	Session  string   `json:"sid"`
	Grant    string   `json:"gid"`
	ACR      string   `json:"acr"`
	AMR      []string `json:"amr"`
}

// NewIntrospector knows the given tokens and one client.
func NewIntrospector(client, secret string, tokens []string) *Introspector {
	i := &Introspector{client: client, digest: sha256.Sum256([]byte(secret)), live: make(map[[32]byte]*known)}
	for _, t := range tokens {
		i.live[sha256.Sum256([]byte(t))] = &known{
			true, "Bearer", "http://127.0.0.1:40000", "usr_01kaq2v5x8f9s3t7w1yc4n6h0e", "shop", "https://vault.example.com", "openid",
			time.Now().Unix() + 3600, time.Now().Unix(), "tok_01kaq2v5x8f9s3t7w1yc4n6h0e", "ses_01kaq2v5x8f9s3t7w1yc4n6h0e",
			"grt_01kaq2v5x8f9s3t7w1yc4n6h0e", "1",
			[]string{"pwd"},
		}
	}
	return i
}

func (i *Introspector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	d := sha256.Sum256([]byte(secret))
	if err := r.ParseForm(); err != nil || !ok || id != i.client || subtle.ConstantTimeCompare(d[:], i.digest[:]) != 1 {
		http.Error(w, "who?", http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	k := i.live[sha256.Sum256([]byte(r.PostForm.Get("token")))]
	if k == nil || time.Now().Unix() >= k.Expiry {
		k = &known{}
	}
	_ = json.NewEncoder(w).Encode(k)
}

// Bearers is a bare check of a bearer token seen before.
type Bearers struct{ Sessions }

// ServeHTTP answers like Bare to whoever has a live token.
func (b *Bearers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const scheme = "Bearer "
	h := r.Header.Get("Authorization")
	if len(h) < len(scheme) || h[:len(scheme)] != scheme || !b.live(h[len(scheme):]) {
		http.Error(w, "who?", http.StatusUnauthorized)
		return
	}
	Bare(w, r)
}

// Document is a bare GET of the bytes of a file.
func Document(path string) (http.Handler, error) {
	body, err := os.ReadFile(path)
	length := strconv.Itoa(len(body))
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", length)
		_, _ = w.Write(body)
	}), err
}
