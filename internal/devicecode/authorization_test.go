package devicecode

import (
	"strings"
	"testing"
	"time"
)

// OA-63: a user code is read however it is typed, and is hard to confuse.
func TestParseUserCode(t *testing.T) {
	for range 100 {
		code := NewUserCode()
		for _, typed := range []string{code, strings.ToLower(code), strings.ReplaceAll(code, "-", ""), " " + strings.Join(strings.Split(code, ""), " ") + " "} {
			if got, ok := ParseUserCode(typed); !ok || got != code {
				t.Fatalf("%q of %q: %q %v", typed, code, got, ok)
			}
		}
		if strings.ContainsAny(code, "01IO") || len(code) != 9 {
			t.Fatalf("%q can be misread", code)
		}
	}
	for _, typed := range []string{"", "AAAA-AAA", "AAAA-AAAAA", "0000-0000", "AAAA-AAAÄ", "ſſſſ-ſſſſ", strings.Repeat("A", 1<<20), strings.Repeat("-", 60)} {
		if code, ok := ParseUserCode(typed); ok {
			t.Errorf("%.20q is %q", typed, code)
		}
	}
}

func TestTooSoon(t *testing.T) {
	now := time.Now()
	a := Authorization{Interval: Interval}
	if a.TooSoon(now) {
		t.Error("the first poll comes too soon")
	}
	a.PolledAt = now
	for after, want := range map[time.Duration]bool{0: true, 4 * time.Second: true, Interval - early: false, Interval: false, time.Hour: false} {
		if got := a.TooSoon(now.Add(after)); got != want {
			t.Errorf("after %s: %v", after, got)
		}
	}
}

// OA-63: what is a code has one spelling.
func FuzzParseUserCode(f *testing.F) {
	f.Add("H4TW-9QKM")
	f.Add(" h4tw 9qkm ")
	f.Add("ſ")
	f.Fuzz(func(t *testing.T, typed string) {
		code, ok := ParseUserCode(typed)
		if !ok {
			return
		}
		if again, ok := ParseUserCode(code); !ok || again != code || len(code) != userLength+1 || code[userLength/2] != '-' {
			t.Fatalf("%q reads as %q, that as %q", typed, code, again)
		}
	})
}
