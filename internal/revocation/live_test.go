package revocation

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
)

// shelf is a feed with what was written before this process began.
type shelf struct {
	feedDouble
	kept []Entry
	err  error
}

func (s *shelf) Snapshot(_ context.Context, _ time.Time, fn func(int64, string, []Entry) error) error {
	if s.err != nil {
		return s.err
	}
	return fn(1, "a", s.kept)
}

// TH-11 TH-12: a process that begins knows what was revoked before it did, or
// proves nothing; in another history what it knew stays.
func TestLiveLoads(t *testing.T) {
	now := time.Now()
	v := [16]byte{1}
	st := &shelf{feedDouble: feedDouble{epoch: "a"}, kept: []Entry{{Kind: Session, Value: v, Until: now.Add(time.Hour)}}, err: errors.New("cut off")}
	live := NewLive(st, 100, at(&now))
	f := NewFollower(st, Caches{&heard{}, live}, at(&now), slog.New(slog.DiscardHandler))
	if err := f.Poll(t.Context()); err == nil || f.Fresh(now) {
		t.Fatalf("%v, fresh without having read", err)
	}
	st.err = nil
	if err := f.Poll(t.Context()); err != nil || !f.Fresh(now) {
		t.Fatal(err)
	}
	st.kept, st.epoch = nil, "b"
	if err := f.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if q := (&feed.Question{Session: v}); !live.Set().Revoked(q) {
		t.Error("what was dead lives")
	}
	if n := live.Sweep(now.Add(2 * time.Hour)); n != 1 {
		t.Errorf("%d swept", n)
	}
}

// TH-3: which entries say something of tokens, and what.
func TestEntryOfTokens(t *testing.T) {
	until := time.Unix(1000, 5)
	for _, c := range []struct {
		e    Entry
		want feed.Entry
	}{
		{Entry{Kind: Session, Until: until}, feed.Entry{Kind: feed.Session, Until: 1001}},
		{Entry{Kind: Grant}, feed.Entry{Kind: feed.Grant}},
		{Entry{Kind: Subject, Version: 3}, feed.Entry{Kind: feed.Subject, Version: 3}},
		{Entry{Kind: Refresh, Version: 3}, feed.Entry{Kind: feed.Subject, Version: 3}},
		{Entry{Kind: Refresh}, feed.Entry{}},
		{Entry{Kind: Instance}, feed.Entry{}},
		{Entry{Kind: Instance, Version: 9}, feed.Entry{Kind: feed.Instance, Version: 9}},
		{Entry{Kind: "new"}, feed.Entry{}},
	} {
		if got, ok := c.e.Token(); got != c.want || ok != (c.want.Kind != 0) {
			t.Errorf("%+v says %+v, %v", c.e, got, ok)
		}
	}
}

func TestDelaysAreCounted(t *testing.T) {
	var d Delays
	for _, delay := range []time.Duration{-time.Second, time.Millisecond, 30 * time.Millisecond, time.Minute} {
		d.add(delay)
	}
	count, sum, atMost := d.Read()
	if count != 4 || sum != time.Minute+31*time.Millisecond || atMost[5*time.Millisecond] != 2 || atMost[50*time.Millisecond] != 3 || atMost[10*time.Second] != 3 {
		t.Error(count, sum, atMost)
	}
}
