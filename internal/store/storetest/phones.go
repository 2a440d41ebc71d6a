package storetest

import (
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/user"
)

var phoneTests = []test{
	{"pending, confirmed, used, removed", phoneLife},
	{"only one pending", phonePending},
	{"confirmed once", phoneOnce},
	{"at most three", phoneMany},
	{"charged all or none", phoneCharges},
	{"the cap is hard", phoneCap},
	{"swept", phoneSweep},
}

func (c *testcase) phone(u user.User) phone.Phone {
	c.Helper()
	p := phone.Phone{ID: phone.NewID(c.now.Add(time.Duration(c.next()) * time.Millisecond)), User: u.ID, Number: []byte("sealed"), CreatedAt: c.now}
	c.ok(c.Phones().Begin(c.ctx, p))
	return p
}

func (c *testcase) phonesOf(u user.User) []phone.Phone {
	c.Helper()
	all, err := c.Phones().Of(c.ctx, u.ID)
	c.ok(err)
	return all
}

func phoneLife(c *testcase) {
	u, other := c.person(), c.person()
	p := c.phone(u)
	got, err := c.Phones().Pending(c.ctx, u.ID, p.ID, c.now.Add(-time.Second))
	c.ok(err)
	c.same(got, p)
	_, err = c.Phones().Pending(c.ctx, other.ID, p.ID, c.now.Add(-time.Second))
	c.is(err, phone.ErrPending)
	c.same(len(c.phonesOf(u)), 0)
	c.is(c.Phones().Use(c.ctx, u.ID, p.ID, c.now), phone.ErrUnknown)
	c.later(time.Minute)
	c.is(c.Phones().Confirm(c.ctx, other.ID, p.ID, c.now, c.system()), phone.ErrPending)
	c.ok(c.Phones().Confirm(c.ctx, u.ID, p.ID, c.now, c.event(phone.Added, u.ID)))
	p.ConfirmedAt = c.now
	c.ok(c.Phones().Use(c.ctx, u.ID, p.ID, c.later(time.Minute)))
	p.UsedAt = c.now
	c.same(c.phonesOf(u), []phone.Phone{p})
	c.is(c.Phones().Remove(c.ctx, other.ID, p.ID, c.system()), phone.ErrUnknown)
	c.ok(c.Phones().Remove(c.ctx, u.ID, p.ID, c.event(phone.Removed, u.ID)))
	c.is(c.Phones().Remove(c.ctx, u.ID, p.ID, c.event(phone.Removed, u.ID)), phone.ErrUnknown)
	c.same(len(c.phonesOf(u)), 0)
	c.same(c.trail(u), []string{"user.created", phone.Added.String(), phone.Removed.String()})
}

func phonePending(c *testcase) {
	u := c.person()
	first, second := c.phone(u), c.phone(u)
	_, err := c.Phones().Pending(c.ctx, u.ID, first.ID, c.now.Add(-time.Second))
	c.is(err, phone.ErrPending)
	c.is(c.Phones().Confirm(c.ctx, u.ID, second.ID, second.CreatedAt.Add(phone.PendingLife), c.system()), phone.ErrPending)
}

func phoneOnce(c *testcase) {
	u := c.person()
	p := c.phone(u)
	c.once(phone.ErrPending, func(int) error { return c.Phones().Confirm(c.ctx, u.ID, p.ID, c.now, c.event(phone.Added, u.ID)) })
	c.same(len(c.phonesOf(u)), 1)
}

func phoneMany(c *testcase) {
	u := c.person()
	for range phone.MaxPhones {
		c.ok(c.Phones().Confirm(c.ctx, u.ID, c.phone(u).ID, c.now, c.event(phone.Added, u.ID)))
	}
	c.is(c.Phones().Confirm(c.ctx, u.ID, c.phone(u).ID, c.now, c.event(phone.Added, u.ID)), phone.ErrTooMany)
	c.same(len(c.phonesOf(u)), phone.MaxPhones)
}

func (c *testcase) spent(day int64, scope string) int64 {
	c.Helper()
	n, err := c.Phones().Spent(c.ctx, day, scope)
	c.ok(err)
	return n
}

// PW-48: what meets one cap is charged to nothing.
func phoneCharges(c *testcase) {
	charge := func(day int64, number string) error {
		return c.Phones().Charge(c.ctx, day, []phone.Charge{{Scope: number, Amount: 1, Cap: 2}, {Scope: "country +49", Amount: 1, Cap: 3}, {Scope: "spend", Amount: 75, Cap: 200}})
	}
	c.ok(charge(7, "number a"))
	c.ok(charge(7, "number a"))
	c.is(charge(7, "number a"), phone.ErrBudget)
	c.is(charge(7, "number b"), phone.ErrBudget) // 225 would be spent
	c.same([]int64{c.spent(7, "number a"), c.spent(7, "number b"), c.spent(7, "country +49"), c.spent(7, "spend")}, []int64{2, 0, 2, 150})
	c.ok(charge(8, "number a"))
	c.same(c.spent(8, "spend"), int64(75))
	c.is(c.Phones().Charge(c.ctx, 9, []phone.Charge{{Scope: "spend", Amount: 5, Cap: 4}}), phone.ErrBudget)
	c.same(c.spent(9, "spend"), int64(0))
}

// PW-48: however many ask at once.
func phoneCap(c *testcase) {
	won := c.race(phone.ErrBudget, func(i int) error {
		return c.Phones().Charge(c.ctx, 7, []phone.Charge{{Scope: fmt.Sprint("number ", i), Amount: 1, Cap: 1}, {Scope: "spend", Amount: 30, Cap: 100}})
	})
	c.same(won, 3)
	c.same(c.spent(7, "spend"), int64(90))
}

func phoneSweep(c *testcase) {
	u := c.person()
	kept := c.phone(u)
	c.ok(c.Phones().Confirm(c.ctx, u.ID, kept.ID, c.now, c.event(phone.Added, u.ID)))
	c.phone(u)
	today := phone.Day(c.now)
	c.ok(c.Phones().Charge(c.ctx, today, []phone.Charge{{Scope: "spend", Amount: 1, Cap: 1}}))
	sweep := func(before time.Time) int {
		n, err := c.Phones().Sweep(c.ctx, before, 5)
		c.ok(err)
		return n
	}
	c.same([]int{sweep(c.now), sweep(c.now.Add(time.Second))}, []int{0, 1})
	c.same(c.spent(today, "spend"), int64(1))
	c.same(sweep(c.now.Add(24*time.Hour)), 1)
	c.same(c.spent(today, "spend"), int64(0))
	c.same(len(c.phonesOf(u)), 1)
}
