package storetest

import (
	"time"

	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/secret"
)

var authRequests = []test{
	{"what is kept comes back", authRequestKept},
	{"a request ends once", authRequestOnce},
	{"a pushed request ends with the first of those it became", authRequestOrigin},
	{"what is over stays over", authRequestOver},
	{"requests are forgotten", authRequestSweep},
}

func (c *testcase) authRequest(origin secret.Digest) authreq.Request {
	c.Helper()
	r := authreq.Request{
		Handle: digest(), Origin: origin, Client: "web", ClientVersion: 3, Browser: digest(), Params: []byte(`{"state":["ä\u0000"]}`),
		CreatedAt: c.now, ExpiresAt: c.now.Add(authreq.ParkedLife),
	}
	c.ok(c.AuthRequests().Insert(c.ctx, r))
	return r
}

func (c *testcase) pushed() authreq.Request {
	c.Helper()
	r := authreq.Request{Handle: digest(), Pushed: true, Client: "web", ClientVersion: 3, Params: []byte(`{}`), CreatedAt: c.now, ExpiresAt: c.now.Add(authreq.PushedLife)}
	c.ok(c.AuthRequests().Insert(c.ctx, r))
	return r
}

func (c *testcase) authRequestNow(r authreq.Request) authreq.Request {
	c.Helper()
	got, err := c.AuthRequests().ByHandle(c.ctx, r.Handle)
	c.ok(err)
	return got
}

func authRequestKept(c *testcase) {
	p := c.pushed()
	for _, r := range []authreq.Request{p, c.authRequest(p.Handle), c.authRequest(secret.Digest{})} {
		c.same(c.authRequestNow(r), r)
	}
	r := c.authRequest(secret.Digest{})
	c.ok(c.AuthRequests().Offer(c.ctx, r.Handle, c.now))
	r.OfferedAt = c.now
	c.same(c.authRequestNow(r), r)
	_, err := c.AuthRequests().ByHandle(c.ctx, digest())
	c.is(err, authreq.ErrUnknown)
	c.is(c.AuthRequests().Complete(c.ctx, authreq.Request{Handle: digest()}, c.now), authreq.ErrOver)
	c.is(c.AuthRequests().Offer(c.ctx, digest(), c.now), authreq.ErrOver)
}

// OA-24
func authRequestOnce(c *testcase) {
	r := c.authRequest(secret.Digest{})
	c.once(authreq.ErrOver, func(int) error { return c.AuthRequests().Complete(c.ctx, r, c.now) })
	c.same(c.authRequestNow(r).CompletedAt, c.now)
	c.is(c.AuthRequests().Offer(c.ctx, r.Handle, c.now), authreq.ErrOver)
}

// OA-73
func authRequestOrigin(c *testcase) {
	p := c.pushed()
	var all []authreq.Request
	for range 50 {
		all = append(all, c.authRequest(p.Handle))
	}
	c.later(authreq.PushedLife + time.Second) // it was brought in time
	c.once(authreq.ErrOver, func(i int) error { return c.AuthRequests().Complete(c.ctx, all[i], c.now) })
	done := 0
	for _, r := range all {
		if got := c.authRequestNow(r); !got.CompletedAt.IsZero() {
			done++
		}
	}
	c.same(done, 1) // the others were not half completed
	c.same(c.authRequestNow(p).CompletedAt, c.now)
}

func authRequestOver(c *testcase) {
	r, p := c.authRequest(secret.Digest{}), c.pushed()
	c.later(authreq.PushedLife)
	c.is(c.AuthRequests().Complete(c.ctx, p, c.now), authreq.ErrOver)
	c.later(authreq.ParkedLife - authreq.PushedLife)
	c.is(c.AuthRequests().Complete(c.ctx, r, c.now), authreq.ErrOver)
	got := c.authRequestNow(r)
	c.same(got.Over(c.now), true)
}

func authRequestSweep(c *testcase) {
	old := []authreq.Request{c.pushed(), c.pushed()}
	r := c.authRequest(secret.Digest{})
	until := c.later(authreq.PushedLife + time.Second)
	n, err := c.AuthRequests().Sweep(c.ctx, until, 1)
	c.ok(err)
	c.same(n, 1)
	n, err = c.AuthRequests().Sweep(c.ctx, until, 10)
	c.ok(err)
	c.same(n, 1)
	for _, o := range old {
		_, err := c.AuthRequests().ByHandle(c.ctx, o.Handle)
		c.is(err, authreq.ErrUnknown)
	}
	c.same(c.authRequestNow(r), r)
}
