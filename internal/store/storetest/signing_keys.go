package storetest

import (
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

var signingKeys = []test{
	{"a life", signingLife},
	{"steps out of turn", signingTurns},
	{"one first key", signingFirst},
	{"one promotion", signingPromotion},
	{"one replacement", signingReplacement},
	{"a withdrawn key is revoked", signingWithdrawn},
	{"an emergency and its entries are one act", signingOneAct},
}

// signingKey is a key that could be kept.
func (c *testcase) signingKey(u signing.Use, alg jose.Algorithm, st signing.State) signing.Key {
	k := signing.Key{
		ID: fmt.Sprintf("kid-%d", c.next()), Use: u, Algorithm: alg, State: st, JWK: `{"kty":"OKP"}`,
		MAC: digest(), Sealed: []byte{1, 2, 3}, CreatedAt: c.now, DueAt: c.now.Add(24 * time.Hour),
	}
	if st == signing.Current {
		k.DueAt, k.CurrentAt = c.now, c.now
	}
	return k
}

// addKey keeps a new key.
func (c *testcase) addKey(u signing.Use, alg jose.Algorithm, st signing.State) signing.Key {
	c.Helper()
	k := c.signingKey(u, alg, st)
	c.ok(c.SigningKeys().Add(c.ctx, []signing.Key{k}, c.about(signing.Created)))
	return k
}

func (c *testcase) about(n audit.Name) audit.Event { return c.event(n, user.ID{}) }

// live returns the keys that are not gone.
func (c *testcase) live() []signing.Key {
	c.Helper()
	keys, err := c.SigningKeys().Live(c.ctx)
	c.ok(err)
	return keys
}

// JW-42: the four states, and what each step leaves in the row.
func signingLife(c *testcase) {
	st := c.SigningKeys()
	old := c.addKey(signing.Token, jose.EdDSA, signing.Current)
	c.later(time.Minute)
	next := c.addKey(signing.Token, jose.EdDSA, signing.Next)
	c.same(c.live(), []signing.Key{old, next})

	next.DueAt = c.now.Add(time.Hour)
	c.ok(st.Hasten(c.ctx, next.ID, next.DueAt, c.about(signing.Hastened)))
	c.same(c.live(), []signing.Key{old, next})

	c.later(time.Hour)
	c.ok(st.Promote(c.ctx, next.ID, old.ID, c.now, next.CreatedAt, c.about(signing.Promoted), c.about(signing.Retired)))
	next.State, next.CurrentAt = signing.Current, c.now
	old.State, old.RetiredAt, old.Sealed = signing.Retiring, c.now, nil // JW-44: what no longer signs cannot be stolen
	c.same(c.live(), []signing.Key{old, next})

	c.later(time.Hour)
	c.ok(st.Remove(c.ctx, old.ID, c.now, old.RetiredAt, c.about(signing.Removed)))
	old.State, old.GoneAt = signing.Gone, c.now
	c.same(c.live(), []signing.Key{next})
	all, err := st.All(c.ctx)
	c.ok(err)
	c.same(all, []signing.Key{old, next})
	c.same(len(c.heard()), 0) // nobody has to hear of the ordinary course

	evs, err := c.Audit().Search(c.ctx, audit.Query{Limit: 200})
	c.ok(err)
	var names []string
	for i := range evs {
		names = append(names, evs[len(evs)-1-i].Name)
	}
	c.same(names, []string{"keys.created", "keys.created", "keys.rotation_requested", "keys.promoted", "keys.retired", "keys.removed"})
}

// JW-43: a step whose condition does not hold changes nothing.
func signingTurns(c *testcase) {
	st := c.SigningKeys()
	current := c.addKey(signing.Token, jose.EdDSA, signing.Current)
	next := c.addKey(signing.Token, jose.EdDSA, signing.Next)
	feedKey := c.addKey(signing.Feed, jose.EdDSA, signing.Current) // another use has room of its own
	before := c.live()
	ev := c.about(signing.Created)
	for name, err := range map[string]error{
		"a second current":    st.Add(c.ctx, []signing.Key{c.signingKey(signing.Token, jose.EdDSA, signing.Current)}, ev),
		"a second next":       st.Add(c.ctx, []signing.Key{c.signingKey(signing.Token, jose.EdDSA, signing.Next)}, ev),
		"half of two":         st.Add(c.ctx, []signing.Key{c.signingKey(signing.Token, jose.ES256, signing.Next), c.signingKey(signing.Token, jose.EdDSA, signing.Next)}, ev),
		"the same kid":        st.Add(c.ctx, []signing.Key{{ID: current.ID, Use: signing.Token, Algorithm: jose.RS256, State: signing.Next, JWK: "{}", Sealed: []byte{1}, CreatedAt: c.now, DueAt: c.now}}, ev),
		"unripe":              st.Promote(c.ctx, next.ID, current.ID, c.now, next.CreatedAt.Add(-time.Microsecond), ev),
		"another predecessor": st.Promote(c.ctx, next.ID, feedKey.ID, c.now, c.now, ev),
		"already current":     st.Promote(c.ctx, current.ID, next.ID, c.now, c.now, ev),
		"later, not sooner":   st.Hasten(c.ctx, next.ID, next.DueAt.Add(time.Second), ev),
		"hasten a current":    st.Hasten(c.ctx, current.ID, c.now.Add(-time.Hour), ev),
		"remove a current":    st.Remove(c.ctx, current.ID, c.now, c.now, ev),
		"withdraw another":    st.Withdraw(c.ctx, next.ID, signing.Retiring, c.now, ev),
		"replace but one":     st.Replace(c.ctx, c.signingKey(signing.Token, jose.EdDSA, signing.Current), []string{current.ID}, c.now, ev),
		"replace a stranger":  st.Replace(c.ctx, c.signingKey(signing.Token, jose.EdDSA, signing.Current), []string{current.ID, next.ID, "kid"}, c.now, ev),
	} {
		c.Log(name)
		c.is(err, signing.ErrMoved)
	}
	c.same(c.live(), before)
	c.same(len(c.heard()), 0)
	c.ok(st.Promote(c.ctx, next.ID, current.ID, c.now, c.now))
	c.is(st.Remove(c.ctx, current.ID, c.now.Add(time.Hour), c.now.Add(-time.Microsecond), ev), signing.ErrMoved) // too early
}

func signingFirst(c *testcase) {
	keys := make([]signing.Key, callers)
	for i := range keys {
		keys[i] = c.signingKey(signing.Token, jose.RS256, signing.Current)
	}
	c.once(signing.ErrMoved, func(i int) error { return c.SigningKeys().Add(c.ctx, keys[i:i+1], c.about(signing.Created)) })
	c.same(len(c.live()), 1)
}

// JW-43: two replicas that step at once end with one current key.
func signingPromotion(c *testcase) {
	current := c.addKey(signing.Token, jose.EdDSA, signing.Current)
	next := c.addKey(signing.Token, jose.EdDSA, signing.Next)
	c.once(signing.ErrMoved, func(int) error {
		return c.SigningKeys().Promote(c.ctx, next.ID, current.ID, c.now, c.now, c.about(signing.Promoted))
	})
	var states []signing.State
	for _, k := range c.live() {
		states = append(states, k.State)
	}
	c.same(states, []signing.State{signing.Retiring, signing.Current})
}

func signingReplacement(c *testcase) {
	var gone []string
	for _, st := range []signing.State{signing.Current, signing.Next} {
		gone = append(gone, c.addKey(signing.Token, jose.EdDSA, st).ID)
	}
	c.addKey(signing.Token, jose.ES256, signing.Current) // another algorithm is not meant
	c.later(time.Second)
	fresh := make([]signing.Key, callers)
	for i := range fresh {
		fresh[i] = c.signingKey(signing.Token, jose.EdDSA, signing.Current)
	}
	c.once(signing.ErrMoved, func(i int) error {
		return c.SigningKeys().Replace(c.ctx, fresh[i], gone, c.now, c.about(signing.Compromised))
	})
	c.same(len(c.live()), 2)
	told := map[[16]byte]revocation.Kind{}
	for _, e := range c.heard() {
		told[e.Value] = e.Kind
	}
	c.same(told, map[[16]byte]revocation.Kind{
		feed.RawValue(feed.Key, gone[0]): revocation.Key, feed.RawValue(feed.Key, gone[1]): revocation.Key,
	})
}

// TH-19: a key that ends before its time has a kid entry.
func signingWithdrawn(c *testcase) {
	next := c.addKey(signing.Feed, jose.EdDSA, signing.Next)
	c.once(signing.ErrMoved, func(int) error {
		return c.SigningKeys().Withdraw(c.ctx, next.ID, signing.Next, c.now, c.about(signing.Removed))
	})
	c.same(len(c.live()), 0)
	c.same(c.heard(), []revocation.Entry{{Kind: revocation.Key, Value: feed.RawValue(feed.Key, next.ID), At: c.now}})
	entries, err := c.Revocations().Since(c.ctx, 0, 10)
	c.ok(err)
	c.same(len(entries), 1)
	c.is(c.SigningKeys().Add(c.ctx, []signing.Key{next}, c.about(signing.Created)), signing.ErrMoved) // a kid never returns
}

func signingOneAct(c *testcase) {
	k := c.addKey(signing.Token, jose.EdDSA, signing.Current)
	undone := fmt.Errorf("undone")
	c.is(c.InTx(c.ctx, func(tx store.Set) error {
		if err := tx.SigningKeys().Replace(c.ctx, c.signingKey(signing.Token, jose.EdDSA, signing.Current), []string{k.ID}, c.now, c.about(signing.Compromised)); err != nil {
			return err
		}
		return undone
	}), undone)
	c.same(c.live(), []signing.Key{k})
	c.same(len(c.heard()), 0)
	entries, err := c.Revocations().Since(c.ctx, 0, 10)
	c.ok(err)
	c.same(len(entries), 0)
}
