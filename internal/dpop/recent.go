package dpop

import (
	"context"
	"sync"
	"time"
)

// MaxRecent is how many proofs a Recent holds: some 15 MB.
const MaxRecent = 1 << 18

// Recent is the Memory of one process.
//
// Proofs lie in buckets by the second they were made in. A bucket is dropped when
// none of its proofs would be accepted any more, or, when all is full, the oldest
// before that: from then on whatever is as old as it needs a fresh nonce. The same
// holds for proofs made before the memory began. So what is forgotten is not
// accepted, and honest clients, whose proofs are seconds old, do not notice.
type Recent struct {
	epoch Epoch
	begun int64 // the second in which it began
	most  int

	mu      sync.Mutex
	buckets map[int64]map[[16]byte]struct{}
	count   int
	swept   int64 // the second up to which buckets were dropped by age
	floor   int64 // the youngest second that was dropped by force
}

// NewRecent is an empty memory that begins now. epoch is random.
func NewRecent(epoch Epoch, now time.Time) *Recent {
	return &Recent{epoch: epoch, begun: now.Unix(), most: MaxRecent, buckets: map[int64]map[[16]byte]struct{}{}}
}

// Epoch returns the epoch that it was made with.
func (m *Recent) Epoch(context.Context) (Epoch, error) { return m.epoch, nil }

// Use notes a proof.
func (m *Recent) Use(_ context.Context, e Epoch, s Seen, now time.Time) error {
	if e != m.epoch {
		return ErrEpoch
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	made := s.Made.Unix()
	m.sweep(now.Unix())
	if made <= m.floor || made <= m.begun && !s.Known {
		return ErrNonce
	}
	bucket := m.buckets[made]
	if _, ok := bucket[s.ID]; ok {
		return ErrReplayed
	}
	if !m.makeRoom(made, now.Unix()) {
		return ErrBusy
	}
	if bucket == nil {
		bucket = make(map[[16]byte]struct{})
		m.buckets[made] = bucket
	}
	bucket[s.ID] = struct{}{}
	m.count++
	return nil
}

// Len is how many proofs are remembered.
func (m *Recent) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count
}

// sweep drops what is too old to be accepted: its iat is no younger than the
// bucket.
func (m *Recent) sweep(now int64) {
	if now <= m.swept {
		return
	}
	m.swept = now
	for second := range m.buckets {
		if second+int64(Window/time.Second)+1 < now {
			m.drop(second)
		}
	}
}

func (m *Recent) drop(second int64) {
	m.count -= len(m.buckets[second])
	delete(m.buckets, second)
}

// makeRoom drops the oldest buckets by force, but none that an honest client's proof
// may be in: a flood must not lock them out.
func (m *Recent) makeRoom(made, now int64) bool {
	const honest = 15 // seconds: a slow clock and a slow network
	for m.count >= m.most {
		oldest := now
		for second := range m.buckets {
			oldest = min(oldest, second)
		}
		if oldest >= now-honest || oldest >= made {
			return false
		}
		m.floor = max(m.floor, oldest)
		m.drop(oldest)
	}
	return true
}
