package storetest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"log/slog"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/revocation/publish"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

var feeds = []test{
	{"an act held open reaches a follower", feedGap},
	{"old tokens die, new ones live", feedVersions},
	{"a loop of births and ends", feedLoop},
	{"begun in the middle", feedSnapshot},
}

const (
	feedIssuer   = "https://id.example.test"
	feedAudience = "https://api.example.test"
	feedNonce    = "0123456789abcdef"
)

// verifier follows the feed of a process of its own over the store.
type verifier struct {
	*testcase
	chain    feed.Chain
	set      *feed.Set
	live     *revocation.Live
	mask     []byte
	follower *revocation.Follower
	out      *publish.Publisher
	keys     jose.Keys

	polls sync.Mutex // a Follower polls from one goroutine at a time
}

type feedKeys struct{}

func (feedKeys) MAC(purpose string, parts ...[]byte) [32]byte {
	m := hmac.New(sha256.New, []byte(purpose))
	for _, p := range parts {
		m.Write(append(p, 0))
	}
	return [32]byte(m.Sum(nil))
}

func (c *testcase) verifier() *verifier {
	c.Helper()
	key, err := jose.Generate(jose.EdDSA)
	c.ok(err)
	log := slog.New(slog.DiscardHandler)
	v := &verifier{
		testcase: c, chain: feed.Chain{Issuer: feedIssuer, Audience: feedAudience}, set: feed.NewSet(1000),
		live: revocation.NewLive(c.Revocations(), 1000, func() time.Time { return c.now }), keys: jose.NewKeySet(key.Public()),
	}
	v.follower = revocation.NewFollower(c.Revocations(), v.live, time.Now, log)
	v.out = publish.New(publish.Options{
		Issuer: feedIssuer, Store: c.Revocations(), Keys: feedKeys{}, Now: time.Now, Log: log, Wake: func() { go v.poll() },
		Sign: func(_ context.Context, typ string, payload []byte) (string, error) { return key.Sign(typ, payload) },
	})
	v.follower.Tell(v.out)
	v.poll()
	v.ask()
	return v
}

func (v *verifier) poll() {
	v.polls.Lock()
	defer v.polls.Unlock()
	if err := v.follower.Poll(v.ctx); err != nil {
		v.Error(err)
	}
}

// ask polls the feed once.
func (v *verifier) ask() {
	v.Helper()
	q := publish.Poll{Audience: feedAudience, Cursor: v.chain.Cursor(), Previous: v.chain.Digest(), Nonce: feedNonce}
	v.ok(v.out.Answer(v.ctx, q, func(text string) error {
		b, err := v.chain.Take(text, feedNonce, v.keys)
		if err != nil {
			return err
		}
		if b.Snapshot {
			v.mask = b.MaskKey
		}
		v.set.Add(b.Entries)
		return nil
	}))
}

// minted is what a token of s says, minted from u.
type minted struct {
	u user.User
	s session.Session
}

// dead asks the verifier, and the live set of the publishing process, which must
// agree.
func (v *verifier) dead(t minted) bool {
	v.Helper()
	question := func(value func(feed.Kind, string) [16]byte) *feed.Question {
		return &feed.Question{Session: value(feed.Session, t.s.ID.String()), Subject: value(feed.Subject, t.u.ID.String()), SubjectVersion: t.u.TokenVersion}
	}
	dead := v.set.Revoked(question(func(k feed.Kind, text string) [16]byte { return feed.Mask(v.mask, k, text) }))
	v.same(v.live.Set().Revoked(question(feed.RawValue)), dead)
	return dead
}

func (c *testcase) mint(u user.User) minted {
	c.Helper()
	u = c.reread(u)
	return minted{u, c.signIn(u)}
}

// TH-2: A's act is held open, B's commits, the follower moves on, A's commits: A
// is refused too.
func feedGap(c *testcase) {
	v := c.verifier()
	a, b := c.mint(c.person()), c.mint(c.person())
	var wg sync.WaitGroup
	var once sync.Once
	c.ok(c.InTx(c.ctx, func(tx store.Set) error {
		_, err := tx.Sessions().EndAll(c.ctx, a.u.ID, session.ID{}, session.Revoked, c.now, c.event(session.RevokedEvent, a.u.ID))
		once.Do(func() {
			wg.Go(func() { c.endAll(b.u, session.ID{}) })
			v.ask()
		})
		return err
	}))
	wg.Wait()
	v.ask()
	c.same([]bool{v.dead(a), v.dead(b)}, []bool{true, true})
}

// TH-3: in one instant a token is minted, the account signs out everywhere, and
// another is minted: the first is dead, the second lives, here and at verifiers.
func feedVersions(c *testcase) {
	v := c.verifier()
	u := c.person()
	before := c.mint(u)
	c.endAll(u, session.ID{})
	after := c.mint(u)
	v.ask()
	c.same([]bool{v.dead(before), v.dead(after)}, []bool{true, false})
}

// TH-17: whoever mints and revokes in a loop fills nobody's memory; every token
// that was revoked is refused, those of others are not.
func feedLoop(c *testcase) {
	v := c.verifier()
	u, other := c.person(), c.mint(c.person())
	for range revocation.Budget + 25 {
		t := c.mint(u)
		c.endOne(t.s)
		v.ask()
		if !v.dead(t) {
			c.Fatal("a revoked token lives")
		}
	}
	c.same(v.dead(other), false)
	if n := v.set.Len(); n > revocation.Budget+1 {
		c.Errorf("%d entries", n)
	}
}

// TH-11 TH-15: a verifier, and a process, that begin late know what was revoked
// before.
func feedSnapshot(c *testcase) {
	t, alive := c.mint(c.person()), c.mint(c.person())
	c.endOne(t.s)
	v := c.verifier()
	c.same([]bool{v.dead(t), v.dead(alive)}, []bool{true, false})
}
