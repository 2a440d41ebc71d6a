package password

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

func hashed(t testing.TB, h *Hasher, s string) Hash {
	t.Helper()
	stored, err := h.Hash(context.Background(), Ticket{Class: SignUp}, secret.NewText(s))
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// PW-3 PW-10 PW-13
func TestHashDescribesItself(t *testing.T) {
	h := testHasher(t, HasherOptions{Parameters: DefaultParameters()})
	stored := hashed(t, h, "correct horse battery staple")
	if !strings.HasPrefix(string(stored), "$mortise$n=opaque$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored as %.60q", string(stored))
	}
	if stored == hashed(t, h, "correct horse battery staple") {
		t.Error("the salt repeats")
	}
	if ok, upgrade := verify(t, h, stored, "correct horse battery staple"); !ok || upgrade {
		t.Errorf("right: ok %t, upgrade %t", ok, upgrade)
	}
	if ok, upgrade := verify(t, h, stored, "correct horse battery stapl"); ok || upgrade {
		t.Errorf("wrong: ok %t, upgrade %t", ok, upgrade)
	}
	for _, format := range []string{"%v", "%s", "%q", "%x", "%#v", "%+v"} {
		if got := fmt.Sprintf(format, Credential{Hash: stored}); strings.Contains(got, "argon2id") {
			t.Errorf("%s prints %s", format, got)
		}
	}
}

// PW-2 PW-3
func TestEverySpellingOfAPasswordVerifies(t *testing.T) {
	h := testHasher(t, HasherOptions{})
	stored := hashed(t, h, "Caf\u00e9 und Kuchen um vier")
	for spelling, want := range map[string]bool{
		"Cafe\u0301 und Kuchen um vier":            true,
		"Caf\u00e9\u00a0und\u2003Kuchen um vier":   true,
		"Cafe und Kuchen um vier":                  false,
		"Caf\u00e9 und Kuchen um vier ":            false,
		"Caf\u00e9 und Kuchen um vier\xff":         false,
		"Caf\u00e9 und Kuchen um vier\x00":         false,
		strings.Repeat("x", MaxBytes+1):            false,
		"\uff23af\u00e9 und Kuchen um vier":        false,
		strings.ToUpper("Café und Kuchen um vier"): false,
	} {
		if ok, _ := verify(t, h, stored, spelling); ok != want {
			t.Errorf("%.40q: %t", spelling, ok)
		}
	}
	longest := strings.Repeat("é", MaxBytes/2)
	if ok, _ := verify(t, h, hashed(t, h, longest), longest[:len(longest)-2]+"e"); ok {
		t.Error("the end of a long password does not matter")
	}
	for s, want := range map[string]error{strings.Repeat("x", MaxBytes+1): ErrTooLong, strings.Repeat("\u0344", 2048): ErrTooLong, "\xff": ErrUnprintable} {
		if _, err := h.Hash(t.Context(), Ticket{}, secret.NewText(s)); !errors.Is(err, want) {
			t.Errorf("Hash(%.10q): %v, want %v", s, err, want)
		}
	}
}

// PW-13
func TestUpgradeFollowsParameters(t *testing.T) {
	weak, strong := TestParameters(), TestParameters()
	strong.Passes = 3
	gate := NewGate(GateOptions{Now: time.Now})
	old := testHasher(t, HasherOptions{Parameters: weak, Gate: gate})
	now := testHasher(t, HasherOptions{Parameters: strong, Gate: gate})
	stored := hashed(t, old, "kolibri")
	if ok, upgrade := verify(t, now, stored, "kolibri"); !ok || !upgrade {
		t.Errorf("weaker: ok %t, upgrade %t", ok, upgrade)
	}
	if !now.NeedsUpgrade(stored) || old.NeedsUpgrade(stored) || old.NeedsUpgrade(hashed(t, now, "kolibri")) {
		t.Error("NeedsUpgrade must ask for stronger parameters, never for weaker ones")
	}
}

type keys struct {
	current string
	all     map[string][]byte
}

func (k keys) Current() (string, []byte, bool) { b, ok := k.all[k.current]; return k.current, b, ok }
func (k keys) ByID(id string) ([]byte, bool)   { b, ok := k.all[id]; return b, ok }

// PW-14
func TestPepperRotates(t *testing.T) {
	a, b := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	plain := testHasher(t, HasherOptions{})
	first := testHasher(t, HasherOptions{Peppers: keys{"a", map[string][]byte{"a": a}}})
	second := testHasher(t, HasherOptions{Peppers: keys{"b", map[string][]byte{"a": a, "b": b}}})
	swapped := testHasher(t, HasherOptions{Peppers: keys{"a", map[string][]byte{"a": b}}})

	stored := hashed(t, first, "kolibri")
	if !strings.HasPrefix(string(stored), "$mortise$n=opaque,k=a$argon2id$") {
		t.Errorf("stored as %.50q", string(stored))
	}
	if ok, upgrade := verify(t, first, stored, "kolibri"); !ok || upgrade {
		t.Errorf("same key: ok %t, upgrade %t", ok, upgrade)
	}
	if ok, upgrade := verify(t, second, stored, "kolibri"); !ok || !upgrade {
		t.Errorf("rotated: ok %t, upgrade %t", ok, upgrade)
	}
	if ok, _ := verify(t, swapped, stored, "kolibri"); ok {
		t.Error("another key of that id verifies")
	}
	if ok, upgrade := verify(t, first, hashed(t, plain, "kolibri"), "kolibri"); !ok || !upgrade {
		t.Errorf("no pepper yet: ok %t, upgrade %t", ok, upgrade)
	}
	if _, _, err := plain.Verify(t.Context(), Ticket{}, stored, secret.NewText("kolibri")); !errors.Is(err, ErrPepper) {
		t.Errorf("missing key: %v", err)
	}
	stripped := Hash(strings.Replace(string(stored), ",k=a", "", 1))
	if ok, _ := verify(t, first, stripped, "kolibri"); ok {
		t.Error("the tag is not keyed")
	}
	for _, bad := range []keys{{"a", map[string][]byte{"a": a[:31]}}, {"a$", map[string][]byte{"a$": a}}, {"", map[string][]byte{"": a}}} {
		if _, err := NewHasher(HasherOptions{Gate: NewGate(GateOptions{Now: time.Now}), Peppers: bad}); !errors.Is(err, ErrPepper) {
			t.Errorf("pepper %q: %v", bad.current, err)
		}
	}
}

// PW-10
func TestParametersHaveAFloor(t *testing.T) {
	for s, want := range map[string]bool{
		"m=19456,t=2,p=1": true, "m=47104,t=1,p=1": true, "m=12288,t=3,p=1": true, "m=9216,t=4,p=1": true, "m=7168,t=5,p=1": true, "m=65536,t=3,p=4": true,
		"m=19455,t=2,p=1": false, "m=47103,t=1,p=1": false, "m=7167,t=64,p=1": false, "m=8,t=1,p=1": false, "m=19456,t=2,p=0": false,
		"m=1048577,t=1,p=1": false, "m=19456,t=65,p=1": false, "m=19456,t=2": false, "m=19456,t=2,p=1,x=1": false, "": false, "m=99999999999,t=2,p=1": false,
	} {
		p, err := ParseParameters(s)
		if (err == nil) != want || err != nil && !errors.Is(err, ErrParameters) {
			t.Errorf("%q: %v", s, err)
		}
		if err == nil && p.String() != s {
			t.Errorf("%q is written %q", s, p)
		}
	}
	small := NewGate(GateOptions{Now: time.Now, Memory: 16 << 20})
	if _, err := NewHasher(HasherOptions{Gate: small}); !errors.Is(err, ErrParameters) {
		t.Errorf("hash larger than the gate: %v", err)
	}
	if _, err := NewHasher(HasherOptions{Gate: small, Parameters: Parameters{MemoryKiB: 8, Passes: 1, Lanes: 1}}); !errors.Is(err, ErrParameters) {
		t.Errorf("test cost without TestParameters: %v", err)
	}
}

// PW-16: an unknown account asks the gate for exactly what a wrong password does.
func TestUnknownAccountsCostTheSame(t *testing.T) {
	var seen []Outcome
	gate := NewGate(GateOptions{Slots: 1, Now: time.Now, Observe: func(o Outcome) { seen = append(seen, o) }})
	h := testHasher(t, HasherOptions{Gate: gate, Peppers: keys{"a", map[string][]byte{"a": bytes.Repeat([]byte{1}, 32)}}})
	stored := hashed(t, h, "kolibri")
	sum := sha1.Sum([]byte("kolibri" + "salt"))
	movedIn := Hash("{SSHA}" + base64.StdEncoding.EncodeToString(append(sum[:], "salt"...)))
	seen = nil
	ticket := Ticket{Class: SignIn, Source: "192.0.2.1"}
	charge := func(f func()) float64 {
		before := gate.lines[SignIn].at
		f()
		return gate.lines[SignIn].at - before
	}
	wrong := charge(func() { verify(t, h, stored, "wrong") })
	unknown := charge(func() {
		if err := h.VerifyDummy(t.Context(), ticket, secret.NewText("wrong")); err != nil {
			t.Error(err)
		}
	})
	unreadable := charge(func() {
		if _, _, err := h.Verify(t.Context(), ticket, "nonsense", secret.NewText("wrong")); !errors.Is(err, ErrFormat) {
			t.Error(err)
		}
	})
	const tolerance = 1e-9
	if wrong == 0 || unknown-wrong > tolerance || wrong-unknown > tolerance || unreadable-wrong > tolerance || wrong-unreadable > tolerance {
		t.Errorf("charged %v for a wrong password, %v for an unknown account, %v for a damaged hash", wrong, unknown, unreadable)
	}
	if len(seen) != 3 {
		t.Errorf("%d passages", len(seen))
	}
	// Too long once normalised, but not as other systems hashed it: whether the
	// account moved in must not show.
	grows, before := strings.Repeat("\u0344", MaxBytes/2), len(seen)
	verify(t, h, movedIn, grows)
	verify(t, h, stored, grows)
	if err := h.VerifyDummy(t.Context(), ticket, secret.NewText(grows)); err != nil || len(seen) != before+3 {
		t.Errorf("%d of three accounts cost a passage (%v)", len(seen)-before, err)
	}
	before = len(seen)
	tooLong := secret.NewText(strings.Repeat("x", MaxBytes+1))
	if err := h.VerifyDummy(t.Context(), ticket, tooLong); err != nil || len(seen) != before {
		t.Errorf("too long for anyone: %v, %d passages", err, len(seen))
	}
}

// PW-16
func TestCheapForeignHashesDoNotGiveAccountsAway(t *testing.T) {
	h := testHasher(t, HasherOptions{Parameters: DefaultParameters()})
	for _, v := range vectors(t) {
		if !strings.HasPrefix(v.Hash, "{SSHA") {
			continue
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if ok, _ := verify(t, h, Hash(v.Hash), "wrong"); ok {
			t.Fatal("wrong password accepted")
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got < uint64(one.Bytes) {
			t.Errorf("%s: a wrong password took %d bytes, an unknown account takes %d", v.Name, got, one.Bytes)
		}
	}
}

// PW-15
func TestVerifyReportsABusyGate(t *testing.T) {
	gate := NewGate(GateOptions{Slots: 1, Queue: 1, MaxWait: time.Millisecond, Now: time.Now})
	h := testHasher(t, HasherOptions{Gate: gate})
	stored := hashed(t, h, "kolibri")
	_ = gate.Do(t.Context(), Ticket{}, one, func() {
		if _, _, err := h.Verify(t.Context(), Ticket{}, stored, secret.NewText("kolibri")); !errors.Is(err, ErrBusy) {
			t.Errorf("Verify: %v", err)
		}
		if _, err := h.Hash(t.Context(), Ticket{}, secret.NewText("kolibri")); !errors.Is(err, ErrBusy) {
			t.Errorf("Hash: %v", err)
		}
		if _, _, err := h.Verify(t.Context(), Ticket{}, "nonsense", secret.NewText("kolibri")); !errors.Is(err, ErrBusy) {
			t.Errorf("Verify of a damaged hash: %v", err)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	h := testHasher(b, HasherOptions{Parameters: DefaultParameters()})
	stored := hashed(b, h, "correct horse battery staple")
	candidate := secret.NewText("correct horse battery staple")
	b.ReportAllocs()
	for b.Loop() {
		if ok, _, err := h.Verify(b.Context(), Ticket{Class: KnownDevice}, stored, candidate); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// BenchmarkVerifyOverhead is everything but the hash.
func BenchmarkVerifyOverhead(b *testing.B) {
	h := testHasher(b, HasherOptions{Parameters: TestParameters()})
	stored := hashed(b, h, "correct horse battery staple")
	candidate := secret.NewText("correct horse battery staple")
	b.ReportAllocs()
	for b.Loop() {
		_, _, _ = h.Verify(b.Context(), Ticket{Class: KnownDevice}, stored, candidate)
	}
}
