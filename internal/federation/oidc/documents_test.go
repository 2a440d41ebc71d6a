package oidc_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/federation/oidc"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/testenv/upstream"
)

const discovery = "/.well-known/openid-configuration"

// Nothing is fetched before a connection is used, each document once however many
// ask, and again when it is no longer fresh.
func TestDocumentsAreKept(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	if n := r.up.Asked(discovery); n != 0 {
		t.Fatalf("asked %d times before any use", n)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, _, err := r.Begin(context.Background(), r.con, federation.Ask{Callback: callback}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	r.person(t, federation.Ask{})
	if n := r.up.Asked(discovery); n != 1 {
		t.Errorf("asked %d times", n)
	}
	r.clock.Advance(time.Hour + time.Second) // what the service said
	r.begin(t, r.con, federation.Ask{})
	if n := r.up.Asked(discovery); n != 2 {
		t.Errorf("asked %d times after it was stale", n)
	}
}

// A service that is down does not take those with it whose documents are here, for
// a day; and is not asked by each of them. JW-45
func TestDocumentsServeOn(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	r.begin(t, r.con, federation.Ask{})
	r.up.Break(upstream.Down)
	r.clock.Advance(2 * time.Hour)
	for range 5 {
		r.begin(t, r.con, federation.Ask{})
	}
	if n := r.up.Asked(discovery); n != 2 {
		t.Errorf("asked %d times while it is down", n)
	}
	r.clock.Advance(23 * time.Hour)
	_, _, err := r.Begin(t.Context(), r.con, federation.Ask{Callback: callback})
	refuses(t, "after a day", err, federation.ErrUpstream)
	r.up.Mend()
	r.clock.Advance(time.Minute)
	r.begin(t, r.con, federation.Ask{})
}

// New keys are found at once, also when the old ones were fetched a moment ago; a key
// that nobody has is looked for once a minute, whatever is sent. JW-45
func TestKeysTurn(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	r.person(t, federation.Ask{})
	r.up.Rotate()
	r.person(t, federation.Ask{})
	if n := r.up.Asked("/keys"); n != 2 {
		t.Errorf("asked %d times for keys that turned once", n)
	}
	r.up.Break(upstream.OldKey)
	for range 5 {
		_, err := r.signIn(t, federation.Ask{})
		refuses(t, "an old key", err, jose.ErrUnknownKey)
	}
	if n := r.up.Asked("/keys"); n != 2 {
		t.Errorf("asked %d times within a minute", n)
	}
	r.clock.Advance(time.Minute)
	for range 5 {
		_, err := r.signIn(t, federation.Ask{})
		refuses(t, "an old key", err, jose.ErrUnknownKey)
	}
	if n := r.up.Asked("/keys"); n != 3 {
		t.Errorf("asked %d times within two minutes", n)
	}
	r.up.Mend()
	r.up.Break(upstream.OldKeyRenamed) // a known kid is no reason to ask
	r.clock.Advance(time.Minute)
	_, err := r.signIn(t, federation.Ask{})
	refuses(t, "an old key under a new name", err, jose.ErrSignature)
	if n := r.up.Asked("/keys"); n != 3 {
		t.Errorf("asked %d times for a key that is there", n)
	}
}

// counted answers each issuer with a document of its own.
type counted struct{ asked map[string]int }

func (c *counted) Do(_ context.Context, r egress.Request) (egress.Response, error) {
	c.asked[r.URL]++
	issuer := r.URL[:len(r.URL)-len(discovery)]
	return egress.Response{Status: 200, Header: map[string][]string{"Etag": {`"1"`}}, Body: fmt.Appendf(nil,
		`{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"jwks_uri":%q}`, issuer, issuer+"/a", issuer+"/t", issuer+"/k")}, nil
}

// However many connections there are, a bounded number of documents is kept: those
// that were used last.
func TestDocumentsAreBounded(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	web := &counted{map[string]int{}}
	s := oidc.New(oidc.Options{HTTP: web, Keyring: plainRing{}, Now: r.clock.Now})
	begin := func(i int) {
		c := r.con
		c.Settings.Issuer = fmt.Sprintf("https://issuer-%d.example", i)
		r.clock.Advance(time.Millisecond)
		if _, _, err := s.Begin(t.Context(), c, federation.Ask{Callback: callback}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1000 {
		begin(i)
		begin(0)
	}
	begin(999)
	if n := web.asked["https://issuer-0.example"+discovery]; n != 1 {
		t.Errorf("the one always used was asked for %d times", n)
	}
	if n := web.asked["https://issuer-999.example"+discovery]; n != 1 {
		t.Errorf("the last one was asked for %d times", n)
	}
	begin(1)
	if n := web.asked["https://issuer-1.example"+discovery]; n != 2 {
		t.Errorf("the oldest was asked for %d times: it is kept for ever", n)
	}
}

// unchanged answers 304 to whoever has the document.
type unchanged struct {
	counted
	same int
}

func (u *unchanged) Do(ctx context.Context, r egress.Request) (egress.Response, error) {
	if tags := r.Header["If-None-Match"]; len(tags) == 1 && tags[0] == `"1"` {
		u.same++
		return egress.Response{Status: 304, Header: map[string][]string{"Etag": {`"1"`}}}, nil
	}
	return u.counted.Do(ctx, r)
}

// What did not change is not sent again.
func TestEntityTags(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	web := &unchanged{counted: counted{map[string]int{}}}
	s := oidc.New(oidc.Options{HTTP: web, Keyring: plainRing{}, Now: r.clock.Now})
	c := r.con
	c.Settings.Issuer = "https://issuer.example"
	for range 3 {
		if _, _, err := s.Begin(t.Context(), c, federation.Ask{Callback: callback}); err != nil {
			t.Fatal(err)
		}
		r.clock.Advance(2 * time.Hour)
	}
	if web.same != 2 || web.asked["https://issuer.example"+discovery] != 1 {
		t.Errorf("%d times unchanged, %v", web.same, web.asked)
	}
}

// Who waits for somebody else's fetch can leave, and whoever leaves harms nobody.
func TestLeavingIsNoFailure(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := r.Begin(gone, r.con, federation.Ask{Callback: callback})
	refuses(t, "gone", err, federation.ErrUpstream)
	r.begin(t, r.con, federation.Ask{})
}
