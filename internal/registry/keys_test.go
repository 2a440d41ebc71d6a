package registry

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mortise-auth/mortise/internal/assertion"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/secret"
)

const issuer = "https://as.example"

// site is a server that a client's keys are on.
type site struct {
	asked atomic.Int64
	mu    sync.Mutex
	keys  []jose.PublicKey
	err   error
	hold  chan struct{} // a fetch waits for it
}

func (s *site) JSON(context.Context, string) ([]byte, error) {
	s.asked.Add(1)
	if s.hold != nil {
		<-s.hold
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return jose.NewKeySet(s.keys...).JSON(), s.err
}

// publish replaces the keys, or lets every fetch fail.
func (s *site) publish(err error, keys ...jose.PrivateKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.err = nil, err
	for _, k := range keys {
		s.keys = append(s.keys, k.Public())
	}
}

// book is a memory of assertions.
type book struct {
	mu   sync.Mutex
	seen map[assertion.Key]bool
	err  error
}

func (b *book) Remember(_ context.Context, key assertion.Key, _ time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	if b.seen[key] {
		return assertion.ErrReplayed
	}
	b.seen[key] = true
	return nil
}

func (b *book) Sweep(context.Context, time.Time, int) (int, error) { return 0, nil }

func newKey(t testing.TB) jose.PrivateKey {
	t.Helper()
	key, err := jose.Generate(jose.ES256)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signers is a rig with a client whose keys are on a site.
func signers(t testing.TB) (*rig, *site, *book) {
	t.Helper()
	r, s, b := newRig(t), &site{}, &book{seen: map[assertion.Key]bool{}}
	r.o.Issuer, r.o.Documents, r.o.Assertions = issuer, s, b
	r.put("jwt", func(c *client.Client) {
		c.Auth, c.Profile, c.JWKSURI = client.AuthPrivateKeyJWT, client.OAuth21, "https://app.example.org/jwks"
	})
	return r, s, b
}

func (r *rig) assert(t testing.TB, key jose.PrivateKey, jti string) Credentials {
	t.Helper()
	end := r.now.Add(time.Minute).Unix()
	text, err := key.Sign("JWT", []byte(strings.NewReplacer("END", strconv.FormatInt(end, 10), "JTI", jti).Replace(
		`{"iss":"jwt","sub":"jwt","aud":"https://as.example","exp":END,"jti":"JTI"}`)))
	if err != nil {
		t.Fatal(err)
	}
	return Credentials{ID: "jwt", Method: client.AuthPrivateKeyJWT, Assertion: secret.NewText(text)}
}

func (r *rig) try(t testing.TB, c Credentials, want error) {
	t.Helper()
	got, err := r.Authenticate(t.Context(), c)
	if !errors.Is(err, want) || (err == nil) != (want == nil) || err != nil && got.ID != "" {
		t.Errorf("got %v, want %v", err, want)
	}
}

// OA-5 OA-32 OA-36: an assertion opens its client once, and nothing else does.
func TestAssertions(t *testing.T) {
	r, s, b := signers(t)
	key, other := newKey(t), newKey(t)
	s.publish(nil, key)
	first := r.assert(t, key, "1")
	r.try(t, first, nil)
	r.try(t, first, client.ErrCredentials)
	if _, err := r.Authenticate(t.Context(), first); !errors.Is(err, assertion.ErrReplayed) {
		t.Errorf("the log does not learn of the replay: %v", err)
	}
	r.try(t, r.assert(t, other, "2"), client.ErrCredentials)
	r.try(t, Credentials{ID: "jwt", Method: client.AuthPrivateKeyJWT}, client.ErrCredentials)
	r.try(t, Credentials{ID: "jwt", Method: client.AuthBasic, Secret: secret.NewText(chosen)}, client.ErrCredentials)
	r.try(t, Credentials{ID: "jwt", Method: client.AuthNone}, client.ErrCredentials)
	as := r.assert(t, key, "3")
	for _, id := range []string{"web", "ghost"} {
		as.ID = id
		r.try(t, as, client.ErrCredentials)
	}
	outage := errors.New("gone")
	b.err = outage
	r.try(t, r.assert(t, key, "4"), outage)
	b.err = nil
	r.put("jwt", func(c *client.Client) {
		c.Auth, c.Profile, c.JWKSURI, c.Disabled = client.AuthPrivateKeyJWT, client.OAuth21, "https://app.example.org/jwks", true
	})
	r.Apply(dead("jwt"))
	r.try(t, r.assert(t, key, "5"), client.ErrCredentials)
}

// OA-32: an assertion of fifty at once is taken once.
func TestAssertionRace(t *testing.T) {
	r, s, _ := signers(t)
	key := newKey(t)
	s.publish(nil, key)
	c := r.assert(t, key, "1")
	var taken atomic.Int64
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, err := r.Authenticate(t.Context(), c); err == nil {
				taken.Add(1)
			}
		})
	}
	group.Wait()
	if taken.Load() != 1 || s.asked.Load() != 1 {
		t.Errorf("taken %d times, keys fetched %d times", taken.Load(), s.asked.Load())
	}
}

// JW-45: fetched once an hour; at once for a key that is new, and for that at most
// once a minute; stale keys answer while the site is down, and then no more.
func TestKeysAreRemembered(t *testing.T) {
	r, s, _ := signers(t)
	key, next, third := newKey(t), newKey(t), newKey(t)
	n := 0
	as := func(key jose.PrivateKey, want error, fetches int64) {
		t.Helper()
		n++
		r.try(t, r.assert(t, key, strconv.Itoa(n)), want)
		if got := s.asked.Load(); got != fetches {
			t.Errorf("%d fetches, want %d", got, fetches)
		}
	}
	later := func(d time.Duration) { r.now = r.now.Add(d) }
	s.publish(nil, key)
	as(key, nil, 1)
	as(key, nil, 1)
	s.publish(nil, next)
	as(next, nil, 2) // at once
	as(key, client.ErrCredentials, 2)
	s.publish(nil, third)
	later(keysAsking - time.Second)
	as(third, client.ErrCredentials, 2) // asked a moment ago
	later(time.Second)
	as(third, nil, 3)
	later(keysFresh)
	s.publish(errors.New("down"))
	as(third, nil, 4) // stale
	as(third, nil, 4)
	later(keysRetry)
	as(third, nil, 5)
	later(keysStale)
	as(third, client.ErrCredentials, 6)
	as(third, client.ErrCredentials, 6)
	later(keysRetry)
	s.publish(nil, third)
	as(third, nil, 7)
}

// OA-71 JW-45: whoever waits for a site that hangs can leave, and the others are
// not disturbed; there is one fetch.
func TestOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s, _ := signers(t)
		s.hold = make(chan struct{})
		s.publish(nil, newKey(t))
		c := r.client(t, "jwt")
		ctx, leave := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() { _, err := r.Keys(ctx, c); first <- err }()
		synctest.Wait()
		second := make(chan error, 1)
		go func() { _, err := r.Keys(t.Context(), c); second <- err }()
		synctest.Wait()
		leave()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("who left: %v", err)
		}
		close(s.hold)
		if err := <-second; err != nil || s.asked.Load() != 1 {
			t.Errorf("who stayed: %v, %d fetches", err, s.asked.Load())
		}
	})
}

// JW-10: keys in a registration are parsed once; an RSA key is for what the client
// signs with.
func TestInlineKeys(t *testing.T) {
	r := newRig(t)
	key, err := jose.Generate(jose.RS256)
	if err != nil {
		t.Fatal(err)
	}
	bare := strings.Replace(string(jose.NewKeySet(key.Public()).JSON()), `"alg":"RS256",`, "", 1)
	c := client.Client{Profile: client.OAuth21, Metadata: client.Metadata{JWKS: []byte(bare)}}
	for _, want := range []jose.Algorithm{jose.RS256, jose.PS256} {
		keys, err := r.Keys(t.Context(), c)
		if err != nil || keys.Len() != 1 || keys.Keys()[0].Algorithm() != want {
			t.Errorf("%v %v", keys.Keys(), err)
		}
		c.Profile = client.FAPI2
	}
	if a, b := r.keysOf(c), r.keysOf(c); a != b {
		t.Error("parsed again")
	}
	if keys, err := r.Keys(t.Context(), client.Client{}); err != nil || keys.Len() != 0 {
		t.Errorf("no keys: %v", err)
	}
}

// The cost of a client's proof but for remembering it.
func BenchmarkAssertion(b *testing.B) {
	r, s, _ := signers(b)
	key := newKey(b)
	s.publish(nil, key)
	c, text := r.shelf.clients["jwt"], r.assert(b, key, "1").Assertion.Reveal()
	for b.Loop() {
		if _, err := r.check(b.Context(), c, text); err != nil {
			b.Fatal(err)
		}
	}
}
