package bearer

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// world is an issuer, its live set and a clock.
type world struct {
	key  jose.PrivateKey
	keys *ring
	live *feed.Set
	now  time.Time
}

// ring is keys that change.
type ring struct{ jose.KeySet }

func newWorld(t testing.TB) *world {
	t.Helper()
	key, err := jose.Generate(jose.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	return &world{key, &ring{jose.NewKeySet(key.Public())}, feed.NewSet(1000), time.Unix(1_800_000_000, 0)}
}

func (w *world) options() Options {
	return Options{
		Issuer: "https://id.example", Audiences: []string{"https://api.example"},
		Keys: w.keys, Live: w.live, Now: func() time.Time { return w.now },
	}
}

func (w *world) checker(t testing.TB, change func(*Options)) *Checker {
	t.Helper()
	o := w.options()
	if change != nil {
		change(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *world) access() *jwt.Access {
	return &jwt.Access{
		Issuer: "https://id.example", Subject: "usr_1", ClientID: "app", Audience: []string{"https://api.example"}, ID: "jti_1",
		Expiry: w.now.Unix() + 600, IssuedAt: w.now.Unix(), Session: "ses_1", Grant: "gid_1", Scope: "read write",
		AMR: []string{"pwd"}, Roles: []string{"reader"}, Org: []jwt.Org{{ID: "o", Roles: []string{"member"}}}, UserVersion: 3, ClientVersion: 2,
	}
}

func (w *world) mint(t testing.TB, change func(*jwt.Access)) string {
	t.Helper()
	a := w.access()
	if change != nil {
		change(a)
	}
	text, err := w.key.Sign(jwt.TypeAccess, a.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func countSeen(c *Checker) (n int) {
	for i := range c.seen.shards {
		n += len(c.seen.shards[i].tokens)
	}
	return n
}

// passes checks twice: unseen and seen.
func passes(t *testing.T, c *Checker, text string) {
	t.Helper()
	for range 2 {
		if k, err := c.Check(text); err != nil || k.Access().Subject != "usr_1" {
			t.Fatal(err)
		}
	}
	if countSeen(c) == 0 {
		t.Fatal("nothing is remembered")
	}
}

// Whatever a token names kills it when it is revoked, masked or not, seen or not;
// other tokens live on. A kid entry wins over keys that still hold the key.
// TH-3 TH-10 TH-13 TH-16 TH-19
func TestRevocation(t *testing.T) {
	for name, c := range map[string]struct {
		kind    feed.Kind
		value   string
		version int64
		dead    bool
	}{
		"session": {feed.Session, "ses_1", 0, true}, "another session": {feed.Session, "ses_2", 0, false}, "grant": {feed.Grant, "gid_1", 0, true},
		"token": {feed.Token, "jti_1", 0, true}, "subject": {feed.Subject, "usr_1", 4, true}, "subject, not higher": {feed.Subject, "usr_1", 3, false},
		"client": {feed.Client, "app", 3, true}, "client, not higher": {feed.Client, "app", 2, false}, "key": {feed.Key, "", 0, true},
		"actor": {feed.Subject, "usr_2", 6, true}, "actor, not higher": {feed.Subject, "usr_2", 5, false}, "actor's actor": {feed.Subject, "usr_3", 1, true},
		"instance": {feed.Instance, "", 9, true},
	} {
		for _, mask := range [][]byte{nil, []byte("audience key")} {
			w := newWorld(t)
			value := c.value
			if c.kind == feed.Key {
				value = w.key.Public().ID()
			}
			text := w.mint(t, func(a *jwt.Access) {
				a.Actor = &jwt.Actor{Subject: "usr_2", UserVersion: 5, Actor: &jwt.Actor{Subject: "usr_3"}}
			})
			seen := w.checker(t, func(o *Options) { o.MaskKey = mask })
			unseen := w.checker(t, func(o *Options) { o.MaskKey = mask })
			passes(t, seen, text)
			entry := feed.Entry{Kind: c.kind, Value: masked(mask, c.kind, value), Version: c.version}
			if c.kind == feed.Instance {
				entry.Value = [16]byte{}
			}
			w.live.Add([]feed.Entry{entry})
			for which, checker := range map[string]*Checker{"seen": seen, "unseen": unseen} {
				k, err := checker.Check(text)
				if c.dead != errors.Is(err, ErrRevoked) || c.dead != (k == nil) {
					t.Errorf("%s, %s, masked %v: %v", name, which, mask != nil, err)
				}
			}
			if c.dead && countSeen(unseen) != 0 {
				t.Errorf("%s: a dead token is remembered", name)
			}
		}
	}
}

func masked(key []byte, k feed.Kind, value string) [16]byte {
	if key == nil {
		return feed.RawValue(k, value)
	}
	return feed.Mask(key, k, value)
}

// A new mask key counts at once for tokens seen before. TH-16
func TestSetMaskKey(t *testing.T) {
	w := newWorld(t)
	c := w.checker(t, func(o *Options) { o.MaskKey = []byte("old") })
	text := w.mint(t, nil)
	passes(t, c, text)
	w.live.Add([]feed.Entry{{Kind: feed.Session, Value: feed.Mask([]byte("new"), feed.Session, "ses_1")}})
	passes(t, c, text)
	c.SetMaskKey([]byte("new"))
	if _, err := c.Check(text); err != ErrRevoked {
		t.Error(err)
	}
}

// A hit is checked again for all that can have changed. TH-20
func TestSeenBefore(t *testing.T) {
	t.Run("expired", func(t *testing.T) {
		w := newWorld(t)
		c, text := w.checker(t, nil), w.mint(t, func(a *jwt.Access) { a.NotBefore = w.now.Unix() })
		passes(t, c, text)
		w.now = w.now.Add(610*time.Second - 1)
		passes(t, c, text)
		w.now = w.now.Add(1)
		if _, err := c.Check(text); err != jwt.ErrExpired {
			t.Error(err)
		}
		w.now = w.now.Add(-time.Hour)
		if _, err := c.Check(text); err != jwt.ErrNotYet {
			t.Errorf("before nbf: %v", err)
		}
	})
	t.Run("retired key", func(t *testing.T) {
		w := newWorld(t)
		c, text := w.checker(t, nil), w.mint(t, nil)
		passes(t, c, text)
		w.keys.KeySet = jose.NewKeySet()
		if _, err := c.Check(text); err != jose.ErrUnknownKey {
			t.Error(err)
		}
	})
	t.Run("another key of that kid", func(t *testing.T) {
		w := newWorld(t)
		c, text := w.checker(t, nil), w.mint(t, nil)
		passes(t, c, text)
		document := string(newWorld(t).key.Public().JWK())
		i := strings.Index(document, `"kid":"`) + len(`"kid":"`)
		set, err := jose.ParseKeySet([]byte(`{"keys":[` + document[:i] + w.key.Public().ID() + `"}]}`))
		if err != nil || set.Len() != 1 {
			t.Fatal(err, set.Ignored())
		}
		w.keys.KeySet = set
		if _, err := c.Check(text); err != jose.ErrSignature {
			t.Error(err)
		}
	})
	t.Run("the same key, read again", func(t *testing.T) {
		w := newWorld(t)
		c, text := w.checker(t, nil), w.mint(t, nil)
		passes(t, c, text)
		set, err := jose.ParseKeySet(w.keys.JSON())
		if err != nil {
			t.Fatal(err)
		}
		w.keys.KeySet = set
		before, _ := c.Check(text)
		if after, _ := c.Check(text); before == nil || before != after {
			t.Error("a refreshed key set empties the memory")
		}
	})
}

// One byte makes another token, and one audience another policy, also with memory
// shared. TH-20
func TestCacheKey(t *testing.T) {
	w := newWorld(t)
	c := w.checker(t, nil)
	text := w.mint(t, nil)
	passes(t, c, text)
	for i := range len(text) {
		for _, other := range []string{text[:i] + "A" + text[i+1:], text[:i] + text[i+1:], text[:i] + "." + text[i:]} {
			if _, err := c.Check(other); err == nil && other != text {
				t.Fatalf("byte %d: %s", i, other)
			}
		}
	}
	parts := strings.Split(w.mint(t, func(a *jwt.Access) { a.Roles = []string{"admin"} }), ".")
	signed := strings.Split(text, ".")
	if _, err := c.Check(signed[0] + "." + parts[1] + "." + signed[2]); err != jose.ErrSignature {
		t.Errorf("an altered payload with the same signature: %v", err)
	}
	for name, change := range map[string]func(*Options){
		"audience": func(o *Options) { o.Audiences = []string{"https://other.example"} },
		"issuer":   func(o *Options) { o.Issuer = "https://other.example" },
	} {
		other := w.checker(t, change)
		other.seen = c.seen
		if _, err := other.Check(text); err == nil {
			t.Errorf("another %s: taken from the memory", name)
		}
	}
	known, _ := c.Check(text)
	for policy, want := range map[string]bool{"": true, "x": false} {
		other := w.checker(t, func(o *Options) { o.Policy = []byte(policy) })
		other.seen = c.seen
		if k, err := other.Check(text); err != nil || (k == known) != want {
			t.Errorf("policy %q: taken from the memory: %v, %v", policy, k == known, err)
		}
	}
	policies := map[[32]byte]string{}
	for name, change := range map[string]func(*Options){
		"": func(*Options) {}, "audience": func(o *Options) { o.Audiences = []string{"x"} }, "two": func(o *Options) { o.Audiences = []string{"https://api.example", "x"} },
		"issuer": func(o *Options) { o.Issuer = "x" }, "leeway": func(o *Options) { o.Leeway = time.Second }, "policy": func(o *Options) { o.Policy = []byte("x") },
	} {
		p := w.checker(t, change).policy
		if same, ok := policies[p]; ok {
			t.Errorf("%q and %q have one digest", name, same)
		}
		policies[p] = name
	}
}

// Two tokens with one hash are two tokens: the bytes decide. TH-20
func TestSameHash(t *testing.T) {
	w := newWorld(t)
	c := w.checker(t, nil)
	texts := [2]string{w.mint(t, nil), w.mint(t, func(a *jwt.Access) { a.Subject, a.ID = "usr_2", "jti_2" })}
	passes(t, c, texts[0])
	known := seen{texts[0], &c.policy}
	from, id := c.seen.place(&known)
	to, other := c.seen.place(&seen{texts[1], &c.policy})
	to.tokens[other] = from.tokens[id]
	for range 2 {
		if k, err := c.Check(texts[1]); err != nil || k.access.Subject != "usr_2" {
			t.Fatalf("%v: another token's claims", err)
		}
	}
	if to.tokens[other].text != texts[0] {
		t.Error("the first one was forgotten")
	}
	forged := strings.Split(texts[0], ".")
	what := seen{forged[0] + "." + strings.Split(texts[1], ".")[1] + "." + forged[2], &c.policy}
	to, other = c.seen.place(&what)
	to.tokens[other] = from.tokens[id]
	if _, err := c.Check(what.text); err != jose.ErrSignature {
		t.Errorf("an altered payload with the same signature and the same hash: %v", err)
	}
}

// The memory holds a copy of a token, not the request it was part of.
func TestOwnText(t *testing.T) {
	w := newWorld(t)
	c := w.checker(t, nil)
	whole := "Bearer " + w.mint(t, nil)
	passes(t, c, whole[7:])
	for i := range c.seen.shards {
		for _, r := range c.seen.shards[i].tokens {
			if r.text != whole[7:] || r.size < 2*len(r.text) {
				t.Errorf("%d bytes counted for %d", r.size, len(r.text))
			}
		}
	}
}

// A bound token is refused as Bearer, and only success is remembered. TH-20 JW-28
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	c := w.checker(t, nil)
	evil := newWorld(t)
	for text, want := range map[string]error{
		w.mint(t, func(a *jwt.Access) { a.JKT = "t" }):                            ErrBound,
		w.mint(t, func(a *jwt.Access) { a.X5T = "t" }):                            ErrBound,
		w.mint(t, func(a *jwt.Access) { a.Expiry = 1 }):                           jwt.ErrExpired,
		w.mint(t, func(a *jwt.Access) { a.Audience = []string{"https://other"} }): jwt.ErrAudience,
		evil.mint(t, nil):          jose.ErrUnknownKey,
		"":                         jose.ErrMalformed,
		strings.Repeat("x", 1<<20): jose.ErrTooLarge,
	} {
		for range 2 {
			if k, err := c.Check(text); err != want || k != nil {
				t.Errorf("%.40s: %v, not %v", text, err, want)
			}
		}
	}
	if n := countSeen(c); n != 2 { // the bound ones, which CheckAny takes
		t.Errorf("%d refused tokens are remembered", n)
	}
}

// A bound token that was checked is remembered, and refused at every hit to whoever
// brings no proof. TH-20 OA-82
func TestAnyBinding(t *testing.T) {
	w := newWorld(t)
	c := w.checker(t, nil)
	text := w.mint(t, func(a *jwt.Access) { a.JKT = "t" })
	both := w.mint(t, func(a *jwt.Access) { a.JKT, a.X5T = "t", "c" })
	for range 2 {
		k, err := c.CheckAny(text, w.now)
		if err != nil || !k.Bound() || k.JKT() != "t" {
			t.Fatalf("%+v, %v", k, err)
		}
		if k, err := c.CheckAny(both, w.now); err != nil || !k.Bound() || k.JKT() != "" {
			t.Fatalf("bound to a certificate too: %+v, %v", k, err)
		}
		for _, bound := range []string{text, both} {
			if k, err := c.Check(bound); err != ErrBound || k != nil {
				t.Fatalf("as Bearer: %+v, %v", k, err)
			}
		}
	}
}

// What a handler does to its claims nobody else sees. TH-20
func TestImmutable(t *testing.T) {
	w := newWorld(t)
	c := w.checker(t, nil)
	text := w.mint(t, func(a *jwt.Access) { a.Actor = &jwt.Actor{Subject: "usr_2"} })
	k, err := c.Check(text)
	if err != nil {
		t.Fatal(err)
	}
	a := k.Access()
	a.Subject, a.Roles[0], a.Audience[0], a.AMR[0], a.Org[0].ID, a.Org[0].Roles[0], a.Actor.Subject = "x", "x", "x", "x", "x", "x", "x"
	_ = append(a.Audience, "x")
	k, err = c.Check(text)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%+v %+v", k.Access(), k.Access().Actor), "x"; strings.Contains(got, ":"+want+" ") || strings.Contains(got, "["+want) {
		t.Error(got)
	}
}

// The memory is bounded, what is used stays, and what is too large never enters.
// TH-20
func TestBound(t *testing.T) {
	w := newWorld(t)
	const room = shards * 20_000
	c := w.checker(t, func(o *Options) { o.Cache = room })
	often := w.mint(t, nil)
	first, err := c.Check(often)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		if _, err := c.Check(w.mint(t, func(a *jwt.Access) { a.ID = fmt.Sprint(i) })); err != nil {
			t.Fatal(err)
		}
		if again, err := c.Check(often); err != nil || again != first {
			t.Fatalf("forgotten after %d others: %v", i, err)
		}
	}
	used := 0
	for i := range c.seen.shards {
		s := &c.seen.shards[i]
		if s.room < 0 || len(s.turns) != len(s.tokens) {
			t.Errorf("%d bytes left, %d turns for %d tokens", s.room, len(s.turns), len(s.tokens))
		}
		used += s.all - s.room
	}
	if used > room || countSeen(c) == 2001 {
		t.Errorf("%d tokens in %d bytes", countSeen(c), used)
	}
	tiny := w.checker(t, func(o *Options) { o.Cache = shards })
	if _, err := tiny.Check(often); err != nil || countSeen(tiny) != 0 {
		t.Errorf("%v, %d remembered", err, countSeen(tiny))
	}
}

// A Checker that would not check something is not made. TH-14 JW-60
func TestNew(t *testing.T) {
	w := newWorld(t)
	for name, change := range map[string]func(*Options){
		"issuer": func(o *Options) { o.Issuer = "" }, "audience": func(o *Options) { o.Audiences = nil }, "empty audience": func(o *Options) { o.Audiences = []string{""} },
		"keys": func(o *Options) { o.Keys = nil }, "live set": func(o *Options) { o.Live = nil }, "clock": func(o *Options) { o.Now = nil },
		"leeway": func(o *Options) { o.Leeway = time.Hour }, "cache": func(o *Options) { o.Cache = -1 },
	} {
		o := w.options()
		change(&o)
		if _, err := New(o); err != ErrOptions {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Many at once, while keys, masks and the live set change.
func TestConcurrent(t *testing.T) {
	w := newWorld(t)
	c := w.checker(t, func(o *Options) { o.Cache = shards * 8_000 })
	texts := make([]string, 50)
	for i := range texts {
		texts[i] = w.mint(t, func(a *jwt.Access) { a.ID = fmt.Sprint(i) })
	}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 400 {
				if _, err := c.Check(texts[(i*7+g)%len(texts)]); err != nil && err != ErrRevoked {
					t.Error(err)
				}
				if g == 0 {
					c.SetMaskKey([]byte{byte(i)})
					w.live.Add([]feed.Entry{{Kind: feed.Token, Value: [16]byte{byte(i)}}})
				}
			}
		})
	}
	all.Wait()
}

// A token seen before costs no allocation, revocation check included, and one that
// was not at most 20, its place in the memory included. TH-20
func TestAllocations(t *testing.T) {
	for _, alg := range []jose.Algorithm{jose.EdDSA, jose.ES256} {
		w := newWorld(t)
		key, err := jose.Generate(alg)
		if err != nil {
			t.Fatal(err)
		}
		w.key, w.keys.KeySet = key, jose.NewKeySet(key.Public())
		c := w.checker(t, nil) // masks have a pool, which is leaky under the race detector; the benchmark counts them
		texts := make([]string, 301)
		for i := range texts {
			texts[i] = w.mint(t, func(a *jwt.Access) { a.ID = fmt.Sprint(i) })
		}
		next := 0
		count := func(move int) float64 {
			return testing.AllocsPerRun(len(texts)-1, func() {
				if _, err := c.Check(texts[next]); err != nil {
					t.Error(err)
				}
				next += move
			})
		}
		if n := count(1); n > 20 {
			t.Errorf("%s: %.0f allocations unseen", alg, n)
		}
		next = 0
		if n := count(0); n > 0 {
			t.Errorf("%s: %.0f allocations seen", alg, n)
		}
	}
}

// BenchmarkCheck of a token seen before, and of one never remembered.
func BenchmarkCheck(b *testing.B) {
	w := newWorld(b)
	for name, change := range map[string]func(*Options){
		"seen":          nil,
		"unseen":        func(o *Options) { o.Cache = 1 },
		"unseen/masked": func(o *Options) { o.Cache, o.MaskKey = 1, []byte("audience key") },
	} {
		c, text := w.checker(b, change), w.mint(b, nil)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Check(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
