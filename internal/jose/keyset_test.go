package jose

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	oracle "github.com/go-jose/go-jose/v4"
)

// What we publish has unique kids, use and alg, public members only, and both we and
// go-jose read it back with the same thumbprints. JW-40 JW-41
func TestKeySetRoundTrip(t *testing.T) {
	var public []PublicKey
	for _, alg := range algorithms {
		public = append(public, generate(t, alg).Public())
	}
	document := NewKeySet(public...).JSON()
	set, err := ParseKeySet(document)
	if err != nil || set.Len() != len(public) || len(set.Ignored()) != 0 {
		t.Fatalf("%d keys, ignored %v, %v", set.Len(), set.Ignored(), err)
	}
	var theirs oracle.JSONWebKeySet
	if err := json.Unmarshal(document, &theirs); err != nil {
		t.Fatal(err)
	}
	for i, key := range theirs.Keys {
		thumbprint, err := key.Thumbprint(5) // SHA-256
		if err != nil || base64.RawURLEncoding.EncodeToString(thumbprint) != key.KeyID || key.KeyID != public[i].ID() {
			t.Errorf("%s: %x, %v", key.KeyID, thumbprint, err)
		}
		if !key.IsPublic() || key.Use != "sig" || key.Algorithm != string(public[i].Algorithm()) {
			t.Errorf("%+v", key)
		}
		if got, ok := set.Key(key.KeyID); !ok || got.Algorithm() != public[i].Algorithm() || got.Thumbprint() != got.ID() {
			t.Errorf("%s: %v", key.KeyID, ok)
		}
	}
	if string(NewKeySet().JSON()) != `{"keys":[]}` {
		t.Errorf("%s", NewKeySet().JSON())
	}
}

// Keys that are private, symmetric, for something else or malformed are left out, and
// the sound one beside them stays. JW-46 JW-18 JW-16
func TestUnfitKeys(t *testing.T) {
	with := func(jwk, more string) string { return strings.TrimSuffix(jwk, "}") + "," + more + "}" }
	n2047 := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 2047), big.NewInt(1))
	n8193 := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 8192), big.NewInt(1))
	for _, unfit := range []string{
		with(rfc8037OKP, `"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"`),
		with(rfc7515RSA, `"d":"AQ"`), with(rfc7515RSA, `"p":null`), with(rfc8037OKP, `"k":"AAAA"`),
		`{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}`,
		with(rfc8037OKP, `"use":"enc"`), with(rfc8037OKP, `"use":"Sig"`), with(rfc8037OKP, `"use":1`),
		with(rfc8037OKP, `"key_ops":["sign"]`), with(rfc8037OKP, `"key_ops":["verify","sign"]`), with(rfc8037OKP, `"key_ops":[]`),
		with(rfc8037OKP, `"alg":"ES256"`), with(rfc8037OKP, `"alg":"none"`), with(rfc8037OKP, `"alg":"X25519"`), with(rfc8037OKP, `"alg":null`),
		with(rfc7515EC, `"alg":"RS256"`), with(rfc7515RSA, `"alg":"HS256"`), with(rfc7515RSA, `"alg":"RS512"`), with(rfc7515RSA, `"alg":"RSA1_5"`),
		`{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		`{"kty":"OKP","crv":"Ed25519"}`, `{"kty":"OKP","crv":"Ed25519","x":"AAAA"}`, `{"kty":"okp","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		strings.Replace(rfc8037OKP, "URo", "URp", 1),    // trailing bits
		strings.Replace(rfc7515EC, "5a0", "5a4", 1),     // off the curve
		strings.Replace(rfc7515EC, "P-256", "P-384", 1), // another curve
		strings.Replace(rfc7515RSA, "AQAB", "Aw", 1),    // e 3
		strings.Replace(rfc7515RSA, "AQAB", "AQAA", 1),  // e even
		strings.Replace(rfc7515RSA, "AQAB", "AAEAAQ", 1),
		strings.Replace(rfc7515RSA, "AQAB", "gAAAAQ", 1), // e of 32 bits
		strings.Replace(rfc7515RSA, "AQAB", "", 1),
		rsaJWK(n2047), rsaJWK(n8193), rsaJWK(new(big.Int).Lsh(big.NewInt(1), 2047)),
		okpJWK("0000000000000000000000000000000000000000000000000000000000000080"),
		okpJWK("0100000000000000000000000000000000000000000000000000000000000000"),
		okpJWK("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
		okpJWK("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
		okpJWK("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
		okpJWK("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), // y = p + 1
		okpJWK("0200000000000000000000000000000000000000000000000000000000000000"), // off the curve
		`{}`,
	} {
		set := parseSet(t, unfit, rfc7638RSA)
		if _, ok := set.Key("2011-04-29"); set.Len() != 1 || !ok || len(set.Ignored()) != 1 {
			t.Errorf("%s: %d keys, ignored %v", unfit, set.Len(), set.Ignored())
		}
	}
	for _, fit := range []string{
		with(rfc8037OKP, `"alg":"EdDSA"`), with(rfc8037OKP, `"alg":"Ed25519"`), with(rfc8037OKP, `"use":"sig","key_ops":["verify"],"x5t":"?","ext":true`),
		with(rfc7515RSA, `"alg":"PS256"`), with(rfc7515EC, `"alg":"ES256"`),
	} {
		if set := parseSet(t, fit); set.Len() != 1 {
			t.Errorf("%s: %v", fit, set.Ignored())
		}
	}
}

func rsaJWK(n *big.Int) string {
	return `{"kty":"RSA","e":"AQAB","n":"` + base64.RawURLEncoding.EncodeToString(n.Bytes()) + `"}`
}

func okpJWK(x string) string {
	var b []byte
	if _, err := fmt.Sscanf(x, "%x", &b); err != nil {
		panic(err)
	}
	return `{"kty":"OKP","crv":"Ed25519","x":"` + base64.RawURLEncoding.EncodeToString(b) + `"}`
}

// Two keys of one kid: neither is used, also when one of them would not be fit
// anyway. JW-46
func TestDuplicateKeyIDs(t *testing.T) {
	a, b := generate(t, EdDSA).Public(), generate(t, ES256).Public()
	named := func(k PublicKey, kid string) string {
		return strings.Replace(string(k.JWK()), k.ID(), kid, 1)
	}
	if set := parseSet(t, named(a, "x"), named(b, "x"), rfc7638RSA); set.Len() != 1 || len(set.Ignored()) != 2 {
		t.Errorf("%d keys, ignored %v", set.Len(), set.Ignored())
	}
	if set := parseSet(t, `{"kty":"oct","k":"AAAA","kid":"x"}`, named(b, "x")); set.Len() != 0 || len(set.Ignored()) != 2 {
		t.Errorf("%d keys, ignored %v", set.Len(), set.Ignored())
	}
	if set := NewKeySet(a, b, a, PublicKey{}); set.Len() != 1 || len(set.Ignored()) != 2 {
		t.Errorf("%d keys, ignored %v", set.Len(), set.Ignored())
	}
	if set := parseSet(t, named(a, `\"\n<script>`)); set.Keys()[0].ID() != "\"\n<script>" || !json.Valid(set.JSON()) {
		t.Errorf("%s", set.JSON())
	}
}

// What is no set is an error. JW-2 JW-45
func TestNoKeySet(t *testing.T) {
	for _, document := range []string{
		``, `null`, `[]`, `{}`, `{"keys":{}}`, `{"keys":null}`, `{"keys":[1]}`, `{"Keys":[]}`, `{"keys":[],"keys":[]}`, `{"keys":[]}x`,
		`{"keys":[{"kty":"RSA","kty":"OKP"}]}`, `{"keys":[` + rfc8037OKP + `,]}`, "{\"keys\":[{\"kid\":\"\xff\"}]}",
		`{"keys":[` + strings.Repeat(`{},`, MaxKeys) + `{}]}`, `{"keys":[]}` + strings.Repeat(" ", MaxKeySet),
	} {
		if set, err := ParseKeySet([]byte(document)); !errors.Is(err, ErrKeySet) || set.Len() != 0 {
			t.Errorf("%.60s: %v", document, err)
		}
	}
}

// A key is bound to the one algorithm of its type, and weak ones to none.
// JW-10 JW-18
func TestNewKeys(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ed, ec := generate(t, EdDSA), generate(t, ES256)
	rs := generate(t, RS256).k.signer.(*rsa.PrivateKey)
	for name, err := range map[string]error{
		"P-384":        second(NewPrivateKey(ES256, p384)),
		"ed as EC":     second(NewPrivateKey(ES256, ed.k.signer)),
		"EC as ed":     second(NewPrivateKey(EdDSA, ec.k.signer)),
		"RSA as EC":    second(NewPrivateKey(ES256, rs)),
		"none":         second(NewPrivateKey(EdDSA, nil)),
		"HS256":        second(NewPrivateKey("HS256", rs)),
		"generate":     second(Generate("none")),
		"bytes":        secondPublic(NewPublicKey(EdDSA, []byte("secret"))),
		"short ed":     secondPublic(NewPublicKey(EdDSA, ed25519.PublicKey("short"))),
		"empty RSA":    secondPublic(NewPublicKey(RS256, &rsa.PublicKey{})),
		"not PKCS8":    second(ParsePrivateKey(EdDSA, []byte("x"))),
		"wrong PKCS8":  second(ParsePrivateKey(ES256, pkcs8(t, ed))),
		"zero's PKCS8": func() error { _, err := PrivateKey{}.PKCS8(); return err }(),
		"zero signs":   func() error { _, err := PrivateKey{}.Sign(kind, nil); return err }(),
		"bad typ":      func() error { _, err := ed.Sign(`x","alg":"none`, nil); return err }(),
	} {
		if !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, alg := range algorithms {
		key := generate(t, alg)
		again, err := ParsePrivateKey(alg, pkcs8(t, key))
		if err != nil || again.Public().ID() != key.Public().ID() {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

func second(_ PrivateKey, err error) error      { return err }
func secondPublic(_ PublicKey, err error) error { return err }

func pkcs8(t testing.TB, key PrivateKey) []byte {
	t.Helper()
	b, err := key.PKCS8()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// However a private key is printed, it prints as a redaction. JW-44
func TestPrivateKeysDoNotPrint(t *testing.T) {
	key := generate(t, EdDSA)
	seed := key.k.signer.(ed25519.PrivateKey).Seed()
	holder := struct{ K PrivateKey }{key}
	asJSON, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", key, "all", holder)
	said := log.String() + string(asJSON)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		said += fmt.Sprintf(verb+verb, key, holder)
	}
	for _, secret := range []string{fmt.Sprintf("%x", seed), fmt.Sprintf("%d", seed), base64.StdEncoding.EncodeToString(seed)} {
		if strings.Contains(said, secret) {
			t.Errorf("printed: %s", said)
		}
	}
}

// FuzzParseKeySet: what is read of a stranger's set can be published and read again,
// and every key is one go-jose calls valid. JW-62 JW-18
func FuzzParseKeySet(f *testing.F) {
	for _, jwk := range []string{rfc7515RSA, rfc7515EC, rfc8037OKP, rfc7638RSA, `{"kty":"oct","k":"AA"}`, ``} {
		f.Add([]byte(`{"keys":[` + jwk + `]}`))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		set, err := ParseKeySet(document)
		if err != nil {
			return
		}
		again, err := ParseKeySet(set.JSON())
		if err != nil || again.Len() != set.Len() || !bytes.Equal(again.JSON(), set.JSON()) {
			t.Fatalf("%s: %v %v", set.JSON(), err, again.Ignored())
		}
		var theirs oracle.JSONWebKeySet
		if err := json.Unmarshal(set.JSON(), &theirs); err != nil {
			t.Fatalf("%s: %v", set.JSON(), err)
		}
		for _, key := range theirs.Keys {
			if !key.Valid() || !key.IsPublic() {
				t.Fatalf("%s", set.JSON())
			}
		}
	})
}

// Keys are equal by ID, algorithm and value, not by where they were read. TH-20
func TestEqual(t *testing.T) {
	rs := parseSet(t, strings.Replace(rfc7638RSA, `"alg":"RS256"`, `"alg":"PS256"`, 1), rfc8037OKP).Keys()
	keys := append(rs, parseSet(t, rfc7515RSA, rfc7515EC, rfc7638RSA).Keys()...)
	keys = append(keys, parseSet(t, strings.Replace(rfc8037OKP, "{", `{"kid":"x",`, 1)).Keys()[0], PublicKey{})
	for i, a := range keys {
		for j, b := range keys {
			if a.Equal(b) != (i == j) {
				t.Errorf("%d and %d: %v", i, j, a.Equal(b))
			}
		}
		if a.IsZero() {
			continue
		}
		if again := parseSet(t, string(a.JWK())).Keys()[0]; !a.Equal(again) || !again.Equal(a) {
			t.Errorf("%d, read again", i)
		}
	}
}
