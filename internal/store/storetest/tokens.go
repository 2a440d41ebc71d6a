package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

var tokens = []test{
	{"what is kept is what is read", tokenRoundTrip},
	{"nothing is born after the act", tokenBirthAfter},
	{"nothing lives on after the act", tokenUseAfter},
	{"begun while the act is under way", tokenDuring},
	{"bound to a session, or not", tokenSession},
	{"opaque access tokens", tokenOpaque},
	{"one access token is given back", tokenRevoked},
	{"what tokens say", tokenClaims},
	{"ends and lists", tokenEnds},
	{"who is told of an end", tokenAudiences},
	{"what is over is buried", tokenBuried},
	{"of a client's own", tokenOwn},
	{"exchanged for others", tokenDerived},
	{"what the policy asks of them", tokenAsked},
}

func tokenRoundTrip(c *testcase) {
	a := c.app("web")
	s := a.sitting()
	b := a.birth(token.Sender{Kind: token.Certificate, Key: "thumbprint"})
	b.Session, b.Audiences, b.Methods = token.SessionID(s.ID), []string{audience, "https://b.example"}, []string{"pwd", "otp"}
	i, err := a.Begin(a.ctx, b)
	a.ok(err)
	g, alive := a.read(i)
	a.same(g, i.Grant)
	a.same([]any{alive, g.Session, g.Methods, g.AccessUntil}, []any{true, b.Session, b.Methods, i.ExpiresAt})
	_, _, err = a.Tokens().ByID(a.ctx, token.NewID(), a.now)
	a.is(err, token.ErrUnknown)
	b.Refresh = false
	i, err = a.Begin(a.ctx, b)
	a.ok(err)
	a.same([]any{i.Refresh.IsZero(), i.Grant.Family.Generation}, []any{true, int64(0)})
}

// grantActs end an account, a client or a session with all that was born of it.
func grantActs(a *app, s session.Session) map[string]func(store.Set) error {
	all := map[string]func(store.Set) error{
		"disable client": func(tx store.Set) error { return tx.Clients().SetDisabled(a.ctx, a.client.ID, true, a.now, a.system()) },
		"delete client":  func(tx store.Set) error { return tx.Clients().Delete(a.ctx, a.client.ID, a.now, a.system()) },
		"compromise": func(tx store.Set) error {
			return tx.Clients().Rotate(a.ctx, a.client.ID, client.Secret{Digest: digest(), CreatedAt: a.now}, time.Time{}, true, a.now, a.system())
		},
		"sign out": func(tx store.Set) error {
			return tx.Sessions().End(a.ctx, a.owner.ID, s.ID, session.SignedOut, a.now, a.event(session.EndedEvent, a.owner.ID))
		},
	}
	for _, name := range []string{"ban", "delete", "end all"} {
		all[name] = func(tx store.Set) error { return acts[name](a.testcase, tx, a.owner) }
	}
	return all
}

// eachAct runs fn for each act with an app, a session and a person of its own.
func (c *testcase) eachAct(fn func(a *app, b token.Birth, act func(store.Set) error)) {
	first := c.app("first")
	for name := range grantActs(first, session.Session{}) {
		a := c.appWith(client.ID(fmt.Sprintf("client%d", c.next())), first.keys)
		s := a.sitting()
		b := a.birth(nobody)
		b.Session = token.SessionID(s.ID)
		fn(a, b, grantActs(a, s)[name])
	}
}

// TH-1: proven before, born after: not born.
func tokenBirthAfter(c *testcase) {
	c.eachAct(func(a *app, b token.Birth, act func(store.Set) error) {
		a.ok(act(a.Store))
		_, err := a.Begin(a.ctx, b)
		a.is(err, token.ErrBirth)
		grants, err := a.Of(a.ctx, a.owner.ID)
		a.ok(err)
		a.same(len(grants), 0)
	})
}

// TH-1 TH-3 OA-47: refreshing after the act fails, also with everything that
// was read before it, and for ever.
func tokenUseAfter(c *testcase) {
	c.eachAct(func(a *app, b token.Birth, act func(store.Set) error) {
		i, err := a.Begin(a.ctx, b)
		a.ok(err)
		a.opaque = true
		i = a.refresh(i, home)
		seen, _ := a.read(i)
		a.ok(act(a.Store))
		a.refused(a.ask(i, home), token.ErrRefused)
		_, err = a.Tokens().Move(a.ctx, token.Move{Grant: i.Grant.ID, Seen: seen.Family, Next: seen.Family, Now: a.now}, a.event(token.Refreshed, a.owner.ID))
		a.is(err, token.ErrMoved)
		_, err = a.Opaque(a.ctx, i.Access.Reveal())
		a.is(err, token.ErrUnknown)
		_, err = a.Grants.Sweep(a.ctx)
		a.ok(err)
		if g, alive, err := a.Tokens().ByID(a.ctx, i.Grant.ID, a.now); err == nil {
			a.same([]bool{alive, g.EndedAt.IsZero(), g.Family.Successor == nil}, []bool{false, false, true})
		}
	})
}

// TH-1: the act has written and not committed; whoever comes meanwhile waits, or
// sees it. What a disabled client or an ended session gets in that moment dies
// of its own revocation, and cannot be renewed.
func tokenDuring(c *testcase) {
	c.eachAct(func(a *app, b token.Birth, act func(store.Set) error) {
		i, err := a.Begin(a.ctx, b)
		a.ok(err)
		r := a.ask(i, home)
		var renewed token.Issued
		var refreshed, born error
		var wg sync.WaitGroup
		var start sync.Once
		a.ok(a.InTx(a.ctx, func(tx store.Set) error {
			if err := act(tx); err != nil {
				return err
			}
			start.Do(func() {
				going := make(chan struct{}, 2)
				ctx := context.WithoutCancel(a.ctx)
				wg.Go(func() {
					going <- struct{}{}
					renewed, refreshed = a.Refresh(ctx, r)
				})
				wg.Go(func() {
					going <- struct{}{}
					_, born = a.Begin(ctx, b)
				})
				<-going
				<-going
			})
			for range 8 {
				if _, err := tx.Audit().Search(a.ctx, audit.Query{Subject: a.owner.ID.String(), Limit: 1}); err != nil {
					return err
				}
			}
			return nil
		}))
		wg.Wait()
		if refreshed == nil {
			_, refreshed = a.Refresh(a.ctx, a.ask(renewed, home))
		}
		a.is(refreshed, token.ErrRefused)
		grants, err := a.Of(a.ctx, a.owner.ID)
		a.ok(err)
		a.same(len(grants), 0)
		if born == nil {
			a.Log("a grant was born before the act committed, and is dead")
		} else {
			a.is(born, token.ErrBirth)
		}
	})
}

// TH-13: sid is in tokens that die with the session, and only there.
func tokenSession(c *testcase) {
	a := c.app("web")
	s := a.sitting()
	offline, b := a.begin(nobody), a.birth(nobody)
	b.Session = token.SessionID(s.ID)
	bound, err := a.Begin(a.ctx, b)
	a.ok(err)
	a.same([]string{a.verified(offline).Session, a.verified(bound).Session}, []string{"", s.ID.String()})
	a.ok(a.Sessions().End(a.ctx, a.owner.ID, s.ID, session.SignedOut, a.now, a.event(session.EndedEvent, a.owner.ID)))
	a.refused(a.ask(bound, home), token.ErrRefused)
	g, _ := a.read(bound)
	a.same(g.Cause, token.SignedOut)
	a.refresh(offline, home)

	// Nobody is bound to another's session.
	other := a.signIn(a.person())
	b.Session = token.SessionID(other.ID)
	_, err = a.Begin(a.ctx, b)
	a.is(err, token.ErrBirth)
}

func tokenOpaque(c *testcase) {
	a := c.app("web")
	a.opaque = true
	b := a.birth(byKey)
	b.Wanted = token.Wanted{Scope: "openid", JKT: byKey.Key}
	i, err := a.Begin(a.ctx, b)
	a.ok(err)
	text := i.Access.Reveal()
	claims, err := a.Opaque(a.ctx, text)
	a.ok(err)
	a.same([]any{claims.ID, claims.Scope, claims.JKT, claims.Audience, claims.Grant, claims.Expiry},
		[]any{i.ID.String(), "openid", byKey.Key, []string{audience}, i.Grant.ID.String(), i.ExpiresAt.Unix()})
	for _, bad := range []string{"", text[:len(text)-1], text + "0", i.Refresh.Reveal()} {
		_, err := a.Opaque(a.ctx, bad)
		a.is(err, token.ErrUnknown)
	}
	again := a.refresh(i, home)
	r := token.Request{Token: text, Client: "other"}
	a.is(a.RevokeOpaque(a.ctx, r), token.ErrRefused)
	r.Client = "web"
	a.heard()
	a.ok(a.RevokeOpaque(a.ctx, r))
	if told := a.heard(); len(told) != 1 || told[0].Value != i.ID {
		a.Fatalf("told %v", told)
	}
	a.is(a.RevokeOpaque(a.ctx, r), token.ErrRefused)
	_, err = a.Opaque(a.ctx, text)
	a.is(err, token.ErrUnknown)
	_, err = a.Opaque(a.ctx, again.Access.Reveal())
	a.ok(err)
	a.later(10 * time.Minute)
	_, err = a.Opaque(a.ctx, again.Access.Reveal())
	a.is(err, token.ErrUnknown)
	n, err := a.Tokens().Sweep(a.ctx, a.now, a.now, 10)
	a.ok(err)
	a.same(n, 1)
}

// RFC 7009 and 7662: to its own client only, and no more than was asked for.
func tokenRevoked(c *testcase) {
	a := c.app("web")
	i := a.begin(byKey)
	next := a.refresh(i, home)
	claims := a.verified(next)
	mine, other := token.Request{Client: "web"}, token.Request{Client: "other"}
	a.is(a.RevokeJWT(a.ctx, claims, other), token.ErrRefused)
	a.same(len(a.heard()), 0)
	a.ok(a.RevokeJWT(a.ctx, claims, mine))
	if told := a.heard(); len(told) != 1 || told[0].Value != next.ID {
		a.Fatalf("told %v", told)
	}
	for _, tc := range []struct {
		i      token.Issued
		client string
		want   error
	}{{next, "web", nil}, {next, "other", token.ErrRefused}, {i, "web", token.ErrRefused}} {
		g, err := a.Inspect(a.ctx, token.Request{Token: tc.i.Refresh.Reveal(), Client: tc.client})
		if !errors.Is(err, tc.want) || err == nil && g.ID != i.Grant.ID {
			a.Errorf("inspected by %s: %v", tc.client, err)
		}
	}
	a.ok(a.revoke(a.ctx, token.Request{Token: i.Refresh.Reveal(), Client: "web"}))
	_, err := a.Inspect(a.ctx, token.Request{Token: next.Refresh.Reveal(), Client: "web"})
	a.is(err, token.ErrRefused)
	a.is(a.revoke(a.ctx, token.Request{Token: next.Refresh.Reveal(), Client: "web"}), token.ErrRefused)
}

// TH-3 JW-30 JW-31: the authority of the moment, bounded, and nothing personal.
func tokenClaims(c *testcase) {
	a := c.app("web")
	i := a.begin(byClient)
	a.same(a.verified(i).Roles, []string(nil))
	a.ok(a.Users().SetRoles(a.ctx, a.owner.ID, []string{"admin"}, "", a.now, a.event(user.RoleAssigned, a.owner.ID)))
	for n := range 40 {
		o := organization.Organization{ID: organization.NewID(a.now), Slug: fmt.Sprintf("an-organisation-with-a-name-%02d", n), CreatedAt: a.now, UpdatedAt: a.now}
		a.ok(a.Organizations().Create(a.ctx, o, a.system()))
		a.ok(a.Organizations().SetMember(a.ctx, organization.Membership{Organization: o.ID, User: a.owner.ID, Roles: []string{"admin"}, JoinedAt: a.now}, a.system()))
	}
	next := a.refresh(i, home)
	claims := a.verified(next)
	a.same(claims.Roles, []string{"admin"})
	a.same([]any{claims.Org[0].Slug, claims.Org[0].Roles, len(next.Authority.Organizations)},
		[]any{"an-organisation-with-a-name-00", []string{"admin"}, token.MaxOrganizations})
	if n := len(next.Access.Reveal()); n > 4096 || len(claims.Org) < 10 {
		a.Errorf("%d bytes with %d organisations", n, len(claims.Org))
	}
	address, _, err := a.Users().ByEmail(a.ctx, "person1@example.test")
	a.ok(err)
	if said := fmt.Sprintf("%+v", *claims); strings.Contains(said, "@") || strings.Contains(said, address.Name) {
		a.Errorf("says who it is: %s", said)
	}
}

func tokenEnds(c *testcase) {
	a := c.app("web")
	var ids []token.ID
	for range 3 {
		ids = append([]token.ID{a.begin(nobody).Grant.ID}, ids...)
		a.later(time.Second)
	}
	grants, err := a.Of(a.ctx, a.owner.ID)
	a.ok(err)
	var listed []token.ID
	for _, g := range grants {
		listed = append(listed, g.ID)
	}
	a.same(listed, ids)
	by, stranger := user.By(a.owner.ID, "", audit.Source{}), a.person()
	a.is(a.Grants.End(a.ctx, by, stranger.ID, ids[0], token.Revoked), token.ErrUnknown)
	a.heard()
	a.ok(a.Grants.End(a.ctx, by, a.owner.ID, ids[0], token.Revoked))
	a.is(a.Grants.End(a.ctx, by, a.owner.ID, ids[0], token.Revoked), token.ErrUnknown)
	a.same(len(a.heard()), 1)
	count := func(client string) int {
		n, err := a.EndClient(a.ctx, by, a.owner.ID, client, token.Revoked)
		a.ok(err)
		return n
	}
	a.same([]int{count("other"), count("web"), count("")}, []int{0, 2, 0})
	a.same(len(a.heard()), 2)
}

// TH-15 TH-16: the resources that had tokens of a grant which can still be
// presented, and no others.
func tokenAudiences(c *testcase) {
	a := c.app("web")
	told := func(i token.Issued) []string {
		before, _, err := a.Revocations().Head(a.ctx)
		a.ok(err)
		a.ok(a.revoke(a.ctx, a.ask(i, home)))
		return a.since(before)[0].Audiences
	}
	a.same(told(a.begin(nobody)), []string{audience})
	old := a.begin(nobody)
	a.later(10*time.Minute + 2*time.Minute)
	a.same(told(old), []string{})
}

// TH-6: a successor does not outlive its family, however that ended.
func tokenBuried(c *testcase) {
	a := c.app("web")
	over, live := a.begin(nobody), a.begin(nobody)
	a.refresh(over, home)
	a.later(23 * time.Hour)
	live = a.refresh(live, home)
	a.later(time.Hour)
	bury := func() int {
		total := 0
		for after := (token.ID{}); ; {
			next, n, err := a.Tokens().Bury(a.ctx, after, a.now, 1)
			a.ok(err)
			total += n
			if after = next; next.IsZero() {
				return total
			}
		}
	}
	a.same([]int{bury(), bury()}, []int{1, 0})
	g, _ := a.read(over)
	a.same([]any{g.Cause, g.Family.Successor == nil}, []any{token.Idle, true})
	a.refresh(live, home)
	sweep := func() int {
		n, err := a.Tokens().Sweep(a.ctx, a.now, a.now, 10)
		a.ok(err)
		return n
	}
	a.same(sweep(), 0)
	a.later(time.Second)
	a.same([]int{sweep(), sweep()}, []int{1, 0})
}
