package authn

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/bearer"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/verify"
)

// ErrToken: the access token is malformed, expired, revoked, or for somebody
// else. The cause says which. OAuth: invalid_token (RFC 6750 section 3.1).
var ErrToken = problem.New(problem.Unauthenticated, "invalid_token", "This access token is expired, revoked or not for here. Get a new one and try again.")

// Tokens is what authn needs of the grants.
type Tokens interface {
	// Opaque reads a living opaque token from the store.
	Opaque(ctx context.Context, text string) (*jwt.Access, error)
	// Alive asks the store whether what a verified token names still stands, for
	// when memory may not answer. An error of another kind than Unauthenticated
	// says that nothing could be found out.
	Alive(ctx context.Context, a *jwt.Access) error
}

// AcceptTokens makes the Authenticator take access tokens: JWTs that checker
// knows, whatever their audience, and opaque ones. live has raw values. Call it
// before the first check.
func (a *Authenticator) AcceptTokens(checker *bearer.Checker, live bearer.Live, t Tokens) {
	a.checker, a.tokens = checker, t
	a.opaque = newOpaque(live, a.o.CacheEntries)
}

// AcceptProofs makes the Authenticator take tokens that are bound to a DPoP key.
// Call it before the first check; without it they are refused.
func (a *Authenticator) AcceptProofs(p Proofs) { a.proofs = p }

// Bearer returns who the access token text speaks for at the API called
// audience. The Identity is shared and must not be changed. Anything but a living
// token for that audience is ErrToken; a store that does not answer is
// session.ErrUncertain. A token bound to a key is refused: it is no bearer token.
func (a *Authenticator) Bearer(ctx context.Context, text, audience string) (*verify.Identity, error) {
	return a.Token(ctx, &Presented{Token: text}, audience)
}

// Token is Bearer for a token by either scheme. One that is bound to a key needs the
// scheme DPoP and a proof, each time (TH-20): ErrProof and ErrNonce are further
// errors. p.Nonce is set when the answer, whatever it is, should bring one.
func (a *Authenticator) Token(ctx context.Context, p *Presented, audience string) (*verify.Identity, error) {
	who, _, err := a.VersionedToken(ctx, p, audience)
	return who, err
}

// VersionedToken is Token with the version of the account's tokens that this one
// carries (TH-3).
func (a *Authenticator) VersionedToken(ctx context.Context, p *Presented, audience string) (who *verify.Identity, version int64, err error) {
	claims, box, err := a.held(ctx, p)
	if err != nil {
		return nil, 0, err
	}
	if !slices.Contains(claims.Audience, audience) {
		return nil, 0, ErrToken.Because(jwt.ErrAudience).Comparing(audience, strings.Join(claims.Audience, " "))
	}
	if who, err = box.identity(ctx, a, claims); err != nil {
		return nil, 0, a.unknown(err)
	}
	return who, claims.UserVersion, nil
}

// Proven returns the claims of a living access token of any audience, whose binding,
// if it has one, p proves. Errors as of Token. The claims are shared.
func (a *Authenticator) Proven(ctx context.Context, p *Presented) (*jwt.Access, error) {
	claims, _, err := a.held(ctx, p)
	if err != nil {
		return nil, err
	}
	return claims, nil
}

// Access returns the claims of a living access token of any audience and binding,
// for introspection: whoever presents it still has the binding to prove. Errors as of
// Bearer. The claims are shared.
func (a *Authenticator) Access(ctx context.Context, text string) (*jwt.Access, error) {
	claims, _, err := a.access(ctx, text)
	return claims, err
}

func (a *Authenticator) held(ctx context.Context, p *Presented) (*jwt.Access, *box, error) {
	claims, box, err := a.access(ctx, p.Token)
	if err == nil && (p.DPoP || claims.Bound()) {
		err = a.prove(ctx, p, claims)
	}
	return claims, box, err
}

func (a *Authenticator) access(ctx context.Context, text string) (*jwt.Access, *box, error) {
	if a.checker == nil {
		return nil, nil, ErrToken.Becausef("tokens are not taken here")
	}
	fresh := a.fresh != nil && a.fresh.Fresh(a.o.Now())
	if secret.OpaqueAccessToken.Marks(text) {
		return a.readOpaque(ctx, text, fresh)
	}
	checked, err := a.checker.CheckAny(text, a.o.Now())
	if err != nil {
		return nil, nil, ErrToken.Because(err)
	}
	kept := checked.Derived(func(c *jwt.Access) any { return &box{claims: c} }).(*box)
	if !fresh {
		a.misses.Add(1)
		if err := a.tokens.Alive(ctx, kept.claims); err != nil {
			return nil, nil, a.unknown(err)
		}
		return kept.claims, kept, nil
	}
	a.hits.Add(1)
	return kept.claims, kept, nil
}

func (a *Authenticator) readOpaque(ctx context.Context, text string, fresh bool) (*jwt.Access, *box, error) {
	c, err := secret.ParseCredential(secret.OpaqueAccessToken, text)
	if err != nil {
		return nil, nil, ErrToken.Because(err)
	}
	d, now := c.Digest(a.o.Instance), a.o.Now()
	if fresh {
		if kept := a.opaque.get(d, now); kept != nil {
			a.hits.Add(1)
			return kept.claims, kept, nil
		}
	}
	a.misses.Add(1)
	claims, err := a.tokens.Opaque(ctx, text)
	if err != nil {
		return nil, nil, a.unknown(err)
	}
	kept := &box{claims: claims}
	a.opaque.put(d, kept, now)
	return claims, kept, nil
}

// unknown tells a refusal from not knowing.
func (a *Authenticator) unknown(err error) error {
	switch problem.Of(err).Kind {
	case problem.Unavailable, problem.Internal:
		a.uncertain.Add(1)
		return session.ErrUncertain.Because(err).After(2 * time.Second)
	}
	if errors.Is(err, ErrToken) {
		return err
	}
	return ErrToken.Because(err)
}

// box keeps beside a checked token the identity it stands for.
type box struct {
	claims *jwt.Access
	who    atomic.Pointer[verify.Identity]
}

// identity is made once: a loss of a role or of one of its permissions raises the
// version that the token carries, and the token is dead (TH-3).
func (b *box) identity(ctx context.Context, a *Authenticator, c *jwt.Access) (*verify.Identity, error) {
	if who := b.who.Load(); who != nil {
		return who, nil
	}
	permissions, err := a.permissions(ctx, c.Roles)
	if err != nil {
		return nil, err
	}
	who := identityOf(c, permissions)
	b.who.CompareAndSwap(nil, &who)
	return b.who.Load(), nil
}

func identityOf(c *jwt.Access, permissions []string) verify.Identity {
	claims := verify.Claims{
		Kind: verify.User, Issuer: c.Issuer, Subject: c.Subject, Roles: c.Roles, Permissions: permissions, Session: c.Session,
		ClientID: c.ClientID, Grant: c.Grant, CredentialID: c.ID, Audience: c.Audience, Scopes: strings.Fields(c.Scope),
		Methods: c.AMR, ExpiresAt: time.Unix(c.Expiry, 0).UTC(), Actor: actorOf(c.Actor),
	}
	if c.Subject == c.ClientID {
		claims.Kind = verify.Client
	}
	if level, err := strconv.Atoi(c.ACR); err == nil && 1 <= level && level <= 3 {
		claims.Assurance = level // what is no level of ours is none
	}
	if c.AuthTime > 0 {
		claims.AuthenticatedAt = time.Unix(c.AuthTime, 0).UTC()
	}
	for _, o := range c.Org {
		claims.Organizations = append(claims.Organizations, verify.Organization{ID: o.ID, Slug: o.Slug, Roles: o.Roles})
	}
	return verify.NewIdentity(claims)
}

func actorOf(c *jwt.Actor) *verify.Actor {
	if c == nil {
		return nil
	}
	return &verify.Actor{Subject: c.Subject, Actor: actorOf(c.Actor)}
}
