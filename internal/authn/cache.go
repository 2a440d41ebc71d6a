package authn

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/verify"
)

const (
	shardCount = 64
	memory     = 1024 // entries remembered for fills under way; a power of two
)

// entry is one live session as the last read of the store showed it.
type entry struct {
	identity verify.Identity
	version  int64 // of the account's tokens
	session  session.ID
	user     user.ID
	expires  int64 // Unix nanoseconds
	idle     int64 // nanoseconds
	seen     atomic.Int64
	host     string // of a gate; empty: the session itself
}

// cache is a bounded map from session digests to entries. It answers nothing by
// itself: whoever asks must hold a freshness proof (TH-11).
//
// A fill is guarded against the act that overtakes it (TH-10): begin notes how
// many revocations were applied; put, under the shard's lock, inserts only if
// none applied since names the session or its account. apply remembers first and
// deletes second, so whichever of the two comes last wins on the safe side.
type cache struct {
	limit  int // entries per shard
	shards [shardCount]shard

	mu      sync.Mutex
	applied uint64
	recent  [memory]revocation.Entry
}

type shard struct {
	mu        sync.RWMutex
	byDigest  map[secret.Digest]*entry
	bySession map[session.ID]map[secret.Digest]struct{} // its own and those of its gates
	byUser    map[user.ID]map[secret.Digest]struct{}
}

func newCache(entries int) *cache {
	c := &cache{limit: max(1, entries/shardCount)}
	for i := range c.shards {
		c.shards[i].reset()
	}
	return c
}

func (s *shard) reset() {
	s.byDigest = make(map[secret.Digest]*entry)
	s.bySession = make(map[session.ID]map[secret.Digest]struct{})
	s.byUser = make(map[user.ID]map[secret.Digest]struct{})
}

func (c *cache) shard(d *secret.Digest) *shard {
	return &c.shards[binary.LittleEndian.Uint16(d[len(d)-2:])%shardCount] // a digest may begin with a stamp
}

func (c *cache) get(d *secret.Digest) *entry {
	s := c.shard(d)
	s.mu.RLock()
	e := s.byDigest[*d]
	s.mu.RUnlock()
	return e
}

// begin returns the mark to hand to put. Call it before the store is read.
func (c *cache) begin() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.applied
}

// put inserts e unless something that names it was applied since mark.
func (c *cache) put(mark uint64, d secret.Digest, e *entry) {
	s := c.shard(&d)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.overtaken(mark, e) {
		return
	}
	if len(s.byDigest) >= c.limit {
		for victim := range s.byDigest { // map order is random enough for eviction
			s.remove(victim)
			break
		}
	}
	s.byDigest[d] = e
	enter(s.bySession, e.session, d)
	enter(s.byUser, e.user, d)
}

func (c *cache) overtaken(mark uint64, e *entry) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.applied-mark > memory {
		return true
	}
	for n := mark; n < c.applied; n++ {
		r := &c.recent[n%memory]
		switch r.Kind {
		case revocation.Session:
			if r.Value == e.session {
				return true
			}
		case revocation.Subject, revocation.Refresh:
			if r.Value == e.user {
				return true
			}
		case revocation.Grant, revocation.Client, revocation.Key, revocation.Token: // of tokens only
		default:
			return true
		}
	}
	return false
}

func enter[K comparable](index map[K]map[secret.Digest]struct{}, key K, d secret.Digest) {
	if index[key] == nil {
		index[key] = make(map[secret.Digest]struct{}, 1)
	}
	index[key][d] = struct{}{}
}

func leave[K comparable](index map[K]map[secret.Digest]struct{}, key K, d secret.Digest) {
	delete(index[key], d)
	if len(index[key]) == 0 {
		delete(index, key)
	}
}

func (s *shard) remove(d secret.Digest) {
	e, ok := s.byDigest[d]
	if !ok {
		return
	}
	delete(s.byDigest, d)
	leave(s.bySession, e.session, d)
	leave(s.byUser, e.user, d)
}

// Apply implements revocation.Cache.
func (c *cache) Apply(entries []revocation.Entry) {
	c.mu.Lock()
	for _, r := range entries {
		c.recent[c.applied%memory] = r
		c.applied++
	}
	c.mu.Unlock()
	for i := range c.shards {
		c.shards[i].apply(entries)
	}
}

func (s *shard) apply(entries []revocation.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range entries {
		switch r := &entries[i]; r.Kind {
		case revocation.Session:
			for d := range s.bySession[r.Value] {
				s.remove(d)
			}
		case revocation.Subject, revocation.Refresh:
			for d := range s.byUser[r.Value] {
				s.remove(d)
			}
		case revocation.Grant, revocation.Client, revocation.Key, revocation.Token: // of tokens only
		default:
			s.reset()
		}
	}
}

// Reset implements revocation.Cache.
func (c *cache) Reset() {
	c.Apply([]revocation.Entry{{Kind: revocation.Instance}})
}

// usable reports whether e may answer at now without asking the store.
func (e *entry) usable(now time.Time) bool {
	n := now.UnixNano()
	return n < e.expires && n < e.seen.Load()+e.idle
}
