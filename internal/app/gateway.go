package app

import (
	"context"
	"net/http"
	"strings"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/gateway"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/web"
	webgateway "github.com/mortise-auth/mortise/internal/web/gateway"
)

// caches hears of every revocation: the sessions, and the sites, which change
// under a mark of their own.
type caches struct {
	revocation.Cache
	sites *site.Book
}

// Apply implements revocation.Cache.
func (c caches) Apply(entries []revocation.Entry) {
	for i := range entries {
		if e := &entries[i]; e.Kind == revocation.Instance || e.Kind == revocation.Refresh && e.Value == site.Mark {
			c.sites.Forget()
		}
	}
	c.Cache.Apply(entries)
}

// Reset implements revocation.Cache.
func (c caches) Reset() {
	c.sites.Forget()
	c.Cache.Reset()
}

// wireSites makes the book of sites and the follower that keeps it and the
// sessions true. It returns what has to hear of every revocation.
func (a *App) wireSites() revocation.Cache {
	var fresh lateFreshness
	a.sites = site.NewBook(a.store.Sites(), &fresh, a.c.Now)
	all := caches{a.Auth.Cache(), a.sites}
	a.follower = revocation.NewFollower(a.store.Revocations(), all, a.c.Now, a.c.Log)
	fresh.Follower = a.follower
	return all
}

// lateFreshness is a follower that is made after what it keeps true.
type lateFreshness struct{ *revocation.Follower }

// gatewaySurface wires the gateway. Tokens and Signer stay nil until there are
// access tokens and signing keys: bearer tokens are refused, and sites that want
// a signed identity are closed.
func (a *App) gatewaySurface(fail func(http.ResponseWriter, *http.Request, error)) web.Surface {
	own, _ := site.Host(a.c.url.Host, a.c.url.Scheme) // the URL was checked
	flow := gateway.New(gateway.Options{
		Instance: a.facts.ID, Issuer: strings.TrimRight(a.c.url.String(), "/"), Scheme: a.c.url.Scheme, OwnHost: own,
		Sites: a.sites, People: a.Auth, Tickets: a.store.Tickets(), Rates: a.rates, Now: a.c.Now, Log: a.c.Log,
	})
	a.gateway = webgateway.New(webgateway.Options{
		URL: a.c.url, Names: a.Frame.Names(), Trust: a.c.trust, Flow: flow, Sites: a.sites, Rates: a.rates,
		Now: a.c.Now, Log: a.c.Log, Fail: fail, Observe: a.c.Observers.Request, Explain: a.Decisions.Record,
		Record: func(ctx context.Context, ev audit.Event) error { return a.suspect.record(ctx, ev, "") },
	})
	return a.gateway.Surface()
}

// gated lets the gateway take its requests before any mux tidies up their paths.
func (a *App) gated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.gateway.Takes(r) {
			a.gateway.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
