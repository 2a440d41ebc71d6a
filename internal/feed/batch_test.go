package feed

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/jose"
)

const (
	issuer   = "https://id.example.test"
	audience = "https://api.example.test"
)

// publisher signs as the issuer does.
type publisher struct {
	jose.PrivateKey
	tb testing.TB
}

func newPublisher(tb testing.TB) publisher {
	tb.Helper()
	key, err := jose.Generate(jose.EdDSA)
	if err != nil {
		tb.Fatal(err)
	}
	return publisher{key, tb}
}

func (p publisher) keys() jose.Keys { return jose.NewKeySet(p.Public()) }

func (p publisher) sign(b Batch) string {
	p.tb.Helper()
	payload, err := b.Payload()
	if err != nil {
		p.tb.Fatal(err)
	}
	text, err := p.Sign(Type, payload)
	if err != nil {
		p.tb.Fatal(err)
	}
	return text
}

func snapshot(to int64, entries ...Entry) Batch {
	return Batch{
		Issuer: issuer, Audience: audience, Epoch: "a", To: to, Nonce: "n1", At: 1_800_000_000,
		Snapshot: true, Cursor: "c", MaskKey: make([]byte, 32), Entries: entries,
	}
}

func tail(previous string, from, to int64, entries ...Entry) Batch {
	return Batch{
		Issuer: issuer, Audience: audience, Epoch: "a", From: from, To: to, Previous: previous, Nonce: "n1",
		At: 1_800_000_000, Cursor: "c", Entries: entries,
	}
}

// A batch survives the wire; its entries come back by value, each once, and a
// full batch fits in a token.
func TestBatchRoundTrip(t *testing.T) {
	p := newPublisher(t)
	rapid.Check(t, func(t *rapid.T) {
		var entries []Entry
		for i := range rapid.IntRange(0, MaxEntries).Draw(t, "n") {
			e := Entry{Kind: Kind(i%6) + Session, Value: scattered(uint64(i)), Until: rapid.Int64Range(0, 1<<40).Draw(t, "until")}
			if e.Kind.versioned() {
				e.Version = rapid.Int64Range(0, highest).Draw(t, "version")
			}
			entries = append(entries, e)
		}
		want := tail("", 3, 9, entries...)
		text := p.sign(want)
		got, err := Open(text, p.keys())
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(want.Entries, order)
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Error(diff)
		}
		want.Entries = append(entries, entries...)[:min(2*len(entries), MaxEntries)]
		if again, err := Open(p.sign(want), p.keys()); err != nil || len(again.Entries) > len(entries) {
			t.Errorf("told twice: %v", err)
		}
	})
}

// TH-16: two acts told in either order are the same bytes.
func TestOrderTellsNothing(t *testing.T) {
	a, b := Entry{Kind: Token, Value: value(9), Until: 5}, Entry{Kind: Grant, Value: value(2), Until: 5}
	if !slices.Equal(pack([]Entry{a, b}), pack([]Entry{b, a})) {
		t.Error("the order of entries shows")
	}
}

// TH-12 TH-14: only the next batch, made for this question by this issuer for
// this audience, is taken; whatever is refused changes nothing.
func TestChain(t *testing.T) {
	p, thief := newPublisher(t), newPublisher(t)
	first := p.sign(snapshot(7))
	cases := map[string]struct {
		change func(*Batch)
		want   error
	}{
		"next":                {func(*Batch) {}, nil},
		"nothing new":         {func(b *Batch) { b.To, b.Entries = 7, nil }, nil},
		"gap":                 {func(b *Batch) { b.From = 8 }, ErrGap},
		"told twice":          {func(b *Batch) { b.From = 6 }, ErrGap},
		"fork":                {func(b *Batch) { b.Previous = Digest("another") }, ErrGap},
		"first again":         {func(b *Batch) { b.Previous = "" }, ErrGap},
		"another epoch":       {func(b *Batch) { b.Epoch = "b" }, ErrGap},
		"unasked snapshot":    {func(b *Batch) { b.Snapshot, b.From, b.MaskKey = true, 0, make([]byte, 32) }, ErrGap},
		"replayed":            {func(b *Batch) { b.Nonce = "n0" }, ErrReplayed},
		"another issuer":      {func(b *Batch) { b.Issuer = "https://evil.test" }, ErrForeign},
		"another audience":    {func(b *Batch) { b.Audience = "https://other.example.test" }, ErrForeign},
		"backwards":           {func(b *Batch) { b.To = 3 }, ErrMalformed},
		"entries in no range": {func(b *Batch) { b.To = 7 }, ErrMalformed},
		"no time":             {func(b *Batch) { b.At = 0 }, ErrMalformed},
		"key in a tail":       {func(b *Batch) { b.MaskKey = make([]byte, 32) }, ErrMalformed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			chain := Chain{Issuer: issuer, Audience: audience}
			if _, err := chain.Take(first, "n1", p.keys()); err != nil {
				t.Fatal(err)
			}
			before := chain
			b := tail(Digest(first), 7, 9, Entry{Kind: Token, Value: value(1)})
			if _, err := chain.Take(thief.sign(b), "n1", p.keys()); err == nil || chain != before {
				t.Fatal("a forged batch was taken")
			}
			c.change(&b)
			_, err := chain.Take(p.sign(b), "n1", p.keys())
			if !errors.Is(err, c.want) || err != nil && chain != before {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

// TH-15: the parts of a snapshot are chained and all of one number; until the
// last is there the follower has no cursor.
func TestSnapshotParts(t *testing.T) {
	p := newPublisher(t)
	a, b := snapshot(7), snapshot(7)
	a.More = true
	first := p.sign(a)
	b.Previous = Digest(first)
	chain := Chain{Issuer: issuer, Audience: audience}
	take := func(b Batch) error { _, err := chain.Take(p.sign(b), "n1", p.keys()); return err }
	if err := take(b); !errors.Is(err, ErrGap) {
		t.Fatalf("began in the middle: %v", err)
	}
	if err := take(a); err != nil || chain.Cursor() != "" || chain.Digest() != "" {
		t.Fatalf("%v, cursor %q", err, chain.Cursor())
	}
	other := b
	other.To = 8
	if err := take(other); !errors.Is(err, ErrGap) {
		t.Fatalf("parts of two snapshots: %v", err)
	}
	if err := take(tail(Digest(first), 7, 8)); !errors.Is(err, ErrGap) {
		t.Fatalf("a tail within a snapshot: %v", err)
	}
	if err := take(b); err != nil || chain.Cursor() != "c" || chain.Digest() != Digest(p.sign(b)) {
		t.Fatalf("%v, cursor %q", err, chain.Cursor())
	}
	chain.Restart()
	if err := take(a); err != nil {
		t.Fatalf("after a restart: %v", err)
	}
}

// TH-19: what is no batch by its typ is none, whoever signed it.
func TestTypeBinds(t *testing.T) {
	p := newPublisher(t)
	b := snapshot(1)
	payload, err := b.Payload()
	if err != nil {
		t.Fatal(err)
	}
	text, err := p.Sign("at+jwt", payload)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(text, p.keys()); !errors.Is(err, jose.ErrType) {
		t.Error(err)
	}
}

func TestTooManyEntries(t *testing.T) {
	b := Batch{Entries: make([]Entry, MaxEntries+1)}
	if _, err := b.Payload(); err == nil {
		t.Error("an entry too many was written")
	}
}

// What is read is written again as the same bytes.
func FuzzUnpack(f *testing.F) {
	f.Add(pack([]Entry{{Kind: Subject, Value: value(1), Version: 3, Until: 9}, {Kind: Key, Value: value(2)}, {Kind: Instance, Version: 300}}))
	f.Add([]byte("0123456789abcdef\x07\x01\x80\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := unpack(b)
		if err == nil && !slices.Equal(pack(entries), b) && len(b) > 0 {
			t.Errorf("%x was read as %v", b, entries)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, b := range []Batch{snapshot(7), tail("", 1, 2, Entry{Kind: Token, Value: value(1)})} {
		payload, err := b.Payload()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		b, err := parse(payload)
		if err != nil {
			return
		}
		again, err := b.Payload()
		if err != nil {
			t.Fatal(err)
		}
		got, err := parse(again)
		if diff := cmp.Diff(b, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
}
