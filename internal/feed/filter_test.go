package feed

import "testing"

// strangers is the share of values that the filter lets pass without knowing them.
func strangers(s *Set) float64 {
	const asked = 20_000
	f, passed := s.filter.Load(), uint64(0)
	for i := range uint64(asked) {
		v := scattered(1<<40 + i)
		passed += s.may(f, Token, &v)
	}
	return float64(passed) / asked
}

// The filter grows with what lives, lets few strangers pass at any size, and never
// holds back an entry, however often the set was filled and swept. TH-17
func TestFilter(t *testing.T) {
	const most = 20_000
	s := NewSet(most)
	for round := range uint64(4) {
		for i := range uint64(most) {
			e := Entry{Kind: Token, Value: scattered(round*most + i), Until: 10}
			if i%1000 == 0 {
				e.Until = 0
				s.max++ // room for those that stay
			}
			s.Add([]Entry{e})
			if i&(i-1) == 0 {
				if share := strangers(s); share > 0.02 {
					t.Fatalf("round %d: among %d entries, %.3f of all strangers pass", round, s.Len(), share)
				}
			}
		}
		if size := len(s.filter.Load().words) * 8; size > 4*most {
			t.Errorf("round %d: %d bytes for %d entries", round, size, s.Len())
		}
		for i := range uint64(most) {
			if !s.Revoked(&Question{Token: scattered(round*most + i)}) {
				t.Fatalf("round %d: entry %d was held back", round, i)
			}
		}
		s.Sweep(11)
		if size := len(s.filter.Load().words); size > 500 {
			t.Errorf("round %d: %d words for %d entries that stay", round, size, s.Len())
		}
		for i := uint64(0); i < most*(round+1); i += 1000 {
			if !s.Revoked(&Question{Token: scattered(i)}) {
				t.Fatalf("round %d: entry %d, which stays, was held back after a sweep", round, i)
			}
		}
	}
}
