package federation

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"unicode"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/secret"
)

// Purpose is what a connection's secret is sealed for, under its id.
const Purpose = "connection"

// Sealer and Opener are the keyring's halves.
type Sealer interface {
	Seal(purpose string, aad, plaintext []byte) []byte
}

// Opener opens what a Sealer sealed.
type Opener interface {
	Open(purpose string, aad, sealed []byte) ([]byte, error)
}

// Seal seals a secret of the connection id.
func Seal(k Sealer, id ID, text secret.Text) Sealed {
	return k.Seal(Purpose, []byte(id.String()), []byte(text.Reveal()))
}

// OpenSecret is the connection's secret in plain, empty when it has none.
func (c Connection) OpenSecret(k Opener) (secret.Text, error) {
	if len(c.Secret) == 0 {
		return secret.Text{}, nil
	}
	b, err := k.Open(Purpose, []byte(c.ID.String()), c.Secret)
	if err != nil {
		return secret.Text{}, err
	}
	return secret.NewText(string(b)), nil
}

const maxSecret = 8 << 10

// CheckSecret says whether text can be the secret of c: a key where one signs,
// some text where that is sent, nothing where there is none. ErrInvalid.
func (c Connection) CheckSecret(text secret.Text) error {
	plain := text.Reveal()
	switch method := c.AuthMethod(); {
	case method == AuthNone && plain != "":
		return invalid("/client_secret", "A client without authentication has no secret.")
	case method == AuthNone:
		return nil
	case plain == "":
		return invalid("/client_secret", "The secret that the other service gave out is missing.")
	case len(plain) > maxSecret:
		return invalid("/client_secret", "The secret is too long.")
	case method == AuthApple || method == AuthPrivateKeyJWT:
		key, err := SigningKey(text, "")
		if err != nil {
			return invalid("/client_secret", "The secret is a private key in PEM (PKCS #8): begin with -----BEGIN PRIVATE KEY-----.")
		}
		if method == AuthApple && key.Public().Algorithm() != jose.ES256 {
			return invalid("/client_secret", "Apple's keys are ECDSA keys on P-256.")
		}
		return nil
	}
	for _, r := range plain {
		if unicode.IsControl(r) || unicode.IsSpace(r) {
			return invalid("/client_secret", "The secret has spaces or line breaks. Copy it again.")
		}
	}
	return nil
}

// SigningKey reads a private key in PEM (PKCS #8) that proves who we are to a
// service, which knows it as id; empty: by its thumbprint.
func SigningKey(text secret.Text, id string) (jose.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text.Reveal()))
	if block == nil || block.Type != "PRIVATE KEY" {
		return jose.PrivateKey{}, jose.ErrKey
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return jose.PrivateKey{}, jose.ErrKey // the cause may quote the key
	}
	alg := jose.RS256
	switch parsed.(type) {
	case *ecdsa.PrivateKey:
		alg = jose.ES256
	case ed25519.PrivateKey:
		alg = jose.EdDSA
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return jose.PrivateKey{}, jose.ErrKey
	}
	key, err := jose.NewPrivateKey(alg, signer)
	if err != nil || id == "" {
		return key, err
	}
	return key.Named(id), nil
}
