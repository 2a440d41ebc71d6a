package recent

import "sync"

// Memory holds two generations of values: what is used moves to the young one, and
// when that is full the old one is dropped. It is safe for concurrent use. Make it
// with New.
type Memory[K comparable, V any] struct {
	mu         sync.Mutex
	half       int
	young, old map[K]V
}

// New makes a Memory of at most twice half values.
func New[K comparable, V any](half int) *Memory[K, V] {
	return &Memory[K, V]{half: half}
}

// Get returns what was put under k, unless it was forgotten.
func (m *Memory[K, V]) Get(k K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.young[k]; ok {
		return v, true
	}
	v, ok := m.old[k]
	if ok {
		m.keep(k, v)
	}
	return v, ok
}

// Put keeps v under k, instead of what was there.
func (m *Memory[K, V]) Put(k K, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep(k, v)
}

func (m *Memory[K, V]) keep(k K, v V) {
	if _, there := m.young[k]; !there && (m.young == nil || len(m.young) >= m.half) {
		m.young, m.old = make(map[K]V), m.young
	}
	m.young[k] = v
}

// Forget drops what is under k.
func (m *Memory[K, V]) Forget(k K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.young, k)
	delete(m.old, k)
}
