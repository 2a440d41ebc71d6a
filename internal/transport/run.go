package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// DrainWithin is how long requests in flight may take once Run's context ended.
const DrainWithin = 10 * time.Second

// Endpoint is a server on a listener. It serves TLS when the server has a TLS
// configuration. Run owns and closes both.
type Endpoint struct {
	Listener net.Listener
	Server   *http.Server
}

// Run serves until ctx ends, then stops accepting, lets requests in flight
// finish, for at most DrainWithin, and returns nil. When one endpoint breaks all are
// drained and its error is returned.
func Run(ctx context.Context, endpoints ...Endpoint) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var serving sync.WaitGroup
	for _, e := range endpoints {
		serving.Go(func() {
			if err := e.serve(); !errors.Is(err, http.ErrServerClosed) {
				stop(fmt.Errorf("transport: serve %s: %w", e.Listener.Addr(), err))
			}
		})
	}
	<-ctx.Done()
	err := drain(context.WithoutCancel(ctx), endpoints)
	serving.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, ctx.Err()) {
		return cause
	}
	return err
}

func (e Endpoint) serve() error {
	if e.Server.TLSConfig != nil {
		return e.Server.ServeTLS(e.Listener, "", "")
	}
	return e.Server.Serve(e.Listener)
}

// drain shuts all endpoints down at once and cuts off what is too slow.
func drain(ctx context.Context, endpoints []Endpoint) error {
	ctx, cancel := context.WithTimeout(ctx, DrainWithin)
	defer cancel()
	errs := make([]error, len(endpoints))
	var draining sync.WaitGroup
	for i, e := range endpoints {
		draining.Go(func() {
			if err := e.Server.Shutdown(ctx); err != nil && !errors.Is(err, net.ErrClosed) {
				errs[i] = fmt.Errorf("transport: requests were cut off after %v: %w", DrainWithin, err)
				_ = e.Server.Close()
			}
			_ = e.Listener.Close() // a server that never began to serve does not know its listener
		})
	}
	draining.Wait()
	return errors.Join(errs...)
}
