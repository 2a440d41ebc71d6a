package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// idp is an OpenID provider that keeps nothing: a code is who it is for and the
// nonce of the attempt, "subject.nonce".
type idp struct {
	issuer string
	key    *rsa.PrivateKey
}

func newIDP(addr string) (http.Handler, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	p := &idp{"http://" + addr, key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /.well-known/openid-configuration", p.document)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("POST /token", p.token)
	return mux, nil
}

func (p *idp) document(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"jwks_uri":%q,"id_token_signing_alg_values_supported":["RS256"]}`,
		p.issuer, p.issuer+"/authorize", p.issuer+"/token", p.issuer+"/keys")
}

func (p *idp) keys(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, `{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"one","n":%q,"e":"AQAB"}]}`, b64(p.key.N.Bytes()))
}

func (p *idp) token(w http.ResponseWriter, r *http.Request) {
	subject, nonce, ok := strings.Cut(r.PostFormValue("code"), ".")
	if !ok {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	now := time.Now().Unix()
	claims := fmt.Sprintf(`{"iss":%q,"sub":%q,"aud":"bench","exp":%d,"iat":%d,"nonce":%q,"email":"%s@example.org","email_verified":true,"name":"Person %s","sid":"sid-%s"}`,
		p.issuer, subject, now+600, now, nonce, subject, subject, subject)
	input := b64([]byte(`{"alg":"RS256","kid":"one","typ":"JWT"}`)) + "." + b64([]byte(claims))
	digest := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, digest[:])
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token":"at-0123456789","token_type":"Bearer","expires_in":3600,"id_token":%q}`, input+"."+b64(signature))
}
