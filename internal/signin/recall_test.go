package signin

import (
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/user"
)

func TestRecallIsBounded(t *testing.T) {
	t.Parallel()
	r, now := &recall{}, time.Unix(1_800_000_000, 0)
	made := func() person {
		return person{account: user.User{ID: user.NewID(now), Name: "Kim"}}
	}
	first, second := made(), made()
	r.put(first)
	r.put(second)
	for n := range 3 * recallHalf {
		r.put(made())
		if p, ok := r.get(first.account.ID); !ok || p.account.Name != "Kim" {
			t.Fatalf("who comes often was forgotten after %d others", n)
		}
	}
	if n := len(r.young) + len(r.old); n > 2*recallHalf {
		t.Errorf("%d are kept", n)
	}
	if _, ok := r.get(second.account.ID); ok {
		t.Error("who came once is kept")
	}
	r.forget(first.account.ID)
	if _, ok := r.get(first.account.ID); ok {
		t.Error("not forgotten")
	}
}
