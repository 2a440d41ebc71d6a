package passkey_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/user"
)

// PW-65 PW-68: whatever comes back, nothing panics, and nothing but what an
// authenticator signed is taken.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA","authenticatorData":"AA","signature":"AA"}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		r := newRig(t, passkey.Policy{})
		for _, good := range [][]byte{r.create(passkey.Create), answer} {
			if _, err := r.Register(t.Context(), passkey.Create, "tab", good); err != nil && string(good) != string(answer) {
				t.Fatal(err)
			} else if err == nil && string(good) == string(answer) {
				t.Fatal("made up, and taken")
			}
		}
		if _, err := r.assert(answer); err == nil || errors.Is(err, passkey.ErrUnknown) && len(r.kept.spent) == 1 {
			t.Fatalf("made up: %v", err)
		}
	})
}

// PW-60 PW-61 PW-68: whatever a client says of itself, signed by the right key, nothing
// panics, and what is taken says the ceremony, the challenge and the origin.
func FuzzClientData(f *testing.F) {
	for _, seed := range []string{
		`{"type":"webauthn.get","challenge":"%s","origin":"https://id.example.test","crossOrigin":false}`,
		"\ufeff" + `{"type":"webauthn.get","challenge":"%s","origin":"https://id.example.test"}`,
		`{"type":"webauthn.get","challenge":"%s","origin":"https://id.example.test","tokenBinding":{"status":"present","id":"AA"}}`,
		`{"type":"webauthn.create","challenge":"%s","origin":"https://evil.test","topOrigin":1}`, `[]`, `{}`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		r := newRig(t, passkey.Policy{})
		r.enrol()
		o := r.Request(passkey.SignIn, user.ID{}, "tab", nil)
		r.key.Raw = append([]byte{}, bytes.ReplaceAll(said, []byte("%s"), []byte(o.Challenge))...)
		answer, err := r.key.Get(o)
		r.ok(err)
		if _, err := r.assert(answer); err != nil {
			return
		}
		var c struct {
			Type, Challenge, Origin string
			CrossOrigin             bool
		}
		if err := json.Unmarshal(bytes.TrimPrefix(r.key.Raw, []byte("\ufeff")), &c); err != nil || c.Type != "webauthn.get" || c.Challenge != o.Challenge || c.Origin != origin || c.CrossOrigin {
			t.Fatalf("taken: %s", r.key.Raw)
		}
	})
}
