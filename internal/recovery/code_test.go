package recovery_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

type keys struct{}

func (keys) MAC(purpose string, parts ...[]byte) (sum [32]byte) {
	m := hmac.New(sha256.New, []byte(purpose))
	for _, p := range parts {
		m.Write(p)
	}
	copy(sum[:], m.Sum(nil))
	return sum
}

// PW-45
func TestSet(t *testing.T) {
	t.Parallel()
	ada, bob := user.NewID(time.Now()), user.NewID(time.Now())
	codes, kept := recovery.New(keys{}, ada)
	if len(codes) != recovery.Count || len(kept) != recovery.Count {
		t.Fatalf("%d codes, %d kept", len(codes), len(kept))
	}
	seen := map[recovery.Digest]bool{}
	for i, c := range codes {
		text := c.Reveal()
		if len(text) != 19 || strings.Count(text, "-") != 3 || strings.ContainsAny(text, "ILOU") {
			t.Errorf("a code like %q", text)
		}
		for _, typed := range []string{text, strings.ToLower(text), " " + strings.ReplaceAll(text, "-", " "), strings.ReplaceAll(strings.ReplaceAll(text, "0", "o"), "1", "l")} {
			if d, ok := recovery.DigestOf(keys{}, ada, secret.NewText(typed)); !ok || d != kept[i] {
				t.Errorf("%q was not understood", typed)
			}
		}
		if d, _ := recovery.DigestOf(keys{}, bob, c); d == kept[i] {
			t.Error("a code fits another account")
		}
		seen[kept[i]] = true
	}
	if len(seen) != recovery.Count {
		t.Error("a code comes twice")
	}
}

func FuzzLooks(f *testing.F) {
	f.Add("7K3M-9QWX-1ZB4-T8VD")
	f.Add("７Ｋ３Ｍ９ＱＷＸ１ＺＢ４Ｔ８ＶＤ")
	f.Fuzz(func(t *testing.T, typed string) {
		d, ok := recovery.DigestOf(keys{}, user.ID{}, secret.NewText(typed))
		if ok != recovery.Looks(typed) || !ok && d != (recovery.Digest{}) {
			t.Fatalf("%q: %v", typed, ok)
		}
	})
}
