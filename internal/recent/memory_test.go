package recent

import (
	"sync"
	"testing"
)

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const half = 8
	m := New[int, string](half)
	m.Put(-1, "often")
	m.Put(-2, "once")
	for n := range 3 * half {
		m.Put(n, "other")
		if v, ok := m.Get(-1); !ok || v != "often" {
			t.Fatalf("what is in use was forgotten after %d others", n)
		}
	}
	if n := len(m.young) + len(m.old); n > 2*half {
		t.Errorf("%d are kept", n)
	}
	if _, ok := m.Get(-2); ok {
		t.Error("one that nobody used is kept")
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	m := New[string, int](1)
	m.Put("a", 1)
	m.Put("b", 2) // a is of the old generation now
	m.Put("b", 3)
	for k, want := range map[string]int{"a": 1, "b": 3} {
		if v, ok := m.Get(k); !ok || v != want {
			t.Errorf("%s is %d, %t", k, v, ok)
		}
		m.Put(k, want)
		m.Forget(k)
		if _, ok := m.Get(k); ok {
			t.Errorf("%s is not forgotten", k)
		}
	}
}

func TestMemoryInParallel(t *testing.T) {
	t.Parallel()
	m := New[int, int](4)
	var all sync.WaitGroup
	for who := range 8 {
		all.Go(func() {
			for n := range 200 {
				m.Put(n%16, n%16)
				if v, ok := m.Get(n % 16); ok && v != n%16 {
					t.Errorf("%d is under %d", v, n%16)
				}
				if who == 0 {
					m.Forget(n % 16)
				}
			}
		})
	}
	all.Wait()
}
