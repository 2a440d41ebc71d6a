package token_test

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/token"
)

// crowded has many grants, none of them over.
type crowded struct {
	token.Store
	grants, seen int
}

func (c *crowded) Bury(_ context.Context, after token.ID, _ time.Time, limit int) (next token.ID, ended int, err error) {
	from := int(binary.BigEndian.Uint32(after[:]))
	n := min(limit, c.grants-from)
	c.seen += n
	if n == limit {
		binary.BigEndian.PutUint32(next[:], uint32(from+n))
	}
	return next, 0, nil
}

func (*crowded) Sweep(context.Context, time.Time, time.Time, int) (int, error) { return 0, nil }

// TH-26: one sweep looks at a bounded number of grants, and the next ones at the rest.
func TestSweepGoesOnWhereItStopped(t *testing.T) {
	st := &crowded{grants: 50_001}
	g := token.New(token.Parts{Store: st}, token.Options{}, time.Now)
	for i, want := range []int{20_000, 40_000, 50_001, 70_001} {
		if _, err := g.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if st.seen != want {
			t.Errorf("after sweep %d: %d grants were looked at, want %d", i+1, st.seen, want)
		}
	}
}
