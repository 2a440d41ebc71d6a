package app

import (
	"time"

	"github.com/mortise-auth/mortise/internal/registry"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/site"
)

// liveEntries is how many revocations this process remembers one by one (TH-17).
const liveEntries = 1 << 20

// follow makes everything that answers from memory, and the one follower that
// keeps it true: it hears of every revocation, this process's own before their
// acts return.
func (a *App) follow() {
	var fresh lateFreshness
	a.sites = site.NewBook(a.store.Sites(), &fresh, a.c.Now)
	a.Registry = registry.New(registry.Options{
		Clients: a.store.Clients(), Resources: a.store.Resources(), Keys: a.keys, Now: a.c.Now, Log: a.c.Log,
		Issuer: a.Issuer(), Documents: documents{a.egress, documentTime}, Assertions: a.store.Assertions(),
	})
	a.live = revocation.NewLive(a.store.Revocations(), liveEntries, a.c.Now)
	a.told = &told{}
	heard := revocation.Caches{a.Auth.Cache(), a.Registry, siteCache{a.sites}, a.live, a.told}
	a.follower = revocation.NewFollower(a.store.Revocations(), heard, a.c.Now, a.c.Log)
	fresh.Follower = a.follower
	a.Auth.Follow(a.follower)
	a.Registry.Follow(a.follower)
	a.store.OnRevoke(func(entries []revocation.Entry) {
		heard.Apply(entries)
		a.follower.Wake() // numbers them, and so tells replicas and followers of the feed
		if a.c.Shared != nil {
			a.c.Shared.Notify()
		}
	})
}

// lateFreshness is a follower that is made after what it keeps true.
type lateFreshness struct{ *revocation.Follower }

var _ interface{ Fresh(time.Time) bool } = (*lateFreshness)(nil)
