package signing_test

import (
	"errors"
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/clock"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/user"
)

// verifier is somebody else's program: it keeps the published set for as long as
// it was told, and never fetches it for an unknown kid.
type verifier struct {
	set     jose.KeySet
	expires time.Time
}

func (v *verifier) verify(t *rapid.T, r *signing.Ring, now time.Time, text string) error {
	if !now.Before(v.expires) {
		doc, err := r.Published(t.Context(), signing.Token)
		if err != nil {
			return err
		}
		v.set, v.expires = doc.Set, now.Add(doc.MaxAge)
	}
	_, _, err := jose.Verify(text, jwt.TypeAccess, v.set)
	return err
}

// minted is a token and when it expires.
type minted struct {
	text    string
	expires time.Time
}

// JW-42 JW-43 JW-47 TH-4: whatever several replicas do, in whatever order, and
// however long they do not look: no token is signed by a key that some verifier's
// cached set may lack, every token verifies until it expires, there is one
// current key, and none signs for longer than its time and the pauses in it.
func TestScheduleProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st, c := newTable(), newClock()
		steady := true
		o := options(st, c)
		o.Steady = func() bool { return steady }
		rings := []*signing.Ring{openRapid(t, o), openRapid(t, o), openRapid(t, o)}
		schedule := rings[0].Schedule()
		verifiers := make([]verifier, 4)
		var tokens []minted
		ring := func() *signing.Ring { return rapid.SampledFrom(rings).Draw(t, "replica") }
		check := func(m minted) {
			for i := range verifiers {
				if err := verifiers[i].verify(t, ring(), c.Now(), m.text); err != nil {
					t.Fatalf("verifier %d: %v", i, err)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"wait": func(t *rapid.T) {
				longest := rapid.SampledFrom([]time.Duration{time.Second, signing.Lag, time.Hour, schedule.Publish, schedule.Rotate}).Draw(t, "scale")
				c.Advance(time.Duration(rapid.Int64Range(1, int64(longest)).Draw(t, "time")))
			},
			"look": func(t *rapid.T) {
				if err := ring().Reload(t.Context()); err != nil {
					t.Fatal(err)
				}
			},
			"advance": func(t *rapid.T) {
				if err := ring().Advance(t.Context()); err != nil {
					t.Fatal(err)
				}
			},
			"rotate": func(t *rapid.T) {
				if _, err := ring().Rotate(t.Context(), user.Host(), signing.Token, jose.EdDSA); err != nil && !errors.Is(err, signing.ErrMoved) {
					t.Fatal(err)
				}
			},
			"retire the current key": func(t *rapid.T) {
				r := ring()
				k, err := r.Current(t.Context(), signing.Token, jose.EdDSA)
				if err != nil {
					t.Fatal(err)
				}
				_, err = r.Retire(t.Context(), user.Host(), k.Public().ID())
				if err != nil && !errors.Is(err, signing.ErrNoSuccessor) && !errors.Is(err, signing.ErrMoved) && !errors.Is(err, signing.ErrUnknown) {
					t.Log(err)
				}
			},
			"jump": func(t *rapid.T) {
				by := rapid.SampledFrom([]time.Duration{time.Hour, -time.Hour, 365 * 24 * time.Hour, -365 * 24 * time.Hour}).Draw(t, "by")
				c.Jump(by)
				steady = false
				before := st.states(signing.Token)
				if err := ring().Advance(t.Context()); err != nil {
					t.Fatal(err)
				}
				if _, err := ring().Rotate(t.Context(), user.Host(), signing.Token, jose.EdDSA); err != nil && !errors.Is(err, signing.ErrMoved) && !errors.Is(err, signing.ErrClock) {
					t.Fatal(err)
				}
				after := st.states(signing.Token)
				if !maps.Equal(before, after) {
					t.Fatalf("a jump of %s moved keys: %v, then %v", by, before, after)
				}
				c.Jump(-by)
				steady = true
			},
			"sign": func(t *rapid.T) {
				text, err := ring().Sign(t.Context(), signing.Token, jose.EdDSA, jwt.TypeAccess, []byte(`{}`))
				if err != nil {
					t.Fatal(err)
				}
				life := time.Duration(rapid.Int64Range(1, int64(schedule.Life)).Draw(t, "life"))
				m := minted{text, c.Now().Add(life)}
				check(m)
				tokens = append(tokens, m)
			},
			"": func(*rapid.T) {
				for _, m := range tokens {
					if c.Now().Before(m.expires) {
						check(m)
					}
				}
				if n := st.states(signing.Token); n[signing.Current] != 1 || n[signing.Next] > 1 {
					t.Fatalf("keys: %v", n)
				}
			},
		})
	})
}

func openRapid(t *rapid.T, o signing.Options) *signing.Ring {
	r, err := signing.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// live moves the clock hour by hour, with one look in each.
func months(t *testing.T, r *signing.Ring, c *clock.Fake, hours int, each func()) {
	t.Helper()
	for range hours {
		c.Advance(time.Hour)
		if err := r.Advance(t.Context()); err != nil {
			t.Fatal(err)
		}
		each()
	}
}

// JW-42 JW-47: a year of the default schedule, and what it leaves in the log.
func TestYear(t *testing.T) {
	st, c := newTable(), newClock()
	r := open(t, options(st, c))
	s := r.Schedule()
	signed := map[string]time.Time{}
	months(t, r, c, 365*24, func() {
		k, err := r.Current(t.Context(), signing.Token, jose.EdDSA)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := signed[k.Public().ID()]; !ok {
			signed[k.Public().ID()] = c.Now()
		}
		if st.states(signing.Feed)[signing.Next] != 1 {
			t.Fatal("the feed has no successor") // TH-19
		}
	})
	if len(signed) != 5 {
		t.Errorf("%d keys signed in a year", len(signed))
	}
	all, err := r.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		if k.Use != signing.Token {
			continue
		}
		first, used := signed[k.ID]
		if used && !k.CreatedAt.Equal(all[0].CreatedAt) && first.Sub(k.CreatedAt) < s.Publish {
			t.Errorf("%s signed %s after it was published", k.ID, first.Sub(k.CreatedAt))
		}
		if !k.RetiredAt.IsZero() && k.RetiredAt.Sub(k.CurrentAt) > s.Rotate+time.Hour {
			t.Errorf("%s signed for %s", k.ID, k.RetiredAt.Sub(k.CurrentAt))
		}
		if !k.GoneAt.IsZero() && k.GoneAt.Sub(k.RetiredAt) < s.Life+s.Cache {
			t.Errorf("%s verified for %s", k.ID, k.GoneAt.Sub(k.RetiredAt))
		}
		if (k.State == signing.Retiring || k.State == signing.Gone) != (k.Sealed == nil) {
			t.Errorf("%v: its private part is kept or lost", k)
		}
	}
	names := map[string]int{}
	for _, ev := range st.events {
		names[ev.Name]++
	}
	if want := map[string]int{"keys.created": 11, "keys.promoted": 8, "keys.retired": 8, "keys.removed": 8}; !maps.Equal(names, want) {
		t.Errorf("events %v, want %v", names, want)
	}
}

func TestRotate(t *testing.T) {
	st, c := newTable(), newClock()
	r := open(t, options(st, c))
	old := st.one(t, signing.Token, signing.Current)
	k, err := r.Rotate(t.Context(), user.Host(), signing.Token, jose.EdDSA)
	if err != nil || k.State != signing.Next || !k.DueAt.Equal(c.Now().Add(r.Schedule().Publish)) {
		t.Fatalf("%v due %s, %v", k, k.DueAt, err)
	}
	again, err := r.Rotate(t.Context(), user.Host(), signing.Token, jose.EdDSA)
	if err != nil || again.ID != k.ID {
		t.Fatalf("a second request makes %v, %v", again, err)
	}
	c.Advance(r.Schedule().Publish - time.Second)
	if again, err = r.Rotate(t.Context(), user.Host(), signing.Token, jose.EdDSA); err != nil || again.State != signing.Next {
		t.Fatalf("too early: %v, %v", again, err)
	}
	if _, err := r.Retire(t.Context(), user.Host(), old.ID); !errors.Is(err, signing.ErrNoSuccessor) {
		t.Fatalf("retired without a successor: %v", err)
	}
	c.Advance(time.Second)
	if again, err = r.Rotate(t.Context(), user.Host(), signing.Token, jose.EdDSA); err != nil || again.State != signing.Current {
		t.Fatalf("published long enough: %v, %v", again, err)
	}
	// The feed's successor is there from the start, so that it can sign at once.
	if k, err = r.Rotate(t.Context(), user.Host(), signing.Feed, jose.EdDSA); err != nil || k.State != signing.Current {
		t.Fatalf("the feed: %v, %v", k, err)
	}
}

// TH-19: in an emergency every key of the algorithm is gone at once, those of
// others stay, and replicas take the new one without a restart.
func TestReplace(t *testing.T) {
	st, c := newTable(), newClock()
	r, other := open(t, options(st, c)), open(t, options(st, c))
	old, ecdsa, feed := sign(t, r, signing.Token, jose.EdDSA), sign(t, r, signing.Token, jose.ES256), sign(t, r, signing.Feed, jose.EdDSA)
	if _, err := r.Rotate(t.Context(), user.Host(), signing.Token, jose.EdDSA); err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Minute)
	fresh, err := r.Replace(t.Context(), user.Host(), signing.Token, jose.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	for name, ring := range map[string]*signing.Ring{"acting": r, "other": other} {
		k, err := ring.Current(t.Context(), signing.Token, jose.EdDSA)
		if err != nil || k.Public().ID() != fresh.ID {
			t.Errorf("%s replica signs with %s, want %s (%v)", name, k.Public().ID(), fresh.ID, err)
		}
		if _, _, err := jose.Verify(old, jwt.TypeAccess, ring.Public(signing.Token)); !errors.Is(err, jose.ErrUnknownKey) {
			t.Errorf("%s replica: the old key counts: %v", name, err)
		}
		if _, _, err := jose.Verify(ecdsa, jwt.TypeAccess, ring.Public(signing.Token)); err != nil {
			t.Errorf("%s replica: the other algorithm: %v", name, err)
		}
		if _, _, err := jose.Verify(feed, jwt.TypeFeed, ring.Public(signing.Feed)); err != nil {
			t.Errorf("%s replica: the feed: %v", name, err)
		}
	}
	compromised := 0
	for _, ev := range st.events {
		if ev.Name == "keys.compromised" {
			compromised++
		}
	}
	if compromised != 2 {
		t.Errorf("%d keys compromised, want the current and the next", compromised)
	}
}

func TestRetire(t *testing.T) {
	st, c := newTable(), newClock()
	r := open(t, options(st, c))
	waiting := st.one(t, signing.Feed, signing.Next)
	k, err := r.Retire(t.Context(), user.Host(), waiting.ID)
	if err != nil || k.State != signing.Gone {
		t.Fatalf("%v, %v", k, err)
	}
	if _, err := r.Retire(t.Context(), user.Host(), waiting.ID); !errors.Is(err, signing.ErrUnknown) {
		t.Errorf("a gone key: %v", err)
	}
	if err := r.Advance(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st.one(t, signing.Feed, signing.Next).ID == waiting.ID {
		t.Error("it came back")
	}
	c.Advance(r.Schedule().Publish)
	old := st.one(t, signing.Feed, signing.Current)
	if k, err = r.Retire(t.Context(), user.Host(), old.ID); err != nil || k.State != signing.Retiring {
		t.Fatalf("with a successor: %v, %v", k, err)
	}
	if k, err = r.Retire(t.Context(), user.Host(), old.ID); err != nil || k.State != signing.Gone {
		t.Fatalf("while it only verifies: %v, %v", k, err)
	}
}
