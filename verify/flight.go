package verify

import (
	"context"
	"sync"
)

// flight is one act that several callers wait for. It runs to its own end when
// callers leave.
type flight[T any] struct {
	done  chan struct{}
	value T
	err   error
}

func newFlight[T any]() *flight[T] { return &flight[T]{done: make(chan struct{})} }

func (f *flight[T]) wait(ctx context.Context) (T, error) {
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (f *flight[T]) land(v T, err error) {
	f.value, f.err = v, err
	close(f.done)
}

// background starts goroutines that end with the Verifier.
type background struct {
	ctx    context.Context //nolint:containedctx // this one is a life: stop ends it
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	stopped bool
}

func newBackground() *background {
	b := &background{}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// start runs fn; after stop, with a context that has ended.
func (b *background) start(fn func(ctx context.Context)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		go fn(b.ctx)
		return
	}
	b.wg.Go(func() { fn(b.ctx) })
}

func (b *background) stop() {
	b.cancel()
	b.mu.Lock()
	b.stopped = true
	b.mu.Unlock()
	b.wg.Wait()
}
