package jose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	oracle "github.com/go-jose/go-jose/v4"
)

const kind = "at+jwt"

// What each algorithm signs, both we and go-jose take, and nobody with one bit
// changed. JW-14 JW-15 JW-16 JW-19 JW-30
func TestSignVerify(t *testing.T) {
	for _, alg := range algorithms {
		key := generate(t, alg)
		keys := NewKeySet(key.Public())
		for _, payload := range []string{"", "a", `{"sub":"x"}`, strings.Repeat("\xff", 5000)} {
			text := sign(t, key, kind, []byte(payload))
			got, kid, err := Verify(text, "AT+JWT", keys)
			if err != nil || string(got) != payload || kid != key.Public().ID() {
				t.Fatalf("%s: %q, %v", alg, got, err)
			}
			theirs, err := oracle.ParseSignedCompact(text, []oracle.SignatureAlgorithm{oracle.SignatureAlgorithm(alg)})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := theirs.Verify(key.k.signer.Public()); err != nil || string(got) != payload {
				t.Errorf("%s: go-jose says %q, %v", alg, got, err)
			}
			for i := range len(text) {
				changed := []byte(text)
				changed[i] ^= 1
				if _, _, err := Verify(string(changed), kind, keys); err == nil {
					t.Fatalf("%s: byte %d changed and taken", alg, i)
				}
				if i > 600 {
					break
				}
			}
		}
	}
}

// A header can choose neither key nor algorithm. JW-4 JW-5 JW-10 JW-11 JW-13
func TestHeaders(t *testing.T) {
	key, evil := generate(t, EdDSA), generate(t, EdDSA)
	keys := NewKeySet(key.Public())
	kid, jwk := `"kid":"`+key.Public().ID()+`"`, string(evil.Public().JWK())
	for header, want := range map[string]error{
		`{"alg":"EdDSA","typ":"at+jwt",` + kid + `}`:                                                               nil,
		`{"alg":"Ed25519","typ":"application/at+jwt",` + kid + `}`:                                                 nil,
		` {"x":[{"y":[1,-2.5e3,true,null]}],"alg":"\u0045dDSA","typ":"AT+JWT",` + kid + `}`:                        nil,
		`{"alg":"EdDSA","typ":"at+jwt","jku":"https://e/","x5c":["A"],` + kid + `}`:                                nil, // read past
		`{"alg":"none","typ":"at+jwt",` + kid + `}`:                                                                ErrAlgorithm,
		`{"alg":"None","typ":"at+jwt",` + kid + `}`:                                                                ErrAlgorithm,
		`{"alg":"noNE","typ":"at+jwt",` + kid + `}`:                                                                ErrAlgorithm,
		`{"alg":"NONE","typ":"at+jwt",` + kid + `}`:                                                                ErrAlgorithm,
		`{"alg":"","typ":"at+jwt",` + kid + `}`:                                                                    ErrAlgorithm,
		`{"alg":" EdDSA","typ":"at+jwt",` + kid + `}`:                                                              ErrAlgorithm,
		`{"alg":"eddsa","typ":"at+jwt",` + kid + `}`:                                                               ErrAlgorithm,
		`{"alg":"HS256","typ":"at+jwt",` + kid + `}`:                                                               ErrAlgorithm,
		`{"alg":"ES256","typ":"at+jwt",` + kid + `}`:                                                               ErrAlgorithm,
		`{"typ":"at+jwt",` + kid + `}`:                                                                             ErrAlgorithm,
		`{"ALG":"EdDSA","typ":"at+jwt",` + kid + `}`:                                                               ErrAlgorithm,
		`{"alg":"EdDSA","typ":"at+jwt","kid":""}`:                                                                  ErrUnknownKey,
		`{"alg":"EdDSA","typ":"at+jwt","kid":"../../etc/passwd"}`:                                                  ErrUnknownKey,
		`{"alg":"EdDSA",` + kid + `}`:                                                                              ErrType,
		`{"alg":"EdDSA","typ":"JWT",` + kid + `}`:                                                                  ErrType,
		`{"alg":"EdDSA","typ":"",` + kid + `}`:                                                                     ErrType,
		`{"alg":"EdDSA","typ":"application/",` + kid + `}`:                                                         ErrType,
		`{"alg":"EdDSA","typ":"text/at+jwt",` + kid + `}`:                                                          ErrType,
		`{"alg":"EdDSA","typ":"at+jwt","crit":[],` + kid + `}`:                                                     ErrCritical,
		`{"alg":"EdDSA","typ":"at+jwt","crit":["exp"],"exp":1,` + kid + `}`:                                        ErrCritical,
		`{"alg":"EdDSA","typ":"at+jwt","crit":["alg"],` + kid + `}`:                                                ErrCritical,
		`{"alg":"EdDSA","typ":"at+jwt","crit":null,` + kid + `}`:                                                   ErrCritical,
		`{"alg":"EdDSA","typ":"at+jwt","b64":false,"crit":["b64"],` + kid + `}`:                                    ErrCritical,
		`{"alg":"EdDSA","typ":"at+jwt","b64":true,` + kid + `}`:                                                    ErrCritical,
		`{"alg":"EdDSA","alg":"EdDSA","typ":"at+jwt",` + kid + `}`:                                                 ErrMalformed,
		`{"alg":"none","\u0061lg":"EdDSA","typ":"at+jwt",` + kid + `}`:                                             ErrMalformed,
		`{"alg":"EdDSA","typ":"at+jwt","x":{"a":1,"a":2},` + kid + `}`:                                             ErrMalformed,
		`{"alg":["EdDSA"],"typ":"at+jwt",` + kid + `}`:                                                             ErrMalformed,
		`{"alg":"EdDSA","typ":null,` + kid + `}`:                                                                   ErrMalformed,
		`{"alg":"EdDSA","typ":"at+jwt","kid":7}`:                                                                   ErrMalformed,
		`{"alg":"EdDSA","typ":"at+jwt",` + kid + `,}`:                                                              ErrMalformed,
		`{"alg":"EdDSA","typ":"at+jwt",` + kid + `}{}`:                                                             ErrMalformed,
		"\ufeff" + `{"alg":"EdDSA","typ":"at+jwt",` + kid + `}`:                                                    ErrMalformed,
		`{"alg":"EdDSA","typ":"at+jwt","x":"` + "\xff" + `",` + kid + `}`:                                          ErrMalformed,
		`{"alg":"EdDSA","typ":"at+jwt","x":"\ud800",` + kid + `}`:                                                  ErrMalformed,
		`{"alg":"EdDSA","typ":"at+jwt","x":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `,` + kid + `}`: ErrMalformed,
		`["EdDSA"]`: ErrMalformed,
		`null`:      ErrMalformed,
		``:          ErrMalformed,
	} {
		if _, _, err := Verify(signHeader(t, key, header, "{}"), kind, keys); err != want {
			t.Errorf("%s: %v, not %v", header, err, want)
		}
	}
	// A key that came along is no key, under its own name or ours.
	for _, kid := range []string{evil.Public().ID(), key.Public().ID()} {
		header := `{"alg":"EdDSA","typ":"at+jwt","kid":"` + kid + `","jwk":` + jwk + `,"jku":"https://evil.example","x5u":"https://evil.example"}`
		if _, _, err := Verify(signHeader(t, evil, header, "{}"), kind, keys); err != ErrUnknownKey && err != ErrSignature {
			t.Errorf("%s: %v", header, err)
		}
	}
}

// Our public key as an HMAC secret, and one type's signature under another's name:
// a key serves one algorithm. JW-10 JW-12 TH-19
func TestKeyConfusion(t *testing.T) {
	for _, alg := range algorithms {
		key := generate(t, alg)
		keys := NewKeySet(key.Public())
		for _, claimed := range []string{"HS256", "EdDSA", "ES256", "PS256", "RS256", "ES384", "RS512", "RSA1_5"} {
			header := `{"alg":"` + claimed + `","typ":"at+jwt","kid":"` + key.Public().ID() + `"}`
			_, _, err := Verify(signHeader(t, key, header, "{}"), kind, keys)
			if (err == nil) != (claimed == string(alg)) || err != nil && err != ErrAlgorithm {
				t.Errorf("%s as %s: %v", alg, claimed, err)
			}
			input := b64(header) + "." + b64("{}")
			mac := hmac.New(sha256.New, key.Public().JWK())
			mac.Write([]byte(input))
			if _, _, err := Verify(input+"."+b64(string(mac.Sum(nil))), kind, keys); err == nil {
				t.Errorf("%s: a MAC as %s", alg, claimed)
			}
		}
	}
	rs, err := NewPrivateKey(RS256, generate(t, PS256).k.signer)
	if err != nil {
		t.Fatal(err)
	}
	ps, err := NewPublicKey(PS256, rs.k.signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Verify(sign(t, rs, kind, nil), kind, NewKeySet(ps)); err != ErrAlgorithm {
		t.Errorf("RS256 with a key for PS256: %v", err)
	}
}

// One spelling, and bounds before any work. JW-1 JW-2 JW-3 JW-6
func TestForm(t *testing.T) {
	key := generate(t, EdDSA)
	keys := NewKeySet(key.Public())
	text := sign(t, key, kind, []byte(`{"a":1}`))
	parts := strings.Split(text, ".")
	h, p, s := parts[0], parts[1], parts[2]
	last := s[:len(s)-1]
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"empty":           {"", ErrMalformed},
		"two parts":       {h + "." + p, ErrMalformed},
		"no signature":    {h + "." + p + ".", ErrSignature},
		"four parts":      {text + ".", ErrMalformed},
		"encrypted":       {h + "." + p + "." + s + ".a.b", ErrMalformed},
		"no header":       {"." + p + "." + s, ErrMalformed},
		"JSON":            {`{"payload":"` + p + `","protected":"` + h + `","signature":"` + s + `"}`, ErrMalformed},
		"space before":    {" " + text, ErrMalformed},
		"space after":     {text + " ", ErrMalformed},
		"newline":         {text + "\n", ErrMalformed},
		"newline inside":  {h + "." + p + "." + s[:40] + "\r\n" + s[40:], ErrMalformed},
		"header newline":  {h[:8] + "\n" + h[8:] + "." + p + "." + s, ErrMalformed},
		"padding":         {text + "==", ErrMalformed},
		"header padding":  {h + "=." + p + "." + s, ErrMalformed},
		"trailing bits":   {h + "." + p + "." + last + next(s[len(s)-1]), ErrMalformed},
		"standard base64": {h + "." + p + "." + "+/" + s[2:], ErrMalformed},
		"NUL":             {text + "\x00", ErrMalformed},
		"Bearer":          {"Bearer " + text, ErrMalformed},
		"a megabyte":      {strings.Repeat("a", 1<<20), ErrTooLarge},
		"of dots":         {strings.Repeat(".", 1<<20), ErrTooLarge},
		"16 KiB of dots":  {strings.Repeat(".", MaxToken), ErrMalformed},
		"one byte more":   {strings.Repeat("a", MaxToken-len(text)+1) + text, ErrTooLarge},
		"long header":     {strings.Repeat("a", MaxHeader+1) + "." + p + "." + s, ErrTooLarge},
		"long signature":  {h + "." + p + "." + strings.Repeat("A", 4096), ErrSignature},
	} {
		payload, kid, err := Verify(c.text, kind, keys)
		if err != c.want || payload != nil || kid != "" {
			t.Errorf("%s: %q, %v, not %v", name, payload, err, c.want)
		}
	}
	if _, err := key.Sign(kind, bytes.Repeat([]byte{'a'}, MaxToken)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("signed what nobody takes: %v", err)
	}
	if _, _, err := Verify(text, kind, nil); err != ErrUnknownKey {
		t.Errorf("without keys: %v", err)
	}
	// The payload is decoded last, and strictly too.
	input := h + "." + p[:len(p)-1] + next(p[len(p)-1])
	signature, err := key.k.sign([]byte(input))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Verify(input+"."+b64(string(signature)), kind, keys); err != ErrMalformed {
		t.Errorf("a payload of two spellings: %v", err)
	}
}

// next is the character whose six bits are one more: other bits that carry nothing.
func next(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[(strings.IndexByte(alphabet, c)+1)%64])
}

// R or S of zero or of the order, and signatures of another length. JW-15
func TestECDSAEdges(t *testing.T) {
	key := generate(t, ES256)
	keys := NewKeySet(key.Public())
	text := sign(t, key, kind, nil)
	input := text[:strings.LastIndexByte(text, '.')]
	good, _ := decode(nil, text[len(input)+1:])
	zero := make([]byte, half)
	order := key.k.public.k.ec.Params().N.Bytes()
	for name, bad := range map[string][]byte{
		"zeros": make([]byte, 64), "R 0": append(bytes.Clone(zero), good[half:]...), "S 0": append(bytes.Clone(good[:half]), zero...),
		"R n": append(bytes.Clone(order), good[half:]...), "S n": append(bytes.Clone(good[:half]), order...), "ones": bytes.Repeat([]byte{0xff}, 64),
		"short": good[:63], "long": append(bytes.Clone(good), 0), "ASN.1": appendDER(nil, good), "none": nil,
	} {
		if _, _, err := Verify(input+"."+b64(string(bad)), kind, keys); err != ErrSignature {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fixedKeys are the same in every process that fuzzes.
func fixedKeys(t testing.TB) []PrivateKey {
	t.Helper()
	scalar, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{1}, half))
	if err != nil {
		t.Fatal(err)
	}
	keys := make([]PrivateKey, 0, 2)
	for alg, signer := range map[Algorithm]crypto.Signer{EdDSA: ed25519.NewKeyFromSeed(make([]byte, 32)), ES256: scalar} {
		key, err := NewPrivateKey(alg, signer)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	return keys
}

// FuzzVerify: nothing but what the key signed is taken, in one spelling, and what
// we take go-jose takes. JW-62
func FuzzVerify(f *testing.F) {
	public := parseSet(f, rfc7515RSA).Keys()
	for _, key := range fixedKeys(f) {
		public = append(public, key.Public())
		kid := `","kid":"` + key.Public().ID() + `"`
		f.Add(sign(f, key, kind, []byte(`{"sub":"x"}`)))
		f.Add(signHeader(f, key, `{"alg":"`+string(key.Public().Algorithm())+kid+`,"x":[1,{"y":null}]}`, "{}"))
		f.Add(signHeader(f, key, `{"typ":"at+jwt","alg":"`+string(key.Public().Algorithm())+kid+`,"crit":["x"]}`, ""))
	}
	f.Add(rfc7515A2)
	f.Add(rfc7515A5)
	f.Add("..")
	set := NewKeySet(public...)
	f.Fuzz(func(t *testing.T, text string) {
		for _, typ := range []string{kind, "JWT"} {
			payload, kid, err := Verify(text, typ, set)
			if err != nil {
				if payload != nil || kid != "" {
					t.Fatal("an error and a payload")
				}
				continue
			}
			key, ok := set.Key(kid)
			if !ok {
				t.Fatalf("no key %q", kid)
			}
			agree(t, text, payload, key)
		}
	})
}

// agree fails if go-jose does not take the token or reads something else.
func agree(t *testing.T, text string, payload []byte, key PublicKey) {
	t.Helper()
	theirs, err := oracle.ParseSignedCompact(text, []oracle.SignatureAlgorithm{oracle.SignatureAlgorithm(key.Algorithm())})
	if err != nil {
		t.Fatal(err)
	}
	var jwk oracle.JSONWebKey
	if err := jwk.UnmarshalJSON(key.JWK()); err != nil {
		t.Fatal(err)
	}
	if got, err := theirs.Verify(jwk.Key); err != nil || !bytes.Equal(got, payload) {
		t.Fatalf("go-jose says %q, %v", got, err)
	}
}
