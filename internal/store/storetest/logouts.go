package storetest

import (
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

// OA-99
var logouts = []test{
	{"whatever ended the session, its clients are told", logoutCauses},
	{"taking part", logoutJoin},
	{"only clients that want it are told", logoutUnwanted},
	{"an end long ago is found when asked for", logoutWindow},
	{"many at once become one delivery each", logoutHarvestRace},
	{"claim, retry, finish, again", logoutLife},
	{"an attempt is held by one", logoutClaimRace},
	{"a lease that was lost writes nothing", logoutLost},
	{"taking part is undone with its transaction", logoutRollback},
}

// toldClient keeps a client that wants to be told.
func (c *testcase) toldClient(id client.ID) {
	c.Helper()
	c.ok(c.Clients().Create(c.ctx, c.clientOf(id), c.system()))
}

func (c *testcase) join(s session.Session, id client.ID) logout.Participant {
	c.Helper()
	p := logout.Participant{Session: logout.SessionID(s.ID), Client: string(id), User: s.User, Subject: "sub of " + string(id), Since: c.now}
	c.ok(c.Logouts().Join(c.ctx, p))
	return p
}

func (c *testcase) harvest() int {
	c.Helper()
	n, err := c.Logouts().Harvest(c.ctx, c.now.Add(-time.Hour), c.now, 100)
	c.ok(err)
	return n
}

func (c *testcase) claimLogouts(limit int) []logout.Delivery {
	c.Helper()
	all, err := c.Logouts().Claim(c.ctx, c.now, time.Minute, limit)
	c.ok(err)
	return all
}

func logoutCauses(c *testcase) {
	c.toldClient("web")
	for cause, end := range map[session.Cause]func(u user.User, s session.Session){
		session.SignedOut: func(u user.User, s session.Session) {
			c.ok(c.Sessions().End(c.ctx, u.ID, s.ID, session.SignedOut, c.now, c.event(session.EndedEvent, u.ID)))
		},
		session.PasswordChanged: func(u user.User, _ session.Session) {
			_, err := c.Sessions().EndAll(c.ctx, u.ID, session.ID{}, session.PasswordChanged, c.now, c.event(session.RevokedEvent, u.ID))
			c.ok(err)
		},
		session.AccountState: func(u user.User, _ session.Session) {
			c.ok(c.Users().SetState(c.ctx, u.ID, user.Active, user.Suspended, time.Time{}, c.now, c.event(user.Disabled, u.ID)))
		},
		session.LimitReached: func(u user.User, _ session.Session) {
			c.later(time.Second)
			_, err := c.Sessions().Insert(c.ctx, c.session(c.reread(u)), 0, 1, c.event(session.Created, u.ID))
			c.ok(err)
		},
		session.Idle: func(user.User, session.Session) {
			c.later(2 * time.Hour)
			_, err := c.Sessions().Expire(c.ctx, c.now, 100)
			c.ok(err)
		},
		"": func(u user.User, _ session.Session) { // nothing says why: the rows are gone
			c.ok(c.Users().Delete(c.ctx, u.ID, c.now, c.event(user.Deleted, u.ID)))
		},
	} {
		u := c.person()
		s := c.signIn(u)
		c.join(s, "web")
		c.same(c.harvest(), 0)
		end(u, s)
		c.same(c.harvest(), 1)
		c.same(c.harvest(), 0)
		got := c.claimLogouts(10)
		c.same(len(got), 1)
		c.same(got[0], logout.Delivery{
			ID: got[0].ID, Session: logout.SessionID(s.ID), Client: "web", User: u.ID, Subject: "sub of web", Cause: string(cause),
			Attempts: 1, NextAt: c.now.Add(time.Minute), CreatedAt: c.now,
		})
		c.ok(c.Logouts().Finish(c.ctx, got[0], logout.Delivered, "", c.now, c.event(logout.SentEvent, u.ID)))
	}
}

func logoutJoin(c *testcase) {
	s := c.signIn(c.person())
	a, b := c.join(s, "a"), c.join(s, "b")
	again := a
	again.Subject, again.Since = "another", c.now.Add(time.Hour)
	c.ok(c.Logouts().Join(c.ctx, again))
	c.ok(c.Logouts().Join(c.ctx, logout.Participant{Session: logout.SessionID(session.NewID(c.now)), Client: "a", Subject: "x", Since: c.now}))
	got, err := c.Logouts().Of(c.ctx, a.Session)
	c.ok(err)
	c.same(got, []logout.Participant{a, b})
	c.same(c.harvest(), 0)
}

func logoutUnwanted(c *testcase) {
	quiet := c.clientOf("quiet")
	quiet.BackchannelLogout = ""
	c.ok(c.Clients().Create(c.ctx, quiet, c.system()))
	c.toldClient("gone")
	c.toldClient("web")
	u := c.person()
	s, other := c.signIn(u), c.signIn(u)
	for _, id := range []client.ID{"quiet", "gone", "web", "never was"} {
		c.join(s, id)
	}
	c.join(other, "web")
	c.ok(c.Clients().Delete(c.ctx, "gone", c.now, c.system()))
	c.ok(c.Sessions().End(c.ctx, u.ID, s.ID, session.Revoked, c.now, c.event(session.RevokedEvent, u.ID)))
	c.same(c.harvest(), 4)
	got := c.claimLogouts(10)
	c.same(len(got), 1)
	c.same([]string{got[0].Client, got[0].Cause}, []string{"web", "revoked"})
}

func logoutWindow(c *testcase) {
	c.toldClient("web")
	u := c.person()
	s := c.signIn(u)
	c.join(s, "web")
	c.ok(c.Sessions().End(c.ctx, u.ID, s.ID, session.SignedOut, c.now, c.event(session.EndedEvent, u.ID)))
	c.later(24 * time.Hour)
	c.same(c.harvest(), 0)
	n, err := c.Logouts().Harvest(c.ctx, time.Time{}, c.now, 100)
	c.ok(err)
	c.same(n, 1)
	s = c.signIn(u) // a row that goes before anybody looked
	c.join(s, "web")
	c.ok(c.Sessions().End(c.ctx, u.ID, s.ID, session.SignedOut, c.now, c.event(session.EndedEvent, u.ID)))
	_, err = c.Sessions().Sweep(c.ctx, c.later(time.Hour*25), 100)
	c.ok(err)
	c.same(c.harvest(), 1)
	c.same(len(c.claimLogouts(10)), 2)
}

func logoutHarvestRace(c *testcase) {
	const people = 20
	c.toldClient("web")
	c.toldClient("app")
	for range people {
		u := c.person()
		s := c.signIn(u)
		c.join(s, "web")
		c.join(s, "app")
		c.ok(c.Sessions().End(c.ctx, u.ID, s.ID, session.SignedOut, c.now, c.event(session.EndedEvent, u.ID)))
	}
	c.race(nil, func(int) error {
		_, err := c.Logouts().Harvest(c.ctx, c.now, c.now, 7)
		return err
	})
	for c.harvest() > 0 {
	}
	seen := map[string]int{}
	for _, d := range c.claimLogouts(1000) {
		seen[d.Session.String()+d.Client]++
	}
	c.same(len(seen), 2*people)
	for of, n := range seen {
		c.same([]any{of, n}, []any{of, 1})
	}
}

// endedWith ends a session in which a client took part, and harvests it.
func (c *testcase) endedWith(id client.ID) {
	c.Helper()
	u := c.person()
	s := c.signIn(u)
	c.join(s, id)
	c.ok(c.Sessions().End(c.ctx, u.ID, s.ID, session.SignedOut, c.now, c.event(session.EndedEvent, u.ID)))
	c.same(c.harvest(), 1)
}

func logoutLife(c *testcase) {
	c.toldClient("web")
	c.endedWith("web")
	began := c.now
	c.later(time.Second)
	c.endedWith("web")
	depth := func(want logout.Depth) {
		c.Helper()
		d, err := c.Logouts().Depth(c.ctx)
		c.ok(err)
		c.same(d, want)
	}
	first := c.claimLogouts(1)[0]
	second := c.claimLogouts(10)
	c.same(len(second), 1)
	c.same(len(c.claimLogouts(10)), 0)
	depth(logout.Depth{Waiting: 2, Oldest: began})
	c.ok(c.Logouts().Finish(c.ctx, first, logout.Delivered, "", c.now, c.event(logout.SentEvent, first.User)))
	c.ok(c.Logouts().Retry(c.ctx, second[0], c.now.Add(time.Hour), "it answered 500"))
	c.later(time.Hour)
	again := c.claimLogouts(10)
	c.same(len(again), 1)
	c.same([]any{again[0].ID, again[0].Attempts, again[0].Reason}, []any{second[0].ID, 2, "it answered 500"})
	c.ok(c.Logouts().Finish(c.ctx, again[0], logout.Dead, "gave up \x00\xff", c.now, c.event(logout.FailedEvent, again[0].User)))
	depth(logout.Depth{Dead: 1})
	stuck, err := c.Logouts().Stuck(c.ctx, logout.ID{}, 10)
	c.ok(err)
	c.same(len(stuck), 1)
	c.same([]any{stuck[0].Outcome, stuck[0].Reason, stuck[0].FinishedAt}, []any{logout.Dead, "gave up \uFFFD\uFFFD", c.now})
	after, err := c.Logouts().Stuck(c.ctx, stuck[0].ID, 10)
	c.ok(err)
	c.same(len(after), 0)
	c.ok(c.Logouts().Again(c.ctx, stuck[0].ID, c.now, c.system()))
	c.is(c.Logouts().Again(c.ctx, first.ID, c.now, c.system()), logout.ErrUnknown)
	got := c.claimLogouts(10)
	c.same([]any{len(got), got[0].ID, got[0].Attempts}, []any{1, stuck[0].ID, 1})
	sweep := func(before time.Time) int {
		n, err := c.Logouts().Sweep(c.ctx, before, 10)
		c.ok(err)
		return n
	}
	c.same([]int{sweep(began), sweep(c.now.Add(time.Second))}, []int{0, 1})
	depth(logout.Depth{Waiting: 1, Oldest: c.now})
}

func logoutClaimRace(c *testcase) {
	c.toldClient("web")
	c.endedWith("web")
	var mu sync.Mutex
	var claimed []logout.Delivery
	c.race(nil, func(int) error {
		all, err := c.Logouts().Claim(c.ctx, c.now, time.Minute, 5)
		mu.Lock()
		defer mu.Unlock()
		claimed = append(claimed, all...)
		return err
	})
	c.same(len(claimed), 1)
	c.once(logout.ErrLost, func(int) error {
		return c.Logouts().Finish(c.ctx, claimed[0], logout.Delivered, "", c.now, c.event(logout.SentEvent, claimed[0].User))
	})
}

func logoutLost(c *testcase) {
	c.toldClient("web")
	c.endedWith("web")
	slow := c.claimLogouts(1)[0]
	c.later(2 * time.Minute)
	quick := c.claimLogouts(1)[0]
	c.same(quick.ID, slow.ID)
	events := func() int {
		all, err := c.Audit().Search(c.ctx, audit.Query{Subject: slow.User.String(), Name: logout.SentEvent.String(), Limit: 10})
		c.ok(err)
		return len(all)
	}
	c.is(c.Logouts().Finish(c.ctx, slow, logout.Delivered, "", c.now, c.event(logout.SentEvent, slow.User)), logout.ErrLost)
	c.is(c.Logouts().Retry(c.ctx, slow, c.now, "slow"), logout.ErrLost)
	c.same(events(), 0)
	c.ok(c.Logouts().Finish(c.ctx, quick, logout.Delivered, "", c.now, c.event(logout.SentEvent, quick.User)))
	c.same(events(), 1)
}

func logoutRollback(c *testcase) {
	s := c.signIn(c.person())
	err := c.InTx(c.ctx, func(tx store.Set) error {
		if err := tx.Logouts().Join(c.ctx, logout.Participant{Session: logout.SessionID(s.ID), Client: "web", Subject: "x", Since: c.now}); err != nil {
			return err
		}
		return logout.ErrLost
	})
	c.is(err, logout.ErrLost)
	got, err := c.Logouts().Of(c.ctx, logout.SessionID(s.ID))
	c.ok(err)
	c.same(len(got), 0)
}
