package bearer

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/maphash"
	"strings"
	"sync"
)

const shards = 64

// cache remembers tokens within a number of bytes. A keyed hash finds the place of
// a token, and what is found counts only if every byte of the token and the policy
// are those that were checked. When a shard is full, what did not pass a check
// since its last turn goes first. Nothing leaves it otherwise: an expired token
// costs no second look at its signature.
type cache struct {
	seed   maphash.Seed // nobody outside can aim tokens at one place
	shards [shards]shard
}

type shard struct {
	mu     sync.RWMutex
	tokens map[uint64]remembered
	turns  []uint64 // every token once, in the order it came or was spared
	room   int      // bytes left
	all    int
}

type remembered struct {
	seen
	token *Checked
	size  int
}

// seen is what was checked, and under which policy.
type seen struct {
	text   string
	policy *[sha256.Size]byte
}

func (s *seen) is(other *seen) bool { return s.text == other.text && *s.policy == *other.policy }

func newCache(bytes int) *cache {
	c := &cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		s := &c.shards[i]
		s.tokens = map[uint64]remembered{}
		s.all, s.room = bytes/shards, bytes/shards
	}
	return c
}

func (c *cache) place(what *seen) (*shard, uint64) {
	id := maphash.String(c.seed, what.text) ^ binary.LittleEndian.Uint64(what.policy[:])
	return &c.shards[id%shards], id
}

func (c *cache) get(what *seen) *Checked {
	s, id := c.place(what)
	s.mu.RLock()
	found := s.tokens[id]
	s.mu.RUnlock()
	if found.token == nil || !found.is(what) {
		return nil
	}
	return found.token
}

// put remembers a token, which takes size bytes beside its text.
func (c *cache) put(what *seen, k *Checked, size int) {
	size += len(what.text)
	s, id := c.place(what)
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.tokens[id]; ok {
		if old.is(what) { // checked twice at once, or with a new key
			s.tokens[id] = remembered{old.seen, k, old.size}
		}
		return // else two have one hash: chance, and the first one stays
	}
	if size > s.all {
		return
	}
	for s.room < size {
		s.evict()
	}
	s.tokens[id] = remembered{seen{strings.Clone(what.text), what.policy}, k, size}
	s.turns = append(s.turns, id)
	s.room -= size
}

// evict takes the next turn: a token used since its last one is spared once.
func (s *shard) evict() {
	id := s.turns[0]
	s.turns = s.turns[1:]
	found := s.tokens[id]
	if found.token.used.Swap(false) {
		s.turns = append(s.turns, id)
		return
	}
	s.room += found.size
	delete(s.tokens, id)
}
