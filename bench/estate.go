package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

const (
	callback = "https://app.example.com/callback"
	verifier = "bench-verifier-0123456789-abcdefghijklmnopq"
	aims     = "openid profile email"
)

// plan is how large an estate is.
type plan struct {
	apps, people, codes, tokens int
	agreed                      bool // everybody has consented to their app
	chains                      bool // and it has a refresh token
}

// estate is a store with apps, people, and what the apps may bring: codes, and
// access tokens for UserInfo, all of them different.
type estate struct {
	plan
	host   string
	apps   []client.Client
	people []account
	given  []string // codes, good for an hour
	kept   []string // their digests
	access []string
	// of each person's app
	refresh []string
}

// estate makes a data folder for a server at addr.
func (b *bench) estate(name, addr string, p plan) (dir string, e *estate, err error) {
	dir = filepath.Join(b.tmp, name)
	st, err := sqlite.Open(b.ctx, dir, sqlite.Options{})
	if err != nil {
		return dir, nil, err
	}
	e, err = furnish(b.ctx, st, addr, p)
	return dir, e, firstOf(err, st.Close())
}

func furnish(ctx context.Context, st store.Store, addr string, p plan) (*estate, error) {
	a, err := app.New(ctx, wiring("http://"+addr), st)
	if err != nil {
		return nil, err
	}
	e := &estate{plan: p, host: addr, apps: make([]client.Client, p.apps)}
	if e.people, err = settlers(ctx, a, st, p.people); err != nil {
		return nil, err
	}
	return e, firstOf(e.register(ctx, a), e.agree(ctx, st), e.issue(ctx, st), e.mint(ctx, a))
}

// challenge is of the one verifier.
var challenge = authcode.Challenge(verifier)

// agree lets everybody have agreed to one app.
func (e *estate) agree(ctx context.Context, st store.Store) error {
	if !e.agreed {
		return nil
	}
	return each(len(e.people), func(i int) error {
		c, p := e.apps[i%len(e.apps)], e.people[i]
		return st.Consents().Put(ctx, consent.Consent{
			User: p.user.ID, UserVersion: p.user.Version, Client: string(c.ID), Scopes: strings.Fields(aims), Audiences: c.Resources, CreatedAt: now(), UpdatedAt: now(),
		}, event(consent.Given, p.user.ID))
	})
}

// each runs fn for all below n, many at a time.
func each(n int, fn func(i int) error) error {
	errs := make([]error, n)
	gate := make(chan struct{}, 64)
	var wg sync.WaitGroup
	for i := range n {
		gate <- struct{}{}
		wg.Go(func() {
			errs[i] = fn(i)
			<-gate
		})
	}
	wg.Wait()
	return firstOf(errs...)
}

func (e *estate) register(ctx context.Context, a *app.App) error {
	if _, err := a.Directory.PutScope(ctx, user.Host(), resource.Scope{Name: "read"}); err != nil {
		return err
	}
	var all []string
	for _, r := range robots {
		if _, err := a.Directory.CreateResource(ctx, user.Host(), r.resource); err != nil {
			return err
		}
		all = append(all, r.resource.Identifier)
	}
	return each(e.plan.apps, func(i int) (err error) {
		e.apps[i], _, err = a.Directory.CreateClient(ctx, user.Host(), client.Client{
			ID: client.ID(fmt.Sprintf("app-%05d", i)), Grants: []string{client.GrantCode, client.GrantRefresh, client.GrantClientCredentials, client.GrantDevice},
			Responses: []string{"code"}, RedirectURIs: []string{callback}, Scopes: []string{"openid", "profile", "email", "offline_access", "read"},
			Resources: all, IDTokenAlg: "EdDSA",
		}, secret.NewText(clientSecret))
		return err
	})
}

// issue gives the apps codes. Their minute begins in an hour, so that all of them
// can be made before anything is measured.
func (e *estate) issue(ctx context.Context, st store.Store) error {
	facts, err := st.Instance().Facts(ctx)
	if err != nil {
		return err
	}
	codes := authcode.New(st.Codes(), facts.ID, func() time.Time { return time.Now().Add(time.Hour) })
	e.given, e.kept = make([]string, e.codes), make([]string, e.codes)
	return each(e.codes, func(i int) error {
		c, p := e.apps[i%len(e.apps)], e.people[i%len(e.people)]
		code, err := codes.Issue(ctx, authcode.Code{
			Client: string(c.ID), ClientVersion: c.Version, User: p.user.ID, UserVersion: p.user.Version, Session: authcode.SessionID(p.session),
			RedirectURI: callback, RedirectGiven: true, Challenge: challenge, Nonce: "n-0123456789abcdef", Scope: aims,
			Methods: []string{"pwd"}, ACR: "1", AuthTime: now(),
		}, audit.Source{IP: "127.0.0.1", UserAgent: "bench"})
		if err != nil {
			return err
		}
		d := code.Digest(facts.ID)
		e.given[i], e.kept[i] = code.Reveal(), base64.RawURLEncoding.EncodeToString(d[:])
		return nil
	})
}

// mint signs access tokens for UserInfo, of one grant for each person.
func (e *estate) mint(ctx context.Context, a *app.App) error {
	e.access, e.refresh = make([]string, e.tokens), make([]string, len(e.people))
	if e.tokens == 0 && !e.chains {
		return nil
	}
	grants := make([]token.Issued, len(e.people))
	err := each(len(e.people), func(i int) (err error) {
		grants[i], err = e.grant(ctx, a, i)
		e.refresh[i] = grants[i].Refresh.Reveal()
		return err
	})
	if err != nil {
		return err
	}
	return each(e.tokens, func(i int) (err error) {
		e.access[i], err = e.token(ctx, a, grants[i%len(grants)])
		return err
	})
}

func (e *estate) grant(ctx context.Context, a *app.App, i int) (token.Issued, error) {
	const day = 24 * time.Hour
	c, p := e.apps[i%len(e.apps)], e.people[i]
	return a.Grants.Begin(ctx, token.Birth{
		User: p.user.ID, UserVersion: p.user.Version, Client: string(c.ID), ClientVersion: c.Version, Session: token.SessionID(p.session),
		Audiences: []string{a.Issuer() + "/oauth2/userinfo"}, Scope: aims, Sender: token.Sender{Kind: token.Client}, Methods: []string{"pwd"}, ACR: "1",
		AuthTime: now(), Refresh: true, Idle: 7 * day, Life: 30 * day, Source: audit.Source{IP: "127.0.0.1", UserAgent: "bench"},
	})
}

// token is one more access token of a grant, as if it had been refreshed.
func (e *estate) token(ctx context.Context, a *app.App, i token.Issued) (string, error) {
	var id token.AccessID
	secret.Fill(id[:])
	g := &i.Grant
	claims := jwt.Access{
		Issuer: a.Issuer(), Subject: g.User.String(), ClientID: g.Client, Audience: i.Audiences, ID: id.String(), Session: g.Session.String(), Grant: g.ID.String(),
		Expiry: i.IssuedAt.Add(token.MaxLifetime).Unix(), IssuedAt: i.IssuedAt.Unix(), NotBefore: i.IssuedAt.Unix(), Scope: i.Scope, AuthTime: g.AuthTime.Unix(),
		ACR: g.ACR, AMR: g.Methods, UserVersion: i.Authority.TokenVersion, ClientVersion: i.Authority.ClientVersion,
	}
	return a.Signing.Sign(ctx, signing.Token, jose.EdDSA, jwt.TypeAccess, claims.Append(nil))
}

// redemptions are requests that bring the codes, or what texts says instead of them.
func (e *estate) redemptions(addr string, texts []string) [][]byte {
	all := make([][]byte, len(texts))
	for i, text := range texts {
		all[i] = post(addr, "/oauth2/token", string(e.apps[i%len(e.apps)].ID), clientSecret, "grant_type=authorization_code&code="+url.QueryEscape(text)+
			"&redirect_uri="+url.QueryEscape(callback)+"&code_verifier="+verifier)
	}
	return all
}

// tellings are requests to UserInfo.
func (e *estate) tellings(addr string, tokens []string) [][]byte {
	all := make([][]byte, len(tokens))
	for i, text := range tokens {
		all[i] = carrying(addr, "/oauth2/userinfo", text)
	}
	return all
}

// wages are requests of the apps for tokens of their own.
func (e *estate) wages(addr string, r robot) [][]byte {
	all := make([][]byte, len(e.apps))
	for i, c := range e.apps {
		all[i] = post(addr, "/oauth2/token", string(c.ID), clientSecret, "grant_type=client_credentials&scope=read&resource="+url.QueryEscape(r.resource.Identifier))
	}
	return all
}
