package site

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

// ErrUncertain: there is no freshness proof and the store does not answer.
var ErrUncertain = problem.New(problem.Unavailable, "sites_uncertain", "We cannot read the rules of this site right now. Try again in a moment.")

// Freshness tells whether a cache may answer; see revocation.Follower.
type Freshness interface{ Fresh(now time.Time) bool }

// Book is all sites of an instance, in memory. It is safe for concurrent use.
type Book struct {
	store Store
	fresh Freshness
	now   func() time.Time

	changed atomic.Uint64 // counts what Forget was told
	page    atomic.Pointer[page]
	fill    sync.Mutex
}

type page struct {
	sites   map[string]*Compiled
	changed uint64 // as it was before the store was read (TH-10)
}

// NewBook makes a Book that reads st. It answers from memory only while fresh
// says so; a nil fresh never does.
func NewBook(st Store, fresh Freshness, now func() time.Time) *Book {
	return &Book{store: st, fresh: fresh, now: now}
}

// Forget makes the next question read the store.
func (b *Book) Forget() { b.changed.Add(1) }

// Site returns the site with this host, in the form that Host returns. ErrUnknown
// when there is none, ErrUncertain when that cannot be told.
func (b *Book) Site(ctx context.Context, host string) (*Compiled, error) {
	p := b.page.Load()
	if p == nil || p.changed != b.changed.Load() || b.fresh == nil || !b.fresh.Fresh(b.now()) {
		var err error
		if p, err = b.read(ctx); err != nil {
			return nil, ErrUncertain.Because(err).After(2 * time.Second)
		}
	}
	s, ok := p.sites[host]
	if !ok {
		return nil, ErrUnknown.Becausef("host %q", host)
	}
	return s, nil
}

// read fills the book. Whatever changes meanwhile raises the count, and then what
// was read here is not used again.
func (b *Book) read(ctx context.Context) (*page, error) {
	b.fill.Lock()
	defer b.fill.Unlock()
	mark := b.changed.Load()
	all, err := b.store.All(ctx)
	if err != nil {
		return nil, err
	}
	old := b.page.Load()
	p := &page{sites: make(map[string]*Compiled, len(all)), changed: mark}
	for _, s := range all {
		p.sites[s.Host] = keep(old, s)
	}
	b.page.Store(p)
	return p, nil
}

// keep compiles a site unless it is the one already known.
func keep(old *page, s Site) *Compiled {
	if old != nil {
		if c := old.sites[s.Host]; c != nil && c.Revision == s.Revision && c.UpdatedAt.Equal(s.UpdatedAt) {
			return c
		}
	}
	return Compile(s)
}
