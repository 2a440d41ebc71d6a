package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// Cache keeps what ACME must not lose: account key, certificates with their keys,
// and the tokens of challenges, so that every replica can answer them. The data
// holds private keys: an implementation seals it.
type Cache interface {
	// Get returns ErrNotCached for a name it does not have.
	Get(ctx context.Context, name string) ([]byte, error)
	Put(ctx context.Context, name string, data []byte) error
	// Delete of a name it does not have is no error.
	Delete(ctx context.Context, name string) error
}

// ACMEOptions says whose certificates to get, and where.
type ACMEOptions struct {
	Hosts       []string // names to get certificates for; nothing else is asked for
	Email       string   // told by the authority about trouble; may be empty
	Directory   string   // URL; empty: Let's Encrypt
	AcceptTerms bool     // the operator agrees to the authority's terms of service
	Cache       Cache
	Client      *http.Client // for the directory; nil: a plain one
}

// ACME gets certificates by tls-alpn-01, and by http-01 once Challenges is
// mounted, and renews them when a third of their lifetime is left.
type ACME struct{ manager *autocert.Manager }

// NewACME checks the options. Certificates are got when the first client asks.
func NewACME(o ACMEOptions) (*ACME, error) {
	switch {
	case len(o.Hosts) == 0:
		return nil, errors.New("transport: ACME needs at least one host name")
	case o.Cache == nil:
		return nil, errors.New("transport: ACME needs a cache, or every restart uses up the authority's limits")
	case !o.AcceptTerms:
		return nil, errors.New("transport: ACME needs your agreement to the authority's terms of service")
	}
	for _, h := range o.Hosts {
		if _, err := netip.ParseAddr(h); err == nil || !strings.Contains(h, ".") {
			return nil, fmt.Errorf("transport: %q is not a public host name, so no authority certifies it", h)
		}
	}
	m := &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocertCache{o.Cache},
		HostPolicy: autocert.HostWhitelist(o.Hosts...),
		Email:      o.Email,
		Client:     &acme.Client{DirectoryURL: o.Directory, HTTPClient: o.Client, UserAgent: "mortise"},
		// RenewBefore stays zero: autocert then renews at a third of the lifetime.
	}
	if o.Directory == "" {
		m.Client.DirectoryURL = autocert.DefaultACMEDirectory
	}
	return &ACME{m}, nil
}

// TLSConfig serves the certificates and answers tls-alpn-01.
func (a *ACME) TLSConfig() *tls.Config {
	c := TLSConfig(a.manager.GetCertificate)
	c.NextProtos = append(c.NextProtos, acme.ALPNProto)
	return c
}

// Challenges answers http-01 on the plain http port and hands everything else
// to next. It must be mounted before the first certificate is asked for.
func (a *ACME) Challenges(next http.Handler) http.Handler {
	answer := a.manager.HTTPHandler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/.well-known/acme-challenge/") {
			// autocert compares the whole Host, port included, with its names.
			r = r.Clone(r.Context())
			r.Host = hostname(r.Host)
		}
		answer.ServeHTTP(w, r)
	})
}

// autocertCache speaks autocert's word for absence.
type autocertCache struct{ Cache }

func (c autocertCache) Get(ctx context.Context, name string) ([]byte, error) {
	data, err := c.Cache.Get(ctx, name)
	if errors.Is(err, ErrNotCached) {
		return nil, autocert.ErrCacheMiss
	}
	return data, err
}
