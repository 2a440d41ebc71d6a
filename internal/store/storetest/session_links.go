package storetest

import (
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

var sessionLinkTests = []test{
	{"kept as told, and found by what is over there", sessionLinkLife},
	{"nothing begins with a link that is gone", sessionLinkGone},
	{"sessions end with their connection", sessionLinkDelete},
	{"what an account was made for", linkBorn},
}

// begin keeps a session of l's account that began with l.
func (c *testcase) begin(l federation.Link, there string) session.Session {
	c.Helper()
	s := c.signIn(user.User{ID: l.User})
	c.ok(c.Federation().Bear(c.ctx, federation.SessionID(s.ID), federation.Origin{Link: l.ID, Session: there, ACR: "theirs", AMR: []string{"pwd", "a b"}}))
	c.later(time.Millisecond)
	return s
}

func (c *testcase) began(t federation.There) (ids []session.ID) {
	c.Helper()
	all, err := c.Federation().Began(c.ctx, t, c.now, 100)
	c.ok(err)
	for _, b := range all {
		ids = append(ids, session.ID(b.Session))
	}
	return ids
}

func sessionLinkLife(c *testcase) {
	v, u := c.connection("acme"), c.person()
	one, two := c.linkOf(v, u, "1"), c.linkOf(v, c.person(), "2")
	c.ok(c.link(one))
	c.ok(c.link(two))
	a, b, other := c.begin(one, "s1"), c.begin(one, ""), c.begin(two, "s1")

	got, err := c.Federation().Origin(c.ctx, federation.SessionID(a.ID))
	c.ok(err)
	c.same(got, federation.Origin{Link: one.ID, Session: "s1", ACR: "theirs", AMR: []string{"pwd", "a b"}})
	plain := c.signIn(c.reread(u))
	_, err = c.Federation().Origin(c.ctx, federation.SessionID(plain.ID))
	c.is(err, federation.ErrLinkUnknown)

	where := federation.There{Connection: v.ID, Issuer: one.Issuer}
	by := func(subject, sid string) federation.There {
		t := where
		t.Subject, t.Session = subject, sid
		return t
	}
	c.same(c.began(by("1", "")), []session.ID{a.ID, b.ID})
	c.same(c.began(by("1", "s1")), []session.ID{a.ID})
	c.same(c.began(by("", "s1")), []session.ID{a.ID, other.ID})
	c.same(len(c.began(by("", ""))), 0)
	c.same(len(c.began(by("2", "s2"))), 0)
	elsewhere := by("1", "s1")
	elsewhere.Issuer = "https://other.example.test"
	c.same(len(c.began(elsewhere)), 0)
	elsewhere = by("1", "s1")
	elsewhere.Connection = c.connection("other").ID
	c.same(len(c.began(elsewhere)), 0)
	few, err := c.Federation().Began(c.ctx, by("1", ""), c.now, 1)
	c.ok(err)
	c.same(few, []federation.Began{{Session: federation.SessionID(a.ID), User: u.ID, Link: one.ID}})

	c.ok(c.Sessions().End(c.ctx, u.ID, a.ID, session.EndedThere, c.now, c.event(session.EndedEvent, u.ID)))
	c.same(c.began(by("1", "")), []session.ID{b.ID})
	c.later(2 * time.Hour) // idle
	c.same(len(c.began(by("1", ""))), 0)
}

func sessionLinkGone(c *testcase) {
	v, u := c.connection("acme"), c.person()
	l := c.linkOf(v, u, "1")
	s := c.signIn(u)
	bear := func() error {
		return c.Federation().Bear(c.ctx, federation.SessionID(s.ID), federation.Origin{Link: l.ID})
	}
	c.is(bear(), federation.ErrLinkUnknown)
	c.ok(c.link(l))
	c.ok(bear())
	other := c.linkOf(v, u, "2")
	c.ok(c.link(other))
	c.ok(c.unlink(l))
	_, err := c.Federation().Origin(c.ctx, federation.SessionID(s.ID))
	c.is(err, federation.ErrLinkUnknown)
	c.is(c.Federation().Bear(c.ctx, federation.SessionID(session.NewID(c.now)), federation.Origin{Link: other.ID}), federation.ErrLinkUnknown)
}

// TH-40: what was entered by a connection is over with it.
func sessionLinkDelete(c *testcase) {
	v, u := c.connection("acme"), c.person()
	l := c.linkOf(v, u, "1")
	c.ok(c.link(l))
	born, own := c.begin(l, "s1"), c.signIn(u)
	c.ok(c.Federation().Delete(c.ctx, v.ID, c.now, c.system()))
	c.same(c.usable(born), false)
	c.same(c.usable(own), true)
	got, err := c.Sessions().ByID(c.ctx, born.ID)
	c.ok(err)
	c.same(got.EndCause, session.Unlinked)

	o := c.organization("acme")
	w := c.newConnection("theirs")
	w.Organization = o.ID.String()
	c.ok(c.Federation().Create(c.ctx, w, c.system()))
	l = c.linkOf(w, u, "1")
	c.ok(c.link(l))
	born = c.begin(l, "s1")
	c.ok(c.Organizations().Delete(c.ctx, o.ID, c.now, c.system()))
	c.same(c.usable(born), false)
}

func linkBorn(c *testcase) {
	v, u := c.connection("acme"), c.person()
	l := c.linkOf(v, u, "1")
	l.Born, l.Owns = true, []string{"name", "locale"}
	c.ok(c.link(l))
	got, err := c.linked(l)
	c.ok(err)
	c.same(got, l)
	l.Born, l.Owns = false, []string{"name"} // what it was made for does not change
	c.ok(c.Federation().Use(c.ctx, l))
	l.Born = true
	got, err = c.linked(l)
	c.ok(err)
	c.same(got, l)
}
