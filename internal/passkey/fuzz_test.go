package passkey_test

import (
	"errors"
	"testing"

	"github.com/mortise-auth/mortise/internal/passkey"
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
