package dpop

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Memory remembers proofs for as long as they would be accepted. It is safe for
// concurrent use, by several processes if they share it.
type Memory interface {
	// Epoch names the memory, and begins one where there is none.
	Epoch(ctx context.Context) (Epoch, error)
	// Use notes a proof, in one conditional act. ErrReplayed if it is there already;
	// ErrEpoch if the memory is not that one any more; ErrNonce if the proof might
	// have been forgotten; ErrBusy if there is no room.
	Use(ctx context.Context, e Epoch, s Seen, now time.Time) error
}

// Store is a Memory that several processes share.
type Store interface {
	Memory
	// Sweep forgets at most limit proofs that nobody accepts any more.
	Sweep(ctx context.Context, now time.Time, limit int) (int, error)
}

// Seen is a proof as a Memory keeps it.
type Seen struct {
	ID    [16]byte  // of key, address and jti
	Made  time.Time // not before: by iat, or by the nonce if that is younger
	Until time.Time // when no clock accepts it any more
	// Known: its nonce is of the very epoch, so it was not used in an earlier one.
	Known bool
}

// seen is p as it is remembered, with the time of its nonce if that is one of ours.
func (p *Proof) seen(nonce time.Time, known bool) Seen {
	s := Seen{Made: p.IssuedAt, Until: p.IssuedAt.Add(Window + time.Second), Known: known}
	if known && nonce.After(s.Made) {
		s.Made = nonce
	}
	h := sha256.New()
	for _, part := range []string{p.JKT, p.URL, p.ID} {
		_ = binary.Write(h, binary.BigEndian, uint32(len(part)))
		h.Write([]byte(part))
	}
	var sum [sha256.Size]byte
	copy(s.ID[:], h.Sum(sum[:0]))
	return s
}
