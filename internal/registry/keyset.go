package registry

import (
	"context"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
)

const (
	keySetsKept = 4096 // in memory

	keysFresh  = time.Hour     // a fetched set answers
	keysStale  = 4 * time.Hour // it still answers while it cannot be fetched again
	keysRetry  = time.Minute   // between fetches that failed
	keysAsking = time.Minute   // between fetches for a key that the set lacks
)

// keySet is one key set, kept as it was parsed. It is safe for concurrent use.
type keySet struct {
	uri       string // empty: the set was in the registration
	parse     func([]byte) (jose.KeySet, error)
	documents client.Documents
	now       func() time.Time

	mu    sync.Mutex
	set   jose.KeySet
	err   error
	got   time.Time // when set was fetched; zero: never
	tried time.Time
	asked time.Time     // when it was fetched for a key it lacked
	busy  chan struct{} // closed when the fetch under way is over
}

func (k *keySet) get(ctx context.Context) (jose.KeySet, error) {
	if k.uri == "" {
		return k.set, k.err
	}
	k.mu.Lock()
	now := k.now()
	if !k.got.IsZero() && now.Before(k.got.Add(keysFresh)) || k.err != nil && now.Before(k.tried.Add(keysRetry)) {
		defer k.mu.Unlock()
		return k.answer(now)
	}
	if err := k.fetch(ctx); err != nil {
		return jose.KeySet{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.answer(now)
}

// again fetches a set that lacks a key, unless that was tried a moment ago.
func (k *keySet) again(ctx context.Context) (jose.KeySet, bool) {
	k.mu.Lock()
	now := k.now()
	if k.busy == nil && now.Before(k.asked.Add(keysAsking)) {
		k.mu.Unlock()
		return jose.KeySet{}, false
	}
	if k.busy == nil {
		k.asked = now
	}
	if err := k.fetch(ctx); err != nil {
		return jose.KeySet{}, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.set, k.err == nil
}

// answer is the last set that was read, while it is not too old, else why not.
func (k *keySet) answer(now time.Time) (jose.KeySet, error) {
	if !k.got.IsZero() && now.Before(k.got.Add(keysStale)) {
		return k.set, nil
	}
	return jose.KeySet{}, k.err
}

// fetch joins the fetch under way or begins one, and waits for it. It is called
// with the lock held and returns without. A caller that leaves ends nobody's fetch.
func (k *keySet) fetch(ctx context.Context) error {
	busy := k.busy
	if busy == nil {
		busy = make(chan struct{})
		k.busy = busy
		go k.load(context.WithoutCancel(ctx), busy)
	}
	k.mu.Unlock()
	select {
	case <-busy:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *keySet) load(ctx context.Context, done chan struct{}) {
	document, err := k.documents.JSON(ctx, k.uri)
	var set jose.KeySet
	if err == nil {
		set, err = k.parse(document)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tried, k.err, k.busy = k.now(), err, nil
	if err == nil {
		k.set, k.got = set, k.tried
	}
	close(done)
}
