package storetest

import (
	"bytes"
	"time"

	"github.com/mortise-auth/mortise/internal/token"
)

// OA-40 to OA-47, and the cases of real people: rotation that raced itself, two
// processes 13 ms apart, lost answers, laptops that wake up, windows that miss.
var refreshes = []test{
	{"rotation", refreshRotates},
	{"narrower, never wider", refreshNarrows},
	{"50 parallel refreshes", refreshParallel},
	{"two processes at once", refreshTwice},
	{"a lost answer", refreshLost},
	{"awake after hours", refreshWakes},
	{"39 seconds against a window of 30", refreshLate},
	{"sender-bound, without rotation", refreshStays},
	{"limits", refreshLimits},
	{"the successor is sealed, and gone once used", refreshSealed},
	{"a lost commit", refreshForgotten},
	{"a strict window", refreshStrict},
}

// OA-41 OA-45: one successor; the absolute end stays, the idle one moves.
func refreshRotates(c *testcase) {
	a := c.app("web")
	for _, s := range everybody {
		first := a.begin(s)
		a.later(time.Hour)
		second := a.refresh(first, home)
		if second.Refresh.Reveal() == first.Refresh.Reveal() || second.ID == first.ID {
			a.Fatal("nothing rotated")
		}
		g, alive := a.read(first)
		a.same([]any{alive, g.Family.Generation, g.ExpiresAt, g.Family.LapsesAt, g.AccessUntil},
			[]any{true, int64(2), first.Grant.ExpiresAt, a.now.Add(24 * time.Hour), second.ExpiresAt})
		a.refresh(second, home)
		claims := a.verified(second)
		a.same([]any{claims.Subject, claims.ClientID, claims.Grant, claims.Session, claims.Scope, claims.ID, claims.UserVersion, claims.ClientVersion, claims.ACR},
			[]any{a.owner.ID.String(), "web", first.Grant.ID.String(), "", "openid posts:read", second.ID.String(), int64(1), a.client.Version, "1"})
	}
}

// OA-46
func refreshNarrows(c *testcase) {
	a := c.app("web")
	i := a.begin(byClient)
	r := a.ask(i, home)
	r.Wanted.Scope = "posts:write"
	a.refused(r, token.ErrScope)
	r.Wanted.Scope, r.Wanted.Audiences = "", []string{"https://other.example"}
	a.refused(r, token.ErrTarget)
	r.Wanted.Audiences, r.Wanted.Scope = nil, "posts:read"
	narrow, err := a.Refresh(a.ctx, r)
	a.ok(err)
	a.same([]string{narrow.Scope, a.verified(narrow).Scope, a.refresh(narrow, home).Scope}, []string{"posts:read", "posts:read", "openid posts:read"})
}

// TH-6: one living family, and everybody leaves with the same refresh token and
// an access token that works.
func refreshParallel(c *testcase) {
	a := c.app("web")
	for _, s := range everybody {
		a.together(a.begin(s), a, a)
	}
	// From two addresses, proving nothing: one unit, however many they are.
	i := a.begin(nobody)
	got := make([]token.Issued, callers)
	a.race(nil, func(n int) (err error) {
		got[n], err = a.Refresh(a.ctx, a.ask(i, []string{home, abroad}[n%2]))
		return err
	})
	for _, g := range got {
		a.same(g.Refresh.Reveal(), got[0].Refresh.Reveal())
	}
	g, alive := a.read(i)
	a.same([]any{alive, g.Family.Generation, g.Family.InRow, g.Family.InAll}, []any{true, int64(2), 1, 1})
}

// together refreshes i 50 times at once, through either of two.
func (a *app) together(i token.Issued, one, other *app) {
	a.Helper()
	got := make([]token.Issued, callers)
	a.race(nil, func(n int) (err error) {
		got[n], err = []*app{one, other}[n%2].Refresh(a.ctx, a.ask(i, home))
		return err
	})
	for _, g := range got {
		a.same(g.Refresh.Reveal(), got[0].Refresh.Reveal())
		one.verified(g)
	}
	g, alive := a.read(i)
	a.same([]any{alive, g.Family.Generation, g.Family.InAll}, []any{true, i.Grant.Family.Generation + 1, 0})
	a.refresh(got[callers-1], home)
}

func refreshTwice(c *testcase) {
	a := c.app("web")
	i := a.begin(byClient)
	one := a.refresh(i, home)
	a.later(13 * time.Millisecond)
	two := a.refresh(i, abroad)
	a.same(two.Refresh.Reveal(), one.Refresh.Reveal())
	a.refresh(two, home)
}

func refreshLost(c *testcase) {
	a := c.app("web")
	for _, s := range everybody {
		i := a.begin(s)
		lost := a.refresh(i, home)
		a.later(20 * time.Second)
		again := a.refresh(i, home)
		a.same(again.Refresh.Reveal(), lost.Refresh.Reveal())
		a.refresh(again, home)
	}
}

// A proven sender is as welcome after hours; one that proves nothing is a thief.
func refreshWakes(c *testcase) {
	a := c.app("web")
	for _, s := range everybody[1:] {
		i := a.begin(s)
		lost := a.refresh(i, home)
		before, _ := a.read(i)
		a.later(7 * time.Hour)
		a.same(a.refresh(i, abroad).Refresh.Reveal(), lost.Refresh.Reveal())
		after, _ := a.read(i)
		a.same(after.Family.LapsesAt, before.Family.LapsesAt) // OA-42: lifetimes stay
		a.refresh(lost, abroad)
	}
	i := a.begin(nobody)
	a.refresh(i, home)
	a.later(7 * time.Hour)
	a.ended(i, home, token.Theft)
}

func refreshLate(c *testcase) {
	a := c.app("web")
	for _, wait := range []time.Duration{token.MaxWindow, 39 * time.Second} {
		i := a.begin(byClient)
		next := a.refresh(i, home)
		a.later(wait)
		a.same(a.refresh(i, home).Refresh.Reveal(), next.Refresh.Reveal())
	}
	i := a.begin(nobody)
	a.refresh(i, home)
	a.later(token.MaxWindow)
	a.refresh(i, home)
	a.later(9 * time.Second)
	a.ended(i, home, token.Theft)
}

// OA-44: the token stays, its use again is normal.
func refreshStays(c *testcase) {
	a := c.app("web")
	b := a.birth(byKey)
	b.Stays = true
	i, err := a.Begin(a.ctx, b)
	a.ok(err)
	for range 3 {
		a.later(20 * time.Hour)
		next := a.refresh(i, home)
		a.same(next.Refresh.IsZero(), true)
		a.same(a.verified(next).JKT, byKey.Key)
	}
	a.race(nil, func(int) error {
		_, err := a.Refresh(a.ctx, a.ask(i, home))
		return err
	})
	b.Sender = nobody
	_, err = a.Begin(a.ctx, b)
	a.is(err, token.ErrBirth)
}

// OA-45 TH-4: idle and absolute; over once is over for ever.
func refreshLimits(c *testcase) {
	a := c.app("web")
	idle, old := a.begin(byClient), a.begin(byClient)
	for range 29 {
		a.later(24*time.Hour - time.Microsecond)
		old = a.refresh(old, home)
	}
	a.refused(a.ask(idle, home), token.ErrRefused)
	a.later(23 * time.Hour)
	last := a.refresh(old, home)
	a.now = old.Grant.ExpiresAt
	a.refused(a.ask(last, home), token.ErrRefused)
	n, err := a.Sweep(a.ctx)
	a.ok(err)
	a.same(n, 2)
	a.now = old.Grant.CreatedAt
	a.refused(a.ask(last, home), token.ErrRefused)
	for _, tc := range []struct {
		i     token.Issued
		cause token.Cause
	}{{idle, token.Idle}, {last, token.Expired}} {
		g, _ := a.read(tc.i)
		a.same(g.Cause, tc.cause)
	}
}

// TH-6: what is at rest is worth nothing, and gone as soon as it can be.
func refreshSealed(c *testcase) {
	a := c.app("web")
	first := a.begin(nobody)
	second := a.refresh(first, home)
	g, _ := a.read(first)
	sealed := g.Family.Successor
	for _, t := range []token.Issued{first, second} {
		body := t.Refresh.Body()
		for _, kept := range [][]byte{g.Family.Successor, g.Family.Digest[:], g.Family.Parent[:]} {
			if bytes.Contains(kept, body[24:56]) || bytes.Contains(body, kept) {
				a.Fatal("a refresh token lies in the store")
			}
		}
	}
	third := a.refresh(second, home)
	g, _ = a.read(first)
	if bytes.Equal(g.Family.Successor, sealed) {
		a.Fatal("the used successor's ciphertext is still there")
	}
	a.ok(a.revoke(a.ctx, a.ask(third, home)))
	g, _ = a.read(first)
	a.same(g.Family.Successor == nil, true)
}

// TH-7: rotate, lose the commit, present the new token with and without a key,
// then the old one.
func refreshForgotten(c *testcase) {
	a := c.app("web")
	forget := func(i token.Issued) token.Issued {
		before, _ := a.read(i)
		next := a.refresh(i, home)
		after, _ := a.read(i)
		_, err := a.Tokens().Move(a.ctx, token.Move{Grant: i.Grant.ID, Seen: after.Family, Next: before.Family, Now: a.now}, a.event(token.Refreshed, a.owner.ID))
		a.ok(err)
		return next
	}
	for _, s := range everybody[1:] {
		old := a.begin(s)
		moved := a.refresh(forget(old), home)
		g, alive := a.read(old)
		a.same([]any{alive, g.Family.Generation}, []any{true, int64(3)})
		if s.Kind == token.Client {
			a.ended(old, home, token.Theft)
			continue
		}
		a.refused(a.ask(old, home), token.ErrRefused)
		a.refresh(moved, home)
	}
	old := a.begin(nobody)
	a.ended(forget(old), home, token.StoreRollback)
	a.refused(a.ask(old, home), token.ErrRefused)

	// The old one was used again before: two tokens of one generation.
	old = a.begin(nobody)
	forgotten := forget(old)
	a.refresh(old, abroad)
	a.ended(forgotten, home, token.StoreRollback)
}

func refreshStrict(c *testcase) {
	a := c.app("web")
	parts := a.Parts
	strict := token.New(parts, token.Options{Issuer: issuer, Instance: [16]byte{7}}, func() time.Time { return c.now })
	i := a.begin(nobody)
	a.refresh(i, home)
	_, err := strict.Refresh(a.ctx, a.ask(i, home))
	a.is(err, token.ErrEnded)
}
