package verify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
)

// Bounds of a cached key set (JW-45).
const (
	keysFreshLeast  = time.Minute      // even when the issuer says less
	keysFreshMost   = time.Hour        // even when it says more
	keysFresh       = 5 * time.Minute  // when it says nothing
	keysAgain       = 10 * time.Second // at least, between two fetches
	keysUnsettled   = 5 * time.Second  // after the feed told of a dead key a replica may still serve the set of before
	keysSoon        = time.Second / 4  // so long is keysAgain then
	keysStaleAtMost = 24 * time.Hour   // kept that long while no fetch succeeds
	keysPatience    = 2 * time.Second  // a request waits for a fetch no longer
)

var errNoKeys = errors.New("verify: no keys of the issuer")

// keyCache holds the key set of one address. It serves what it has while it
// fetches, and while fetches fail until that is a day old.
type keyCache struct {
	what       string // for the log
	get        func(ctx context.Context, address string) ([]byte, http.Header, error)
	algorithms []string
	now        func() time.Time
	log        *slog.Logger
	background *background
	patience   time.Duration // a request waits for a fetch no longer

	current atomic.Pointer[keyState]

	mu      sync.Mutex
	address string
	flight  *flight[struct{}]
	tried   time.Time // when the last fetch began
	urged   time.Time // when the last urgent one was asked for
	failed  error     // of the last fetch
}

type keyState struct {
	set     jose.KeySet
	fetched time.Time
	fresh   time.Duration
}

func newKeyCache(what string, s *settings, f *fetcher, b *background) *keyCache {
	return &keyCache{
		what: what, algorithms: s.algorithms, now: s.now, log: s.log, background: b, patience: keysPatience,
		get: func(ctx context.Context, address string) ([]byte, http.Header, error) {
			return f.json(ctx, address, maxKeySet)
		},
	}
}

// at sets the address, once the issuer has told it.
func (c *keyCache) at(address string) {
	c.mu.Lock()
	c.address = address
	c.mu.Unlock()
}

// set is what may be used now; the zero KeySet when there is nothing.
func (c *keyCache) set() (jose.KeySet, bool) { return c.setAt(c.now()) }

func (c *keyCache) setAt(now time.Time) (jose.KeySet, bool) {
	s := c.current.Load()
	if s == nil || now.Sub(s.fetched) > keysStaleAtMost {
		return jose.KeySet{}, false
	}
	return s.set, true
}

// latest is the set whatever its age, for those who have asked set before.
func (c *keyCache) latest() jose.KeySet {
	if s := c.current.Load(); s != nil {
		return s.set
	}
	return jose.KeySet{}
}

// Key makes the cache jose.Keys.
func (c *keyCache) Key(kid string) (jose.PublicKey, bool) { return c.latest().Key(kid) }

// Only is for tokens that name no key.
func (c *keyCache) Only(alg jose.Algorithm) (jose.PublicKey, bool) { return c.latest().Only(alg) }

// refresh fetches the set now and waits for it, or joins the fetch under way.
// Unless urgent, a fetch that began less than ten seconds ago stands for this one, or a
// quarter of a second just after an urgent one: false then, with the error of that
// fetch. So nobody makes us ask more often by naming keys that do not exist.
func (c *keyCache) refresh(ctx context.Context, urgent bool) (bool, error) {
	c.mu.Lock()
	f, now := c.flight, c.now()
	if urgent {
		c.urged = now
	}
	if f == nil {
		if gone := now.Sub(c.tried); !urgent && !c.tried.IsZero() && gone >= 0 && gone < c.again(now) {
			defer c.mu.Unlock()
			return false, c.failed
		}
		f = newFlight[struct{}]()
		c.flight, c.tried = f, now
		address := c.address
		c.background.start(func(life context.Context) { c.load(life, f, address) })
	}
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	_, err := f.wait(ctx)
	return err == nil, err
}

// again is how long a fetch stands for others.
func (c *keyCache) again(now time.Time) time.Duration {
	if since := now.Sub(c.urged); !c.urged.IsZero() && since >= 0 && since < keysUnsettled {
		return keysSoon
	}
	return keysAgain
}

func (c *keyCache) load(ctx context.Context, f *flight[struct{}], address string) {
	state, err := c.fetch(ctx, address)
	if err == nil {
		c.current.Store(state)
	} else if ctx.Err() == nil {
		c.log.Warn("verify: keys were not fetched", "what", c.what, "error", err)
	}
	c.mu.Lock()
	c.flight, c.failed = nil, err
	c.mu.Unlock()
	f.land(struct{}{}, err)
}

func (c *keyCache) fetch(ctx context.Context, address string) (*keyState, error) {
	body, header, err := c.get(ctx, address)
	if err != nil {
		return nil, err
	}
	set, err := jose.ParseKeySet(body)
	if err != nil {
		return nil, err
	}
	for _, why := range set.Ignored() {
		c.log.Info("verify: a published key was ignored", "what", c.what, "why", why)
	}
	keys := slices.DeleteFunc(set.Keys(), func(k jose.PublicKey) bool {
		return !slices.Contains(c.algorithms, string(k.Algorithm()))
	})
	if len(keys) == 0 {
		return nil, fmt.Errorf("no usable key at %s", address)
	}
	return &keyState{set: jose.NewKeySet(keys...), fetched: c.now(), fresh: freshFor(header)}, nil
}

// freshFor is the max-age of Cache-Control, within bounds.
func freshFor(h http.Header) time.Duration {
	for _, directive := range strings.Split(h.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if !strings.EqualFold(name, "max-age") {
			continue
		}
		if n, err := strconv.ParseInt(value, 10, 32); err == nil && n >= 0 {
			return min(max(time.Duration(n)*time.Second, keysFreshLeast), keysFreshMost)
		}
	}
	return keysFresh
}

// due is how long until the set should be fetched again; 0 is now.
func (c *keyCache) due() time.Duration {
	s := c.current.Load()
	if s == nil {
		return 0
	}
	return max(0, s.fresh-c.now().Sub(s.fetched))
}

// run keeps the set fresh until ctx ends.
func (c *keyCache) run(ctx context.Context) {
	for {
		wait := c.due()
		if wait == 0 {
			_, _ = c.refresh(ctx, false) // logged by load
			wait = max(c.due(), keysAgain)
		}
		if !pause(ctx, jitter(wait)) {
			return
		}
	}
}

// pause waits for d and reports whether ctx still lives.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
