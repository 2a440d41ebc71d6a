package storetest

import (
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

var audits = []test{
	{"what is kept is what is read", auditRoundTrip},
	{"pages, newest first", auditPages},
	{"the events of one act keep their order", auditOrder},
	{"an act whose event cannot be written fails", auditFails},
}

// AU-20 AU-22
func auditRoundTrip(c *testcase) {
	u := c.person()
	ev := audit.New(user.EmailChanged, c.now, audit.Actor{Type: audit.ActorUser, ID: u.ID.String()},
		audit.Source{IP: "2001:db8::1", UserAgent: "agent", Place: "Lyon", RequestID: "r1"}, "org_other").
		With("a", "1").With("odd", "line\nbreak\x00\xff").InSession("ses_x").Failed(audit.Blocked, "because")
	ev.Client = "cli"
	c.ok(c.Audit().Append(c.ctx, ev))
	got, err := c.Audit().Search(c.ctx, audit.Query{Subject: "org_other", Limit: 5})
	c.ok(err)
	c.same(len(got), 1)
	if !strings.HasPrefix(got[0].Details["odd"], "line\nbreak") {
		c.Errorf("details: %q", got[0].Details)
	}
	got[0].Sequence, got[0].Details["odd"] = 0, ev.Details["odd"]
	c.same(got[0], ev)

	one, err := c.Audit().Search(c.ctx, audit.Query{ID: ev.ID, Limit: 5})
	c.ok(err)
	c.same([]any{len(one), one[0].ID}, []any{1, ev.ID})
	one, err = c.Audit().Search(c.ctx, audit.Query{ID: ev.ID, Subject: u.ID.String(), Limit: 5})
	c.ok(err)
	c.same(len(one), 0)

	for _, field := range []*string{&ev.Source.UserAgent, &ev.Source.IP, &ev.Source.RequestID, &ev.Reason, &ev.Client} {
		ev.ID = c.system().ID
		*field = "\x00\xff"
		c.ok(c.Audit().Append(c.ctx, ev))
	}
}

func auditPages(c *testcase) {
	u := c.person()
	var want []audit.ID
	for range 6 {
		ev := c.event(user.Updated, u.ID)
		c.ok(c.Audit().Append(c.ctx, ev))
		want = append([]audit.ID{ev.ID}, want...)
	}
	c.person()
	var ids []audit.ID
	q := audit.Query{Subject: u.ID.String(), Name: user.Updated.String(), Limit: 4}
	for _, size := range []int{4, 2, 0} {
		page, err := c.Audit().Search(c.ctx, q)
		c.ok(err)
		c.same(len(page), size)
		for _, e := range page {
			ids = append(ids, e.ID)
		}
		q.Before = ids[len(ids)-1]
		c.ok(c.Audit().Append(c.ctx, c.event(user.Updated, u.ID))) // newer than any cursor
	}
	c.same(ids, want)
	q.Before = c.system().ID
	page, err := c.Audit().Search(c.ctx, q)
	c.ok(err)
	c.same(len(page), 0)
	all, err := c.Audit().Search(c.ctx, audit.Query{Limit: 200})
	c.ok(err)
	c.same(len(all), 11)
}

// AU-42: what one act wrote is read in the order it was written, also when all
// of it has the same time, and pages of any size meet.
func auditOrder(c *testcase) {
	u := c.person()
	var want []audit.ID
	c.ok(c.InTx(c.ctx, func(tx store.Set) error {
		want = want[:0]
		for range 40 {
			ev := c.event(user.Updated, u.ID)
			want = append([]audit.ID{ev.ID}, want...)
			if err := tx.Audit().Append(c.ctx, ev); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, size := range []int{1, 7, 40} {
		var got []audit.ID
		q := audit.Query{Name: user.Updated.String(), Subject: u.ID.String(), Limit: size}
		for {
			page, err := c.Audit().Search(c.ctx, q)
			c.ok(err)
			if len(page) == 0 {
				break
			}
			for i, e := range page {
				if e.Sequence == 0 || i > 0 && e.Sequence >= page[i-1].Sequence {
					c.Fatalf("sequence %d is out of order", e.Sequence)
				}
				got = append(got, e.ID)
			}
			q.Before = got[len(got)-1]
		}
		c.same(got, want)
	}
}

// AU-40: act and event are kept together or not at all, alone and in a
// transaction. The event cannot be written because one with its id exists.
func auditFails(c *testcase) {
	u := c.person()
	s := c.signIn(u)
	c.heard()
	used := c.event(user.Updated, u.ID)
	c.ok(c.Audit().Append(c.ctx, used))
	before, trail := c.reread(u), c.trail(u)
	fresh := c.account("Eve")
	acts := map[string]func(store.Set) error{
		"create": func(t store.Set) error { return t.Users().Create(c.ctx, fresh, nil, used) },
		"profile": func(t store.Set) error {
			return t.Users().SetProfile(c.ctx, u.ID, user.Profile{Name: "x"}, 0, c.now, used)
		},
		"roles": func(t store.Set) error { return t.Users().SetRoles(c.ctx, u.ID, []string{rbac.Admin}, "", c.now, used) },
		"state": func(t store.Set) error {
			return t.Users().SetState(c.ctx, u.ID, user.Active, user.Suspended, time.Time{}, c.now, used)
		},
		"delete":   func(t store.Set) error { return t.Users().Delete(c.ctx, u.ID, c.now, used) },
		"password": func(t store.Set) error { return t.Passwords().Set(c.ctx, c.credential(u, 1), used) },
		"end":      func(t store.Set) error { return t.Sessions().End(c.ctx, u.ID, s.ID, session.SignedOut, c.now, used) },
		"end all": func(t store.Set) error {
			_, err := t.Sessions().EndAll(c.ctx, u.ID, session.ID{}, session.Revoked, c.now, used)
			return err
		},
		"session": func(t store.Set) error {
			_, err := t.Sessions().Insert(c.ctx, c.session(u), 0, 0, used)
			return err
		},
		"failure": func(t store.Set) error {
			_, err := t.Lockouts().Fail(c.ctx, u.ID, c.now, used)
			return err
		},
		"nameless": func(t store.Set) error {
			return t.Users().SetProfile(c.ctx, u.ID, user.Profile{Name: "x"}, 0, c.now, audit.Event{})
		},
	}
	for name, act := range acts {
		if err := act(c); err == nil {
			c.Errorf("%s: succeeded without its event", name)
		}
		if err := c.InTx(c.ctx, act); err == nil {
			c.Errorf("%s: succeeded without its event, in a transaction", name)
		}
	}
	c.same(c.reread(u), before)
	c.same(c.usable(s), true)
	c.same(c.trail(u), trail)
	c.same(len(c.heard()), 0)
	live, err := c.Sessions().Of(c.ctx, u.ID, c.now)
	c.ok(err)
	c.same(len(live), 1)
	_, err = c.Users().ByID(c.ctx, fresh.ID)
	c.is(err, user.ErrUnknown)
}
