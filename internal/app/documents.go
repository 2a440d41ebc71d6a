package app

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/egress"
)

// Bounds of a document that a client named (OA-71, JW-45).
const (
	maxDocument  = 64 << 10 // bytes
	documentTime = 3 * time.Second
)

// allowed is where requests may go beyond the public network. What may be
// registered in development can be reached there too.
func (a *App) allowed() []string {
	if !a.c.Dev {
		return a.c.EgressAllow
	}
	return append([]string{"127.0.0.0/8", "::1/128"}, a.c.EgressAllow...)
}

// documents fetches what clients refer to through the one outbound client, which
// follows no redirect here.
type documents struct {
	client *egress.Client
	within time.Duration
}

// JSON implements client.Documents.
func (d documents) JSON(ctx context.Context, address string) ([]byte, error) {
	return d.get(ctx, address, "application/json")
}

// Request implements requestobject.Documents.
func (d documents) Request(ctx context.Context, address string) ([]byte, error) {
	return d.get(ctx, address, "application/oauth-authz-req+jwt, application/jwt")
}

func (d documents) get(ctx context.Context, address, accept string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, d.within)
	defer cancel()
	resp, err := d.client.Get(ctx, address, maxDocument, http.Header{"Accept": {accept}})
	if err != nil {
		return nil, err
	}
	if resp.Status != http.StatusOK {
		return nil, fmt.Errorf("app: %s answered %d", address, resp.Status)
	}
	return resp.Body, nil
}
