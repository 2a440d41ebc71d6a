package signing_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/user"
)

func sign(t testing.TB, r *signing.Ring, u signing.Use, alg jose.Algorithm) string {
	t.Helper()
	typ := jwt.TypeAccess
	if u == signing.Feed {
		typ = jwt.TypeFeed
	}
	text, err := r.Sign(context.Background(), u, alg, typ, []byte(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A new store has a key for tokens and one for the feed, whose successor is
// published with it (TH-19).
func TestFirstKeys(t *testing.T) {
	st, c := newTable(), newClock()
	r := open(t, options(st, c))
	if got := st.states(signing.Token); !maps.Equal(got, map[signing.State]int{signing.Current: 1}) {
		t.Errorf("token keys: %v", got)
	}
	if got := st.states(signing.Feed); !maps.Equal(got, map[signing.State]int{signing.Current: 1, signing.Next: 1}) {
		t.Errorf("feed keys: %v", got)
	}
	if _, _, err := jose.Verify(sign(t, r, signing.Token, jose.EdDSA), jwt.TypeAccess, r.Public(signing.Token)); err != nil {
		t.Error(err)
	}
	again := open(t, options(st, c))
	if len(st.rows) != 3 || again.Public(signing.Token).Keys()[0].ID() != r.Public(signing.Token).Keys()[0].ID() {
		t.Errorf("a second start made keys: %d", len(st.rows))
	}
}

// JW-43: replicas that start at once end with the same first keys.
func TestFirstKeysOnce(t *testing.T) {
	st, c := newTable(), newClock()
	ids := make([]string, 20)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			r, err := signing.Open(t.Context(), options(st, c))
			if err != nil {
				t.Error(err)
				return
			}
			k, err := r.Current(t.Context(), signing.Token, jose.EdDSA)
			if err != nil {
				t.Error(err)
				return
			}
			rsa, err := r.Current(t.Context(), signing.Token, jose.ES256)
			if err != nil {
				t.Error(err)
			}
			ids[i] = k.Public().ID() + rsa.Public().ID()
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("replicas sign with %q", ids)
		}
	}
	if len(st.rows) != 4 {
		t.Errorf("%d keys", len(st.rows))
	}
}

// JW-41 JW-40: every algorithm signs, is made when it is wanted, and is published
// under its thumbprint with use and alg and without private members.
func TestEveryAlgorithm(t *testing.T) {
	st, c := newTable(), newClock()
	r := open(t, options(st, c))
	for _, alg := range []jose.Algorithm{jose.EdDSA, jose.ES256, jose.RS256, jose.PS256} {
		text := sign(t, r, signing.Token, alg)
		if _, _, err := jose.Verify(text, jwt.TypeAccess, r.Live(signing.Token)); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
	doc, err := r.Published(t.Context(), signing.Token)
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(doc.JSON, &set); err != nil || len(set.Keys) != 4 {
		t.Fatalf("%v in %s", err, doc.JSON)
	}
	seen := map[string]bool{}
	for _, k := range set.Keys {
		pub, ok := doc.Set.Key(k["kid"])
		if !ok || pub.Thumbprint() != k["kid"] || k["use"] != "sig" || k["alg"] == "" || seen[k["kid"]] {
			t.Errorf("published %v", k)
		}
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if _, ok := k[private]; ok {
				t.Errorf("%s has the member %s", k["kid"], private)
			}
		}
		seen[k["kid"]] = true
	}
	if s := r.Schedule(); doc.MaxAge > s.Publish || doc.MaxAge <= 0 {
		t.Errorf("kept for %s, published %s before use", doc.MaxAge, s.Publish)
	}
	if _, err := r.Current(t.Context(), signing.Token, "none"); !errors.Is(err, signing.ErrAlgorithm) {
		t.Errorf("none: %v", err)
	}
	if _, err := r.Current(t.Context(), signing.Feed, jose.RS256); !errors.Is(err, signing.ErrAlgorithm) {
		t.Errorf("a feed with RS256: %v", err)
	}
	if _, err := r.Current(t.Context(), "mail", jose.EdDSA); !errors.Is(err, signing.ErrUse) {
		t.Errorf("another use: %v", err)
	}
}

// TH-19: the feed's keys sign no tokens and verify none, and the other way round.
func TestUsesStayApart(t *testing.T) {
	st, c := newTable(), newClock()
	r := open(t, options(st, c))
	for u, typ := range map[signing.Use]string{signing.Feed: jwt.TypeAccess, signing.Token: jwt.TypeFeed} {
		if _, err := r.Sign(t.Context(), u, jose.EdDSA, typ, []byte(`{}`)); !errors.Is(err, signing.ErrUse) {
			t.Errorf("%s signed %s: %v", u, typ, err)
		}
	}
	for u, other := range map[signing.Use]signing.Use{signing.Feed: signing.Token, signing.Token: signing.Feed} {
		key, err := r.Current(t.Context(), u, jose.EdDSA)
		if err != nil {
			t.Fatal(err)
		}
		text, err := key.Sign(jwt.TypeAccess, []byte(`{}`)) // somebody stole it
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := jose.Verify(text, jwt.TypeAccess, r.Public(other)); !errors.Is(err, jose.ErrUnknownKey) {
			t.Errorf("a key for %s counts as one for %s: %v", u, other, err)
		}
	}
}

// JW-44: the store shows no private key without the keyring, and neither does
// anything that is printed.
func TestSealed(t *testing.T) {
	st, c := newTable(), newClock()
	r := open(t, options(st, c))
	o := options(st, c)
	k := st.one(t, signing.Token, signing.Current)
	o.Keys = sealer("another master")
	if thief, err := signing.Open(t.Context(), o); err == nil {
		if _, err := thief.Current(t.Context(), signing.Token, jose.EdDSA); !errors.Is(err, signing.ErrUnreadable) {
			t.Errorf("another master key: %v", err)
		}
	}
	key, err := r.Current(t.Context(), signing.Token, jose.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	der, err := key.PKCS8()
	if err != nil {
		t.Fatal(err)
	}
	printed := fmt.Sprintf("%v %+v %#v %s %v %+v %#v", k, k, k, k, key, key, key)
	seed := der[len(der)-32:]
	if strings.Contains(printed, string(seed)) || bytes.Contains([]byte(printed), fmt.Append(nil, seed)[1:40]) || strings.Contains(printed, hex.EncodeToString(seed)) {
		t.Error("a private key was printed")
	}
	if strings.Contains(printed, "Sealed") || !strings.Contains(printed, k.ID) {
		t.Errorf("printed: %s", printed)
	}
}

// Whoever writes the database but has no master key slips no key in, and moves
// none: JW-44, JW-46.
func TestForgedRows(t *testing.T) {
	for name, forge := range map[string]func(k, feed *signing.Key){
		"another public key":     func(k, feed *signing.Key) { k.JWK = feed.JWK },
		"another use":            func(k, feed *signing.Key) { *k, k.Use = *feed, signing.Token },
		"another algorithm":      func(k, _ *signing.Key) { k.Algorithm = jose.ES256 },
		"another kid":            func(k, feed *signing.Key) { k.ID = k.ID[1:] + k.ID[:1] + "x" },
		"another's private part": func(k, feed *signing.Key) { k.Sealed = feed.Sealed },
		"no private part":        func(k, _ *signing.Key) { k.Sealed = []byte{} },
	} {
		t.Run(name, func(t *testing.T) {
			st, c := newTable(), newClock()
			text := sign(t, open(t, options(st, c)), signing.Token, jose.EdDSA)
			k, feed := st.one(t, signing.Token, signing.Current), st.one(t, signing.Feed, signing.Current)
			delete(st.rows, k.ID)
			forge(&k, &feed)
			k.State = signing.Current
			st.rows[k.ID] = k
			r, err := signing.Open(t.Context(), options(st, c))
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Current(t.Context(), signing.Token, jose.EdDSA)
			if k.Use == signing.Token && k.Algorithm == jose.EdDSA && !errors.Is(err, signing.ErrUnreadable) {
				t.Errorf("it signs: %v, %v", got, err)
			}
			if _, ok := r.Public(signing.Token).Key(feed.ID); ok {
				t.Error("the feed's key is published for tokens")
			}
			if name != "another's private part" && name != "no private part" {
				if _, _, err := jose.Verify(text, jwt.TypeAccess, r.Public(signing.Token)); err == nil {
					t.Error("the forged row is published")
				}
			}
			if _, err := r.Replace(t.Context(), user.Host(), signing.Token, jose.EdDSA); err != nil {
				t.Errorf("an emergency does not help: %v", err)
			}
			sign(t, r, signing.Token, jose.EdDSA)
		})
	}
}

// JW-43: a view older than Lag signs and publishes nothing before it is renewed;
// a store that is away stops signing, not verifying.
func TestStaleView(t *testing.T) {
	st, c := newTable(), newClock()
	r := open(t, options(st, c))
	st.reads = 0
	c.Advance(signing.Lag)
	sign(t, r, signing.Token, jose.EdDSA)
	if st.reads != 0 {
		t.Errorf("%d reads within the lag", st.reads)
	}
	c.Advance(time.Second)
	sign(t, r, signing.Token, jose.EdDSA)
	if st.reads != 1 {
		t.Errorf("%d reads after the lag", st.reads)
	}
	c.Jump(-time.Hour) // a clock set back makes no view younger
	sign(t, r, signing.Token, jose.EdDSA)
	if st.reads != 2 {
		t.Errorf("%d reads after a jump", st.reads)
	}
	st.down = errors.New("gone fishing")
	c.Advance(time.Hour)
	if _, err := r.Current(t.Context(), signing.Token, jose.EdDSA); !errors.Is(err, st.down) {
		t.Errorf("signs without a store: %v", err)
	}
	if doc, err := r.Published(t.Context(), signing.Token); err != nil || doc.Set.Len() != 1 {
		t.Errorf("not published for an hour without a store: %v", err)
	}
	c.Advance(r.Schedule().Publish)
	if _, err := r.Published(t.Context(), signing.Token); !errors.Is(err, st.down) {
		t.Errorf("published although a key it lacks may sign: %v", err)
	}
}

// TH-19 JW-45: whoever was told of a dead key finds its successor in the set, at once,
// also after a read that failed.
func TestWake(t *testing.T) {
	st, c := newTable(), newClock()
	r, elsewhere := open(t, options(st, c)), open(t, options(st, c))
	next, err := elsewhere.Replace(t.Context(), user.Host(), signing.Token, jose.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	r.Wake()
	st.down = errors.New("gone fishing")
	if _, err := r.Current(t.Context(), signing.Token, jose.EdDSA); !errors.Is(err, st.down) {
		t.Errorf("signs with what may be dead: %v", err)
	}
	st.down = nil
	doc, err := r.Published(t.Context(), signing.Token)
	if _, known := doc.Set.Key(next.ID); err != nil || !known {
		t.Errorf("published without the new key: %v", err)
	}
	st.reads = 0
	sign(t, r, signing.Token, jose.EdDSA)
	if st.reads != 0 {
		t.Errorf("%d reads of what was read already", st.reads)
	}
}

func TestSchedulesThatContradictThemselves(t *testing.T) {
	for name, s := range map[string]signing.Schedule{
		"used before caches know":   {Publish: 10 * time.Minute},
		"the next is never current": {Rotate: time.Hour},
		"negative":                  {Life: -time.Hour},
	} {
		o := options(newTable(), newClock())
		o.Schedule = s
		if _, err := signing.Open(t.Context(), o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Run makes what is wanted and stops with its context.
func TestRun(t *testing.T) {
	st, c := newTable(), newClock()
	r := open(t, options(st, c))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	r.Want(jose.RS256)
	r.Want("none")
	go func() { done <- r.Run(ctx) }()
	for r.Public(signing.Token).Len() < 2 {
		r.Wake()
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
