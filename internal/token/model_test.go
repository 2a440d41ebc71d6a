package token

import (
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/secret"
)

const (
	home   = "192.0.2.1"
	abroad = "198.51.100.9"
)

// model is one family under the rule alone, with the bookkeeping of who got
// what: answered[g] are the addresses that were given generation g's successor.
type model struct {
	grant    Grant
	now      time.Time
	over     bool
	answered map[int64]map[string]bool
}

func newModel(s Sender) *model {
	m := &model{now: time.Date(2033, 5, 6, 7, 8, 9, 0, time.UTC), answered: map[int64]map[string]bool{}}
	m.grant = Grant{Sender: s, Rotates: true, IdleTimeout: 1000 * time.Hour, ExpiresAt: m.now.Add(1000 * time.Hour)}
	m.grant.Family = Family{Generation: 1, Digest: digestOf(1), RotatedAt: m.now, RotatedFrom: home}
	return m
}

// digestOf stands for the only token of a generation.
func digestOf(generation int64) (d secret.Digest) {
	binary.BigEndian.PutUint64(d[:], uint64(generation))
	return d
}

// present shows the token of a generation, from an address, and returns the
// generation that is held afterwards.
func (m *model) present(generation int64, from string) int64 {
	if m.over {
		return generation
	}
	p := presented{generation, digestOf(generation), from, m.now}
	f := m.grant.Family
	what, _ := m.grant.decide(p, MaxWindow)
	switch what {
	case rotate:
		m.grant.Family = f.next(p, digestOf(generation+1), []byte("sealed"), m.grant.lapses(m.now))
	case charge:
		m.grant.Family = f.charged()
	case end:
		m.over = true
		return generation
	case repeat:
	default:
		return generation
	}
	if m.answered[generation] == nil {
		m.answered[generation] = map[string]bool{}
	}
	m.answered[generation][from] = true
	return generation + 1
}

// shared counts the generations that both addresses were answered for: the
// longest run, and all of them.
func (m *model) shared() (inRow, inAll int) {
	run := 0
	for g := int64(1); g <= m.grant.Family.Generation; g++ {
		run++
		if !m.answered[g][home] || !m.answered[g][abroad] {
			run = 0
			continue
		}
		inAll++
		inRow = max(inRow, run)
	}
	return inRow, inAll
}

// TH-5: whatever client and thief do and whenever, they share at most 3
// generations in a row and 10 in all.
func TestThiefIsBounded(t *testing.T) {
	waits := []time.Duration{0, 500 * time.Millisecond, 2 * time.Second, 2001 * time.Millisecond, 5 * time.Second, 29 * time.Second, MaxWindow, MaxWindow + 1, 5 * time.Minute}
	rapid.Check(t, func(r *rapid.T) {
		m := newModel(Sender{Kind: Unproven})
		mine, stolen := int64(1), int64(1)
		for range rapid.IntRange(1, 300).Draw(r, "acts") {
			switch rapid.SampledFrom([]string{"refresh", "refresh", "again", "steal", "use", "use", "wait"}).Draw(r, "act") {
			case "refresh":
				mine = m.present(mine, home)
			case "again": // the answer was lost
				m.present(max(mine-1, 1), home)
			case "steal":
				stolen = mine
			case "use":
				stolen = m.present(stolen, abroad)
			case "wait":
				m.now = m.now.Add(rapid.SampledFrom(waits).Draw(r, "wait"))
			}
			if inRow, inAll := m.shared(); inRow > BudgetInRow || inAll > BudgetInAll {
				r.Fatalf("%d in a row, %d in all", inRow, inAll)
			}
		}
	})
}

// TH-5: and a thief who times it exactly gets that much.
func TestThiefInLockStep(t *testing.T) {
	for _, lag := range []time.Duration{time.Microsecond, 500 * time.Millisecond, 2 * time.Second, 5 * time.Second, 29 * time.Second, MaxWindow} {
		for _, tc := range []struct{ rest, inRow, inAll int }{{0, BudgetInRow, BudgetInRow}, {1, 1, BudgetInAll}, {3, BudgetInRow, BudgetInAll}} {
			m := newModel(Sender{Kind: Unproven})
			mine := int64(1)
			for n := 0; !m.over && n < 10_000; n++ {
				held := mine
				mine = m.present(held, home)
				m.now = m.now.Add(lag)
				// rest generations are left alone after each as many as are forgiven.
				if tc.rest == 0 || n%(tc.inRow+1) < tc.inRow {
					m.present(held, abroad)
				}
				m.now = m.now.Add(5 * time.Minute)
			}
			inRow, inAll := m.shared()
			if !m.over || inRow != tc.inRow || inAll != tc.inAll {
				t.Errorf("%v behind, resting %d: %d in a row, %d in all, over: %v", lag, tc.rest, inRow, inAll, m.over)
			}
		}
	}
}

// A client alone is never charged for parallel tabs, and never ended for a lost
// answer that it asks for again in time.
func TestHonestClientLives(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := newModel(Sender{Kind: Unproven})
		held := int64(1)
		for range 500 {
			next := m.present(held, home)
			for range rapid.IntRange(0, 5).Draw(r, "tabs") {
				m.now = m.now.Add(rapid.SampledFrom([]time.Duration{0, time.Millisecond, 300 * time.Millisecond}).Draw(r, "lag"))
				m.present(held, home)
			}
			held = next
			m.now = m.now.Add(5 * time.Minute)
		}
		if m.over || m.grant.Family.InAll != 0 {
			r.Fatalf("over: %v, charged %d", m.over, m.grant.Family.InAll)
		}
	})
}

// The whole rule, line by line. TH-5 TH-7 TH-8 OA-41 OA-42 OA-44
func TestDecide(t *testing.T) {
	const s = time.Second
	another := digestOf(99)
	for _, tc := range []struct {
		name       string
		sender     SenderKind
		stays      bool
		generation int64
		digest     secret.Digest
		age        time.Duration
		from       string
		family     func(*Family)
		window     time.Duration
		want       step
		cause      Cause
	}{
		{name: "newest", sender: Unproven, generation: 5, want: rotate},
		{name: "newest of one that stays", sender: DPoP, stays: true, generation: 5, want: stay},
		{name: "older of one that stays", sender: DPoP, stays: true, generation: 4, want: refuse},
		{name: "parent, proven, after a year", sender: Client, generation: 4, age: 8760 * time.Hour, from: abroad, want: repeat},
		{name: "parent, proven, strict", sender: Certificate, generation: 4, age: s, from: abroad, want: repeat},
		{name: "parent, at home, at once", sender: Unproven, generation: 4, age: 2 * s, from: home, window: 30 * s, want: repeat},
		{name: "parent, at home, a clock behind", sender: Unproven, generation: 4, age: -s, from: home, window: 30 * s, want: repeat},
		{name: "parent, at home, later", sender: Unproven, generation: 4, age: 2*s + 1, from: home, window: 30 * s, want: charge},
		{name: "parent, abroad, at once", sender: Unproven, generation: 4, from: abroad, window: 30 * s, want: charge},
		{name: "parent, nowhere", sender: Unproven, generation: 4, window: 30 * s, family: func(f *Family) { f.RotatedFrom = "" }, want: charge},
		{name: "parent, charged before", sender: Unproven, generation: 4, age: 30 * s, from: abroad, window: 30 * s, family: func(f *Family) { f.Replayed, f.InRow, f.InAll = true, 3, 10 }, want: repeat},
		{name: "parent, too late", sender: Unproven, generation: 4, age: 30*s + 1, from: home, window: 30 * s, want: end, cause: Theft},
		{name: "parent, charged and too late", sender: Unproven, generation: 4, age: 30*s + 1, from: home, window: 30 * s, family: func(f *Family) { f.Replayed = true }, want: end, cause: Theft},
		{name: "parent, three in a row", sender: Unproven, generation: 4, age: s, from: abroad, window: 30 * s, family: func(f *Family) { f.InRow = 3 }, want: end, cause: Theft},
		{name: "parent, ten in all", sender: Unproven, generation: 4, age: s, from: abroad, window: 30 * s, family: func(f *Family) { f.InAll = 10 }, want: end, cause: Theft},
		{name: "parent, budget gone, at home at once", sender: Unproven, generation: 4, age: s, from: home, window: 30 * s, family: func(f *Family) { f.InAll = 10 }, want: repeat},
		{name: "parent, strict", sender: Unproven, generation: 4, from: home, want: end, cause: Theft},
		{name: "another parent", sender: Unproven, generation: 4, digest: another, window: 30 * s, want: end, cause: Theft},
		{name: "ancestor", sender: Unproven, generation: 3, window: 30 * s, want: end, cause: Theft},
		{name: "ancestor, client", sender: Client, generation: 3, window: 30 * s, want: end, cause: Theft},
		{name: "ancestor, key", sender: DPoP, generation: 3, window: 30 * s, want: refuse},
		{name: "ancestor, certificate", sender: Certificate, generation: 1, window: 30 * s, want: refuse},
		{name: "ahead", sender: Unproven, generation: 6, window: 30 * s, want: end, cause: StoreRollback},
		{name: "ahead, client", sender: Client, generation: 6, want: forward},
		{name: "ahead, key", sender: DPoP, generation: 600, want: forward},
		{name: "another newest", sender: Unproven, generation: 5, digest: another, want: end, cause: StoreRollback},
		{name: "another newest, key", sender: DPoP, generation: 5, digest: another, want: forward},
	} {
		m := newModel(Sender{Kind: tc.sender, Key: "k"})
		m.grant.Rotates = !tc.stays
		f := &m.grant.Family
		*f = Family{Generation: 5, Digest: digestOf(5), Parent: digestOf(4), Successor: []byte("sealed"), RotatedAt: m.now, RotatedFrom: home}
		if tc.family != nil {
			tc.family(f)
		}
		if tc.digest.IsZero() {
			tc.digest = digestOf(tc.generation)
		}
		what, cause := m.grant.decide(presented{tc.generation, tc.digest, tc.from, m.now.Add(tc.age)}, tc.window)
		if what != tc.want || cause != tc.cause {
			t.Errorf("%s: got %d %q, want %d %q", tc.name, what, cause, tc.want, tc.cause)
		}
	}
}
