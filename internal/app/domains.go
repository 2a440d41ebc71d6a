package app

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/organization/dns"
)

// resolver looks for the records that verify domains.
func (c *Config) resolver() organization.Resolver {
	if c.Resolver != nil {
		return c.Resolver
	}
	return dns.New()
}

const (
	// recheckEvery is how often it is asked whether a verified domain is due: each is
	// looked at once in organization.CheckEvery.
	recheckEvery = 15 * time.Minute
	// rechecked is how many are looked at in a row; the rest waits for the next time.
	rechecked = 200
)

// watchDomains looks again at the DNS of verified domains. It is a job of its own, since
// a DNS that does not answer would hold up every other sweep.
func (a *App) watchDomains(ctx context.Context) error {
	return later(ctx, recheckEvery, func() {
		if !a.guard.Check() { // a clock that jumped makes nothing lapse (TH-4)
			return
		}
		if _, err := a.Directory.RecheckDomains(ctx, rechecked); err != nil && ctx.Err() == nil {
			a.c.Log.Warn("the DNS of verified domains was not looked at; it is tried again", "error", err)
		}
	})
}
