// Package dns asks the system's resolvers for what verifies a domain.
package dns

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/mortise-auth/mortise/internal/organization"
)

const (
	// timeout bounds one look-up, tries and fallback to TCP included.
	timeout = 5 * time.Second
	// most is how many records of one name are looked at.
	most = 64
)

// Resolver is organization.Resolver on the DNS. It is safe for concurrent use.
type Resolver struct{ net *net.Resolver }

// New makes a Resolver that asks the servers of the system.
func New() *Resolver { return &Resolver{&net.Resolver{PreferGo: true}} }

// TXT implements organization.Resolver. The name is taken as it is: no search domain
// is added to it.
func (r *Resolver) TXT(ctx context.Context, name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	all, err := r.net.LookupTXT(ctx, name+".")
	var gone *net.DNSError
	if errors.As(err, &gone) && gone.IsNotFound {
		return nil, organization.ErrNoRecord
	}
	if err == nil && len(all) == 0 {
		return nil, organization.ErrNoRecord
	}
	return all[:min(len(all), most)], err
}
