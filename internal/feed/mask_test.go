package feed

import (
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/id"
)

type noun struct{}

func (noun) Prefix() string { return "usr" }

// An id's raw value is the id itself, so that rows and claims agree.
func TestRawValueOfIDs(t *testing.T) {
	for range 100 {
		v := id.New[noun](time.Now())
		if got := RawValue(Subject, v.String()); got != [16]byte(v) {
			t.Fatalf("%s is %x, want %x", v, got, v)
		}
	}
	for _, text := range []string{"usr_81jd4n3e5fezqrb2mcvkzx9p0h", "usr_0ujd4n3e5fezqrb2mcvkzx9p0h", "usr_", "alice", "usr_01JD4N3E5FEZQRB2MCVKZX9P0H"} {
		if RawValue(Subject, text) == RawValue(Token, text) {
			t.Errorf("%q was read as an id", text)
		}
	}
}

// TH-16: an audience's values say nothing under another's key, of another kind,
// or without a key.
func TestMasksDiffer(t *testing.T) {
	seen := map[[16]byte]bool{{}: true, RawValue(Session, "a"): true}
	for _, key := range []string{"one audience", "another audience"} {
		for k := Session; k < Instance; k++ {
			v := Mask([]byte(key), k, "a")
			if seen[v] {
				t.Errorf("%s under %q is known already", k, key)
			}
			seen[v] = true
		}
	}
	if Mask([]byte("k"), Session, "") != [16]byte{} {
		t.Error("nothing has a mask")
	}
}

func TestKindNames(t *testing.T) {
	for k := Session; k <= last; k++ {
		if got, ok := ParseKind(k.String()); !ok || got != k {
			t.Errorf("%d is %q is %d", k, k, got)
		}
	}
	if _, ok := ParseKind(""); ok || Kind(0).String() != "" || Kind(99).String() != "" {
		t.Error("what is no kind has a name")
	}
}
