package keyring_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/keyring"
)

// rows is a Store that keeps to the contract of the interface.
type rows struct {
	mu    sync.Mutex
	all   []keyring.SealedKey
	reads int
}

func (r *rows) DataKeys(context.Context) ([]keyring.SealedKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads++
	return slices.Clone(r.all), nil
}

func (r *rows) AddDataKey(_ context.Context, k keyring.SealedKey, after string) ([]keyring.SealedKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	newest := ""
	if len(r.all) > 0 {
		newest = r.all[len(r.all)-1].ID
	}
	if newest == after {
		r.all = append(r.all, k)
	}
	return slices.Clone(r.all), nil
}

func (r *rows) Rewrap(_ context.Context, k keyring.SealedKey) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.all {
		if r.all[i].ID == k.ID {
			r.all[i] = k
		}
	}
	return nil
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func load(t testing.TB, st keyring.Store, ms keyring.Masters, now func() time.Time) *keyring.Keyring {
	t.Helper()
	k, err := keyring.Load(context.Background(), st, ms, now)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func one() keyring.Masters { return keyring.Masters{Current: keyring.NewMaster()} }

func wantOpen(t *testing.T, k *keyring.Keyring, sealed []byte, want string) {
	t.Helper()
	got, err := k.Open("mail", []byte("row"), sealed)
	if err != nil || string(got) != want {
		t.Fatalf("Open = %q, %v; want %q", got, err, want)
	}
}

// JW-63 WH-8 PW-40: sealed values are AEAD-bound to purpose and row.
func TestSealBindsPurposeRowAndInstance(t *testing.T) {
	k := load(t, &rows{}, one(), newClock().now)
	other := load(t, &rows{}, one(), newClock().now)
	sealed := k.Seal("mail", []byte("row"), []byte("hello"))
	wantOpen(t, k, sealed, "hello")

	if bytes.Equal(sealed, k.Seal("mail", []byte("row"), []byte("hello"))) {
		t.Error("two seals of one value are equal")
	}
	for name, open := range map[string]func() ([]byte, error){
		"purpose":  func() ([]byte, error) { return k.Open("mai", []byte("row"), sealed) },
		"row":      func() ([]byte, error) { return k.Open("mail", []byte("rov"), sealed) },
		"no row":   func() ([]byte, error) { return k.Open("mail", nil, sealed) },
		"instance": func() ([]byte, error) { return other.Open("mail", []byte("row"), sealed) },
	} {
		if got, err := open(); !errors.Is(err, keyring.ErrUnreadable) || got != nil {
			t.Errorf("other %s: %q, %v", name, got, err)
		}
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 0x40
		if _, err := k.Open("mail", []byte("row"), bad); !errors.Is(err, keyring.ErrUnreadable) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if _, err := k.Open("mail", []byte("row"), sealed[:i]); !errors.Is(err, keyring.ErrUnreadable) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
}

func TestSealRoundTrip(t *testing.T) {
	k := load(t, &rows{}, one(), newClock().now)
	rapid.Check(t, func(t *rapid.T) {
		purpose := rapid.String().Draw(t, "purpose")
		aad := rapid.SliceOf(rapid.Byte()).Draw(t, "aad")
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		sealed := k.Seal(purpose, aad, plain)
		if len(sealed) != len(plain)+57 {
			t.Fatalf("%d bytes grew by %d", len(plain), len(sealed)-len(plain))
		}
		got, err := k.Open(purpose, aad, sealed)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("got %x, %v", got, err)
		}
	})
}

// AU-23: the keyed hash separates purposes, parts and instances, and never changes.
func TestMAC(t *testing.T) {
	st, ms, c := &rows{}, one(), newClock()
	k := load(t, st, ms, c.now)
	mac := func(k *keyring.Keyring, purpose string, parts ...string) string {
		raw := make([][]byte, len(parts))
		for i, p := range parts {
			raw[i] = []byte(p)
		}
		sum := k.MAC(purpose, raw...)
		return string(sum[:])
	}
	base := mac(k, "ident", "ab", "c")
	for name, other := range map[string]string{
		"split":    mac(k, "ident", "a", "bc"),
		"joined":   mac(k, "ident", "abc"),
		"extra":    mac(k, "ident", "ab", "c", ""),
		"purpose":  mac(k, "idents", "ab", "c"),
		"instance": mac(load(t, &rows{}, ms, c.now), "ident", "ab", "c"),
	} {
		if hmac.Equal([]byte(base), []byte(other)) {
			t.Errorf("%s: same MAC", name)
		}
	}
	if _, err := k.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if mac(k, "ident", "ab", "c") != base || mac(load(t, st, ms, c.now), "ident", "ab", "c") != base {
		t.Error("the MAC changed with the data key")
	}
}

// TH-28: nothing stored, printed or logged holds a key.
func TestKeysDoNotLeak(t *testing.T) {
	m := keyring.NewMaster()
	st := &rows{}
	k := load(t, st, keyring.Masters{Current: m}, newClock().now)
	type holder struct {
		m keyring.Master
		k *keyring.Keyring
	}
	js, err := json.Marshal(map[string]any{"m": m, "rows": st.all})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "m", m, "k", k)
	all := fmt.Sprintf("%v %+v %#v %s %x %v %#v %s", m, m, m, m, m, k, k, k) +
		fmt.Sprintf("%v %+v %#v", holder{m, k}, holder{m, k}, holder{m, k}) + string(js) + log.String()
	raw, _ := keyring.ParseMaster(m.Reveal())
	if raw.ID() != m.ID() {
		t.Fatal("Reveal does not parse back")
	}
	for _, leak := range []string{m.Reveal(), strings.TrimRight(m.Reveal(), "=")} {
		if strings.Contains(all, leak) {
			t.Errorf("key printed in %s", all)
		}
	}
	if !strings.Contains(all, "[redacted]") {
		t.Error("nothing was printed at all")
	}
}

func FuzzOpen(f *testing.F) {
	k := load(f, &rows{}, one(), newClock().now)
	f.Add([]byte("row"), k.Seal("mail", []byte("row"), []byte("hello")))
	f.Add([]byte{}, []byte{1})
	f.Add([]byte{}, bytes.Repeat([]byte{1}, 80))
	f.Fuzz(func(t *testing.T, aad, sealed []byte) {
		plain, err := k.Open("other", aad, sealed)
		if !errors.Is(err, keyring.ErrUnreadable) || plain != nil {
			t.Fatalf("opened %x: %q, %v", sealed, plain, err)
		}
		if _, _, err := k.Reseal("other", aad, sealed); err == nil {
			if key, _ := keyring.KeyID(sealed); key != k.Keys()[0].ID {
				t.Fatal("resealed what cannot be opened")
			}
		}
	})
}

// The stored form is a promise: a value sealed by the first release opens for ever.
func TestGolden(t *testing.T) {
	const (
		master  = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
		keyID   = "key_01jd4n3e5fezqrb2mcvkzx9p0h"
		wrapped = "016dc94e7d6968a40aa0b98ffafb6af027f8a0bcb7231a275afabc48aa13f6e58281edaa50ec9fd003c957e7a6270df78c8c8495be8559b0391f1d20aea6e6fc9d27584eb67cc35390c023ccbc41fc81f3ebbc8c8a0b41ec2f"
		sealed  = "0101934951b8af77ef858a8cdcffd4d8112811e5ba8cac1ed88bf06b4f77b9fab2df7e89ebe1595a16940d23b8705d28cb959d8fae2df0144314ca8b60526ae1760e4c4ff8c9981e"
		mac     = "e57b771e592fe5196a385841f7bbb5a8c8adfa1b16c8b6cca62f1f93d810ced7"
	)
	m, err := keyring.ParseMaster(master)
	if err != nil || m.ID() != "630dcd29" {
		t.Fatalf("master %s, %v", m.ID(), err)
	}
	st := &rows{all: []keyring.SealedKey{{ID: keyID, WrappedBy: m.ID(), Wrapped: unhex(t, wrapped)}}}
	k := load(t, st, keyring.Masters{Current: m}, newClock().now)
	wantOpen(t, k, unhex(t, sealed), "a golden letter")
	if got := k.MAC("device", []byte("usr"), []byte("cookie")); hex.EncodeToString(got[:]) != mac {
		t.Errorf("MAC = %x", got)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
