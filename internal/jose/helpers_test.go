package jose

import (
	"encoding/base64"
	"testing"
)

var algorithms = []Algorithm{EdDSA, ES256, PS256, RS256}

func generate(t testing.TB, alg Algorithm) PrivateKey {
	t.Helper()
	key, err := Generate(alg)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, key PrivateKey, typ string, payload []byte) string {
	t.Helper()
	text, err := key.Sign(typ, payload)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// signHeader signs with a header of the caller's: an issuer that is not ours.
func signHeader(t testing.TB, key PrivateKey, header, payload string) string {
	t.Helper()
	input := b64(header) + "." + b64(payload)
	signature, err := key.k.sign([]byte(input))
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + b64(string(signature))
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
