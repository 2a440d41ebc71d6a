package floor

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"path/filepath"
	"time"
)

// Credentials is a bare client_credentials: form, SHA-256 secret check, and one
// signature, or one row in a grouped commit.
type Credentials struct {
	issuer, client, audience string
	digest                   [32]byte
	mint                     func(ctx context.Context, c *Claims) (string, error)
	rows                     *group[*opaque]
}

// NewCredentials signs by "EdDSA" or "RS256".
func NewCredentials(alg, client, secret, issuer, audience string) (*Credentials, error) {
	c := &Credentials{issuer: issuer, client: client, audience: audience, digest: sha256.Sum256([]byte(secret))}
	if alg == "EdDSA" {
		_, key, err := ed25519.GenerateKey(nil)
		c.mint = func(_ context.Context, claims *Claims) (string, error) {
			return compact(alg, claims, func(input []byte) ([]byte, error) { return ed25519.Sign(key, input), nil })
		}
		return c, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	c.mint = func(_ context.Context, claims *Claims) (string, error) {
		return compact(alg, claims, func(input []byte) ([]byte, error) {
			digest := sha256.Sum256(input)
			return rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		})
	}
	return c, err
}

// OpenCredentials keeps opaque tokens in the database of the data folder dir.
func OpenCredentials(dir, client, secret, issuer, audience string) (*Credentials, error) {
	c := &Credentials{issuer: issuer, client: client, audience: audience, digest: sha256.Sum256([]byte(secret))}
	rows, err := openOpaques("file:" + filepath.Join(dir, "mortise.db"))
	c.rows, c.mint = rows, func(_ context.Context, claims *Claims) (string, error) {
		var text [32]byte
		_, _ = rand.Read(text[:]) // never fails
		return base64.RawURLEncoding.EncodeToString(text[:]), rows.commit(&opaque{sha256.Sum256(text[:]), claims})
	}
	return c, err
}

// Close ends it. Nobody may be waiting.
func (c *Credentials) Close() error {
	if c.rows == nil {
		return nil
	}
	return c.rows.close()
}

func compact(alg string, claims *Claims, sign func([]byte) ([]byte, error)) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	head := `{"alg":"` + alg + `","kid":"0123456789012345678901234567890123456789012","typ":"at+jwt"}`
	input := []byte(base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString(payload))
	signature, err := sign(input)
	return string(input) + "." + base64.RawURLEncoding.EncodeToString(signature), err
}

func (c *Credentials) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	id, secret, ok := q.BasicAuth()
	d := sha256.Sum256([]byte(secret))
	if err := q.ParseForm(); err != nil || !ok || id != c.client || subtle.ConstantTimeCompare(d[:], c.digest[:]) != 1 ||
		q.PostForm.Get("grant_type") != "client_credentials" {
		http.Error(w, "who?", http.StatusUnauthorized)
		return
	}
	now := time.Now().Unix()
	text, err := c.mint(q.Context(), &Claims{
		Issuer: c.issuer, Subject: c.client, Client: c.client, Audience: c.audience, ID: rand.Text(), Scope: "read", Expiry: now + 600, IssuedAt: now, NotBefore: now, UV: 1, CV: 1,
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(&answered{Access: text, Type: "Bearer", Expires: 600, Scope: "read"})
}

// opaque is one token, to be written.
type opaque struct {
	digest [32]byte
	claims *Claims
}

const issued = `INSERT INTO access_tokens (digest, id, client_id, client_version, token_version, audiences, scope, jkt, x5t, issued_at, expires_at)
	VALUES (?, ?, ?, 1, 1, ?, ?, '', '', ?, ?)`

func openOpaques(path string) (*group[*opaque], error) {
	g, err := openGroup(path, 8192, func(ctx context.Context, with []*sql.Stmt, one *opaque) error {
		c := one.claims
		_, err := with[0].ExecContext(ctx, one.digest[:], one.digest[:16], c.Client, `["`+c.Audience+`"]`, c.Scope, c.IssuedAt*1e6, c.Expiry*1e6)
		return err
	}, issued)
	if err != nil {
		return nil, err
	}
	return g, g.start()
}
