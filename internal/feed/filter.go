package feed

import "sync/atomic"

// A filter says of nearly every value that is not in the set that it is not, by one
// word of memory: a Bloom filter that keeps the bits of one value together. Beside
// the tables, six values are asked for at once, with no step that waits for another
// and no branch that depends on what was read. It forgets nothing until it is built
// anew from what lives, so what it does not know is not in the tables either.
type filter struct {
	words []atomic.Uint64
	known int // values added, those of entries that have left included; owned by the writer
}

// perWord values in each word of 64 bits let one stranger in 200 pass.
const perWord = 4

// newFilter has room for half as many entries again.
func newFilter(entries int) *filter {
	return &filter{words: make([]atomic.Uint64, entries*3/2/perWord+1)}
}

func (f *filter) full() bool { return f.known >= perWord*len(f.words) }

// oversized reports that the entries which live would fit into a small part of it.
func (f *filter) oversized(live int) bool { return len(f.words) > live*5/perWord+64 }

func (f *filter) home(hash uint64) int { return int(hash >> 32 * uint64(len(f.words)) >> 32) }

// pattern is the up to four bits of a value in its word.
func pattern(hash uint64) uint64 {
	return 1<<(hash&63) | 1<<(hash>>6&63) | 1<<(hash>>12&63) | 1<<(hash>>18&63)
}

func (f *filter) add(hash uint64) {
	word := &f.words[f.home(hash)]
	word.Store(word.Load() | pattern(hash)) // one writer at a time
	f.known++
}

// may is 1 if the value may be in the set, and 0 if it is not.
func (f *filter) may(hash uint64) uint64 {
	missing := pattern(hash) &^ f.words[f.home(hash)].Load()
	return (missing - 1) &^ missing >> 63
}
