package upstream

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"
)

// pair is what one service signs with, ECDSA for plain OpenID and RSA as the
// well-known ones do.
type pair struct {
	kid string
	rsa *rsa.PrivateKey
	ec  *ecdsa.PrivateKey
}

// keys are those of a service: one that is published, one that no longer is.
type keys struct{ now, old pair }

var made = sync.OnceValue(func() (all [4]pair) {
	for i := range all {
		var err error
		if i < 2 {
			all[i].rsa, err = rsa.GenerateKey(rand.Reader, 2048)
		} else {
			all[i].ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		}
		if err != nil {
			panic(err)
		}
		all[i].kid = []string{"rsa-new", "rsa-old", "ec-new", "ec-old"}[i]
	}
	return all
})

func newKeys(kind Kind) keys {
	all := made()
	if kind == OIDC {
		return keys{all[2], all[3]}
	}
	return keys{all[0], all[1]}
}

// Rotate changes the keys: what was published no longer is.
func (s *Service) Rotate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys.now, s.keys.old = s.keys.old, s.keys.now
}

// Key is Apple's private key for the client, and the one that private_key_jwt is
// proven with, in PEM.
func Key() string {
	der, err := x509.MarshalPKCS8PrivateKey(made()[3].ec)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func (s *Service) current() keys {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (p pair) jwk() map[string]any {
	if p.ec != nil {
		point, _ := p.ec.PublicKey.Bytes()
		return map[string]any{"kty": "EC", "crv": "P-256", "kid": p.kid, "use": "sig", "alg": "ES256", "x": b64(point[1:33]), "y": b64(point[33:])}
	}
	return map[string]any{"kty": "RSA", "kid": p.kid, "use": "sig", "alg": "RS256", "n": b64(p.rsa.N.Bytes()), "e": b64(big.NewInt(int64(p.rsa.E)).Bytes())}
}

func (s *Service) keySet(w http.ResponseWriter, _ *http.Request) {
	if s.has(NoKeys) {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	key := s.current().now.jwk()
	if s.Kind == Microsoft { // has no alg, and says whom a key is for
		delete(key, "alg")
		key["x5t"], key["issuer"], key["cloud_instance_name"] = key["kid"], s.URL+"/{tenantid}/v2.0", "microsoftonline.com"
	}
	s.mu.Lock()
	if s.limited != "" {
		key["issuer"] = s.limited
	}
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "public, max-age=19000, must-revalidate, no-transform")
	answer(w, http.StatusOK, map[string]any{"keys": []any{key}})
}

func (p pair) sign(input string) []byte {
	digest := sha256.Sum256([]byte(input))
	if p.ec != nil {
		r, s, err := ecdsa.Sign(rand.Reader, p.ec, digest[:])
		if err != nil {
			panic(err)
		}
		out := make([]byte, 64)
		r.FillBytes(out[:32])
		s.FillBytes(out[32:])
		return out
	}
	out, err := rsa.SignPKCS1v15(rand.Reader, p.rsa, crypto.SHA256, digest[:])
	if err != nil {
		panic(err)
	}
	return out
}

func (p pair) alg() string {
	if p.ec != nil {
		return "ES256"
	}
	return "RS256"
}

// idToken is one with whatever fault is on.
func (s *Service) idToken(g grant, access string) string {
	claims := s.claims(g, access)
	s.spoil(claims, g)
	s.edit(claims)
	s.mu.Lock()
	replace(claims, s.inToken)
	s.mu.Unlock()
	header := map[string]any{"alg": s.current().now.alg(), "kid": s.current().now.kid, "typ": "JWT"}
	if s.Kind == Apple {
		delete(header, "typ")
	}
	return s.signed(header, claims)
}

// signed signs, or does what somebody does who cannot.
func (s *Service) signed(header, claims map[string]any) string {
	key, old := s.current().now, s.current().old
	payload := encode(claims)
	switch {
	case s.has(Unsigned):
		header["alg"] = "none"
		return b64(encode(header)) + "." + b64(payload) + "."
	case s.has(PublicSecret):
		header["alg"] = "HS256"
		input := b64(encode(header)) + "." + b64(payload)
		mac := hmac.New(sha256.New, key.public())
		mac.Write([]byte(input))
		return input + "." + b64(mac.Sum(nil))
	case s.has(OldKey):
		key, header["kid"] = old, old.kid
	case s.has(OldKeyRenamed):
		key = old
	case s.has(ForeignKey):
		header["jwk"], key = old.jwk(), old
	case s.has(CriticalHeader):
		header["crit"] = []string{"exp"}
	case s.has(AccessToken):
		header["typ"] = "at+jwt"
	case s.has(Twice):
		payload = append([]byte(`{"sub":"somebody-else",`), payload[1:]...)
	}
	input := b64(encode(header)) + "." + b64(payload)
	return input + "." + b64(key.sign(input))
}

// public is the public key as a careless verifier would have it as a secret.
func (p pair) public() []byte {
	var signer crypto.Signer = p.ec
	if p.rsa != nil {
		signer = p.rsa
	}
	key := signer.Public()
	der, _ := x509.MarshalPKIXPublicKey(key)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

// LogoutToken is what the service would send when a session ends over there. edit,
// unless nil, changes header and claims before they are signed.
func (s *Service) LogoutToken(subject, session string, edit func(header, claims map[string]any)) string {
	now := s.Now()
	header := map[string]any{"alg": s.current().now.alg(), "kid": s.current().now.kid, "typ": "logout+jwt"}
	claims := map[string]any{
		"iss": s.URL, "aud": ClientID, "iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(), "jti": rand.Text(),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}
	for name, value := range map[string]string{"sub": subject, "sid": session} {
		if value != "" {
			claims[name] = value
		}
	}
	if edit != nil {
		edit(header, claims)
	}
	return s.signed(header, claims)
}

// isAppleSecret checks what Apple wants as a secret: signed with the client's key.
func (s *Service) isAppleSecret(text string) bool {
	header, claims, ok := s.opened(text)
	return ok && header["kid"] == KeyID && claims["iss"] == TeamID && claims["sub"] == ClientID && claims["aud"] == s.URL
}

func (s *Service) isAssertion(text, client string) bool {
	_, claims, ok := s.opened(text)
	return ok && claims["iss"] == client && claims["sub"] == client && claims["aud"] == s.URL && claims["jti"] != nil
}

// opened checks signature and time of what a client signed with Key.
func (s *Service) opened(text string) (header, claims map[string]any, ok bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, nil, false
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		return nil, nil, false
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(&made()[3].ec.PublicKey, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return nil, nil, false
	}
	for i, into := range []*map[string]any{&header, &claims} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(b, into) != nil {
			return nil, nil, false
		}
	}
	expiry, _ := claims["exp"].(float64)
	return header, claims, header["alg"] == "ES256" && int64(expiry) > s.Now().Unix() && int64(expiry) < s.Now().AddDate(0, 6, 0).Unix()
}
