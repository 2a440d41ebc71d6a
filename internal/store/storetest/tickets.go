package storetest

import (
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/ticket"
	"github.com/mortise-auth/mortise/internal/user"
)

var ticketTests = []test{
	{"a journey", ticketJourney},
	{"the handle is exchanged once", ticketBind},
	{"a ticket is spent once", ticketOnce},
	{"a ticket fits host, nonce, session and time", ticketFits},
	{"a gate is a child of its session", ticketChild},
	{"no gate for a session that ended meanwhile", ticketDead},
	{"older gates of the same place go", ticketOlder},
	{"closing a gate", ticketClose},
	{"parked requests are forgotten", ticketSweep},
}

func (c *testcase) parked(host string) ticket.Parked {
	c.Helper()
	p := ticket.Parked{Handle: digest(), Host: host, URL: "https://" + host + "/a?b=c", CreatedAt: c.now, ExpiresAt: c.now.Add(ticket.ParkedLife)}
	c.ok(c.Tickets().Park(c.ctx, p))
	return p
}

// bound is a request whose browser has its nonce.
func (c *testcase) bound(host string) ticket.Parked {
	c.Helper()
	p := c.parked(host)
	handle := digest()
	p.Nonce = digest()
	c.ok(c.Tickets().Bind(c.ctx, p.Handle, handle, p.Nonce, c.now))
	p.Handle = handle
	return p
}

func (c *testcase) issued(s session.Session, host string) ticket.Parked {
	c.Helper()
	p := c.bound(host)
	p.Ticket, p.Session, p.User, p.Until = digest(), s.ID, s.User, c.now.Add(ticket.Life)
	c.ok(c.Tickets().Issue(c.ctx, p.Handle, p.Ticket, p.Session, p.User, p.Until, c.now))
	return p
}

func (c *testcase) redeem(p ticket.Parked) (ticket.Gate, error) {
	g := ticket.Gate{Digest: digest(), Host: p.Host, Session: p.Session, User: p.User, CreatedAt: c.now}
	return g, c.Tickets().Redeem(c.ctx, p, g, c.now, c.event(ticket.GateOpened, p.User))
}

func (c *testcase) gate(s session.Session, host string) (ticket.Parked, ticket.Gate) {
	c.Helper()
	p := c.issued(s, host)
	g, err := c.redeem(p)
	c.ok(err)
	return p, g
}

// opens says whether a gate leads to a live session.
func (c *testcase) opens(g ticket.Gate) bool {
	c.Helper()
	o, err := c.Tickets().Open(c.ctx, g.Digest)
	if errors.Is(err, ticket.ErrGate) {
		return false
	}
	c.ok(err)
	c.same(o.Host, g.Host)
	s, err := c.Sessions().ByDigest(c.ctx, o.Session)
	if errors.Is(err, session.ErrEnded) {
		return false
	}
	c.ok(err)
	return s.Live(c.now)
}

func ticketJourney(c *testcase) {
	s := c.signIn(c.person())
	p := c.issued(s, "app.example.test")
	for name, read := range map[string]func() (ticket.Parked, error){
		"handle": func() (ticket.Parked, error) { return c.Tickets().ByHandle(c.ctx, p.Handle, c.now) },
		"ticket": func() (ticket.Parked, error) { return c.Tickets().ByTicket(c.ctx, p.Ticket, c.now) },
	} {
		got, err := read()
		c.ok(err)
		if got != p {
			c.Errorf("by %s: %+v, want %+v", name, got, p)
		}
	}
	g, err := c.redeem(p)
	c.ok(err)
	c.same(c.opens(g), true)
	_, err = c.Tickets().ByTicket(c.ctx, p.Ticket, c.now)
	c.is(err, ticket.ErrTicket)
	_, err = c.Tickets().ByHandle(c.ctx, p.Handle, c.now)
	c.is(err, ticket.ErrParked)
	trail := c.trail(user.User{ID: s.User})
	c.same(trail[len(trail)-1], "gateway.opened")
}

func ticketBind(c *testcase) {
	p := c.parked("app.example.test")
	c.is(c.Tickets().Issue(c.ctx, p.Handle, digest(), session.NewID(c.now), user.NewID(c.now), c.later(time.Second), c.now), ticket.ErrParked)
	c.once(ticket.ErrParked, func(int) error { return c.Tickets().Bind(c.ctx, p.Handle, digest(), digest(), c.now) })
	late := c.parked("app.example.test")
	c.is(c.Tickets().Bind(c.ctx, late.Handle, digest(), digest(), c.later(ticket.ParkedLife)), ticket.ErrParked)
}

// TH-37: fifty tries with one ticket open one gate.
func ticketOnce(c *testcase) {
	p := c.issued(c.signIn(c.person()), "app.example.test")
	c.once(ticket.ErrTicket, func(int) error {
		_, err := c.redeem(p)
		return err
	})
}

// TH-37
func ticketFits(c *testcase) {
	s, other := c.signIn(c.person()), c.signIn(c.person())
	for name, change := range map[string]func(*ticket.Parked){
		"another host":    func(p *ticket.Parked) { p.Host = "b.example.test" },
		"another nonce":   func(p *ticket.Parked) { p.Nonce = digest() },
		"no nonce":        func(p *ticket.Parked) { p.Nonce = secret.Digest{} },
		"another session": func(p *ticket.Parked) { p.Session, p.User = other.ID, other.User },
		"another ticket":  func(p *ticket.Parked) { p.Ticket = digest() },
	} {
		p := c.issued(s, "a.example.test")
		wrong := p
		change(&wrong)
		if _, err := c.redeem(wrong); !errors.Is(err, ticket.ErrTicket) {
			c.Errorf("%s: %v", name, err)
		}
		_, err := c.redeem(p) // a wrong try spends nothing
		c.ok(err)
	}
	late := c.issued(s, "a.example.test")
	c.later(ticket.Life)
	_, err := c.redeem(late)
	c.is(err, ticket.ErrTicket)
}

// TH-1 TH-37
func ticketChild(c *testcase) {
	u := c.person()
	s := c.signIn(u)
	_, g := c.gate(s, "app.example.test")
	again := s
	again.Digest = digest()
	c.ok(c.Sessions().Rotate(c.ctx, again, s.Digest, 0, c.now, c.event(session.Rotated, u.ID)))
	c.same(c.opens(g), true) // another secret, the same session
	c.ok(c.Sessions().End(c.ctx, u.ID, s.ID, session.SignedOut, c.now, c.event(session.EndedEvent, u.ID)))
	c.same(c.opens(g), false)
}

// TH-1
func ticketDead(c *testcase) {
	for name, kill := range map[string]func(session.Session) error{
		"ended": func(s session.Session) error {
			return c.Sessions().End(c.ctx, s.User, s.ID, session.SignedOut, c.now, c.event(session.EndedEvent, s.User))
		},
		"version raised": func(s session.Session) error {
			_, err := c.Sessions().EndAll(c.ctx, s.User, session.ID{}, session.PasswordChanged, c.now, c.event(session.RevokedEvent, s.User))
			return err
		},
	} {
		s := c.signIn(c.person())
		p := c.issued(s, "app.example.test")
		c.ok(kill(s))
		if _, err := c.redeem(p); !errors.Is(err, ticket.ErrTicket) {
			c.Errorf("%s: %v", name, err)
		}
	}
}

func ticketOlder(c *testcase) {
	s := c.signIn(c.person())
	_, first := c.gate(s, "a.example.test")
	_, elsewhere := c.gate(s, "b.example.test")
	_, second := c.gate(s, "a.example.test") // two tabs
	c.same(c.opens(first), true)
	c.later(2 * time.Minute)
	_, third := c.gate(s, "a.example.test")
	c.same([]bool{c.opens(first), c.opens(second), c.opens(third), c.opens(elsewhere)}, []bool{false, false, true, true})
}

func ticketClose(c *testcase) {
	s := c.signIn(c.person())
	_, g := c.gate(s, "a.example.test")
	c.is(c.Tickets().Close(c.ctx, g.Digest, user.NewID(c.now), c.now, c.system()), ticket.ErrGate)
	c.heard()
	c.once(ticket.ErrGate, func(int) error {
		return c.Tickets().Close(c.ctx, g.Digest, s.User, c.now, c.event(ticket.GateClosed, s.User))
	})
	c.same(c.heard(), []revocation.Entry{refreshOf(s.User, c.now)})
	c.same(c.opens(g), false)
	c.same(c.usable(s), true)
}

func ticketSweep(c *testcase) {
	c.parked("a.example.test")
	c.later(time.Hour)
	fresh := c.parked("a.example.test")
	n, err := c.Tickets().Sweep(c.ctx, c.now.Add(-time.Minute), 10)
	c.ok(err)
	c.same(n, 1)
	_, err = c.Tickets().ByHandle(c.ctx, fresh.Handle, c.now)
	c.ok(err)
}
