package bearer

import (
	"crypto/sha256"
	"sync"
)

const shards = 64

// cache remembers tokens within a number of bytes. When a shard is full, what did
// not pass a check since its last turn goes first. Nothing leaves it otherwise: an
// expired token costs no second look at its signature.
type cache struct{ shards [shards]shard }

type shard struct {
	mu     sync.RWMutex
	tokens map[[sha256.Size]byte]remembered
	turns  [][sha256.Size]byte // every token once, in the order it came or was spared
	room   int                 // bytes left
	all    int
}

type remembered struct {
	token *Checked
	size  int
}

func newCache(bytes int) *cache {
	c := new(cache)
	for i := range c.shards {
		s := &c.shards[i]
		s.tokens = map[[sha256.Size]byte]remembered{}
		s.all, s.room = bytes/shards, bytes/shards
	}
	return c
}

func (c *cache) shard(id *[sha256.Size]byte) *shard { return &c.shards[id[0]%shards] }

func (c *cache) get(id *[sha256.Size]byte) *Checked {
	s := c.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tokens[*id].token
}

func (c *cache) put(id *[sha256.Size]byte, k *Checked, size int) {
	s := c.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.tokens[*id]; ok {
		s.tokens[*id] = remembered{k, old.size} // checked twice at once, or with a new key
		return
	}
	if size > s.all {
		return
	}
	for s.room < size {
		s.evict()
	}
	s.tokens[*id] = remembered{k, size}
	s.turns = append(s.turns, *id)
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
