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

// siteCache hears when the sites changed: under a mark of their own.
type siteCache struct{ book *site.Book }

// Apply implements revocation.Cache.
func (c siteCache) Apply(entries []revocation.Entry) {
	for i := range entries {
		if e := &entries[i]; e.Kind == revocation.Instance || e.Kind == revocation.Refresh && e.Value == site.Mark {
			c.book.Forget()
		}
	}
}

// Reset implements revocation.Cache.
func (c siteCache) Reset() { c.book.Forget() }

// gatewaySurface wires the gateway.
func (a *App) gatewaySurface(fail func(http.ResponseWriter, *http.Request, error)) web.Surface {
	own, _ := site.Host(a.c.url.Host, a.c.url.Scheme) // the URL was checked
	flow := gateway.New(gateway.Options{
		Instance: a.facts.ID, Issuer: strings.TrimRight(a.c.url.String(), "/"), Scheme: a.c.url.Scheme, OwnHost: own,
		Sites: a.sites, People: a.Auth, Tokens: gatewayTokens{a.Auth}, Signer: letterSigner{a.Signing}, Tickets: a.store.Tickets(), Rates: a.rates, Now: a.c.Now, Log: a.c.Log,
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
