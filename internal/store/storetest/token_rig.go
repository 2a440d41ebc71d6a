package storetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

const (
	issuer   = "https://id.example.test"
	audience = "https://api.example.test"
	home     = "192.0.2.1"
	abroad   = "198.51.100.9"
)

// app is a client with grants of its own over the store of a testcase.
type app struct {
	*testcase
	*token.Grants
	owner  user.User
	client client.Client
	keys   *keyring.Keyring
	public jose.KeySet
	opaque bool

	mu      sync.Mutex
	noticed []token.Cause
}

// app keeps a client and a person, and a whole token.Grants over them.
func (c *testcase) app(name client.ID) *app {
	c.Helper()
	masters := keyring.Masters{Current: keyring.NewMaster()}
	keys, err := keyring.Load(c.ctx, c.Keys(), masters, func() time.Time { return c.now })
	c.ok(err)
	return c.appWith(name, keys)
}

func (c *testcase) appWith(name client.ID, keys *keyring.Keyring) *app {
	c.Helper()
	key, err := jose.Generate(jose.EdDSA)
	c.ok(err)
	a := &app{testcase: c, owner: c.person(), client: c.client(name), keys: keys, public: jose.NewKeySet(key.Public())}
	a.Grants = token.New(token.Parts{Store: c.Tokens(), Keys: keys, Resources: a, Signer: signer{key}, Notices: a, Events: c.Audit()},
		token.Options{Issuer: issuer, Instance: [16]byte{7}, Window: token.MaxWindow}, func() time.Time { return c.now })
	return a
}

type signer struct{ key jose.PrivateKey }

func (s signer) Sign(_ context.Context, _ jose.Algorithm, typ string, payload []byte) (string, error) {
	return s.key.Sign(typ, payload)
}

func (a *app) Access(context.Context, string, []string) (token.Rules, error) {
	return token.Rules{Opaque: a.opaque, Lifetime: 10 * time.Minute, Algorithm: jose.EdDSA}, nil
}

func (a *app) GrantEnded(_ context.Context, _ token.Grant, cause token.Cause, _ audit.Source) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.noticed = append(a.noticed, cause)
}

// birth is a grant of the owner as they are now.
func (a *app) birth(s token.Sender) token.Birth {
	return token.Birth{
		User: a.owner.ID, UserVersion: a.reread(a.owner).Version, Client: string(a.client.ID), ClientVersion: a.readClient(a.client.ID).Version,
		Audiences: []string{audience}, Scope: "openid posts:read", Sender: s, Methods: []string{"pwd"}, ACR: "1", AuthTime: a.now,
		Refresh: true, Idle: 24 * time.Hour, Life: 30 * 24 * time.Hour, Source: audit.Source{IP: home},
	}
}

var (
	nobody    = token.Sender{Kind: token.Unproven}
	byClient  = token.Sender{Kind: token.Client}
	byKey     = token.Sender{Kind: token.DPoP, Key: "thumbprint"}
	everybody = []token.Sender{nobody, byClient, byKey, {Kind: token.Certificate, Key: "certificate"}}
)

func (a *app) begin(s token.Sender) token.Issued {
	a.Helper()
	i, err := a.Begin(a.ctx, a.birth(s))
	a.ok(err)
	a.heard()
	return i
}

// ask is a refresh of what i holds, by its rightful sender.
func (a *app) ask(i token.Issued, from string) token.Request {
	r := token.Request{Token: i.Refresh.Reveal(), Client: string(a.client.ID), Source: audit.Source{IP: from}}
	switch s := i.Grant.Sender; s.Kind {
	case token.Client:
		r.Authenticated = true
	case token.DPoP:
		r.Wanted.JKT = s.Key
	case token.Certificate:
		r.Wanted.X5T = s.Key
	}
	return r
}

// refresh must work.
func (a *app) refresh(i token.Issued, from string) token.Issued {
	a.Helper()
	next, err := a.Refresh(a.ctx, a.ask(i, from))
	a.ok(err)
	return next
}

// revoke gives a refresh token back.
func (a *app) revoke(ctx context.Context, r token.Request) error {
	_, err := a.Revoke(ctx, r)
	return err
}

// refused must change nothing and be refused.
func (a *app) refused(r token.Request, want error) {
	a.Helper()
	_, err := a.Refresh(a.ctx, r)
	a.is(err, want)
}

// ended must end the grant, tell why, and tell everybody who should know.
func (a *app) ended(i token.Issued, from string, cause token.Cause) {
	a.Helper()
	a.heard()
	a.mu.Lock()
	a.noticed = nil
	a.mu.Unlock()
	_, err := a.Refresh(a.ctx, a.ask(i, from))
	a.is(err, token.ErrEnded)
	var e *token.EndedError
	if !errors.As(err, &e) || e.Cause != cause {
		a.Fatalf("ended with %v, want %s", err, cause)
	}
	g, alive := a.read(i)
	a.same([]any{alive, g.Cause, g.EndedAt, g.Family.Successor == nil}, []any{false, cause, a.now, true})
	a.same(a.noticed, []token.Cause{cause})
	told := a.heard()
	if len(told) != 1 || told[0].Value != i.Grant.ID {
		a.Fatalf("told %v", told)
	}
}

func (a *app) read(i token.Issued) (token.Grant, bool) {
	a.Helper()
	g, alive, err := a.Tokens().ByID(a.ctx, i.Grant.ID, a.now)
	a.ok(err)
	return g, alive
}

// verified returns the claims of a JWT as a resource would take it.
func (a *app) verified(i token.Issued) *jwt.Access {
	a.Helper()
	claims, err := jwt.VerifyAccess(i.Access.Reveal(), a.public, jwt.Expect{Issuer: issuer, Audience: audience, Now: a.now})
	a.ok(err)
	return claims
}

// sitting is a live session of the owner as they are now.
func (a *app) sitting() session.Session {
	a.Helper()
	return a.signIn(a.owner)
}
