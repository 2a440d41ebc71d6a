package main

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// The clients of every store made here: an app that refreshes, and the verifier
// of its APIs.
const (
	clientID       = "shop"
	clientSecret   = "bench-0123456789-abcdefghijklmnopqrstuvwxyz"
	verifierID     = "orders"
	verifierSecret = "bench-9876543210-abcdefghijklmnopqrstuvwxyz"
	opaqueAudience = "https://vault.example.com"
)

// issue is what one person's app holds.
type issue struct {
	grant   token.ID
	session string // cookie
	refresh string
	jwt     string // for tokenAudience
	opaque  string // for opaqueAudience
	own     string // a JWT for the issuer itself
}

// folder makes a data folder for a server at addr with n people and their tokens.
func (b *bench) folder(name, addr string, n int) (dir string, issued []issue, err error) {
	dir = filepath.Join(b.tmp, name)
	st, err := sqlite.Open(b.ctx, dir, sqlite.Options{})
	if err != nil {
		return dir, nil, err
	}
	issued, err = hand(b.ctx, st, addr, n)
	return dir, issued, firstOf(err, st.Close())
}

// hand makes n people, and gives each of them tokens.
func hand(ctx context.Context, st store.Store, addr string, n int) ([]issue, error) {
	a, err := app.New(ctx, wiring("http://"+addr), st)
	if err != nil {
		return nil, err
	}
	c, err := register(ctx, a)
	if err != nil {
		return nil, err
	}
	people, err := settlers(ctx, a, st, n)
	if err != nil {
		return nil, err
	}
	issued, errs := make([]issue, n), make([]error, n)
	gate := make(chan struct{}, 64)
	var wg sync.WaitGroup
	for i, p := range people {
		gate <- struct{}{}
		wg.Go(func() {
			issued[i], errs[i] = equip(ctx, a, c, p)
			<-gate
		})
	}
	wg.Wait()
	return issued, firstOf(errs...)
}

func register(ctx context.Context, a *app.App) (client.Client, error) {
	_, _, err := a.Directory.CreateClient(ctx, user.Host(), client.Client{
		ID: verifierID, Grants: []string{client.GrantClientCredentials},
	}, secret.NewText(verifierSecret))
	if err != nil {
		return client.Client{}, err
	}
	for id, format := range map[string]resource.Format{tokenAudience: resource.JWT, opaqueAudience: resource.Opaque} {
		_, err := a.Directory.CreateResource(ctx, user.Host(), resource.Resource{Identifier: id, TokenFormat: format, Verifiers: []string{verifierID}})
		if err != nil {
			return client.Client{}, err
		}
	}
	c, _, err := a.Directory.CreateClient(ctx, user.Host(), client.Client{
		ID: clientID, Grants: []string{client.GrantRefresh}, Scopes: []string{"openid"}, Resources: []string{tokenAudience, opaqueAudience},
		IDTokenAlg: "EdDSA", FirstParty: true,
	}, secret.NewText(clientSecret))
	return c, err
}

// equip begins one grant for each kind of token.
func equip(ctx context.Context, a *app.App, c client.Client, p account) (i issue, err error) {
	i.session = p.cookie()
	for audience, keep := range map[string]func(token.Issued){
		tokenAudience: func(t token.Issued) {
			i.grant, i.refresh, i.jwt = t.Grant.ID, t.Refresh.Reveal(), t.Access.Reveal()
		},
		opaqueAudience: func(t token.Issued) { i.opaque = t.Access.Reveal() },
		a.Issuer():     func(t token.Issued) { i.own = t.Access.Reveal() },
	} {
		const day = 24 * time.Hour
		t, err := a.Grants.Begin(ctx, token.Birth{
			User: p.user.ID, UserVersion: p.user.Version, Client: clientID, ClientVersion: c.Version, Session: token.SessionID(p.session),
			Audiences: []string{audience}, Scope: "openid", Sender: token.Sender{Kind: token.Client}, Methods: []string{"pwd"}, ACR: "1",
			AuthTime: now(), Refresh: audience == tokenAudience, Idle: 7 * day, Life: 30 * day, Source: audit.Source{IP: "127.0.0.1", UserAgent: "bench"},
		})
		if err != nil {
			return i, err
		}
		keep(t)
	}
	return i, nil
}
