package storetest

import (
	"time"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

var reclaimTests = []test{
	{"kept as it is", reclaimKept},
	{"one lives", reclaimOne},
	{"delayed once", reclaimDelay},
	{"told once", reclaimStir},
	{"completed once, when due, and forgets factors", reclaimComplete},
	{"ended once", reclaimEnd},
	{"old ones are forgotten", reclaimSweep},
	{"former addresses", formerEmails},
}

var approvalTests = []test{
	{"asked once", approvalOnce},
	{"decided once", approvalDecide},
	{"lapses", approvalLapse},
}

// reclaimed is a claim to u that could be kept.
func (c *testcase) reclaimed(u user.User, kind reclaim.Kind) reclaim.Claim {
	id := reclaim.NewID(c.now.Add(time.Duration(c.next()) * time.Millisecond))
	return reclaim.Claim{
		ID: id, User: u.ID, Kind: kind, Level: 2, Address: "ada@example.test", Lang: "de", Vouched: "mailbox", Veto: digest(), Sealed: []byte("sealed"),
		StartedAt: c.now, DueAt: c.now.Add(3 * time.Hour), ExpiresAt: c.now.Add(9 * time.Hour), NextAt: c.now.Add(time.Hour),
	}
}

func (c *testcase) claimed(u user.User) reclaim.Claim {
	c.Helper()
	v := c.reclaimed(u, reclaim.Waiting)
	c.ok(c.Reclaims().Begin(c.ctx, v, c.event(reclaim.Started, u.ID)))
	return v
}

func reclaimKept(c *testcase) {
	u := c.person()
	_, err := c.Reclaims().Live(c.ctx, u.ID)
	c.is(err, reclaim.ErrNone)
	v := c.claimed(u)
	for _, get := range []func() (reclaim.Claim, error){
		func() (reclaim.Claim, error) { return c.Reclaims().Live(c.ctx, u.ID) },
		func() (reclaim.Claim, error) { return c.Reclaims().ByID(c.ctx, v.ID) },
		func() (reclaim.Claim, error) { return c.Reclaims().ByVeto(c.ctx, v.Veto) },
	} {
		got, err := get()
		c.ok(err)
		c.same(got, v)
	}
	_, err = c.Reclaims().BySecret(c.ctx, secret.Digest{})
	c.is(err, reclaim.ErrNone)
	c.same(c.trail(u), []string{user.Created.String(), reclaim.Started.String()})
	c.ok(c.Users().SetState(c.ctx, u.ID, user.Active, user.Suspended, time.Time{}, c.now, c.event(user.Disabled, u.ID)))
	c.is(c.Reclaims().Begin(c.ctx, c.reclaimed(u, reclaim.Reset), c.event(reclaim.Approved, u.ID)), user.ErrInactive)
}

// TH-43: of many who start a recovery one does; those who vouch replace it.
func reclaimOne(c *testcase) {
	u := c.person()
	c.once(reclaim.ErrRunning, func(int) error {
		return c.Reclaims().Begin(c.ctx, c.reclaimed(u, reclaim.Waiting), c.event(reclaim.Started, u.ID))
	})
	old, err := c.Reclaims().Live(c.ctx, u.ID)
	c.ok(err)
	reset := c.reclaimed(u, reclaim.Reset)
	c.ok(c.Reclaims().Begin(c.ctx, reset, c.event(reclaim.Approved, u.ID)))
	_, err = c.Reclaims().ByID(c.ctx, old.ID)
	c.is(err, reclaim.ErrNone)
	all, err := c.Reclaims().Running(c.ctx, reclaim.ID{}, 10)
	c.ok(err)
	c.same(all, []reclaim.Claim{reset})
}

func reclaimDelay(c *testcase) {
	u := c.person()
	v := c.claimed(u)
	c.ok(c.Reclaims().Stir(c.ctx, v.ID, v.NextAt, v.DueAt, digest(), c.event(reclaim.Ready, u.ID)))
	due, expires := c.now.Add(20*time.Hour), c.now.Add(40*time.Hour)
	c.later(time.Minute)
	c.once(reclaim.ErrDelayed, func(int) error {
		return c.Reclaims().Delay(c.ctx, v.ID, due, expires, c.now, c.event(reclaim.Delayed, u.ID))
	})
	v.DueAt, v.ExpiresAt, v.DelayedAt, v.NextAt = due, expires, c.now, c.now
	got, err := c.Reclaims().Live(c.ctx, u.ID)
	c.ok(err)
	c.same(got, v)
	c.ok(c.Reclaims().End(c.ctx, v.ID, reclaim.Denied, c.now, c.event(reclaim.Refused, u.ID)))
	c.is(c.Reclaims().Delay(c.ctx, v.ID, due, expires, c.now, c.event(reclaim.Delayed, u.ID)), reclaim.ErrNone)

	link := c.reclaimed(u, reclaim.Link) // what the host handed over keeps its secret
	c.ok(c.Reclaims().Begin(c.ctx, link, c.event(reclaim.Handed, u.ID)))
	d := digest()
	c.ok(c.Reclaims().Stir(c.ctx, link.ID, link.NextAt, link.DueAt, d, c.event(reclaim.Ready, u.ID)))
	c.ok(c.Reclaims().Delay(c.ctx, link.ID, due, expires, c.now, c.event(reclaim.Delayed, u.ID)))
	_, err = c.Reclaims().BySecret(c.ctx, d)
	c.ok(err)
}

func reclaimStir(c *testcase) {
	u := c.person()
	v := c.claimed(u)
	waiting := func(at time.Time) int {
		all, err := c.Reclaims().Stirring(c.ctx, at, 10)
		c.ok(err)
		return len(all)
	}
	c.same(waiting(v.NextAt.Add(-time.Microsecond)), 0)
	c.same(waiting(v.NextAt), 1)
	d := digest()
	c.once(reclaim.ErrNone, func(int) error {
		return c.Reclaims().Stir(c.ctx, v.ID, v.NextAt, v.DueAt, d, c.event(reclaim.Ready, u.ID))
	})
	got, err := c.Reclaims().BySecret(c.ctx, d)
	c.ok(err)
	c.same(got.NextAt, v.DueAt)
	c.ok(c.Reclaims().Stir(c.ctx, v.ID, v.DueAt, v.ExpiresAt, secret.Digest{}, c.event(reclaim.Reminded, u.ID)))
	_, err = c.Reclaims().BySecret(c.ctx, d) // a reminder leaves the secret
	c.ok(err)
}

// TH-43
func reclaimComplete(c *testcase) {
	u, other := c.person(), c.person()
	c.confirmed(u, "Phone", 1)
	c.confirmed(other, "Phone", 1)
	c.ok(c.Recovery().Replace(c.ctx, u.ID, []recovery.Digest{{1}}, c.now, c.event(recovery.Made, u.ID)))
	c.ok(c.Passkeys().Insert(c.ctx, c.passkey(u), c.reread(u).Version, c.event(passkey.Added, u.ID)))
	number := c.phone(u)
	c.ok(c.Phones().Confirm(c.ctx, u.ID, number.ID, c.now, c.event(phone.Added, u.ID)))
	v, d := c.claimed(u), digest()
	complete := func(d secret.Digest, at time.Time) error {
		return c.Reclaims().Complete(c.ctx, v.ID, d, at, c.event(reclaim.Finished, u.ID))
	}
	c.is(complete(secret.Digest{}, v.DueAt), reclaim.ErrNone)
	c.ok(c.Reclaims().Stir(c.ctx, v.ID, v.NextAt, v.ExpiresAt, d, c.event(reclaim.Ready, u.ID)))
	c.is(complete(d, v.DueAt.Add(-time.Microsecond)), reclaim.ErrNone)
	c.is(complete(d, v.ExpiresAt), reclaim.ErrNone)
	c.is(complete(digest(), v.DueAt), reclaim.ErrNone)
	c.once(reclaim.ErrNone, func(int) error { return complete(d, v.DueAt) })
	apps, err := c.TOTP().Of(c.ctx, u.ID)
	c.ok(err)
	st, err := c.Recovery().State(c.ctx, u.ID)
	c.ok(err)
	keys, err := c.Passkeys().Of(c.ctx, u.ID)
	c.ok(err)
	numbers, err := c.Phones().Of(c.ctx, u.ID)
	c.ok(err)
	c.same([]int{len(apps), st.Left, len(keys), len(numbers)}, []int{0, 0, 0, 0})
	theirs, err := c.TOTP().Of(c.ctx, other.ID)
	c.ok(err)
	c.same(len(theirs), 1)
}

func reclaimEnd(c *testcase) {
	u := c.person()
	v := c.claimed(u)
	c.once(reclaim.ErrNone, func(int) error {
		return c.Reclaims().End(c.ctx, v.ID, reclaim.Stopped, c.now, c.event(reclaim.Halted, u.ID))
	})
	for since, want := range map[time.Time]bool{c.now: true, c.now.Add(time.Microsecond): false} {
		got, err := c.Reclaims().StoppedSince(c.ctx, u.ID, since)
		c.ok(err)
		c.same(got, want)
	}
	w := c.claimed(u)
	c.ok(c.Reclaims().End(c.ctx, w.ID, reclaim.Lapsed, c.later(time.Hour), c.event(reclaim.Expired, u.ID)))
	got, err := c.Reclaims().StoppedSince(c.ctx, u.ID, c.now)
	c.ok(err)
	c.same(got, false)
}

func reclaimSweep(c *testcase) {
	u := c.person()
	v := c.claimed(u)
	c.ok(c.Reclaims().End(c.ctx, v.ID, reclaim.Lapsed, c.now, c.event(reclaim.Expired, u.ID)))
	c.claimed(u)
	n, err := c.Reclaims().Sweep(c.ctx, c.now, 10)
	c.ok(err)
	c.same(n, 0)
	n, err = c.Reclaims().Sweep(c.ctx, c.now.Add(time.Hour), 10)
	c.ok(err)
	c.same(n, 1)
}

// TH-43: verified addresses are known after they left, unverified ones are not.
func formerEmails(c *testcase) {
	u := c.person()
	for address, verified := range map[string]time.Time{"gone@example.test": c.now, "never@example.test": {}} {
		e := c.email(u, address, verified)
		c.ok(c.Users().AddEmail(c.ctx, e, c.event(user.EmailAdded, u.ID)))
		c.ok(c.Users().RemoveEmail(c.ctx, u.ID, e.Key, c.now, c.event(user.EmailRemoved, u.ID)))
	}
	got, err := c.Users().FormerEmails(c.ctx, u.ID, c.now)
	c.ok(err)
	c.same(got, []user.Email{{User: u.ID, Address: "gone@example.test", Key: "gone@example.test", VerifiedAt: c.now}})
	got, err = c.Users().FormerEmails(c.ctx, u.ID, c.now.Add(time.Microsecond))
	c.ok(err)
	c.same(len(got), 0)
	n, err := c.Users().SweepFormerEmails(c.ctx, c.now.Add(time.Second), 10)
	c.ok(err)
	c.same(n, 1)
}

func (c *testcase) asked(subject user.ID) approval.Request {
	id := approval.NewID(c.now.Add(time.Duration(c.next()) * time.Millisecond))
	return approval.Request{ID: id, Kind: approval.Reset, Subject: subject, Reason: "lost", Requester: user.NewID(c.now), CreatedAt: c.now, ExpiresAt: c.now.Add(time.Hour)}
}

func approvalOnce(c *testcase) {
	u := c.person()
	c.once(approval.ErrWaiting, func(int) error { return c.Approvals().Put(c.ctx, c.asked(u.ID), c.event(approval.Asked, u.ID)) })
	policy := c.asked(user.ID{})
	policy.Kind, policy.Payload = approval.Policy, "{}"
	c.ok(c.Approvals().Put(c.ctx, policy, c.event(approval.Asked, user.ID{})))
	again := policy
	again.ID = approval.NewID(c.now.Add(time.Hour))
	c.is(c.Approvals().Put(c.ctx, again, c.event(approval.Asked, user.ID{})), approval.ErrWaiting)
	got, err := c.Approvals().ByID(c.ctx, policy.ID, c.now)
	c.ok(err)
	c.same(got, policy)
}

// TH-42
func approvalDecide(c *testcase) {
	u := c.person()
	r := c.asked(u.ID)
	c.ok(c.Approvals().Put(c.ctx, r, c.event(approval.Asked, u.ID)))
	c.once(approval.ErrUnknown, func(i int) error {
		d := approval.Approved
		if i%2 == 0 {
			d = approval.Denied
		}
		return c.Approvals().Decide(c.ctx, r.ID, d, u.ID, c.now, c.event(approval.Decided, u.ID))
	})
	_, err := c.Approvals().ByID(c.ctx, r.ID, c.now)
	c.is(err, approval.ErrUnknown)
	all, err := c.Approvals().Waiting(c.ctx, c.now, approval.ID{}, 10)
	c.ok(err)
	c.same(len(all), 0)
	c.ok(c.Approvals().Put(c.ctx, c.asked(u.ID), c.event(approval.Asked, u.ID)))
}

func approvalLapse(c *testcase) {
	u := c.person()
	r := c.asked(u.ID)
	c.ok(c.Approvals().Put(c.ctx, r, c.event(approval.Asked, u.ID)))
	c.is(c.Approvals().Decide(c.ctx, r.ID, approval.Approved, u.ID, r.ExpiresAt, c.event(approval.Decided, u.ID)), approval.ErrUnknown)
	n, err := c.Approvals().Sweep(c.ctx, r.ExpiresAt, 10)
	c.ok(err)
	c.same(n, 0)
	n, err = c.Approvals().Sweep(c.ctx, r.ExpiresAt.Add(time.Second), 10)
	c.ok(err)
	c.same(n, 1)
}
