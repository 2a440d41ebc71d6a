package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/clientaddr"
	"github.com/mortise-auth/mortise/internal/enroll"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/jwks"
	weboauth "github.com/mortise-auth/mortise/internal/web/oauth"
)

func (a *App) wireWeb(context.Context) error {
	a.Frame = web.NewFrame(web.Options{
		URL: a.c.url, Suffix: a.c.CookieSuffix, Dev: a.c.Dev, Trust: a.c.trust,
		Sessions: a.Auth, Tokens: a.Auth, Rates: a.rates, Keys: a.keys, Now: a.c.Now, Log: a.c.Log,
		Fresh: a.c.AdminFresh, Recent: a.c.AdminRecent, Place: a.c.Place, Observe: a.c.Observers.Request, Tracer: a.c.Tracer, Tag: store.WithSource,
		Explain: a.Decisions.Record,
		Record:  func(ctx context.Context, ev audit.Event) error { return a.suspect.record(ctx, ev, "") },
	})
	surfaces, err := a.surfaces()
	if err != nil {
		return err
	}
	inner := a.Frame.Handler(surfaces...)
	base := strings.TrimRight(a.c.url.Path, "/")
	if a.metadata, err = weboauth.MetadataHandler(weboauth.MetadataOf(weboauth.MetadataOptions{
		Issuer: a.Issuer(), GrantTypes: a.OAuth.GrantTypes(), SignUp: !a.c.NoSignUp, DPoP: true, PrivateKeyJWT: true,
		Authorize: true, PAR: true, RequestObjects: true, Device: true, EndSession: true, Backchannel: true, Frontchannel: true,
		Registration: a.c.Registration.Mode != enroll.Off, ClientID: a.c.Registration.Documents,
	})); err != nil {
		return err
	}
	if a.resource, err = a.protectedResources(); err != nil {
		return err
	}
	keys := jwks.Handler(a.Signing, signing.Token)
	door := front{
		documents: map[string]http.Handler{
			base + "/.well-known/oauth-authorization-server": a.metadata,
			base + "/.well-known/openid-configuration":       a.metadata,
			base + "/.well-known/jwks.json":                  keys,
			base + "/oauth2/jwks":                            keys,
			base + "/healthz":                                web.Ours(http.HandlerFunc(health)),
			base + "/readyz":                                 web.Ours(http.HandlerFunc(a.readiness)),
		},
		rest: inner,
	}
	maps.Copy(door.documents, a.resource)
	door.preflights = map[string]bool{base + "/.well-known/oauth-authorization-server": true, base + "/.well-known/openid-configuration": true}
	for path := range a.resource {
		door.preflights[path] = true
	}
	if base == "" {
		door.wellKnown = a.WellKnown()
	} else { // it cleans paths with what inner does not see of them
		mux := http.NewServeMux()
		mux.Handle(base+"/", inner)
		door.rest = mux
	}
	a.handler = a.gated(door)
	a.host = web.AsHost(below(base, inner))
	return nil
}

// below serves h, which is mounted below base, at the root: who holds the data
// folder need not know the public URL.
func below(base string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if base != "" && r.URL.Path != base && !strings.HasPrefix(r.URL.Path, base+"/") {
			u := *r.URL
			u.Path, u.RawPath = base+u.Path, ""
			if r.URL.RawPath != "" {
				u.RawPath = base + r.URL.RawPath
			}
			r = r.WithContext(r.Context())
			r.URL = &u
		}
		h.ServeHTTP(w, r)
	})
}

// front answers at the few addresses that stand outside the Frame, under any host
// name and to whoever reads, and leaves the rest to it. Most requests are for the
// rest, so it looks one name up.
type front struct {
	documents  map[string]http.Handler // by path; GET and HEAD
	preflights map[string]bool         // of them, those that answer OPTIONS
	wellKnown  http.Handler            // nil: somebody else has the host's root
	rest       http.Handler
}

func (f front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions && f.preflights[r.URL.Path] {
		if h, ok := f.documents[r.URL.Path]; ok {
			h.ServeHTTP(w, r)
			return
		}
	}
	if f.wellKnown != nil && strings.HasPrefix(r.URL.Path, "/.well-known/") {
		f.wellKnown.ServeHTTP(w, r)
		return
	}
	f.rest.ServeHTTP(w, r)
}

// ClientIP is where r came from, as far as trusted proxies tell.
func (a *App) ClientIP(r *http.Request) string {
	c := a.c.trust.Of(clientaddr.Request{Peer: r.RemoteAddr, TLS: r.TLS != nil, Host: r.Host, Headers: r.Header})
	if !c.Addr.IsValid() {
		return ""
	}
	return c.Addr.String()
}

func health(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "ok")
}

// readiness answers 200 when requests would be served well, else 503 with the
// reason in one line. It says nothing that helps a stranger.
func (a *App) readiness(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := a.Ready(ctx); err != nil {
		a.c.Log.Warn("not ready", "error", err)
		http.Error(w, reasonOf(err), http.StatusServiceUnavailable)
		return
	}
	if says := a.failoverLimit(ctx); says != "" {
		fmt.Fprintln(w, "ready, but "+says)
		return
	}
	fmt.Fprintln(w, "ready")
}

var (
	errStore = errors.New("the store does not answer")
	errClock = errors.New("the clock differs from the database's")
)

func reasonOf(err error) string {
	for _, known := range []error{errStore, errClock} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "not ready"
}

// Ready returns nil when requests would be served well.
func (a *App) Ready(ctx context.Context) error {
	if err := a.store.Health(ctx); err != nil {
		return fmt.Errorf("%w: %w", errStore, err)
	}
	if !a.guard.Ready() {
		return fmt.Errorf("%w: by %s", errClock, a.guard.Skew())
	}
	return nil
}

// WellKnown serves the addresses that must be at the root of the host, wherever
// the rest is mounted.
func (a *App) WellKnown() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/change-password", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, a.link("/account/password"), http.StatusSeeOther)
	})
	for pattern, h := range a.passkeyDocuments() {
		mux.Handle(pattern, h)
	}
	if a.c.Contact != "" {
		mux.HandleFunc("GET /.well-known/security.txt", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			expires := a.now().AddDate(0, 6, 0).Format(time.RFC3339)
			fmt.Fprintf(w, "Contact: %s\nExpires: %s\nCanonical: %s\n", a.c.Contact, expires,
				a.c.url.Scheme+"://"+a.c.url.Host+"/.well-known/security.txt")
		})
	}
	ours := http.NewServeMux()
	ours.Handle("/", web.Ours(mux))
	base := strings.TrimRight(a.c.url.Path, "/")
	ours.Handle("GET /.well-known/oauth-authorization-server"+base, a.metadata)
	ours.Handle("OPTIONS /.well-known/oauth-authorization-server"+base, a.metadata)
	for path, h := range a.resource {
		ours.Handle("GET "+path, h)
		ours.Handle("OPTIONS "+path, h)
	}
	ours.Handle("GET /.well-known/jwks.json", jwks.Handler(a.Signing, signing.Token))
	return ours
}
