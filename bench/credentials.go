package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// robot is a program that gets tokens for itself; its name says of which kind.
type robot struct {
	id, what, bound string
	most            float64
	resource        resource.Resource
}

var robots = []robot{
	{"EdDSA", "JWT, EdDSA", "≤ 1.6 ×", 1.6, resource.Resource{Identifier: "https://eddsa.example.com", TokenFormat: resource.JWT, Algorithm: "EdDSA"}},
	{"RS256", "JWT, RS256-2048", "≤ 1.1 ×", 1.1, resource.Resource{Identifier: "https://rs256.example.com", TokenFormat: resource.JWT, Algorithm: "RS256"}},
	{"opaque", "opaque, durable (SQLite FULL)", "≤ 2 ×", 2, resource.Resource{Identifier: "https://closed.example.com", TokenFormat: resource.Opaque}},
}

// earning measures client_credentials over HTTP.
func earning(b *bench) error {
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	dir := filepath.Join(b.tmp, "credentials")
	if err := b.employ(dir, addr); err != nil {
		return err
	}
	p, err := b.serverAt(addr, "host", nil, dir, master)
	if err != nil {
		return err
	}
	defer p.stop()
	for _, r := range robots {
		if err := b.robotRow(r, b.wages(p, r)); err != nil {
			return err
		}
	}
	return nil
}

// employ makes a data folder with the robots.
func (b *bench) employ(dir, addr string) error {
	st, err := sqlite.Open(b.ctx, dir, sqlite.Options{})
	if err != nil {
		return err
	}
	return firstOf(robotsOf(b.ctx, st, addr), st.Close())
}

func robotsOf(ctx context.Context, st *sqlite.Store, addr string) error {
	a, err := app.New(ctx, wiring("http://"+addr), st)
	if err != nil {
		return err
	}
	if _, err := a.Directory.PutScope(ctx, user.Host(), resource.Scope{Name: "read"}); err != nil {
		return err
	}
	for _, r := range robots {
		if _, err := a.Directory.CreateResource(ctx, user.Host(), r.resource); err != nil {
			return err
		}
		_, _, err := a.Directory.CreateClient(ctx, user.Host(), client.Client{
			ID: client.ID(r.id), Grants: []string{client.GrantClientCredentials}, Scopes: []string{"read"}, Resources: []string{r.resource.Identifier},
		}, secret.NewText(clientSecret))
		if err != nil {
			return err
		}
	}
	return nil
}

// wages are the questions of a robot to a server.
func (b *bench) wages(p *process, r robot) questions {
	return questions{
		p.addr, func() time.Duration { return cpuOf(p.pid()) },
		[][]byte{post(p.addr, "/oauth2/token", r.id, clientSecret, "grant_type=client_credentials")},
		`"access_token":"`,
	}
}

func (b *bench) robotRow(r robot, ours questions) error {
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	args := []string{r.id, r.resource.Identifier}
	if r.id == "opaque" { // a database of the same shape
		dir := filepath.Join(b.tmp, "credentials-floor")
		if err := b.employ(dir, addr); err != nil {
			return err
		}
		args = append(args, dir)
	}
	p, err := b.serverAt(addr, "credentials", nil, args...)
	if err != nil {
		return err
	}
	defer p.stop()
	o, f, x, err := b.beside(ours, b.wages(p, r))
	if err != nil {
		return err
	}
	b.add(row{"client_credentials over HTTP, " + r.what + ", CPU", fmt.Sprintf("%.1f µs", o), fmt.Sprintf("%.1f µs", f), times(x), r.bound, judge(x <= r.most)})
	return nil
}
