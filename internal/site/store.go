package site

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
)

// Mark is the value of the revocation entry, of kind refresh, that tells every
// process to read the sites again. No account has this id.
var Mark = [16]byte{'s', 'i', 't', 'e', 's'}

// Store keeps sites. Each method is one atomic act; those that change something
// also write the entry that carries Mark.
type Store interface {
	// Put creates or replaces the site with s.Host.
	Put(ctx context.Context, s Site, ev audit.Event) error
	// ByHost returns the site or ErrUnknown.
	ByHost(ctx context.Context, host string) (Site, error)
	// All returns every site in order of host.
	All(ctx context.Context) ([]Site, error)
	// Delete removes a site: from then on its host is unknown. ErrUnknown.
	Delete(ctx context.Context, host string, now time.Time, ev audit.Event) error
}
