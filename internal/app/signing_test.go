package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/clock"
	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// instanceOn wires one more process on a store.
func instanceOn(t *testing.T, st store.Store, c *clock.Fake, key string, change ...func(*Config)) (*App, error) {
	t.Helper()
	cfg := Config{
		URL: "https://id.example.org", SecretKey: key, Now: c.Now, Monotonic: c.Monotonic,
		Log: slog.New(slog.DiscardHandler), Sender: mail.NewMailbox(), Version: "test",
		Passwords: Passwords{Parameters: password.TestParameters()},
	}
	for _, fn := range change {
		fn(&cfg)
	}
	return New(t.Context(), cfg, st)
}

func (a *App) token(t *testing.T) string {
	t.Helper()
	text, err := a.Signing.Sign(t.Context(), signing.Token, jose.EdDSA, jwt.TypeAccess, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (a *App) verifies(text string) bool {
	_, _, err := jose.Verify(text, jwt.TypeAccess, a.Signing.Live(signing.Token))
	return err == nil
}

// JW-40: the public keys of tokens, and none of the feed (TH-19), at both
// addresses, wherever the instance is mounted.
func TestPublishedKeys(t *testing.T) {
	t.Parallel()
	for base, paths := range map[string][]string{
		"":      {"/oauth2/jwks", "/.well-known/jwks.json"},
		"/auth": {"/auth/oauth2/jwks", "/auth/.well-known/jwks.json"},
	} {
		r := newRig(t, func(c *Config) { c.URL += base })
		for _, path := range append(paths, "root") {
			h := r.Handler()
			if path == "root" {
				h, path = r.WellKnown(), "/.well-known/jwks.json"
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			set, err := jose.ParseKeySet(w.Body.Bytes())
			if w.Code != 200 || err != nil || set.Len() != 1 || len(set.Ignored()) != 0 {
				t.Fatalf("%s: %d, %d keys, %v: %s", path, w.Code, set.Len(), err, w.Body)
			}
			if _, _, err := jose.Verify(r.token(t), jwt.TypeAccess, set); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			if got := w.Header().Get("Cache-Control"); got != "public, max-age=900" {
				t.Errorf("%s: %s", path, got)
			}
			for _, k := range r.Signing.Public(signing.Feed).Keys() {
				if _, ok := set.Key(k.ID()); ok {
					t.Errorf("%s has a key of the feed", path)
				}
			}
		}
	}
}

// TH-19 JW-42: an emergency ends a key on every replica without a restart, writes
// its kid entry in the act, overrides a set that somebody kept, and leaves
// sessions alone.
func TestEmergency(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.person(t, "kim@mail.org")
	res := r.signIn(t, "kim@mail.org")
	other, err := instanceOn(t, r.store, r.clock, r.c.SecretKey)
	if err != nil {
		t.Fatal(err)
	}
	old, kept := r.token(t), r.Signing.Public(signing.Token)
	was := kept.Keys()[0].ID()
	k, err := r.Directory.RotateKey(t.Context(), user.Host(), signing.Token, jose.EdDSA, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.follower.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := other.Signing.Reload(t.Context()); err != nil { // what the entry wakes Run for
		t.Fatal(err)
	}
	for name, a := range map[string]*App{"acting": r.App, "other": other} {
		if a.verifies(old) || !a.verifies(other.token(t)) || a.Signing.Public(signing.Token).Keys()[0].ID() != k.ID {
			t.Errorf("the %s replica holds on to the old key", name)
		}
	}
	entries, err := r.store.Revocations().Since(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	live := feed.NewSet(100)
	for _, e := range entries {
		if e.Kind == revocation.Key {
			live.Add([]feed.Entry{{Kind: feed.Key, Value: e.Value}})
		}
	}
	if _, _, err := jose.Verify(old, jwt.TypeAccess, kept); err != nil {
		t.Fatalf("the kept set is no test: %v", err)
	}
	if !live.Revoked(&feed.Question{Key: feed.RawValue(feed.Key, was)}) || live.Revoked(&feed.Question{Key: feed.RawValue(feed.Key, k.ID)}) {
		t.Error("the entry does not name the old key, or names the new one")
	}
	if !r.opens(t, res) || !r.has(t, "keys.compromised", was) {
		t.Error("the session went with the key, or nobody is told")
	}
	for _, deny := range []user.Caller{user.By(res.User.ID, "", audit.Source{}), from("198.51.100.1")} {
		if _, err := r.Directory.RotateKey(t.Context(), deny, signing.Token, jose.EdDSA, true); err == nil {
			t.Errorf("%v may rotate keys", deny.Actor)
		}
	}
}

// A kid entry wakes the ring of a replica that runs.
func TestReplicasFollow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	other, err := instanceOn(t, r.store, r.clock, r.c.SecretKey)
	if err != nil {
		t.Fatal(err)
	}
	running := (&rig{App: other}).running(t)
	k, err := r.Directory.RotateKey(t.Context(), user.Host(), signing.Token, jose.EdDSA, true)
	if err != nil {
		t.Fatal(err)
	}
	for running.Signing.Public(signing.Token).Keys()[0].ID() != k.ID {
		if t.Context().Err() != nil {
			t.Fatal("the other replica never looked")
		}
	}
}

// TH-4: a jump of the clock moves no key; when the clocks agree again time goes on.
func TestClockJumpHaltsKeys(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	for _, jump := range []time.Duration{time.Hour, -time.Hour, year, -year} {
		r := newRig(t)
		if _, err := r.Directory.RotateKey(t.Context(), user.Host(), signing.Token, jose.EdDSA, false); err != nil {
			t.Fatal(err)
		}
		before := r.Signing.Known()
		r.clock.Jump(jump)
		if err := r.Signing.Advance(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Directory.RotateKey(t.Context(), user.Host(), signing.Token, jose.ES256, false); err != nil {
			t.Fatal(err) // the first of its kind, made now
		}
		if _, err := r.Directory.RotateKey(t.Context(), user.Host(), signing.Token, jose.ES256, false); !errors.Is(err, signing.ErrClock) {
			t.Errorf("%s: a successor is dated by a wrong clock: %v", jump, err)
		}
		for _, k := range before {
			if now, err := r.Signing.Key(t.Context(), k.ID); err != nil || now.State != k.State {
				t.Errorf("%s: %v became %v, %v", jump, k, now, err)
			}
		}
		r.clock.Jump(-jump)
		r.clock.Advance(r.Signing.Schedule().Publish)
		if err := r.Signing.Advance(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, k := range before {
			if now, _ := r.Signing.Key(t.Context(), k.ID); k.Use == signing.Token && now.State == k.State {
				t.Errorf("%s: time does not go on: %v", jump, now)
			}
		}
	}
}

// TH-24: keys of a database that was put back sign and verify nothing, and new
// ones are there when it answers; each old one has its entry.
func TestRestoredKeys(t *testing.T) {
	t.Parallel()
	dir, fake, key := t.TempDir(), clock.NewFake(time.Now()), keyring.NewMaster().Reveal()
	start := func() (*App, store.Store) {
		st, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		a, err := instanceOn(t, st, fake, key)
		if err != nil {
			t.Fatal(err)
		}
		return a, st
	}
	a, st := start()
	old := a.token(t)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "mortise.db")
	backup, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	a, st = start() // goes on, so that the copy is of the past
	if st.Restored() || !a.verifies(old) {
		t.Fatal("an ordinary start ended the keys")
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	a, st = start()
	defer st.Close()
	if !st.Restored() {
		t.Fatal("the restore was not noticed")
	}
	if a.verifies(old) || !a.verifies(a.token(t)) {
		t.Error("the keys were not replaced")
	}
	entries, err := st.Revocations().Since(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, e := range entries {
		if e.Kind == revocation.Key {
			named++
		}
	}
	if named != 3 {
		t.Errorf("%d entries for keys, want those of three", named)
	}
}

// JW-44: the files of the data folder hold no private key; without the master key
// nothing opens.
func TestDumpHoldsNoKey(t *testing.T) {
	t.Parallel()
	dir, fake := t.TempDir(), clock.NewFake(time.Now())
	st, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := instanceOn(t, st, fake, keyring.NewMaster().Reveal())
	if err != nil {
		t.Fatal(err)
	}
	var seeds [][]byte
	for _, u := range []signing.Use{signing.Token, signing.Feed} {
		k, err := a.Signing.Current(t.Context(), u, jose.EdDSA)
		if err != nil {
			t.Fatal(err)
		}
		der, err := k.PKCS8()
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, der[len(der)-32:])
	}
	kid := []byte(a.Signing.Public(signing.Token).Keys()[0].ID())
	if _, err := instanceOn(t, st, fake, keyring.NewMaster().Reveal()); !errors.Is(err, keyring.ErrWrongKey) {
		t.Errorf("another master key: %v", err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	found := false
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found = found || bytes.Contains(b, kid)
		for _, seed := range seeds {
			if bytes.Contains(b, seed) {
				t.Errorf("%s holds a private key", filepath.Base(name))
			}
		}
	}
	if !found {
		t.Error("the test looked at the wrong files")
	}
}

// TH-28: the master key rotates on a running instance.
func TestRotateMaster(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	fresh := keyring.NewMaster()
	both, err := instanceOn(t, r.store, r.clock, fresh.Reveal()+","+r.c.SecretKey)
	if err != nil {
		t.Fatal(err)
	}
	n, master, err := both.Directory.RotateMaster(t.Context(), user.Host())
	if err != nil || n != 1 || master != fresh.ID() || !r.has(t, "keys.master_rotated", fresh.ID()) {
		t.Fatalf("rewrapped %d under %s, %v", n, master, err)
	}
	if n, _, err = both.Directory.RotateMaster(t.Context(), user.Host()); err != nil || n != 0 {
		t.Fatalf("again: %d, %v", n, err)
	}
	alone, err := instanceOn(t, r.store, r.clock, fresh.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if !r.verifies(alone.token(t)) {
		t.Error("the keys changed with the master key")
	}
	if _, _, err := r.Directory.RotateMaster(t.Context(), from("198.51.100.1")); err == nil {
		t.Error("anybody may rotate the master key")
	}
}

// vault is a key management service: its keys never leave it.
type vault struct {
	current string
	keys    map[string]keyring.Master
	asked   *atomic.Int64
	down    error
}

func (v *vault) KeyID() string { return v.current }

func (v *vault) WrapKey(ctx context.Context, id string, key []byte) ([]byte, error) {
	v.asked.Add(1)
	if v.down != nil {
		return nil, v.down
	}
	return v.keys[id].Wrap(ctx, key)
}

func (v *vault) UnwrapKey(ctx context.Context, id string, wrapped []byte) ([]byte, error) {
	v.asked.Add(1)
	m, ok := v.keys[id]
	if v.down != nil || !ok {
		return nil, errors.Join(v.down, errors.New("no such key"))
	}
	return m.Unwrap(ctx, wrapped)
}

// TH-28 JW-44: a KMS holds the master key: from the start, after a key in memory,
// and across its own rotation; nobody's request waits for it.
func TestKMS(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	old := r.token(t)
	v := &vault{current: "kms/1", keys: map[string]keyring.Master{"kms/1": keyring.NewMaster(), "kms/2": keyring.NewMaster()}, asked: &atomic.Int64{}}
	in := func(c *Config) { c.KMS = v }
	moving, err := instanceOn(t, r.store, r.clock, r.c.SecretKey, in)
	if err != nil {
		t.Fatal(err)
	}
	if n, master, err := moving.Directory.RotateMaster(t.Context(), user.Host()); err != nil || n != 1 || master != "kms/1" {
		t.Fatalf("rewrapped %d under %s, %v", n, master, err)
	}
	v.current = "kms/2" // the service rotated its key
	a, err := instanceOn(t, r.store, r.clock, "", in)
	if err != nil {
		t.Fatal(err)
	}
	if n, master, err := a.Directory.RotateMaster(t.Context(), user.Host()); err != nil || n != 1 || master != "kms/2" {
		t.Fatalf("rewrapped %d under %s, %v", n, master, err)
	}
	delete(v.keys, "kms/1")
	if a, err = instanceOn(t, r.store, r.clock, "", in); err != nil || !a.verifies(old) {
		t.Fatalf("with the new key alone: %v", err)
	}
	v.asked.Store(0)
	v.down = errors.New("the service is away")
	for range 3 {
		if !a.verifies(a.token(t)) {
			t.Fatal("does not sign")
		}
	}
	if n := v.asked.Load(); n != 0 {
		t.Errorf("signing asked the service %d times", n)
	}
	if _, err := instanceOn(t, r.store, r.clock, "", in); !errors.Is(err, v.down) {
		t.Errorf("started without the service: %v", err)
	}
}

// AU-30: what is logged, listed and recorded of keys holds none.
func TestKeysAreNotShown(t *testing.T) {
	t.Parallel()
	var log buffer
	r := newRig(t, func(c *Config) {
		c.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	all, err := r.Directory.SigningKeys(t.Context(), user.Host())
	if err != nil || len(all) != 3 {
		t.Fatalf("%d keys, %v", len(all), err)
	}
	r.c.Log.Info("keys", "all", all[0], "secret", secret.NewText("x"))
	events, err := r.store.Audit().Search(t.Context(), audit.Query{Name: "keys.created", Limit: 9})
	if err != nil || len(events) != 3 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	shown, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		if len(k.Sealed) == 0 || strings.Contains(log.String()+string(shown), string(k.Sealed[:8])) {
			t.Errorf("%v is shown", k)
		}
	}
}
