package storetest

import (
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

var proofs = []test{
	{"what is kept is what is read", proofRoundTrip},
	{"spent once", proofOnce},
	{"the newest replaces", proofReplaced},
	{"the newest replaces, under a race", proofReplacedRace},
	{"an undo link outlives the thief", proofUndo},
	{"dies with the versions it was made for", proofVersions},
	{"attempts", proofAttempts},
	{"pending and cancelled", proofPending},
	{"each flow of a sign-in has its own", proofEnter},
	{"swept", proofSwept},
}

func sameProof(c *testcase, got, want proof.Proof) {
	c.Helper()
	if d := cmp.Diff(want, got, cmp.Comparer(func(a, b secret.Digest) bool { return a.Equal(b) })); d != "" {
		c.Fatalf("mismatch (-want +got):\n%s", d)
	}
}

func proofRoundTrip(c *testcase) {
	u := c.person()
	for _, p := range []proof.Proof{c.proof(u, proof.Recover), c.proof(user.User{}, proof.SignUp)} {
		if p.Purpose == proof.SignUp {
			p.Flow, p.Code, p.Payload = secret.Digest{}, nil, nil
		}
		c.ok(c.Proofs().Put(c.ctx, p))
		got, err := c.Proofs().ByLink(c.ctx, p.Purpose, p.Link)
		c.ok(err)
		sameProof(c, got, p)
		_, err = c.Proofs().ByLink(c.ctx, proof.Undo, p.Link)
		c.is(err, proof.ErrExpired)
		got, err = c.Proofs().ByFlow(c.ctx, p.Purpose, p.Flow)
		if p.Flow.IsZero() {
			c.is(err, proof.ErrExpired)
			continue
		}
		c.ok(err)
		sameProof(c, got, p)
	}
}

// PW-31: single use, atomic; its event is written once.
func proofOnce(c *testcase) {
	u := c.person()
	p := c.mailed(u, proof.Recover)
	c.is(c.Proofs().Spend(c.ctx, p.ID, p.ExpiresAt, c.event(user.Updated, u.ID)), proof.ErrExpired)
	c.once(proof.ErrExpired, func(int) error { return c.Proofs().Spend(c.ctx, p.ID, c.now, c.event(user.Verified, u.ID)) })
	got, err := c.Proofs().ByLink(c.ctx, p.Purpose, p.Link)
	c.ok(err)
	c.same(got.UsedAt, c.now)
	c.same(c.trail(u), []string{"user.created", "user.verified"})
	c.is(c.Proofs().Attempt(c.ctx, p.ID, c.now), proof.ErrExpired)
}

// PW-31: newest only.
func proofReplaced(c *testcase) {
	u, other := c.person(), c.person()
	first, address, foreign := c.mailed(u, proof.Recover), c.mailed(u, proof.Address), c.mailed(other, proof.Recover)
	second := c.proof(u, proof.Recover)
	second.Key = "second@example.test"
	c.ok(c.Proofs().Put(c.ctx, second))
	otherKey := c.proof(u, proof.Address)
	otherKey.Key = "second@example.test"
	c.ok(c.Proofs().Put(c.ctx, otherKey))
	frozen := c.mailed(u, proof.Frozen)
	sign := c.mailed(user.User{}, proof.SignUp)
	elsewhere := c.proof(user.User{}, proof.SignUp)
	elsewhere.Key = "grace@example.test"
	c.ok(c.Proofs().Put(c.ctx, elsewhere))
	again := c.mailed(user.User{}, proof.SignUp)
	for _, p := range []proof.Proof{first, sign} {
		c.is(c.Proofs().Spend(c.ctx, p.ID, c.now, c.system()), proof.ErrExpired)
	}
	for _, p := range []proof.Proof{address, otherKey, frozen, foreign, second, elsewhere, again} {
		c.ok(c.Proofs().Spend(c.ctx, p.ID, c.now, c.system()))
	}
}

func proofReplacedRace(c *testcase) {
	for _, u := range []user.User{c.person(), {}} {
		purpose := proof.Recover
		if u.ID.IsZero() {
			purpose = proof.SignUp
		}
		all := make([]proof.Proof, callers)
		for i := range all {
			all[i] = c.proof(u, purpose)
		}
		c.same(c.race(nil, func(i int) error { return c.Proofs().Put(c.ctx, all[i]) }), callers)
		unused := 0
		for _, p := range all {
			got, err := c.Proofs().ByLink(c.ctx, purpose, p.Link)
			if err == nil && got.UsedAt.IsZero() {
				unused++
				c.ok(c.Proofs().Spend(c.ctx, p.ID, c.now, c.system()))
			} else if err != nil {
				c.is(err, proof.ErrExpired)
			}
		}
		c.same(unused, 1)
	}
}

// TH-43 PW-35: a thief who changes the address twice, the password, and ends all
// sessions has not silenced the first owner's undo.
func proofUndo(c *testcase) {
	u := c.person()
	undo := func(key string) proof.Proof {
		p := c.proof(u, proof.Undo)
		p.Key, p.UserVersion = key, 0
		c.ok(c.Proofs().Put(c.ctx, p))
		return p
	}
	first, second := undo("ada@example.test"), undo("thief@example.test")
	third := undo("thief@example.test")
	c.ok(acts["end all"](c, c, u))
	c.ok(c.Proofs().Spend(c.ctx, first.ID, c.now, c.system()))
	c.is(c.Proofs().Spend(c.ctx, second.ID, c.now, c.system()), proof.ErrExpired)
	c.ok(c.Proofs().Spend(c.ctx, third.ID, c.now, c.system()))
}

// TH-1 PW-31: each version is compared unless it is 0.
func proofVersions(c *testcase) {
	u := c.withPassword()
	p := c.proof(u, proof.Recover)
	p.PasswordVersion = 1
	c.ok(c.Proofs().Put(c.ctx, p))
	c.ok(c.setPassword(c.credential(u, 2)))
	c.is(c.Proofs().Spend(c.ctx, p.ID, c.now, c.system()), proof.ErrExpired)
	p = c.mailed(u, proof.Recover)
	c.ok(c.Proofs().Spend(c.ctx, p.ID, c.now, c.system()))
	p = c.proof(u, proof.Recover)
	p.PasswordVersion = 2
	c.ok(c.Proofs().Put(c.ctx, p))
	c.ok(c.Proofs().Spend(c.ctx, p.ID, c.now, c.system()))
	p = c.proof(u, proof.Undo)
	p.PasswordVersion = 2
	c.ok(c.Proofs().Put(c.ctx, p))
	c.endAll(u, c.session(u).ID)
	c.is(c.Proofs().Spend(c.ctx, p.ID, c.now, c.system()), proof.ErrExpired)
}

// PW-23: five tries, however many ask at once.
func proofAttempts(c *testcase) {
	u := c.person()
	p := c.mailed(u, proof.Recover)
	c.is(c.Proofs().Attempt(c.ctx, p.ID, p.ExpiresAt), proof.ErrExpired)
	won := c.race(proof.ErrExpired, func(int) error { return c.Proofs().Attempt(c.ctx, p.ID, c.now) })
	c.same(won, proof.MaxAttempts)
	got, err := c.Proofs().ByFlow(c.ctx, p.Purpose, p.Flow)
	c.ok(err)
	c.same(got.Attempts, proof.MaxAttempts)
	c.ok(c.Proofs().Spend(c.ctx, p.ID, c.now, c.system())) // the link still works
}

func proofPending(c *testcase) {
	u := c.person()
	p := c.mailed(u, proof.Address)
	pending := func(at time.Time) int {
		all, err := c.Proofs().Pending(c.ctx, u.ID, proof.Address, at)
		c.ok(err)
		return len(all)
	}
	c.same([]int{pending(c.now), pending(p.ExpiresAt)}, []int{1, 0})
	c.ok(c.Proofs().Cancel(c.ctx, u.ID, proof.Address, "other@example.test", c.now))
	c.ok(c.Proofs().Cancel(c.ctx, u.ID, proof.Recover, p.Key, c.now))
	c.same(pending(c.now), 1)
	c.ok(c.Proofs().Cancel(c.ctx, u.ID, proof.Address, p.Key, c.now))
	c.same(pending(c.now), 0)
	c.is(c.Proofs().Spend(c.ctx, p.ID, c.now, c.system()), proof.ErrExpired)
}

// PW-21 PW-37: a stranger who asks for a code does not spend the owner's, and what
// nobody was mailed is counted and spent alike.
func proofEnter(c *testcase) {
	u := c.person()
	mine, theirs := c.mailed(u, proof.Enter), c.mailed(u, proof.Enter)
	nobody := c.proof(user.User{}, proof.Enter)
	nobody.Key = nobody.ID.String()
	c.ok(c.Proofs().Put(c.ctx, nobody))
	for _, p := range []proof.Proof{mine, theirs, nobody} {
		got, err := c.Proofs().ByFlow(c.ctx, proof.Enter, p.Flow)
		c.ok(err)
		sameProof(c, got, p)
		_, err = c.Proofs().ByFlow(c.ctx, proof.SignIn, p.Flow)
		c.is(err, proof.ErrExpired)
		c.same(c.race(proof.ErrExpired, func(int) error { return c.Proofs().Attempt(c.ctx, p.ID, c.now) }), proof.MaxAttempts)
		c.ok(c.Proofs().Spend(c.ctx, p.ID, c.now, c.system()))
		c.is(c.Proofs().Spend(c.ctx, p.ID, c.now, c.system()), proof.ErrExpired)
	}
}

func proofSwept(c *testcase) {
	u := c.person()
	p := c.mailed(u, proof.Address)
	sweep := func(before time.Time) int {
		n, err := c.Proofs().Sweep(c.ctx, before, 5)
		c.ok(err)
		return n
	}
	c.same([]int{sweep(p.ExpiresAt), sweep(p.ExpiresAt.Add(time.Second))}, []int{0, 1})
}
