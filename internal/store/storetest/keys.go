package storetest

import (
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/keyring"
)

var keys = []test{
	{"added in order, whatever the clocks say", keyLife},
	{"replicas end with the same newest key", keyRace},
}

func keyLife(c *testcase) {
	first := keyring.SealedKey{ID: "b", WrappedBy: "m1", Wrapped: []byte{1}, CreatedAt: c.now}
	second := keyring.SealedKey{ID: "a", WrappedBy: "m1", Wrapped: []byte{2}, CreatedAt: c.now.Add(-time.Hour)}
	none, err := c.Keys().DataKeys(c.ctx)
	c.ok(err)
	c.same(len(none), 0)
	all, err := c.Keys().AddDataKey(c.ctx, first, "")
	c.ok(err)
	c.same(all, []keyring.SealedKey{first})
	all, err = c.Keys().AddDataKey(c.ctx, second, "")
	c.ok(err)
	c.same(all, []keyring.SealedKey{first})
	all, err = c.Keys().AddDataKey(c.ctx, second, "b")
	c.ok(err)
	c.same(all, []keyring.SealedKey{first, second})
	first.WrappedBy, first.Wrapped = "m2", []byte{9}
	c.ok(c.Keys().Rewrap(c.ctx, first))
	all, err = c.Keys().DataKeys(c.ctx)
	c.ok(err)
	c.same(all, []keyring.SealedKey{first, second})
}

func keyRace(c *testcase) {
	newest := make([]string, callers)
	c.race(nil, func(i int) error {
		all, err := c.Keys().AddDataKey(c.ctx, keyring.SealedKey{ID: fmt.Sprint("k", i), WrappedBy: "m", Wrapped: []byte{1}, CreatedAt: c.now}, "")
		if err == nil && len(all) == 1 {
			newest[i] = all[0].ID
		}
		return err
	})
	for _, id := range newest {
		if id == "" || id != newest[0] {
			c.Fatalf("replicas disagree: %v", newest)
		}
	}
}
