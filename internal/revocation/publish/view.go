package publish

import (
	"slices"
	"sort"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/revocation"
)

// view is the tail as one audience may see it, masked once for all who follow.
type view struct {
	mask    *feed.Masker
	upto    int64 // number of the last entry looked at
	numbers []int64
	entries []feed.Entry // of those numbers
}

// seen is a stretch of a feed: everything for the audience in (from, to].
type seen struct {
	from, to int64
	numbers  []int64
	entries  []feed.Entry
}

// maskKey is the key of an audience's values (TH-16).
func (p *Publisher) maskKey(audience string) []byte {
	sum := p.o.Keys.MAC("feed", []byte(audience))
	return sum[:]
}

// since returns what is in memory above number, and whether memory reaches back
// so far. What it returns is never changed.
func (p *Publisher) since(audience, epoch string, number int64) (seen, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if number < p.base || p.now.epoch != epoch {
		return seen{}, false
	}
	v := p.view(audience)
	i := sort.Search(len(v.numbers), func(i int) bool { return v.numbers[i] > number })
	return seen{number, max(number, p.now.head), v.numbers[i:len(v.numbers):len(v.numbers)], v.entries[i:len(v.entries):len(v.entries)]}, true
}

// view brings an audience's view up to date. p.mu is held.
func (p *Publisher) view(audience string) *view {
	v := p.views[audience]
	if v == nil {
		for other := range p.views {
			if len(p.views) < viewsMost {
				break
			}
			delete(p.views, other)
		}
		v = &view{mask: feed.NewMasker(p.maskKey(audience)), upto: p.base}
		p.views[audience] = v
	}
	i := sort.Search(len(p.tail), func(i int) bool { return p.tail[i].Number > v.upto })
	for ; i < len(p.tail); i++ {
		v.add(audience, &p.tail[i])
	}
	return v
}

func (v *view) add(audience string, e *revocation.Entry) {
	v.upto = e.Number
	if masked, ok := shown(audience, v.mask, e); ok {
		v.numbers, v.entries = append(v.numbers, e.Number), append(v.entries, masked)
	}
}

// shown is an entry as an audience may see it; ok is false when it may not.
func shown(audience string, mask *feed.Masker, e *revocation.Entry) (masked feed.Entry, ok bool) {
	if e.Audiences != nil && !slices.Contains(e.Audiences, audience) {
		return masked, false
	}
	if masked, ok = e.Token(); !ok {
		return masked, false
	}
	if masked.Kind != feed.Instance {
		masked.Value = mask.Mask(masked.Kind, masked.Value)
	}
	// To the next minute, so that entries of one act do not stand out by it.
	masked.Until = (masked.Until + 59) / 60 * 60
	return masked, ok
}
