package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/ticket"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// protected is the site that a proxy asks about.
const protected = "app.example.test"

// forwardAuth measures the decision that a proxy asks for, warm, beside a bare
// session check of the very same request.
func forwardAuth(b *bench) error {
	dir := filepath.Join(b.tmp, "forward")
	people, err := b.seed(dir, 1)
	if err != nil {
		return err
	}
	gate, err := protect(b.ctx, dir, people[0])
	if err != nil {
		return err
	}
	host, err := b.server("host", dir, master)
	if err != nil {
		return err
	}
	defer host.stop()
	bare, err := b.server("gate", gate)
	if err != nil {
		return err
	}
	defer bare.stop()

	span := time.Duration(b.rounds(1000, 500)) * time.Millisecond
	var cpu, floorCPU, ratio []float64
	for range b.rounds(9, 5) {
		f, err := proxied(bare, gate, span)
		o, err1 := proxied(host, gate, span)
		if err := firstOf(err, err1); err != nil {
			return err
		}
		cpu, floorCPU, ratio = append(cpu, o.cpu), append(floorCPU, f.cpu), append(ratio, o.cpu/f.cpu)
	}
	x := median(ratio)
	b.add(row{
		"forward-auth, warm session, CPU of a request", fmt.Sprintf("%.1f µs", median(cpu)), fmt.Sprintf("%.1f µs", median(floorCPU)),
		times(x), "≤ 1.3 × a bare session check", judge(x <= 1.3),
	})
	return nil
}

// question is what an nginx asks for a browser: the same to both servers.
func question(addr, gate string) []byte {
	return []byte("GET /forward-auth HTTP/1.1\r\nHost: " + addr + "\r\n" + strings.Join([]string{
		"X-Original-URL: http://" + protected + "/page?a=b", "X-Original-Method: GET", "X-Forwarded-For: 192.0.2.7",
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"Accept: text/html,application/xhtml+xml", "Accept-Language: en", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document",
		"Cookie: theme=dark; mortise-gate=" + gate, "", "",
	}, "\r\n"))
}

func proxied(p *process, gate string, span time.Duration) (cost, error) {
	begun := cpuOf(p.pid())
	done, err := load(p.addr, question(p.addr, gate), 8, span, 0, false)
	if err == nil && done.wrong > 0 {
		err = fmt.Errorf("%d of %d questions were not answered 200", done.wrong, done.requests)
	}
	if err != nil {
		return cost{}, err
	}
	return cost{float64(cpuOf(p.pid())-begun) / 1e3 / float64(done.requests), done.rate()}, nil
}

// protect makes a site and gives somebody's session a gate into it.
func protect(ctx context.Context, dir string, who account) (gate string, err error) {
	st, err := sqlite.Open(ctx, dir, sqlite.Options{})
	if err != nil {
		return "", err
	}
	defer st.Close()
	facts, err := st.Instance().Facts(ctx)
	if err != nil {
		return "", err
	}
	t, g := now(), secret.New(ticket.GatePurpose)
	d, _ := secret.DigestOf(session.Purpose, facts.ID, who.secret)
	s, err := st.Sessions().ByDigest(ctx, d)
	if err != nil {
		return "", err
	}
	return g.Reveal(), st.InTx(ctx, func(tx store.Set) error {
		err := tx.Sites().Put(ctx, site.Site{
			Host: protected, Rules: []site.Rule{{Paths: []string{"/public/*"}, Action: site.Allow}, {Action: site.Require}}, Revision: 1, CreatedAt: t, UpdatedAt: t,
		}, event(site.Created, user.ID{}))
		if err != nil {
			return err
		}
		return passThrough(ctx, tx.Tickets(), s, g.Digest(facts.ID), facts.ID)
	})
}

// passThrough is the journey of a browser, up to its end.
func passThrough(ctx context.Context, tickets ticket.Store, s session.Session, gate secret.Digest, instance [16]byte) error {
	t := now()
	some := func() secret.Digest { return secret.New(ticket.HandlePurpose).Digest(instance) }
	first, second, nonce, text := some(), some(), some(), some()
	p := ticket.Parked{Handle: first, Host: protected, URL: "http://" + protected + "/", CreatedAt: t, ExpiresAt: t.Add(time.Minute)}
	if err := tickets.Park(ctx, p); err != nil {
		return err
	}
	if err := tickets.Bind(ctx, first, second, nonce, t); err != nil {
		return err
	}
	if err := tickets.Issue(ctx, second, text, s.ID, s.User, t.Add(ticket.Life), t); err != nil {
		return err
	}
	p.Nonce, p.Ticket = nonce, text
	g := ticket.Gate{Digest: gate, Host: protected, Session: s.ID, User: s.User, CreatedAt: t}
	return tickets.Redeem(ctx, p, g, t, event(ticket.GateOpened, s.User))
}
