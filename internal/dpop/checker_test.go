package dpop

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func testMAC(purpose string, parts ...[]byte) (sum [32]byte) {
	h := hmac.New(sha256.New, []byte("a key"))
	fmt.Fprintf(h, "%q", append([][]byte{[]byte(purpose)}, parts...))
	copy(sum[:], h.Sum(nil))
	return sum
}

type rig struct {
	*prover
	c     *Checker
	now   time.Time
	count int
}

func newRig(t testing.TB, m Memory, lenient bool) *rig {
	return &rig{prover: newProver(t, "ES256"), c: New(Options{MAC: testMAC, Memory: m, Lenient: lenient}), now: now}
}

func (r *rig) nonce() string {
	r.t.Helper()
	n, err := r.c.Nonce(context.Background(), r.now)
	r.must(err)
	return n
}

// proof is one with a jti of its own.
func (r *rig) proof(nonce string) string {
	r.count++
	c := with(claimsAt(r.now), map[string]any{"jti": fmt.Sprint("proof ", r.count)})
	if nonce != "" {
		c["nonce"] = nonce
	}
	return r.sign(r.header(), c)
}

func (r *rig) present(text string) error {
	w := want()
	w.Now = r.now
	p, err := r.c.Check(context.Background(), []string{text}, w)
	if err != nil {
		return err
	}
	return r.c.Use(context.Background(), p, r.now)
}

func (r *rig) expect(what, text string, is error) {
	r.t.Helper()
	if err := r.present(text); !errors.Is(err, is) {
		r.t.Errorf("%s: %v, not %v", what, err, is)
	}
}

// A proof needs a nonce of ours that is no older than NonceLife. OA-83
func TestNonces(t *testing.T) {
	r := newRig(t, NewRecent(Epoch{1}, now), false)
	r.expect("no nonce", r.proof(""), ErrNonce)
	r.expect("rubbish", r.proof("rubbish"), ErrNonce)
	first := r.nonce()
	r.expect("a nonce", r.proof(first), nil)
	r.expect("the same nonce for another proof", r.proof(first), nil)
	altered := []byte(first)
	altered[0] ^= 1
	r.expect("altered", r.proof(string(altered)), ErrNonce)
	r.now = r.now.Add(NonceLife)
	r.expect("the last second", r.proof(first), nil)
	r.now = r.now.Add(time.Second)
	r.expect("expired", r.proof(first), ErrNonce)
	r.expect("the next", r.proof(r.nonce()), nil)
	stranger := New(Options{MAC: testMAC, Memory: NewRecent(Epoch{2}, now)})
	other, err := stranger.Nonce(context.Background(), r.now)
	r.must(err)
	r.expect("of another epoch", r.proof(other), ErrNonce)
}

// An answer brings a nonce when the one presented grows old. OA-83
func TestNextNonce(t *testing.T) {
	r := newRig(t, NewRecent(Epoch{1}, now), false)
	nonce := r.nonce()
	check := func() Checked {
		w := want()
		w.Now = r.now
		p, err := r.c.Check(context.Background(), []string{r.proof(nonce)}, w)
		r.must(err)
		return p
	}
	if got := r.c.Next(check(), r.now); got != "" {
		t.Errorf("a young nonce is replaced by %q", got)
	}
	r.now = r.now.Add(nonceRenew)
	if got := r.c.Next(check(), r.now); got == "" || got == nonce {
		t.Errorf("next: %q", got)
	}
}

// A proof is taken once, however many bring it at a time. OA-81
func TestReplay(t *testing.T) {
	r := newRig(t, NewRecent(Epoch{1}, now), false)
	text := r.proof(r.nonce())
	var taken, replayed atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			switch err := r.present(text); {
			case err == nil:
				taken.Add(1)
			case errors.Is(err, ErrReplayed):
				replayed.Add(1)
			}
		})
	}
	all.Wait()
	if taken.Load() != 1 || replayed.Load() != 49 {
		t.Errorf("%d taken, %d replayed", taken.Load(), replayed.Load())
	}
}

// swapped is a memory that was lost and began anew.
type swapped struct{ Memory }

// Who loses the memory asks everybody for a new nonce, and takes nothing again.
// TH-27
func TestEpoch(t *testing.T) {
	m := &swapped{NewRecent(Epoch{1}, now)}
	r := newRig(t, m, false)
	text, late := r.proof(r.nonce()), r.proof(r.nonce())
	r.expect("first", text, nil)
	r.expect("replayed", text, ErrReplayed)
	m.Memory = NewRecent(Epoch{2}, now)
	r.expect("replayed after the loss", text, ErrNonce)
	r.expect("made before the loss", late, ErrNonce)
	r.expect("with a new nonce", r.proof(r.nonce()), nil)
	r.expect("still refused", text, ErrNonce)
}

// Without nonces a memory cannot tell of what was made before it began, and asks.
// TH-27 OA-83
func TestLenient(t *testing.T) {
	r := newRig(t, NewRecent(Epoch{1}, now), true)
	before := r.proof("")
	r.expect("made when it began", before, ErrNonce)
	r.expect("with a nonce", r.proof(r.nonce()), nil)
	r.now = r.now.Add(time.Second)
	r.expect("made before it began", before, ErrNonce)
	text := r.proof("")
	r.expect("later", text, nil)
	r.expect("replayed", text, ErrReplayed)
	r.expect("a nonce of another replica", r.proof("of another"), nil)
}

// A full memory forgets only what it does not accept any more. OA-81
func TestBounded(t *testing.T) {
	m := NewRecent(Epoch{1}, now)
	m.most = 10
	r := newRig(t, m, true)
	r.now = r.now.Add(time.Second)
	old := r.proof("")
	r.expect("old", old, nil)
	r.now = r.now.Add(20 * time.Second)
	for range 9 {
		r.expect("fill", r.proof(""), nil)
	}
	r.expect("one more", r.proof(""), nil)
	r.expect("the oldest, which was forgotten", old, ErrNonce)
	r.expect("a flood within seconds", r.proof(""), ErrBusy)
	if m.Len() != m.most {
		t.Errorf("%d are remembered", m.Len())
	}
	r.now = r.now.Add(2 * Window)
	r.expect("later", r.proof(""), nil)
	if m.Len() != 1 {
		t.Errorf("%d are remembered", m.Len())
	}
}

// Whatever is made when, and however often it is presented in which order, a proof
// is taken once at most. OA-81
func TestNeverTwice(t *testing.T) {
	m := NewRecent(Epoch{1}, now)
	m.most = 50
	r := newRig(t, m, true)
	var texts []string
	taken := map[string]int{}
	for step := range 400 {
		r.now = r.now.Add(time.Duration(step%3) * time.Second)
		if step%2 == 0 {
			texts = append(texts, r.proof(""))
		}
		for _, text := range texts[max(0, len(texts)-1-step%40):] {
			if r.present(text) == nil {
				taken[text]++
			}
		}
	}
	for _, n := range taken {
		if n > 1 {
			t.Fatalf("a proof was taken %d times", n)
		}
	}
	if len(taken) < 100 {
		t.Errorf("%d of %d were taken at all", len(taken), len(texts))
	}
}

// BenchmarkCheck is a whole check, with nonce and memory.
func BenchmarkCheck(b *testing.B) {
	for _, alg := range []string{"ES256", "EdDSA", "PS256"} {
		b.Run(alg, func(b *testing.B) {
			p := newProver(b, alg)
			text := p.sign(p.header(), claimsAt(now))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Verify([]string{text}, want()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("use", func(b *testing.B) {
		m := NewRecent(Epoch{1}, now)
		at, n := now.Add(time.Second), uint64(0)
		b.ReportAllocs()
		for b.Loop() {
			n++
			if n%1000 == 0 {
				at = at.Add(time.Second)
			}
			s := Seen{Made: at, Until: at.Add(Window)}
			s.ID = [16]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}
			if err := m.Use(context.Background(), Epoch{1}, s, at); err != nil {
				b.Fatal(err)
			}
		}
	})
}
