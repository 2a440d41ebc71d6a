package idhint_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/idhint"
	"github.com/mortise-auth/mortise/internal/jose"
)

const (
	issuer = "https://id.example.test"
	good   = `{"iss":"https://id.example.test","sub":"usr_1","aud":"web","exp":1000,"iat":900,"sid":"ses_1","nonce":"n"}`
)

func key(t testing.TB) jose.PrivateKey {
	t.Helper()
	k, err := jose.Generate(jose.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func reader(k jose.PrivateKey) *idhint.Reader {
	set := jose.NewKeySet(k.Public())
	return &idhint.Reader{Issuer: issuer, Keys: func(context.Context) jose.Keys { return set }}
}

func signed(t testing.TB, k jose.PrivateKey, typ, payload string) string {
	t.Helper()
	text, err := k.Sign(typ, []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// OA-95 OA-98: a hint that has long expired counts, if we signed it.
func TestRead(t *testing.T) {
	k := key(t)
	for name, payload := range map[string]string{
		"plain":    good,
		"audience": strings.Replace(good, `"web"`, `["web"]`, 1),
		"azp":      strings.Replace(good, `"web"`, `["other","web"],"azp":"web"`, 1),
		"more":     strings.Replace(good, `"exp"`, `"at_hash":"x","amr":["pwd"],"exp"`, 1),
	} {
		got, err := reader(k).Read(t.Context(), signed(t, k, "JWT", payload))
		want := idhint.Hint{Subject: "usr_1", Client: "web", Session: "ses_1", Nonce: "n", Expiry: 1000}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// OA-98 JW-11 JW-23: what somebody else made, or we made for something else, is none.
func TestReadRefuses(t *testing.T) {
	k, other := key(t), key(t)
	text := signed(t, k, "JWT", good)
	parts := strings.Split(text, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"` + k.Public().ID() + `"}`))
	for name, hint := range map[string]string{
		"nothing":         "",
		"words":           "not a token",
		"none":            none + "." + parts[1] + ".",
		"none, signed":    none + "." + parts[1] + "." + parts[2],
		"foreign":         signed(t, other, "JWT", good),
		"access token":    signed(t, k, "at+jwt", good),
		"logout token":    signed(t, k, "logout+jwt", good),
		"other payload":   parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(good, "usr_1", "usr_2", 1))) + "." + parts[2],
		"other issuer":    signed(t, k, "JWT", strings.Replace(good, "id.example", "id2.example", 1)),
		"no subject":      signed(t, k, "JWT", strings.Replace(good, `"sub":"usr_1",`, "", 1)),
		"no audience":     signed(t, k, "JWT", strings.Replace(good, `"aud":"web",`, "", 1)),
		"empty audience":  signed(t, k, "JWT", strings.Replace(good, `"web"`, `[]`, 1)),
		"two audiences":   signed(t, k, "JWT", strings.Replace(good, `"web"`, `["web","other"]`, 1)),
		"azp beside them": signed(t, k, "JWT", strings.Replace(good, `"web"`, `"web","azp":"other"`, 1)),
		"sid no text":     signed(t, k, "JWT", strings.Replace(good, `"ses_1"`, `1`, 1)),
		"twice":           signed(t, k, "JWT", strings.Replace(good, `"exp"`, `"sub":"usr_2","exp"`, 1)),
	} {
		if h, err := reader(k).Read(t.Context(), hint); !errors.Is(err, idhint.ErrHint) || h != (idhint.Hint{}) {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	k := key(f)
	r := reader(k)
	f.Add(good, signed(f, k, "JWT", good))
	f.Add(`{"aud":["a","b"],"azp":"b"}`, "a.b.c")
	f.Fuzz(func(t *testing.T, payload, text string) {
		if _, err := r.Read(t.Context(), text); err == nil && text != signed(t, k, "JWT", good) {
			if _, _, err := jose.VerifyText(text, "JWT", r.Keys(t.Context())); err != nil {
				t.Fatalf("%q was taken for a hint", text)
			}
		}
		h, err := r.Read(t.Context(), signed(t, k, "JWT", payload))
		if err == nil && (h.Subject == "" || h.Client == "" || !strings.Contains(payload, "exp") && !strings.Contains(payload, `\u`)) {
			t.Fatalf("%q says %+v", payload, h)
		}
	})
}
