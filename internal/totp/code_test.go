package totp

import (
	"crypto/sha1" //nolint:gosec // the RFC's vectors
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// RFC 4226 appendix D. PW-40
func TestHOTPVectors(t *testing.T) {
	t.Parallel()
	want := []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"}
	for counter, code := range want {
		if got := hotp(sha1.New, []byte("12345678901234567890"), int64(counter), 6); got != code {
			t.Errorf("counter %d: %s, want %s", counter, got, code)
		}
	}
}

// RFC 6238 appendix B.
func TestTOTPVectors(t *testing.T) {
	t.Parallel()
	seed := func(n int) []byte { return []byte(strings.Repeat("1234567890", 7)[:n]) }
	hashes := []struct {
		h    func() hash.Hash
		size int
	}{{sha1.New, 20}, {sha256.New, 32}, {sha512.New, 64}}
	for at, want := range map[int64][3]string{
		59:          {"94287082", "46119246", "90693936"},
		1111111109:  {"07081804", "68084774", "25091201"},
		1111111111:  {"14050471", "67062674", "99943326"},
		1234567890:  {"89005924", "91819424", "93441116"},
		2000000000:  {"69279037", "90698825", "38618901"},
		20000000000: {"65353130", "77737706", "47863826"},
	} {
		for i, h := range hashes {
			if got := hotp(h.h, seed(h.size), StepAt(time.Unix(at, 0)), 8); got != want[i] {
				t.Errorf("at %d, %d bytes: %s, want %s", at, h.size, got, want[i])
			}
		}
	}
}

// Every step of a day, against the distribution's oathtool.
func TestAgreesWithOathtool(t *testing.T) {
	t.Parallel()
	key := []byte("correct horse batter")
	start := time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)
	const steps = 24 * 120
	out, err := exec.CommandContext(t.Context(), "oathtool", "--totp", "--base32", "--now="+start.Format("2006-01-02 15:04:05 UTC"),
		"--window="+strconv.Itoa(steps-1), encoding.EncodeToString(key)).Output()
	if err != nil {
		t.Fatalf("oathtool (scripts/install-test-deps installs it): %v", err)
	}
	lines := strings.Fields(string(out))
	if len(lines) != steps {
		t.Fatalf("%d codes, want %d", len(lines), steps)
	}
	for i, want := range lines {
		if got := CodeAt(key, start.Add(time.Duration(i)*Period)); got != want {
			t.Fatalf("step %d: %s, oathtool says %s", i, got, want)
		}
	}
}

// PW-41 PW-42: now, one before, one after; nothing at or before the last one taken.
func TestMatchWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), SecretSize, SecretSize).Draw(r, "key")
		now := time.Unix(rapid.Int64Range(1_700_000_000, 4_000_000_000).Draw(r, "now"), 0)
		off := rapid.Int64Range(-4, 4).Draw(r, "off")
		last := StepAt(now) + rapid.Int64Range(-5, 2).Draw(r, "last")
		typed := hotp(sha1.New, key, StepAt(now)+off, Digits)
		step, ok := match(key, typed, now, last)
		if ok && (step <= last || hotp(sha1.New, key, step, Digits) != typed || step < StepAt(now)-1 || step > StepAt(now)+1) {
			r.Fatalf("took step %d, last %d, now %d", step, last, StepAt(now))
		}
		if want := off >= -1 && off <= 1 && StepAt(now)+off > last; want && !ok {
			r.Fatalf("off %d, last %d: refused", off, last-StepAt(now))
		}
	})
}

// PW-43
func TestParse(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"012345": "012345", " 012 345 ": "012345", "012-345": "012345", "０１２３４５": "012345", "０１２　３４５": "012345",
		"012\u202f345": "012345", "01234": "", "0123456": "", "": "", "12345a": "", "+12345": "", "१२३४५६": "",
	} {
		code, ok := Parse(typed)
		if ok != (want != "") || ok && code != want {
			t.Errorf("%q: %q %v, want %q", typed, code, ok, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("012 345")
	f.Add("０１２３４５")
	f.Fuzz(func(t *testing.T, typed string) {
		if code, ok := Parse(typed); ok {
			if again, ok := Parse(code); !ok || again != code || len(code) != Digits {
				t.Fatalf("%q became %q", typed, code)
			}
		}
	})
}
