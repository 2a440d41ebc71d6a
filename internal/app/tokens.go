package app

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/bearer"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/gateway"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/registry"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/revocation/publish"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
	"github.com/mortise-auth/mortise/internal/web"
	webfeed "github.com/mortise-auth/mortise/internal/web/feed"
	weboauth "github.com/mortise-auth/mortise/internal/web/oauth"
)

// Issuer is the iss of our tokens: the public URL without a slash at its end.
func (a *App) Issuer() string { return strings.TrimRight(a.c.url.String(), "/") }

// Audience is the aud of tokens for handlers of the host program.
func (a *App) Audience() string { return cmp.Or(a.c.Resource, a.Issuer()) }

// wireTokens makes what hands out tokens, checks them, and publishes which died.
func (a *App) wireTokens(context.Context) error {
	checker, err := bearer.New(bearer.Options{
		Issuer: a.Issuer(), AnyAudience: true, Keys: a.Signing.Live(signing.Token), Live: a.live.Set(), Now: a.c.Now,
	})
	if err != nil {
		return err
	}
	a.Grants = token.New(token.Parts{
		Store: a.store.Tokens(), Keys: a.keys, Resources: resourceRules{a.Registry, a.Issuer()}, Signer: tokenSigner{a.Signing},
		Notices: grantNotices{a}, Events: a.store.Audit(),
	}, token.Options{Issuer: a.Issuer(), Instance: a.facts.ID, Window: token.MaxWindow}, a.c.Now)
	a.Auth.AcceptTokens(checker, a.live.Set(), tokenReader{a.Grants, a.store, a.Signing, a.c.Now})
	a.Auth.AcceptProofs(a.proofs)
	a.Codes = authcode.New(a.store.Codes(), a.facts.ID, a.c.Now)
	a.OAuth = oauth.New(oauth.Options{
		Issuer: a.Issuer(), Registry: a.Registry, Grants: a.Grants, Codes: a.Codes, People: a.Registry, Secrets: a.keys, Authority: a.authority,
		InTx: func(ctx context.Context, fn func(oauth.Tx) error) error {
			return a.store.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
		Checker: a.Auth, Signer: tokenSigner{a.Signing}, Proofs: a.proofs, Rates: a.rates,
		Record:   func(ctx context.Context, ev audit.Event) error { return a.suspect.record(ctx, ev, ev.Client) },
		Append:   a.store.Audit().Append,
		Used:     func(ctx context.Context, id token.SessionID) { a.Auth.Use(ctx, session.ID(id)) },
		Instance: a.facts.ID, Keys: a.keys, Devices: a.store.DeviceCodes(), Sessions: a.store.Sessions(), Scopes: a.store.Resources(),
		Now: a.c.Now, Log: a.c.Log,
	})
	a.feed = publish.New(publish.Options{
		Issuer: a.Issuer(), Store: a.store.Revocations(), Keys: a.keys, Now: a.c.Now, Wake: a.follower.Wake, Log: a.c.Log,
		Sign: func(ctx context.Context, typ string, payload []byte) (string, error) {
			return a.Signing.Sign(ctx, signing.Feed, jose.EdDSA, typ, payload)
		},
	})
	a.follower.Tell(a.feed)
	return nil
}

// authority is what tokens may say of an account now.
func (a *App) authority(ctx context.Context, u user.User) (token.Authority, error) {
	out := token.Authority{TokenVersion: u.TokenVersion, Roles: u.Roles}
	all, err := a.store.Organizations().Of(ctx, u.ID)
	for _, o := range all[:min(len(all), token.MaxOrganizations)] {
		out.Organizations = append(out.Organizations, token.Membership{ID: o.Organization.String(), Slug: o.Slug, Roles: o.Roles})
	}
	return out, err
}

// tokenSurfaces are the protocol endpoints and the revocation feed.
func (a *App) tokenSurfaces() []web.Surface {
	return []web.Surface{
		weboauth.Surface(weboauth.Options{URL: a.c.url, Flow: a.OAuth, Clients: a.OAuth, Requests: a.Authorize, Tokens: a.Auth, Now: a.c.Now, Log: a.c.Log}),
		webfeed.Surface(webfeed.Options{
			URL: a.c.url, Clients: feedClients{a}, Publisher: a.feed, Now: a.c.Now, Log: a.c.Log,
			Keys: func(ctx context.Context) ([]byte, error) {
				set, err := a.Signing.Published(ctx, signing.Feed)
				return set.JSON, err
			},
		}),
	}
}

// RevocationDelays is how long after their commit revocations were applied here.
func (a *App) RevocationDelays() (count uint64, sum time.Duration, atMost map[time.Duration]uint64) {
	return a.follower.Delays().Read()
}

// LiveRevocations is how many revocations can still concern a token.
func (a *App) LiveRevocations() int { return a.live.Set().Len() }

// Published counts what followers of the feed were told.
func (a *App) Published() publish.Counts { return a.feed.Counts() }

// tokenSigner signs with the current key for tokens.
type tokenSigner struct{ ring *signing.Ring }

func (s tokenSigner) Sign(ctx context.Context, alg jose.Algorithm, typ string, payload []byte) (string, error) {
	return s.ring.Sign(ctx, signing.Token, alg, typ, payload)
}

// resourceRules says how access tokens are made, from what is registered. A token
// for several resources has the strictest of their rules.
type resourceRules struct {
	registry *registry.Registry
	issuer   string
}

func (r resourceRules) Access(ctx context.Context, id string, audiences []string) (token.Rules, error) {
	c, err := r.registry.Client(ctx, id)
	if err != nil {
		return token.Rules{}, err
	}
	rules := token.Rules{Lifetime: resource.DefaultLifetime, Algorithm: jose.EdDSA}
	others := 0
	for _, audience := range audiences {
		if audience == r.issuer || audience == r.issuer+oauth.UserInfoPath {
			continue // our own take the default
		}
		res, err := r.registry.Resource(ctx, audience)
		if err != nil {
			return token.Rules{}, err
		}
		rules.Opaque = rules.Opaque || res.TokenFormat == resource.Opaque
		rules.Algorithm = jose.Algorithm(res.Algorithm)
		if others++; others == 1 {
			rules.Lifetime = res.TokenLifetime
		}
		rules.Lifetime = min(rules.Lifetime, res.TokenLifetime)
	}
	if c.TokenLifetime > 0 {
		rules.Lifetime = c.TokenLifetime
	}
	if c.TokenFormat != "" {
		rules.Opaque = c.TokenFormat == string(resource.Opaque)
	}
	// A JWT would show a pairwise client the name that all others know (TH-16).
	rules.Opaque = rules.Opaque || c.Pairwise()
	return rules, nil
}

// tokenReader answers from the store what memory may not.
type tokenReader struct {
	*token.Grants
	store store.Store
	keys  *signing.Ring
	now   func() time.Time
}

// Alive reports whether what a verified token names still stands, its key
// included.
func (t tokenReader) Alive(ctx context.Context, claims *jwt.Access) error {
	if err := t.keys.Reload(ctx); err != nil {
		return err
	}
	if _, ok := t.keys.Public(signing.Token).Key(claims.KeyID); !ok {
		return authn.ErrToken.Because(bearer.ErrRevoked)
	}
	if own, ok := token.OwnOf(claims); ok {
		return t.ownAlive(ctx, own, claims.ID)
	}
	id, err := token.ParseID(claims.Grant)
	if err != nil {
		return authn.ErrToken.Because(err)
	}
	g, alive, err := t.store.Tokens().ByID(ctx, id, t.now())
	if err != nil {
		return err
	}
	owner, err := user.ParseID(claims.Subject)
	if err != nil {
		return authn.ErrToken.Because(err)
	}
	u, err := t.store.Users().ByID(ctx, owner)
	if err != nil {
		return err
	}
	if !alive || claims.UserVersion < u.TokenVersion {
		return authn.ErrToken.Because(bearer.ErrRevoked)
	}
	if g.Client != claims.ClientID || claims.Actor != nil {
		return t.derivedAlive(ctx, claims, owner)
	}
	return nil
}

// derivedAlive asks what an exchanged token names beyond its grant: that it was
// not given back, its client, and all who act (TH-13).
func (t tokenReader) derivedAlive(ctx context.Context, claims *jwt.Access, owner user.ID) error {
	id, err := token.ParseAccessID(claims.ID)
	if err != nil {
		return authn.ErrToken.Because(err)
	}
	void, err := t.store.Tokens().Void(ctx, owner, id)
	if err != nil {
		return err
	}
	c, err := t.store.Clients().ByID(ctx, client.ID(claims.ClientID))
	if err != nil {
		return err
	}
	dead := void || c.Disabled || claims.ClientVersion < c.Version
	for one := claims.Actor; one != nil && !dead; one = one.Actor {
		if dead, err = t.actorDead(ctx, one); err != nil {
			return err
		}
	}
	if dead {
		return authn.ErrToken.Because(bearer.ErrRevoked)
	}
	return nil
}

func (t tokenReader) actorDead(ctx context.Context, a *jwt.Actor) (bool, error) {
	if id, err := user.ParseID(a.Subject); err == nil {
		u, err := t.store.Users().ByID(ctx, id)
		return u.State != user.Active || a.UserVersion < u.TokenVersion, err
	}
	c, err := t.store.Clients().ByID(ctx, client.ID(a.Subject))
	return c.Disabled || a.UserVersion < c.TokenVersion, err
}

func (t tokenReader) ownAlive(ctx context.Context, own token.Own, jti string) error {
	id, err := token.ParseAccessID(jti)
	if err != nil {
		return authn.ErrToken.Because(err)
	}
	alive, err := t.store.Tokens().OwnAlive(ctx, own, id)
	if err == nil && !alive {
		return authn.ErrToken.Because(bearer.ErrRevoked)
	}
	return err
}

// feedClients lets verifiers of resources follow the feed, with the credentials
// they introspect with.
type feedClients struct{ app *App }

func (f feedClients) Authenticate(ctx context.Context, r *http.Request) (id string, audiences []string, err error) {
	credentials, err := weboauth.Caller(r)
	if err != nil {
		return "", nil, err
	}
	c, err := f.app.OAuth.Verifier(ctx, credentials, web.Of(r).Caller.Source)
	if err != nil {
		return "", nil, err
	}
	audience := r.URL.Query().Get("audience")
	if audience == "" {
		return string(c.ID), nil, nil
	}
	res, err := f.app.Registry.Resource(ctx, audience)
	switch {
	case err != nil && !errors.Is(err, resource.ErrUnknown):
		return "", nil, err
	case err != nil || !res.Verifies(string(c.ID)):
		return string(c.ID), nil, nil //nolint:nilerr // an unknown resource is none of this client's
	}
	return string(c.ID), []string{audience}, nil
}

// grantNotices tells people that a sign-in of an app was ended to protect them.
type grantNotices struct{ app *App }

func (n grantNotices) GrantEnded(ctx context.Context, g token.Grant, cause token.Cause, from audit.Source) {
	if err := n.tell(ctx, g, cause, from); err != nil {
		n.app.c.Log.Error("nobody was told that a grant was ended to protect the account", "grant", g.ID, "cause", cause, "error", err)
	}
}

func (n grantNotices) tell(ctx context.Context, g token.Grant, cause token.Cause, from audit.Source) error {
	name := g.Client
	if c, err := n.app.Registry.Client(ctx, g.Client); err == nil && c.Name != "" {
		name = c.Name
	}
	template := mail.GrantStolen
	if cause == token.StoreRollback {
		template = mail.GrantLost
	}
	return n.app.notify(ctx, g.User, template, name, from)
}

// notify tells somebody at each of their verified addresses what an act was about.
func (a *App) notify(ctx context.Context, owner user.ID, template mail.Template, detail string, from audit.Source) error {
	u, err := a.store.Users().ByID(ctx, owner)
	if err != nil {
		return err
	}
	emails, err := a.store.Users().Emails(ctx, owner)
	if err != nil {
		return err
	}
	emails = slices.DeleteFunc(emails, func(e user.Email) bool { return !e.Verified() })
	for _, e := range emails {
		q, err := a.outbox.Queue(mail.Message{
			Template: template, To: e.Address, Lang: u.Locale, TimeZone: u.TimeZone,
			Data: mail.Data{Name: u.Name, Detail: detail, Act: mail.Act{When: a.now(), IP: from.IP, Place: from.Place, Device: useragent.Describe(from.UserAgent)}},
		})
		if err != nil {
			return err
		}
		if err := a.store.Mail().Enqueue(ctx, q); err != nil {
			return err
		}
	}
	a.outbox.Wake()
	return nil
}

// gatewayTokens lets programs through the gateway with access tokens.
type gatewayTokens struct{ auth *authn.Authenticator }

func (t gatewayTokens) Bearer(ctx context.Context, p *authn.Presented, audience string) (gateway.Bearer, error) {
	who, version, err := t.auth.VersionedToken(ctx, p, audience)
	if err != nil {
		return gateway.Bearer{}, err
	}
	return gateway.Bearer{Identity: who, Version: version, Scopes: who.Scopes()}, nil
}

// letterSigner signs what the gateway tells upstreams, by the key of tokens.
type letterSigner struct{ ring *signing.Ring }

func (s letterSigner) Sign(ctx context.Context, typ string, payload []byte) (string, error) {
	return s.ring.Sign(ctx, signing.Token, jose.EdDSA, typ, payload)
}
