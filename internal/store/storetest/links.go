package storetest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/user"
)

var linkTests = []test{
	{"kept as given", linkLife},
	{"born of an account and a connection as they were", linkBirth},
	{"a subject belongs to one account", linkTaken},
	{"a new connection has no old links", linkReborn},
	{"compared as told", linkExact},
	{"found by the session over there", linkSessions},
	{"two link one subject at once", linkRace},
	{"a link races the end of its connection", linkRaceDelete},
	{"the last way in stays", linkLast},
}

func (c *testcase) linkOf(v federation.Connection, u user.User, subject string) federation.Link {
	return federation.Link{
		ID: federation.NewLinkID(c.later(time.Millisecond)), Connection: v.ID, Issuer: "https://idp.example.test", Subject: subject, User: u.ID,
		Email: "ada@example.test", Verified: true, Session: "s" + subject, Tokens: federation.Sealed("tokens"), CreatedAt: c.now, UsedAt: c.now,
	}
}

func (c *testcase) linkAs(l federation.Link, connection, owner int64) error {
	return c.Federation().Link(c.ctx, l, connection, owner, c.event(federation.LinkMade, l.User))
}

// link keeps l, made of a connection and an account as they began.
func (c *testcase) link(l federation.Link) error { return c.linkAs(l, 1, 1) }

func (c *testcase) unlink(l federation.Link) error {
	return c.Federation().Unlink(c.ctx, l.User, l.ID, c.event(federation.LinkGone, l.User))
}

func (c *testcase) linked(l federation.Link) (federation.Link, error) {
	return c.Federation().Linked(c.ctx, l.Connection, l.Issuer, l.Subject)
}

func linkLife(c *testcase) {
	v, u, other := c.connection("acme"), c.person(), c.person()
	one, two := c.linkOf(v, u, "1"), c.linkOf(v, u, "2")
	two.Session, two.Tokens, two.Verified, two.Email, two.UsedAt = "", nil, false, "", time.Time{}
	c.ok(c.link(one))
	c.ok(c.link(two))
	all, err := c.Federation().LinksOf(c.ctx, u.ID)
	c.ok(err)
	c.same(all, []federation.Link{one, two})

	one.Email, one.Verified, one.Session, one.UsedAt = "new@example.test", false, "s9", c.later(time.Hour)
	told := one
	told.Tokens = nil // none this time: what is kept stays
	c.ok(c.Federation().Use(c.ctx, told))
	got, err := c.linked(one)
	c.ok(err)
	c.same(got, one)
	one.Tokens = federation.Sealed("newer")
	c.ok(c.Federation().Use(c.ctx, one))
	got, err = c.linked(one)
	c.ok(err)
	c.same(got.Tokens, one.Tokens)
	theirs, another := one, one
	theirs.User, another.Subject = other.ID, "another"
	c.is(c.Federation().Use(c.ctx, theirs), federation.ErrLinkUnknown)
	c.is(c.Federation().Use(c.ctx, another), federation.ErrLinkUnknown)
	c.is(c.Federation().Keep(c.ctx, one.ID, federation.Sealed("other"), federation.Sealed("newest")), federation.ErrStale)
	c.ok(c.Federation().Keep(c.ctx, one.ID, one.Tokens, federation.Sealed("newest")))
	c.is(c.Federation().Keep(c.ctx, one.ID, one.Tokens, federation.Sealed("late")), federation.ErrStale)
	one.Tokens = federation.Sealed("newest")
	got, err = c.linked(one)
	c.ok(err)
	c.same(got, one)

	c.is(c.Federation().Unlink(c.ctx, other.ID, one.ID, c.event(federation.LinkGone, other.ID)), federation.ErrLinkUnknown)
	c.ok(c.unlink(one))
	c.is(c.unlink(one), federation.ErrLinkUnknown)
	c.is(c.Federation().Use(c.ctx, one), federation.ErrLinkUnknown)
	_, err = c.linked(one)
	c.is(err, federation.ErrLinkUnknown)
	c.ok(c.Users().Delete(c.ctx, u.ID, c.now, c.event(user.Deleted, u.ID)))
	_, err = c.linked(two)
	c.is(err, federation.ErrLinkUnknown)
	c.same(c.trail(u), []string{"user.created", "link.created", "link.created", "link.removed", "user.deleted"})
}

// TH-1 TH-41: an account that was banned or changed, or a connection that was
// changed or removed, between question and answer.
func linkBirth(c *testcase) {
	v, u, banned := c.connection("acme"), c.person(), c.person()
	c.is(c.linkAs(c.linkOf(v, u, "1"), v.Version, u.Version+1), federation.ErrBirth)
	c.is(c.linkAs(c.linkOf(v, c.account("nobody"), "1"), v.Version, 1), federation.ErrBirth)
	c.ok(c.Users().SetState(c.ctx, banned.ID, user.Active, user.Suspended, time.Time{}, c.now, c.event(user.Disabled, banned.ID)))
	c.is(c.linkAs(c.linkOf(v, banned, "1"), v.Version, c.reread(banned).Version), federation.ErrBirth)
	c.is(c.linkAs(c.linkOf(v, u, "1"), v.Version+1, u.Version), federation.ErrUnknown)
	c.is(c.link(c.linkOf(c.newConnection("ghost"), u, "1")), federation.ErrUnknown)
	c.same(c.trail(u), []string{"user.created"})
	for _, spoil := range []func(*federation.Link){
		func(l *federation.Link) { l.Issuer = "" },
		func(l *federation.Link) { l.Issuer = strings.Repeat("i", 1024+1) },
		func(l *federation.Link) { l.Subject = "" },
		func(l *federation.Link) { l.Subject = strings.Repeat("s", 255+1) },
		func(l *federation.Link) { l.Session = strings.Repeat("s", 255+1) },
	} {
		l := c.linkOf(v, u, "1")
		spoil(&l)
		c.is(c.link(l), federation.ErrStatement)
		c.is(c.Federation().Use(c.ctx, l), federation.ErrStatement)
	}
	longest := c.linkOf(v, u, strings.Repeat("s", 255))
	longest.Issuer, longest.Session = strings.Repeat("i", 1024), strings.Repeat("s", 255)
	c.ok(c.link(longest))
}

// TH-40
func linkTaken(c *testcase) {
	v, w, u, thief := c.connection("acme"), c.connection("other"), c.person(), c.person()
	mine := c.linkOf(v, u, "1")
	c.ok(c.link(mine))
	c.is(c.link(c.linkOf(v, thief, "1")), federation.ErrLinkTaken)
	c.is(c.link(c.linkOf(v, u, "1")), federation.ErrLinkTaken)
	got, err := c.linked(mine)
	c.ok(err)
	c.same(got.User, u.ID)
	// The same subject of another issuer, or of another connection, is somebody else.
	foreign := c.linkOf(v, thief, "1")
	foreign.Issuer = "https://other.example.test"
	c.ok(c.link(foreign))
	c.ok(c.link(c.linkOf(w, thief, "1")))
}

// TH-40: a connection that was deleted and made again under the same name.
func linkReborn(c *testcase) {
	v, u := c.connection("acme"), c.person()
	old := c.linkOf(v, u, "1")
	c.ok(c.link(old))
	c.ok(c.Federation().Delete(c.ctx, v.ID, c.now, c.system()))
	again := c.connection("acme")
	_, err := c.linked(old)
	c.is(err, federation.ErrLinkUnknown)
	old.Connection = again.ID
	_, err = c.linked(old)
	c.is(err, federation.ErrLinkUnknown)
	all, err := c.Federation().LinksOf(c.ctx, u.ID)
	c.ok(err)
	c.same(len(all), 0)
}

// TH-40: no two subjects become one by case, by what no text may have, or by how
// text is normalised.
func linkExact(c *testcase) {
	v, u := c.connection("acme"), c.person()
	subjects := []string{"a", "A", "a ", "a\x00", "a\ufffd", "a\xff", "\u00e9", "e\u0301", "1", "01", "1.0"}
	for _, s := range subjects {
		c.ok(c.link(c.linkOf(v, u, s)))
	}
	for _, s := range subjects {
		l, err := c.linked(c.linkOf(v, u, s))
		c.ok(err)
		c.same(l.Subject, s)
	}
}

func linkSessions(c *testcase) {
	v, w, u := c.connection("acme"), c.connection("other"), c.person()
	one, two, away := c.linkOf(v, u, "1"), c.linkOf(v, c.person(), "2"), c.linkOf(w, u, "1")
	one.Session, two.Session, away.Session = "s", "s", "s"
	quiet := c.linkOf(v, u, "3")
	quiet.Session = ""
	for _, l := range []federation.Link{one, two, away, quiet} {
		c.ok(c.link(l))
	}
	for _, tt := range []struct {
		subject, session string
		want             []federation.Link
	}{
		{"", "s", []federation.Link{one, two}},
		{"1", "s", []federation.Link{one}},
		{"3", "s", nil},
		{"3", "", []federation.Link{quiet}},
		{"", "", nil},
		{"", "gone", nil},
	} {
		got, err := c.Federation().LinksBySession(c.ctx, v.ID, one.Issuer, tt.subject, tt.session)
		c.ok(err)
		c.same(got, tt.want)
	}
	none, err := c.Federation().LinksBySession(c.ctx, v.ID, "https://other.example.test", "1", "s")
	c.ok(err)
	c.same(len(none), 0)
}

// TH-40: one person in two tabs, and two people with one answer.
func linkRace(c *testcase) {
	v := c.connection("acme")
	people := []user.User{c.person(), c.person()}
	links := make([]federation.Link, callers)
	for i := range links {
		links[i] = c.linkOf(v, people[i%2], "1")
	}
	c.once(federation.ErrLinkTaken, func(i int) error { return c.link(links[i]) })
	first, err := c.Federation().LinksOf(c.ctx, people[0].ID)
	c.ok(err)
	second, err := c.Federation().LinksOf(c.ctx, people[1].ID)
	c.ok(err)
	c.same(len(first)+len(second), 1)
}

// TH-40: whoever is first, no link is left of what is gone.
func linkRaceDelete(c *testcase) {
	v := c.connection("acme")
	links := make([]federation.Link, callers)
	for i := range links {
		links[i] = c.linkOf(v, c.person(), fmt.Sprint(i))
	}
	c.race(federation.ErrUnknown, func(i int) error {
		if i == callers/2 {
			return c.Federation().Delete(c.ctx, v.ID, c.now, c.system())
		}
		return c.link(links[i])
	})
	for _, l := range links {
		_, err := c.linked(l)
		c.is(err, federation.ErrLinkUnknown)
	}
}

// Several are removed at once, and one stays; a password or a passkey is a way
// too, and so is a link for whoever removes the last passkey. A connection that
// is off is none.
func linkLast(c *testcase) {
	v, off, u := c.connection("acme"), c.connection("off"), c.person()
	one, two := c.linkOf(v, u, "1"), c.linkOf(v, u, "2")
	c.ok(c.link(one))
	c.ok(c.link(two))
	c.ok(c.link(c.linkOf(off, u, "1")))
	off.Enabled = false
	c.ok(c.Federation().Update(c.ctx, off, c.system()))
	won := c.race(errGone, func(i int) error {
		err := c.unlink([]federation.Link{one, two}[i%2])
		if errors.Is(err, federation.ErrLastWay) || errors.Is(err, federation.ErrLinkUnknown) {
			return errGone
		}
		return err
	})
	c.same(won, 1)

	p := c.withPassword()
	with := c.linkOf(v, p, "3")
	c.ok(c.linkAs(with, v.Version, c.reread(p).Version))
	c.ok(c.unlink(with))

	q := c.person()
	key, both := c.passkey(q), c.linkOf(v, q, "4")
	c.ok(c.register(key, q.Version))
	c.ok(c.linkAs(both, v.Version, q.Version))
	c.ok(c.unenrol(key))
	c.is(c.unlink(both), federation.ErrLastWay)
	c.is(c.unenrol(key), passkey.ErrUnknown)
}
