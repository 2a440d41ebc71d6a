package storetest

import (
	"time"

	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

var challengeTests = []test{
	{"kept as it was", challengeKept},
	{"spent once", challengeOnce},
	{"five tries", challengeTries},
	{"late is over", challengeLate},
	{"goes with its account", challengeGone},
	{"guesses are counted for good", challengeGuesses},
	{"mail that is not due", mailWithdrawn},
}

func (c *testcase) challenge(u user.User) challenge.Challenge {
	c.Helper()
	v := challenge.Challenge{
		ID: challenge.NewID(c.now), User: u.ID, Flow: digest(), Key: "ada@example.test", Methods: []string{"pwd"},
		UserVersion: 3, PasswordVersion: 2, Failures: 4, Enrol: true, CreatedAt: c.now, ExpiresAt: c.now.Add(challenge.Life),
	}
	secret.Fill(v.Notice[:])
	c.ok(c.Challenges().Put(c.ctx, v))
	return v
}

func challengeKept(c *testcase) {
	v := c.challenge(c.person())
	got, err := c.Challenges().ByFlow(c.ctx, v.Flow, c.now)
	c.ok(err)
	c.same(got, v)
	_, err = c.Challenges().ByFlow(c.ctx, digest(), c.now)
	c.is(err, challenge.ErrOver)
}

func challengeOnce(c *testcase) {
	v := c.challenge(c.person())
	c.once(challenge.ErrOver, func(int) error { return c.Challenges().Spend(c.ctx, v.ID, c.now) })
	_, err := c.Challenges().ByFlow(c.ctx, v.Flow, c.now)
	c.is(err, challenge.ErrOver)
	c.is(c.Challenges().Attempt(c.ctx, v.ID, c.now), challenge.ErrOver)
}

// PW-23
func challengeTries(c *testcase) {
	v := c.challenge(c.person())
	won := c.race(challenge.ErrOver, func(int) error { return c.Challenges().Attempt(c.ctx, v.ID, c.now) })
	c.same(won, challenge.MaxAttempts)
}

func challengeLate(c *testcase) {
	v := c.challenge(c.person())
	c.later(challenge.Life)
	c.is(c.Challenges().Attempt(c.ctx, v.ID, c.now), challenge.ErrOver)
	c.is(c.Challenges().Spend(c.ctx, v.ID, c.now), challenge.ErrOver)
	_, err := c.Challenges().ByFlow(c.ctx, v.Flow, c.now)
	c.is(err, challenge.ErrOver)
	n, err := c.Challenges().Sweep(c.ctx, c.later(time.Second), 10)
	c.ok(err)
	c.same(n, 1)
}

func challengeGone(c *testcase) {
	u := c.person()
	v := c.challenge(u)
	c.ok(c.Users().Delete(c.ctx, u.ID, c.now, c.event(user.Deleted, u.ID)))
	_, err := c.Challenges().ByFlow(c.ctx, v.Flow, c.now)
	c.is(err, challenge.ErrOver)
}

// A message that is to leave later neither waits in the depth nor is stuck, and
// can be taken back until somebody claims it.
func mailWithdrawn(c *testcase) {
	due := c.now.Add(time.Hour)
	later := func() mail.Queued {
		m := mail.Queued{ID: mail.NewID(c.now), Channel: "email", Template: "test", Sealed: []byte("sealed"), NextAt: due, CreatedAt: due}
		c.ok(c.Mail().Enqueue(c.ctx, m))
		return m
	}
	gone, stays := later(), later()
	d, err := c.Mail().Depth(c.ctx, c.now)
	c.ok(err)
	c.same(d, mail.Depth{})
	c.ok(c.Mail().Withdraw(c.ctx, gone.ID))
	c.later(time.Hour)
	got, err := c.Mail().Claim(c.ctx, c.now, time.Minute, 10)
	c.ok(err)
	c.same(len(got), 1)
	c.same(got[0].ID, stays.ID)
	c.ok(c.Mail().Withdraw(c.ctx, stays.ID)) // it is on its way: nothing is taken back
	c.later(time.Minute)
	got, err = c.Mail().Claim(c.ctx, c.now, time.Minute, 10)
	c.ok(err)
	c.same(len(got), 1)
}

// PW-20 TH-33: of any number at once no more than the bound are judged; each method
// counts by itself, and a right one forgives all.
func challengeGuesses(c *testcase) {
	u := c.person()
	guess := func(method string, most int) error {
		_, err := c.Challenges().Guess(c.ctx, u.ID, method, most, c.now)
		return err
	}
	won := c.race(challenge.ErrGuesses, func(int) error { return guess("otp", 7) })
	c.same(won, 7)
	c.ok(guess("otp", 8))
	c.ok(guess("recovery", 7))
	c.ok(c.Challenges().Forgive(c.ctx, u.ID))
	n, err := c.Challenges().Guess(c.ctx, u.ID, "otp", 7, c.now)
	c.ok(err)
	c.same(n, 1)
	_, err = c.Challenges().Guess(c.ctx, user.NewID(c.now), "otp", 7, c.now)
	c.is(err, challenge.ErrGuesses)
}
