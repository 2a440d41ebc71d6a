package main

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/url"
	"os"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

const kid = "2026-11"

// newKey writes a private key, which stays here, and the set with its public half,
// which the client is registered with.
func newKey(private, public string) error {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	set, err := json.Marshal(map[string]any{"keys": []any{map[string]string{
		"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": base64url(pub),
	}}})
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(private, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600),
		os.WriteFile(public, append(set, '\n'), 0o644),
	)
}

// withKey makes sources of tokens that sign an assertion of their own each time: one
// is taken once.
func withKey(issuer, file string) (func(context.Context) oauth2.TokenSource, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New(file + " is no PEM file")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New(file + " has no Ed25519 key")
	}
	return func(ctx context.Context) oauth2.TokenSource {
		return oauth2.ReuseTokenSource(nil, signing{ctx, issuer, signer})
	}, nil
}

type signing struct {
	ctx    context.Context
	issuer string
	key    ed25519.PrivateKey
}

func (s signing) Token() (*oauth2.Token, error) {
	assertion, err := s.assertion(time.Now())
	if err != nil {
		return nil, err
	}
	config := clientcredentials.Config{
		ClientID: "signed", AuthStyle: oauth2.AuthStyleInParams, TokenURL: s.issuer + "/oauth2/token", Scopes: []string{"notes:read"},
		EndpointParams: url.Values{
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			"client_assertion":      {assertion},
		},
	}
	return config.Token(s.ctx)
}

func (s signing) assertion(now time.Time) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "EdDSA", "typ": "client-authentication+jwt", "kid": kid})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{
		"iss": "signed", "sub": "signed", "aud": s.issuer, // the issuer, not the endpoint (RFC 10070)
		"jti": rand.Text(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	})
	if err != nil {
		return "", err
	}
	input := base64url(header) + "." + base64url(claims)
	signature, err := s.key.Sign(rand.Reader, []byte(input), crypto.Hash(0))
	return input + "." + base64url(signature), err
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
