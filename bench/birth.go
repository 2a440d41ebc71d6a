package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/bench/floor"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// acts calls fn n times, by so many callers at once.
func acts(n, callers int, fn func(i int) error) (cpu, wall time.Duration, err error) {
	var left atomic.Int64
	left.Store(int64(n))
	errs := make([]error, callers)
	begun, spent := time.Now(), ownCPU()
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for errs[c] == nil {
				i := left.Add(-1)
				if i < 0 {
					return
				}
				errs[c] = fn(int(i))
			}
		})
	}
	wg.Wait()
	return ownCPU() - spent, time.Since(begun), errors.Join(errs...)
}

// births measures how a session comes to be on the disk.
func births(b *bench) error {
	people, st, err := b.maternity()
	if err != nil {
		return err
	}
	defer st.Close()
	bare, err := b.committer()
	if err != nil {
		return err
	}
	defer bare.Close()
	door, err := newEntrance(b.ctx, st)
	if err != nil {
		return err
	}
	devices := make([]string, len(people))
	for i, p := range people {
		devices[i] = door.device(p)
	}
	n := b.rounds(6400, 3200)
	var ours, whole, floors, ratio, singles, rates, gain, floorGain []float64
	for range b.rounds(9, 5) {
		_, wallAlone, err := acts(b.rounds(300, 150), 1, func(int) error { return bare.Commit() })
		f, wallF, err1 := acts(n, 64, func(int) error { return bare.Commit() })
		o, wallO, err2 := acts(n, 64, func(i int) error { return bear(b.ctx, st, people[i%len(people)]) })
		w, _, err3 := acts(n, 64, func(i int) error { return door.signIn(b.ctx, people[i%len(people)], devices[i%len(people)]) })
		if err := firstOf(err, err1, err2, err3); err != nil {
			return err
		}
		each := func(d time.Duration) float64 { return float64(d) / 1e3 / float64(n) }
		single := float64(b.rounds(300, 150)) / wallAlone.Seconds()
		rate := float64(n) / wallO.Seconds()
		ours, whole, floors, ratio = append(ours, each(o)), append(whole, each(w)), append(floors, each(f)), append(ratio, float64(o)/float64(f))
		singles, rates, gain = append(singles, single), append(rates, rate), append(gain, rate/single)
		floorGain = append(floorGain, float64(n)/wallF.Seconds()/single)
	}
	x, g := median(ratio), median(gain)
	if x > 2 || g < 6 {
		b.note("Births: acts run one after another, so their rate is bounded by the CPU of an act and not by the disk; "+
			"the floor, which checks nothing, comes to %.1f × single commits here. A quick disk makes both rows harder.", median(floorGain))
	}
	b.add(
		row{
			"session created durably, CPU, 64 callers, SQLite FULL", fmt.Sprintf("%.1f µs", median(ours)), fmt.Sprintf("%.1f µs", median(floors)),
			times(x), "≤ 2 × one grouped two-row commit", judge(x <= 2),
		},
		row{
			"the same, rate", fmt.Sprintf("%.0f/s", median(rates)), fmt.Sprintf("%.0f/s alone, %.1f × that grouped", median(singles), median(floorGain)),
			times(g), "≥ 6 × single commits of this disk", judge(g >= 6),
		},
		row{"a whole sign-in, hash excluded, CPU, 64 callers", fmt.Sprintf("%.1f µs", median(whole)), fmt.Sprintf("%.1f µs", median(floors)), times(median(whole) / median(floors)), "–", info},
	)
	return nil
}

// bear keeps one new session of p, with its event.
func bear(ctx context.Context, st store.Store, p account) error {
	_, s := birth(p.user, [16]byte{})
	_, err := st.Sessions().Insert(ctx, s, 1, 50, event(signin.Succeeded, p.user.ID))
	return err
}

// maternity is a store with people in it.
func (b *bench) maternity() ([]account, *sqlite.Store, error) {
	st, err := sqlite.Open(b.ctx, filepath.Join(b.tmp, "births"), sqlite.Options{})
	if err != nil {
		return nil, nil, err
	}
	people, err := populate(b.ctx, st, 2000)
	return people, st, err
}

// committer is the floor: on a database with the same tables and the same people.
func (b *bench) committer() (*floor.Committer, error) {
	dir := filepath.Join(b.tmp, "births-floor")
	st, err := sqlite.Open(b.ctx, dir, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	people, err := populate(b.ctx, st, 2000)
	if err := firstOf(err, st.Close()); err != nil {
		return nil, err
	}
	if err := os.Remove(filepath.Join(dir, "lock")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	rows := make([]floor.Person, len(people))
	for i, p := range people {
		rows[i] = floor.Person{ID: p.user.ID[:], Name: p.user.ID.String()}
	}
	return floor.OpenCommitter(filepath.Join(dir, "mortise.db"), rows)
}
