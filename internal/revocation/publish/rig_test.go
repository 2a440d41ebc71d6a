package publish

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/revocation"
)

const (
	issuer = "https://id.example.test"
	apiA   = "https://a.example.test"
	apiB   = "https://b.example.test"
	nonce  = "0123456789abcdef"
)

var start = time.Unix(1_800_000_000, 0)

// memory is a store; its acts are numbered when they are made.
type memory struct {
	mu      sync.Mutex
	epoch   string
	head    int64
	swept   int64
	rows    []revocation.Entry
	reads   int // of entries
	during  func()
	fresh   []string // epochs begun
	failing error
}

func (m *memory) Head(context.Context) (int64, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.head, m.epoch, m.failing
}

func (m *memory) Since(_ context.Context, number int64, limit int) (out []revocation.Entry, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	for _, e := range m.rows {
		if e.Number > number && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, m.failing
}

func (m *memory) Swept(context.Context) (int64, error) { return m.swept, m.failing }

func (m *memory) Snapshot(_ context.Context, now time.Time, fn func(int64, string, []revocation.Entry) error) error {
	m.mu.Lock()
	rows, head, epoch := slices.Clone(m.rows), m.head, m.epoch
	m.mu.Unlock()
	rows = slices.DeleteFunc(rows, func(e revocation.Entry) bool { return !e.Until.IsZero() && !e.Until.After(now) })
	if m.during != nil {
		m.during()
	}
	for page := range slices.Chunk(rows, 1000) {
		if err := fn(head, epoch, page); err != nil {
			return err
		}
	}
	return cmp.Or(m.failing, fn(head, epoch, nil))
}

func (m *memory) Sweep(context.Context, time.Time, int) (int, error) { return 0, nil }
func (m *memory) Outlast(context.Context, time.Duration) error       { return nil }
func (m *memory) Put(context.Context, ...revocation.Entry) error     { return nil }
func (m *memory) Rewound(_ context.Context, old, fresh string, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.epoch == old {
		m.epoch = fresh
		m.fresh = append(m.fresh, fresh)
	}
	return nil
}

// nothing is a cache of nothing.
type nothing struct{}

func (nothing) Apply([]revocation.Entry) {}
func (nothing) Reset()                   {}

type keys struct{}

func (keys) MAC(purpose string, parts ...[]byte) (sum [32]byte) {
	m := hmac.New(sha256.New, []byte("keyring"))
	for _, p := range append([][]byte{[]byte(purpose)}, parts...) {
		m.Write([]byte{byte(len(p))})
		m.Write(p)
	}
	return [32]byte(m.Sum(nil))
}

// rig is a publisher over a store, and its process's follower, polled by hand or
// by waking it.
type rig struct {
	testing.TB
	*Publisher
	store    *memory
	key      jose.PrivateKey
	follower *revocation.Follower

	mu  sync.Mutex
	now time.Time
}

func newRig(tb testing.TB) *rig {
	tb.Helper()
	key, err := jose.Generate(jose.EdDSA)
	if err != nil {
		tb.Fatal(err)
	}
	r := &rig{TB: tb, store: &memory{epoch: "a"}, key: key, now: start}
	log := slog.New(slog.DiscardHandler)
	r.follower = revocation.NewFollower(r.store, nothing{}, r.clock, log)
	r.Publisher = New(Options{
		Issuer: issuer, Store: r.store, Keys: keys{}, Now: r.clock, Log: log,
		Sign: func(_ context.Context, typ string, payload []byte) (string, error) { return key.Sign(typ, payload) },
		Wake: func() { go r.poll() },
	})
	r.follower.Tell(r.Publisher)
	r.poll()
	return r
}

// clock moves on whenever it is read.
func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(time.Microsecond)
	return r.now
}

func (r *rig) later(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

var polling sync.Mutex // a Follower polls from one goroutine at a time

func (r *rig) poll() {
	polling.Lock()
	defer polling.Unlock()
	if err := r.follower.Poll(context.Background()); err != nil && r.store.failing == nil {
		r.Error(err)
	}
}

// act writes an entry for audiences, none named for all.
func (r *rig) act(kind revocation.Kind, value string, version int64, audiences ...string) {
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	r.store.head++
	named, _ := (&revocation.Entry{Kind: kind, Version: 1}).Token()
	r.store.rows = append(r.store.rows, revocation.Entry{
		Number: r.store.head, Kind: kind, Value: feed.RawValue(named.Kind, value), Version: version,
		At: r.clock(), Until: r.clock().Add(17 * time.Minute), Audiences: audiences,
	})
}

func (r *rig) keySet() jose.Keys { return jose.NewKeySet(r.key.Public()) }

// follower is a reference follower of one audience.
type follower struct {
	*rig
	feed.Chain
	set  *feed.Set
	mask []byte
}

func (r *rig) follow(audience string) *follower {
	return &follower{rig: r, Chain: feed.Chain{Issuer: issuer, Audience: audience}, set: feed.NewSet(1 << 20)}
}

// ask polls once and takes the answer.
func (f *follower) ask(wait time.Duration) (texts []string, err error) {
	q := Poll{Audience: f.Audience, Cursor: f.Cursor(), Previous: f.Chain.Digest(), Nonce: nonce, Wait: wait}
	if q.Cursor == "" {
		f.Restart()
	}
	err = f.Answer(f.Context(), q, func(text string) error {
		texts = append(texts, text)
		return f.take(text)
	})
	if errors.Is(err, ErrGone) {
		f.Restart()
	}
	return texts, err
}

func (f *follower) take(text string) error {
	b, err := f.Take(text, nonce, f.keySet())
	if err != nil {
		return err
	}
	if b.Snapshot {
		f.mask = b.MaskKey
	}
	f.set.Add(b.Entries)
	f.set.Sweep(b.At)
	return nil
}

func (f *follower) sync() []string {
	f.Helper()
	texts, err := f.ask(0)
	if err != nil {
		f.Fatal(err)
	}
	return texts
}

func (f *follower) dead(kind feed.Kind, value string) bool {
	q := &feed.Question{SubjectVersion: 5, ClientVersion: 5}
	v := feed.Mask(f.mask, kind, value)
	switch kind {
	case feed.Session:
		q.Session = v
	case feed.Grant:
		q.Grant = v
	case feed.Subject:
		q.Subject = v
	case feed.Client:
		q.Client = v
	case feed.Key:
		q.Key = v
	case feed.Token:
		q.Token = v
	}
	return f.set.Revoked(q)
}

func (f *follower) mustBe(dead bool, kind feed.Kind, values ...string) {
	f.Helper()
	for _, v := range values {
		if f.dead(kind, v) != dead {
			f.Errorf("%s: %s %q dead: %v, want %v", f.Audience, kind, v, !dead, dead)
		}
	}
}
