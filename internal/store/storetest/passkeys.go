package storetest

import (
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/user"
)

var passkeyTests = []test{
	{"kept as given", passkeyLife},
	{"born of an account as it was", passkeyBirth},
	{"a credential belongs to one", passkeyTaken},
	{"two tabs enrolling at once", passkeyRace},
	{"as many as fit", passkeyLimit},
	{"the last one stays", passkeyLast},
	{"counters", passkeyCounter},
	{"a challenge is answered once", passkeyChallenge},
}

var errGone = errors.New("not removed")

func (c *testcase) passkey(u user.User) passkey.Passkey {
	d, key := digest(), digest()
	return passkey.Passkey{
		ID: passkey.NewID(c.later(time.Millisecond)), User: u.ID, Credential: d[:], PublicKey: key[:], Algorithm: passkey.ES256, RPID: "example.test",
		Model: passkey.AAGUID(d[:16]), Transports: []string{"usb", "nfc"}, Attestation: "packed", Attested: true, Discoverable: true,
		BackupEligible: true, BackedUp: true, Count: 1<<32 - 2, Name: "Key", CreatedAt: c.now,
	}
}

func (c *testcase) register(p passkey.Passkey, version int64) error {
	return c.Passkeys().Insert(c.ctx, p, version, c.event(passkey.Added, p.User))
}

func (c *testcase) unenrol(p passkey.Passkey) error {
	return c.Passkeys().Remove(c.ctx, p.User, p.ID, c.event(passkey.Removed, p.User))
}

func (c *testcase) use(p passkey.Passkey, count uint32, backed, strict bool) error {
	return c.Passkeys().Use(c.ctx, passkey.Use{
		ID: p.ID, Count: count, BackedUp: backed, At: c.now, Strict: strict,
		Event: func(n audit.Name) audit.Event { return c.event(n, p.User) },
	})
}

func (c *testcase) enrolled(p passkey.Passkey) passkey.Passkey {
	c.Helper()
	got, err := c.Passkeys().ByCredential(c.ctx, p.Credential)
	c.ok(err)
	return got
}

// PW-72
func passkeyLife(c *testcase) {
	u, other := c.person(), c.person()
	one, two := c.passkey(u), c.passkey(u)
	two.Transports, two.Attested, two.BackupEligible, two.BackedUp, two.SuspectAt, two.UsedAt = nil, false, false, false, c.now, c.now
	c.ok(c.register(one, u.Version))
	c.ok(c.register(two, u.Version))
	got, err := c.Passkeys().Of(c.ctx, u.ID)
	c.ok(err)
	c.same(got, []passkey.Passkey{one, two})
	c.same(c.enrolled(two), two)

	renamed := c.event(passkey.Renamed, u.ID)
	c.ok(c.Passkeys().Rename(c.ctx, u.ID, one.ID, "Blue", renamed))
	c.same(c.enrolled(one).Name, "Blue")
	c.is(c.Passkeys().Rename(c.ctx, other.ID, one.ID, "Mine", c.event(passkey.Renamed, other.ID)), passkey.ErrUnknown)
	c.is(c.Passkeys().Remove(c.ctx, other.ID, one.ID, c.event(passkey.Removed, other.ID)), passkey.ErrUnknown)

	domains, err := c.Passkeys().Domains(c.ctx)
	c.ok(err)
	c.same(domains, []string{"example.test"})
	c.ok(c.unenrol(one))
	c.is(c.unenrol(one), passkey.ErrUnknown)
	c.is(c.use(one, 0, true, false), passkey.ErrUnknown)
	_, err = c.Passkeys().ByCredential(c.ctx, one.Credential)
	c.is(err, passkey.ErrUnknown)
	c.same(c.trail(u), []string{"user.created", "passkey.added", "passkey.added", "passkey.renamed", "passkey.removed"})
}

// TH-1: an account that was banned or changed between question and answer.
func passkeyBirth(c *testcase) {
	u := c.person()
	c.is(c.register(c.passkey(u), u.Version+1), passkey.ErrBirth)
	c.is(c.register(c.passkey(c.account("nobody")), 1), passkey.ErrBirth)
	c.same(c.trail(u), []string{"user.created"})
}

// PW-66
func passkeyTaken(c *testcase) {
	u, thief := c.person(), c.person()
	p := c.passkey(u)
	c.ok(c.register(p, u.Version))
	copied := c.passkey(thief)
	copied.Credential = p.Credential
	c.is(c.register(copied, thief.Version), passkey.ErrTaken)
	c.same(c.enrolled(p).User, u.ID)
}

func passkeyRace(c *testcase) {
	u := c.person()
	p := c.passkey(u)
	keys := make([]passkey.Passkey, callers)
	for i := range keys {
		keys[i] = p
		keys[i].ID = passkey.NewID(c.later(time.Millisecond))
	}
	c.once(passkey.ErrTaken, func(i int) error { return c.register(keys[i], u.Version) })
}

func passkeyLimit(c *testcase) {
	u := c.person()
	for range passkey.MaxPerPerson {
		c.ok(c.register(c.passkey(u), u.Version))
	}
	c.is(c.register(c.passkey(u), u.Version), passkey.ErrMany)
}

// PW-72: two are removed at once, and one stays; a password is a way too, a
// removed one is none.
func passkeyLast(c *testcase) {
	u := c.person()
	one, two := c.passkey(u), c.passkey(u)
	c.ok(c.register(one, u.Version))
	c.ok(c.register(two, u.Version))
	won := c.race(errGone, func(i int) error {
		err := c.unenrol([]passkey.Passkey{one, two}[i%2])
		if errors.Is(err, passkey.ErrLast) || errors.Is(err, passkey.ErrUnknown) {
			return errGone
		}
		return err
	})
	c.same(won, 1)

	v := c.withPassword()
	p := c.passkey(v)
	c.ok(c.register(p, v.Version))
	c.ok(c.Passwords().Remove(c.ctx, v.ID, c.event(user.Updated, v.ID)))
	c.is(c.unenrol(p), passkey.ErrLast)
	c.same(c.enrolled(p).ID, p.ID)
	w := c.withPassword()
	q := c.passkey(w)
	c.ok(c.register(q, w.Version))
	c.ok(c.unenrol(q))
}

// PW-64 PW-69
func passkeyCounter(c *testcase) {
	u := c.person()
	p := c.passkey(u)
	p.Count = 0
	c.ok(c.register(p, u.Version))
	c.ok(c.use(p, 0, true, true)) // one that does not count
	c.ok(c.use(p, 7, true, true))
	c.is(c.use(p, 7, true, true), passkey.ErrCounter)
	c.is(c.use(p, 0, true, true), passkey.ErrCounter)
	c.same(c.enrolled(p).SuspectAt, time.Time{})
	c.later(time.Hour)
	c.ok(c.use(p, 6, false, false))
	got := c.enrolled(p)
	c.same([]any{got.Count, got.BackedUp, got.SuspectAt, got.UsedAt}, []any{uint32(7), false, c.now, c.now})
	c.ok(c.use(p, 8, true, true))
	c.same(c.enrolled(p).SuspectAt, c.now)
	c.same(c.trail(u), []string{"user.created", "passkey.added", "passkey.counter_back", "passkey.backup_lost"})
	c.same(c.race(passkey.ErrCounter, func(int) error { return c.use(p, 9, true, true) }), 1)
}

// PW-60
func passkeyChallenge(c *testcase) {
	d := digest()
	c.once(passkey.ErrChallenge, func(int) error { return c.Passkeys().Spend(c.ctx, d, c.now.Add(time.Minute)) })
	n, err := c.Passkeys().Sweep(c.ctx, c.now, 10)
	c.ok(err)
	c.same(n, 0)
	n, err = c.Passkeys().Sweep(c.ctx, c.now.Add(2*time.Minute), 10)
	c.ok(err)
	c.same(n, 1)
}
