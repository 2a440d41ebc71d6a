package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
)

// mac is HMAC-SHA-256 under one key, which is hashed once and not for each text.
type mac struct{ ready sync.Pool }

// state serves one text at a time.
type state struct {
	hash.Hash
	size [8]byte
	sum  [sha256.Size]byte
}

func newMAC(key []byte) *mac {
	return &mac{sync.Pool{New: func() any { return &state{Hash: hmac.New(sha256.New, key)} }}}
}

// sum is of the parts, each behind its length.
func (m *mac) sum(parts [][]byte) [sha256.Size]byte {
	s := m.ready.Get().(*state)
	s.Reset()
	for _, p := range parts {
		binary.BigEndian.PutUint64(s.size[:], uint64(len(p)))
		s.Write(s.size[:])
		s.Write(p)
	}
	s.Sum(s.sum[:0])
	out := s.sum
	s.sum = [sha256.Size]byte{}
	m.ready.Put(s)
	return out
}
