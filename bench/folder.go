package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/mortise-auth/mortise/storage/sqlite"
)

// seed makes a data folder with n accounts.
func (b *bench) seed(dir string, n int) ([]account, error) {
	st, err := sqlite.Open(b.ctx, dir, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	people, err := populate(b.ctx, st, n)
	return people, firstOf(err, st.Close())
}

// background runs fn until the returned function is called.
func background(ctx context.Context, fn func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = fn(ctx) // ends by the context
	}()
	return func() { cancel(); <-done }
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// interruptible is a context that ends when the program is asked to.
func interruptible() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}
