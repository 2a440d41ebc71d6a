package password

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// madeUp returns n passwords and the corpus of them in the downloader's format.
func madeUp(n int) (passwords []string, corpus string) {
	lines := make([]string, n)
	for i := range n {
		p := fmt.Sprintf("made up password %d", i)
		passwords = append(passwords, p)
		sum := sha1.Sum([]byte(p))
		lines[i] = fmt.Sprintf("%s:%d", strings.ToUpper(hex.EncodeToString(sum[:])), i%900+1)
	}
	slices.Sort(lines)
	return passwords, strings.Join(lines, "\r\n") + "\r\n"
}

func buildCorpus(t testing.TB, corpus string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "corpus")
	var out bytes.Buffer
	if _, err := BuildCorpus(context.Background(), strings.NewReader(corpus), &out); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// PW-5 PW-6
func TestCorpusKnowsExactlyItsPasswords(t *testing.T) {
	passwords, text := madeUp(20000)
	path := buildCorpus(t, text)
	c, err := OpenCorpus(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, p := range passwords[:2000] {
		if seen, err := c.Seen(t.Context(), secret.NewText(p)); !seen || err != nil {
			t.Fatalf("%q: %t, %v", p, seen, err)
		}
	}
	wrong := 0
	for i := range 5000 {
		seen, err := c.Seen(t.Context(), secret.NewText(fmt.Sprintf("somebody else's %d", i)))
		if err != nil {
			t.Fatal(err)
		}
		if seen {
			wrong++
		}
	}
	if wrong > 3 { // expected 0.08; the data is fixed, so this is no coin toss
		t.Errorf("%d of 5000 strangers taken for members", wrong)
	}
	p := testPolicy(t, PolicyOptions{Breaches: []Breaches{c}})
	if err := p.Check(t.Context(), secret.NewText(passwords[7]), Context{}); !errors.Is(err, ErrBreached) {
		t.Errorf("policy: %v", err)
	}
}

func TestCorpusOfOne(t *testing.T) {
	passwords, text := madeUp(1)
	c, err := OpenCorpus(buildCorpus(t, text))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if seen, err := c.Seen(t.Context(), secret.NewText(passwords[0])); !seen || err != nil {
		t.Errorf("%t, %v", seen, err)
	}
}

func TestBuildCorpusRefusesOtherText(t *testing.T) {
	_, text := madeUp(3)
	lines := strings.SplitAfter(text, "\r\n")
	for name, c := range map[string]string{
		"empty":        "",
		"out of order": lines[1] + lines[0],
		"short":        "ABCDEF:1\n",
		"not hex":      strings.Repeat("Z", 40) + ":1\n",
		"bad count":    lines[0][:40] + ":many\n",
		"passwords":    "123456\npassword\n",
		"long line":    strings.Repeat("A", 70000),
	} {
		if _, err := BuildCorpus(t.Context(), strings.NewReader(c), io.Discard); !errors.Is(err, ErrCorpus) {
			t.Errorf("%s: %v", name, err)
		}
	}
	n, err := BuildCorpus(t.Context(), strings.NewReader(strings.ToLower(lines[0][:40])+"\n"+lines[0]+lines[1]), io.Discard)
	if n != 3 || err != nil {
		t.Errorf("lower case, no count, twice the same: %d, %v", n, err)
	}
	full := errors.New("disk full")
	if _, err := BuildCorpus(t.Context(), strings.NewReader(text), failing{full}); !errors.Is(err, full) {
		t.Errorf("disk full: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestDamagedCorpusIsRefused(t *testing.T) {
	_, text := madeUp(2000)
	path := buildCorpus(t, text)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	open := func(b []byte) error {
		f, err := openFilter(bytes.NewReader(b), int64(len(b)), kindSHA1)
		if err != nil {
			return err
		}
		for i := range 1 << f.bits {
			if _, err := f.shard(i); err != nil {
				return err
			}
		}
		return nil
	}
	if err := open(good); err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 8, 9, 10, 20, len(good) / 4, len(good) - 20, len(good) - 1} {
		bad := bytes.Clone(good)
		bad[at] ^= 1
		if err := open(bad); !errors.Is(err, ErrCorpus) {
			t.Errorf("byte %d changed: %v", at, err)
		}
	}
	for _, n := range []int{0, 10, 16, 100, len(good) / 2, len(good) - 1} {
		if err := open(good[:n]); !errors.Is(err, ErrCorpus) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	if err := open(append(bytes.Clone(good), 0)); !errors.Is(err, ErrCorpus) {
		t.Errorf("longer: %v", err)
	}
	if err := open(commonFilter); !errors.Is(err, ErrCorpus) {
		t.Errorf("another kind of filter: %v", err)
	}
	for _, p := range []string{filepath.Join(t.TempDir(), "absent"), t.TempDir()} {
		if _, err := OpenCorpus(p); !errors.Is(err, ErrCorpus) {
			t.Errorf("OpenCorpus(%s): %v", p, err)
		}
	}
}

var update = flag.Bool("update", false, "write common/filter.bin anew from its list")

// PW-6
func TestEmbeddedFilterIsBuiltFromItsList(t *testing.T) {
	packed, err := os.Open("common/list.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	list, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(list)
	if err != nil {
		t.Fatal(err)
	}
	var built bytes.Buffer
	if err := BuildCommon(bytes.NewReader(text), &built); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("common/filter.bin", built.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(built.Bytes(), commonFilter) {
		t.Error("common/filter.bin is stale: run go generate ./internal/password")
	}
	words := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(words) < 3000 {
		t.Errorf("%d entries", len(words))
	}
	for _, w := range words {
		if !isCommon(w) || !isCommon(strings.ToUpper(w)) {
			t.Fatalf("%q is on the list and not in the filter", w)
		}
	}
}

type fetcher func(ctx context.Context, url string, header map[string]string, limit int64) ([]byte, error)

func (f fetcher) Fetch(ctx context.Context, url string, header map[string]string, limit int64) ([]byte, error) {
	return f(ctx, url, header, limit)
}

// PW-6
func TestPwnedTellsOnlyFiveDigits(t *testing.T) {
	// SHA-1 of "password" is 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8.
	answer := "0018A45C4D1DEF81644B54AB7F969B88D65:3\r\n1E4C9B93F3F0682250B6CF8331B7EE68FD8:9545824\r\n00D4F6E8FA6EECAD2A3AA415EEC418D38EC:0\r\n"
	p := NewPwned(fetcher(func(ctx context.Context, url string, header map[string]string, limit int64) ([]byte, error) {
		if url != "https://api.pwnedpasswords.com/range/5BAA6" || header["Add-Padding"] != "true" || limit <= 0 {
			t.Errorf("asked %s with %v, limit %d", url, header, limit)
		}
		if _, timed := ctx.Deadline(); !timed {
			t.Error("no time limit")
		}
		return []byte(answer), nil
	}), "", 0)
	if seen, err := p.Seen(t.Context(), secret.NewText("password")); !seen || err != nil {
		t.Errorf("breached: %t, %v", seen, err)
	}
	answer = strings.ReplaceAll(answer, "9545824", "0")
	if seen, err := p.Seen(t.Context(), secret.NewText("password")); seen || err != nil {
		t.Errorf("padding taken for a breach: %t, %v", seen, err)
	}
	for _, answer = range []string{"<html>", "1E4C9B93F3F0682250B6CF8331B7EE68FD8", "1E4C9B93F3F0682250B6CF8331B7EE68FD8:-1", strings.Repeat("A", maxRange+1)} {
		if seen, err := p.Seen(t.Context(), secret.NewText("password")); seen || err == nil {
			t.Errorf("answer %.30q: %t, %v", answer, seen, err)
		}
	}
	down := errors.New("no route")
	broken := NewPwned(fetcher(func(context.Context, string, map[string]string, int64) ([]byte, error) { return nil, down }), "https://range.example.test/", time.Second)
	if _, err := broken.Seen(t.Context(), secret.NewText("password")); !errors.Is(err, down) {
		t.Errorf("service down: %v", err)
	}
}

func FuzzCorpusFile(f *testing.F) {
	_, text := madeUp(2)
	var small bytes.Buffer
	w, _ := newFilterWriter(&small, kindSHA1, 1)
	for i := range uint64(20) {
		_ = w.add(i << 59)
	}
	_ = w.close()
	f.Add(small.Bytes(), text)
	f.Add([]byte(filterMagic), "")
	f.Fuzz(func(t *testing.T, b []byte, text string) {
		if file, err := openFilter(bytes.NewReader(b), int64(len(b)), kindSHA1); err == nil {
			for i := range uint64(8) {
				_, _ = file.contains(i << 61)
			}
		}
		_, _ = readShard(b)
		if s, err := readShard(b); err == nil {
			s.Contains(42)
		}
		var sum [sha1.Size]byte
		for line := range strings.SplitSeq(text, "\n") {
			if corpusLine([]byte(line), &sum) == nil && !strings.EqualFold(line[:40], hex.EncodeToString(sum[:])) {
				t.Fatalf("line %q read as %x", line, sum)
			}
		}
	})
}

func FuzzRangeAnswer(f *testing.F) {
	const suffix = "1E4C9B93F3F0682250B6CF8331B7EE68FD8"
	f.Add(suffix + ":5\r\n")
	f.Add(suffix + ":0")
	f.Fuzz(func(t *testing.T, body string) {
		found, err := inRange([]byte(body), suffix)
		if found && (err != nil || !strings.Contains(strings.ToUpper(body), suffix)) {
			t.Fatalf("found in %q: %v", body, err)
		}
	})
}
