package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
)

// RunShared proves what two processes on one database promise each other. one
// and other are handles on the same, empty database.
func RunShared(t *testing.T, one, other store.Store) {
	t.Run("refresh families", func(t *testing.T) { refreshShared(newCase(t, one), newCase(t, other)) })
}

// TH-6: 50 refreshes over both, one family.
func refreshShared(one, other *testcase) {
	a := one.app("web")
	b := &app{testcase: other, owner: a.owner, client: a.client, keys: a.keys, public: a.public}
	parts := a.Parts
	parts.Store, parts.Events, parts.Notices, parts.Resources = other.Tokens(), other.Audit(), b, b
	b.Grants = token.New(parts, token.Options{Issuer: issuer, Instance: [16]byte{7}, Window: token.MaxWindow}, func() time.Time { return one.now })
	for _, s := range everybody {
		i := a.begin(s)
		a.together(i, a, b)
		// One ends it, the other knows.
		a.ok(a.revoke(a.ctx, a.ask(i, home)))
		if _, err := b.Refresh(b.ctx, a.ask(i, home)); !errors.Is(err, token.ErrRefused) {
			a.Errorf("the other process: %v", err)
		}
	}
	thief := a.begin(nobody)
	mine := a.refresh(thief, home)
	a.refresh(mine, home)
	var wg sync.WaitGroup
	ends := make([]error, 2)
	for n, p := range []*app{a, b} {
		wg.Go(func() { _, ends[n] = p.Refresh(a.ctx, a.ask(thief, abroad)) })
	}
	wg.Wait()
	if errors.Is(ends[0], token.ErrEnded) == errors.Is(ends[1], token.ErrEnded) {
		a.Errorf("ended once is once: %v, %v", ends[0], ends[1])
	}
}
