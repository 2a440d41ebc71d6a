package keyring_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/problem"
)

func TestReplicasAgreeOnTheFirstKey(t *testing.T) {
	st, ms, c := &rows{}, one(), newClock()
	const n = 20
	rings := make([]*keyring.Keyring, n)
	var wg sync.WaitGroup
	for i := range rings {
		wg.Go(func() { rings[i], _ = keyring.Load(context.Background(), st, ms, c.now) })
	}
	wg.Wait()
	if len(st.all) != 1 {
		t.Fatalf("%d first keys", len(st.all))
	}
	sealed := rings[0].Seal("mail", []byte("row"), []byte("x"))
	for _, k := range rings {
		wantOpen(t, k, sealed, "x")
	}
}

// TH-28: another master key opens nothing, and the refusal names the wanted key.
func TestWrongMaster(t *testing.T) {
	st, c := &rows{}, newClock()
	right, wrong := keyring.NewMaster(), keyring.NewMaster()
	load(t, st, keyring.Masters{Current: right}, c.now)
	_, err := keyring.Load(t.Context(), st, keyring.Masters{Current: wrong}, c.now)
	if !errors.Is(err, keyring.ErrWrongKey) {
		t.Fatalf("err = %v", err)
	}
	if said := problem.Of(err).Public; !strings.Contains(said, right.ID()) || !strings.Contains(said, wrong.ID()) {
		t.Errorf("the sentence names no keys: %s", said)
	}
	if len(st.all) != 1 {
		t.Error("a key was added under the wrong master")
	}
	if _, err := keyring.Load(t.Context(), st, keyring.Masters{}, c.now); !errors.Is(err, keyring.ErrMalformedKey) {
		t.Errorf("no master: %v", err)
	}
}

// TH-6: swapping stored keys is noticed, not followed.
func TestSwappedRowsAreRefused(t *testing.T) {
	st, ms, c := &rows{}, one(), newClock()
	k := load(t, st, ms, c.now)
	if _, err := k.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	st.all[0].Wrapped, st.all[1].Wrapped = st.all[1].Wrapped, st.all[0].Wrapped
	if _, err := keyring.Load(t.Context(), st, ms, c.now); !errors.Is(err, keyring.ErrUnreadable) {
		t.Fatalf("err = %v", err)
	}
	st.all[0].ID = "no id at all"
	if _, err := keyring.Load(t.Context(), st, ms, c.now); !errors.Is(err, keyring.ErrUnreadable) {
		t.Fatalf("malformed id: %v", err)
	}
}

func TestRotateAndReseal(t *testing.T) {
	st, ms, c := &rows{}, one(), newClock()
	a, b := load(t, st, ms, c.now), load(t, st, ms, c.now)
	old := a.Seal("mail", []byte("row"), []byte("old"))
	if _, moved, err := a.Reseal("mail", []byte("row"), old); moved || err != nil {
		t.Fatalf("moved %v, %v although the key is current", moved, err)
	}
	first, _ := keyring.KeyID(old)
	c.advance(-time.Hour) // a clock that jumps back does not reorder keys
	second, err := a.Rotate(t.Context())
	if err != nil || second == first {
		t.Fatalf("Rotate = %s, %v", second, err)
	}
	moved, ok, err := a.Reseal("mail", []byte("row"), old)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if key, _ := keyring.KeyID(moved); key != second {
		t.Errorf("resealed under %s, want %s", key, second)
	}
	wantOpen(t, a, old, "old")
	c.advance(2 * time.Hour)
	wantOpen(t, b, moved, "old") // the other replica finds the new key by itself
	if keys := b.Keys(); len(keys) != 2 || keys[0].ID != first || !keys[1].Current {
		t.Errorf("keys = %+v", keys)
	}
}

func TestConcurrentRotationsMakeOneKey(t *testing.T) {
	st, ms, c := &rows{}, one(), newClock()
	a, b := load(t, st, ms, c.now), load(t, st, ms, c.now)
	x, err := a.Rotate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	y, err := b.Rotate(t.Context()) // b still believes the first key is the last
	if err != nil || x != y || len(st.all) != 2 {
		t.Fatalf("%s and %s, %v, %d keys", x, y, err, len(st.all))
	}
}

// lessons 28: the master key rotates online and touches no sealed value.
func TestRotateMaster(t *testing.T) {
	st, c := &rows{}, newClock()
	before, after := keyring.NewMaster(), keyring.NewMaster()
	k := load(t, st, keyring.Masters{Current: before}, c.now)
	sealed := k.Seal("mail", []byte("row"), []byte("kept"))
	if _, err := k.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}

	both := keyring.Masters{Current: after, Older: []keyring.Wrapper{before}}
	k = load(t, st, both, c.now)
	if n, err := k.RotateMaster(t.Context()); n != 2 || err != nil {
		t.Fatalf("rewrapped %d, %v", n, err)
	}
	if n, err := k.RotateMaster(t.Context()); n != 0 || err != nil {
		t.Fatalf("again: %d, %v", n, err)
	}
	wantOpen(t, load(t, st, keyring.Masters{Current: after}, c.now), sealed, "kept")
	if _, err := keyring.Load(t.Context(), st, keyring.Masters{Current: before}, c.now); !errors.Is(err, keyring.ErrWrongKey) {
		t.Errorf("the old key still opens: %v", err)
	}
}

func TestUnknownKeysCostFewQueries(t *testing.T) {
	st, c := &rows{}, newClock()
	k := load(t, st, one(), c.now)
	sealed := load(t, &rows{}, one(), c.now).Seal("mail", nil, nil)
	c.advance(time.Minute)
	st.reads = 0
	for range 100 {
		if _, err := k.Open("mail", nil, sealed); !errors.Is(err, keyring.ErrUnreadable) {
			t.Fatal(err)
		}
	}
	if st.reads != 1 {
		t.Errorf("%d queries", st.reads)
	}
}
