package app

import (
	"context"

	"github.com/mortise-auth/mortise/internal/transport"
)

// Certificates keeps what an automatic authority hands out: sealed, in the
// store, so that every replica can answer for the same names.
func (a *App) Certificates() transport.Cache { return certificates{a} }

type certificates struct{ *App }

const certificatePurpose = "acme"

func (c certificates) Get(ctx context.Context, name string) ([]byte, error) {
	sealed, err := c.store.Instance().Blob(ctx, "acme/"+name)
	if err != nil {
		return nil, err
	}
	if sealed == nil {
		return nil, transport.ErrNotCached
	}
	return c.keys.Open(certificatePurpose, []byte(name), sealed)
}

func (c certificates) Put(ctx context.Context, name string, data []byte) error {
	return c.store.Instance().PutBlob(ctx, "acme/"+name, c.keys.Seal(certificatePurpose, []byte(name), data))
}

func (c certificates) Delete(ctx context.Context, name string) error {
	return c.store.Instance().DeleteBlob(ctx, "acme/"+name)
}
