package storetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/token"
)

var thefts = []test{
	{"the successor was used", theftFound},
	{"only the stolen grant dies", theftContained},
	{"the lock-step thief", theftLockStep},
	{"the patient thief", theftInAll},
	{"wrong client, wrong key, another's token", theftHarmless},
	{"a stale token with the right key", theftStale},
	{"ended under many", theftRace},
}

// OA-41 AU-60 AU-61 TH-5: the family ends, and whoever should know learns why.
func theftFound(c *testcase) {
	a := c.app("web")
	for _, s := range []token.Sender{nobody, byClient} {
		stolen := a.begin(s)
		a.opaque = true
		mine := a.refresh(stolen, home)
		a.opaque = false
		last := a.refresh(mine, home)
		a.later(time.Second)
		_, err := a.Opaque(a.ctx, mine.Access.Reveal())
		a.ok(err)
		a.ended(stolen, abroad, token.Theft)
		a.refused(a.ask(last, home), token.ErrRefused)
		_, err = a.Opaque(a.ctx, mine.Access.Reveal())
		a.is(err, token.ErrUnknown)
	}
	events, err := a.Audit().Search(a.ctx, audit.Query{Name: token.Reused.String(), Limit: 5})
	a.ok(err)
	a.same([]any{len(events), events[0].Severity, events[0].Reason, events[0].Subject, events[0].Client, events[0].Source.IP},
		[]any{2, audit.Critical, "theft", a.owner.ID.String(), "web", abroad})
}

// TH-13: reuse in app A leaves app B, and the session both were bound to.
func theftContained(c *testcase) {
	a := c.app("web")
	live := a.sitting()
	s := token.SessionID(live.ID)
	bound := func() token.Issued {
		b := a.birth(nobody)
		b.Session = s
		i, err := a.Begin(a.ctx, b)
		a.ok(err)
		return i
	}
	stolen, other := bound(), bound()
	a.refresh(a.refresh(stolen, home), home)
	a.ended(stolen, abroad, token.Theft)
	a.refresh(other, home)
	a.same(a.usable(live), true)
}

// TH-5: a thief who comes exactly so long after each rotation gets 3 generations,
// and with the fourth the family ends.
func theftLockStep(c *testcase) {
	a := c.app("web")
	for _, lag := range []time.Duration{500 * time.Millisecond, 5 * time.Second, 29 * time.Second} {
		a.same(a.lockStep(abroad, lag, 100, 1), token.BudgetInRow)
	}
	// From the same address within two seconds nobody can tell; what we claim
	// is about a copy used from elsewhere.
	a.same(a.lockStep(home, 500*time.Millisecond, 30, 1), 30)
	a.same(a.lockStep(home, 2001*time.Millisecond, 30, 1), token.BudgetInRow)
}

// A thief who finds a copy only now and then gets 10 generations in all.
func theftInAll(c *testcase) {
	a := c.app("web")
	a.same(a.lockStep(abroad, 5*time.Second, 200, 2), token.BudgetInAll)
	a.same(a.lockStep(abroad, 29*time.Second, 200, 7), token.BudgetInAll)
}

// lockStep lets a client rotate and a thief from an address present the same
// token lag later, at every nth generation, and returns how many generations
// the thief got before the family ended.
func (a *app) lockStep(from string, lag time.Duration, generations, nth int) (got int) {
	a.Helper()
	held := a.begin(nobody)
	for n := range generations {
		next := a.refresh(held, home)
		a.later(lag)
		if n%nth == 0 {
			copied, err := a.Refresh(a.ctx, a.ask(held, from))
			if errors.Is(err, token.ErrEnded) {
				a.refused(a.ask(next, home), token.ErrRefused)
				return got
			}
			a.ok(err)
			a.same(copied.Refresh.Reveal(), next.Refresh.Reveal())
			got++
		}
		held = next
		a.later(5*time.Minute - lag)
	}
	return got
}

// TH-8: whoever is not the right client with the right key harms nobody, with a
// live token, the one before, or an ancient one.
func theftHarmless(c *testcase) {
	a := c.app("web")
	b := c.appWith("other", a.keys)
	for _, s := range everybody {
		ancient := a.begin(s)
		parent := a.refresh(ancient, home)
		live := a.refresh(parent, home)
		before, _ := a.read(live)
		trail := len(a.trail(a.owner))
		for _, i := range []token.Issued{ancient, parent, live} {
			r := a.ask(i, home)
			r.Client = string(b.client.ID)
			a.refused(r, token.ErrRefused)
			if err := a.revoke(a.ctx, r); !errors.Is(err, token.ErrRefused) {
				a.Errorf("another client gave it back: %v", err)
			}
			r = a.ask(i, home)
			r.Token = fmt.Sprintf("%sx", r.Token)
			a.refused(r, token.ErrRefused)
			if s == nobody {
				continue
			}
			r = a.ask(i, home)
			r.Authenticated, r.Wanted.JKT, r.Wanted.X5T = false, "another", "another"
			a.refused(r, token.ErrRefused)
			if s.Kind != token.Client {
				r.Authenticated, r.Wanted.JKT, r.Wanted.X5T = true, "", ""
				a.refused(r, token.ErrRefused)
			}
		}
		after, alive := a.read(live)
		a.same(alive, true)
		a.same(after, before)
		a.same([]int{len(a.heard()), len(a.trail(a.owner))}, []int{0, trail})
		a.refresh(live, home)
	}
}

// TH-8: refused and logged, not killed.
func theftStale(c *testcase) {
	a := c.app("web")
	for n, s := range everybody[2:] {
		ancient := a.begin(s)
		live := a.refresh(a.refresh(ancient, home), home)
		a.refused(a.ask(ancient, home), token.ErrRefused)
		a.refresh(live, home)
		events, err := a.Audit().Search(a.ctx, audit.Query{Name: token.Stale.String(), Limit: 5})
		a.ok(err)
		a.same([]any{len(events), events[0].Severity}, []any{n + 1, audit.Warning})
	}
}

// However many find out at once, it ends once.
func theftRace(c *testcase) {
	a := c.app("web")
	stolen := a.begin(nobody)
	a.refresh(a.refresh(stolen, home), home)
	a.heard()
	ended := make([]bool, callers)
	a.race(token.ErrRefused, func(n int) error {
		_, err := a.Refresh(a.ctx, a.ask(stolen, abroad))
		if ended[n] = errors.Is(err, token.ErrEnded); ended[n] {
			return nil
		}
		return err
	})
	count := 0
	for _, e := range ended {
		if e {
			count++
		}
	}
	a.same([]int{count, len(a.heard()), len(a.noticed)}, []int{1, 1, 1})
}
