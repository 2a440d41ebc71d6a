package feed

import (
	"encoding/binary"
	"runtime"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// model is the live set as one would write it without a thought for speed.
type model map[Entry]Entry // by kind and value

func (m model) add(e Entry) {
	if e.Until <= 0 {
		e.Until = forever
	}
	if e.Kind.versioned() && e.Version < 1 {
		e.Version = highest
	}
	k := Entry{Kind: e.Kind, Value: e.Value}
	old := m[k]
	e.Version, e.Until = max(e.Version, old.Version), max(e.Until, old.Until)
	m[k] = e
}

func (m model) sweep(now int64) {
	for k, e := range m {
		if e.Until < now {
			delete(m, k)
		}
	}
}

func (m model) revoked(q *Question) bool {
	if e, ok := m[Entry{Kind: Instance}]; ok && q.SubjectVersion < e.Version {
		return true
	}
	names := func(k Kind, v [16]byte) bool { _, ok := m[Entry{Kind: k, Value: v}]; return ok && v != [16]byte{} }
	below := func(k Kind, v [16]byte, version int64) bool {
		return names(k, v) && version < m[Entry{Kind: k, Value: v}].Version
	}
	for _, a := range q.Actors {
		if below(Subject, a.Subject, a.Version) || a.Version < m[Entry{Kind: Instance}].Version {
			return true
		}
	}
	return names(Session, q.Session) || names(Grant, q.Grant) || names(Key, q.Key) || names(Token, q.Token) ||
		below(Subject, q.Subject, q.SubjectVersion) || below(Client, q.Client, q.ClientVersion)
}

func (m model) len() int {
	if _, ok := m[Entry{Kind: Instance}]; ok {
		return len(m) - 1
	}
	return len(m)
}

func value(n uint64) (v [16]byte) {
	binary.BigEndian.PutUint64(v[8:], n)
	return v
}

func drawValue(t *rapid.T, name string) [16]byte {
	return value(rapid.Uint64Range(0, 40).Draw(t, name))
}

func drawEntry(t *rapid.T) Entry {
	e := Entry{Kind: Kind(rapid.IntRange(int(Session), int(Instance)).Draw(t, "kind")), Until: rapid.Int64Range(0, 100).Draw(t, "until")}
	if e.Kind == Instance && rapid.IntRange(0, 9).Draw(t, "wide") > 0 {
		e.Kind = Token
	}
	if e.Kind != Instance {
		e.Value = value(rapid.Uint64Range(1, 40).Draw(t, "value"))
	}
	if e.Kind.versioned() {
		e.Version = rapid.Int64Range(-1, 9).Draw(t, "version")
	}
	return e
}

func drawQuestion(t *rapid.T) *Question {
	q := &Question{
		Session: drawValue(t, "sid"), Grant: drawValue(t, "gid"), Subject: drawValue(t, "sub"),
		Client: drawValue(t, "client"), Key: drawValue(t, "kid"), Token: drawValue(t, "jti"),
		SubjectVersion: rapid.Int64Range(0, 10).Draw(t, "uv"), ClientVersion: rapid.Int64Range(0, 10).Draw(t, "cv"),
	}
	for range rapid.IntRange(0, 2).Draw(t, "actors") {
		q.Actors = append(q.Actors, Actor{drawValue(t, "actor"), rapid.Int64Range(0, 10).Draw(t, "actor uv")})
	}
	return q
}

// TH-3 TH-13 TH-15: the set answers as the model does, whatever is added, in any
// order and however often, and whatever has expired.
func TestSetIsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, m := NewSet(1000), model{}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				entries := rapid.SliceOfN(rapid.Custom(drawEntry), 1, 30).Draw(t, "entries")
				s.Add(entries)
				for _, e := range entries {
					m.add(e)
				}
			},
			"sweep": func(t *rapid.T) {
				now := rapid.Int64Range(1, 110).Draw(t, "now")
				before := m.len()
				m.sweep(now)
				if got := s.Sweep(now); got != before-m.len() {
					t.Fatalf("swept %d, want %d", got, before-m.len())
				}
			},
			"reset": func(*rapid.T) { s.Reset(); clear(m) },
			"": func(t *rapid.T) {
				if q := drawQuestion(t); s.Revoked(q) != m.revoked(q) {
					t.Fatalf("revoked(%+v) = %v", q, s.Revoked(q))
				}
				if s.Len() != m.len() {
					t.Fatalf("%d entries, want %d", s.Len(), m.len())
				}
			},
		})
	})
}

// TH-17: what does not fit is widened until it has expired, never dropped.
func TestHardLimit(t *testing.T) {
	s := NewSet(2)
	s.Add([]Entry{{Kind: Token, Value: value(1), Until: 10}, {Kind: Token, Value: value(2), Until: 10}})
	if s.Revoked(&Question{Token: value(3)}) || s.Widened() {
		t.Fatal("widened without need")
	}
	s.Add([]Entry{{Kind: Token, Value: value(2), Until: 50}}) // known: takes no room
	if s.Widened() {
		t.Fatal("widened for what is known")
	}
	s.Add([]Entry{{Kind: Token, Value: value(3), Until: 20}})
	if !s.Revoked(&Question{Token: value(3)}) || !s.Widened() {
		t.Fatal("the third entry was dropped")
	}
	s.Sweep(20)
	if !s.Revoked(&Question{Token: value(3)}) {
		t.Fatal("it was dropped before it expired")
	}
	s.Sweep(21)
	if s.Revoked(&Question{Token: value(3)}) || !s.Revoked(&Question{Token: value(2)}) || s.Len() != 1 {
		t.Fatal("what expired lives on, or what lives has gone")
	}
}

// Readers see every entry whose Add has returned, beside writers and sweeps.
func TestConcurrent(t *testing.T) {
	const each = 5000
	s := NewSet(1 << 20)
	var wg sync.WaitGroup
	for w := range uint64(4) {
		wg.Go(func() {
			for i := range uint64(each) {
				v := value(w<<32 | i + 1)
				s.Add([]Entry{{Kind: Token, Value: v, Until: 100}, {Kind: Session, Value: v, Until: 1}})
				if !s.Revoked(&Question{Token: v}) || s.Revoked(&Question{Grant: v}) {
					t.Errorf("writer %d, entry %d", w, i)
					return
				}
				if i%1000 == 0 {
					s.Sweep(50)
				}
			}
		})
	}
	wg.Wait()
	s.Sweep(50)
	if s.Len() != 4*each {
		t.Errorf("%d entries, want %d", s.Len(), 4*each)
	}
}

// TH-3: the zero question names nothing, and an empty set holds nothing.
func TestZeroValues(t *testing.T) {
	s := NewSet(10)
	for k := Session; k < Instance; k++ {
		s.Add([]Entry{{Kind: k}})
	}
	if s.Revoked(&Question{}) {
		t.Error("a token without claims was found")
	}
}

// A million entries fit in 64 MB.
func TestMillionMemory(t *testing.T) {
	before := heap()
	s := NewSet(million)
	fill(s)
	if used := heap() - before; used > 64_000_000 {
		t.Errorf("%d bytes", used)
	}
	if s.Len() != million {
		t.Errorf("%d entries", s.Len())
	}
	q := &Question{Token: scattered(million), Actors: []Actor{{Subject: scattered(million)}}}
	if n := testing.AllocsPerRun(100, func() { s.Revoked(q) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

const million = 1_000_000

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// scattered is a value as random as a masked one.
func scattered(n uint64) (v [16]byte) {
	binary.BigEndian.PutUint64(v[:8], (n+1)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(v[8:], (n+1)*0xd1342543de82ef95)
	return v
}

// fill adds a million entries of all kinds.
func fill(s *Set) {
	batch := make([]Entry, 0, 1000)
	for i := range uint64(million) {
		e := Entry{Kind: Kind(i%6) + Session, Value: scattered(i), Until: 1_800_000_000 + int64(i%900)}
		if e.Kind.versioned() {
			e.Version = int64(i%9) + 1
		}
		if batch = append(batch, e); len(batch) == cap(batch) {
			s.Add(batch)
			batch = batch[:0]
		}
	}
}

// A token that is not revoked, asked for all it names, among a million entries.
func BenchmarkRevoked(b *testing.B) {
	s := NewSet(million)
	before := heap()
	fill(s)
	used := float64(heap() - before)
	questions := make([]Question, 1<<14) // more than the processor keeps the places of
	for i := range questions {
		n := uint64(million + 10*i)
		questions[i] = Question{
			Session: scattered(n), Grant: scattered(n + 1), Subject: scattered(n + 2), Client: scattered(n%50 + 3*million),
			Key: scattered(4 * million), Token: scattered(n + 4), SubjectVersion: 100, ClientVersion: 100,
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		if s.Revoked(&questions[i%len(questions)]) {
			b.Fatal("revoked")
		}
	}
	b.ReportMetric(used/1e6, "MB")
}
