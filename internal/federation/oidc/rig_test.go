package oidc_test

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/clock"
	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/federation/oidc"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testenv/upstream"
)

// plainRing is a keyring that seals nothing.
type plainRing struct{}

func (plainRing) Seal(_ string, _, plaintext []byte) []byte { return plaintext }
func (plainRing) Open(_ string, _, sealed []byte) ([]byte, error) {
	return sealed, nil
}

const callback = "https://id.example.test/federation/one/callback"

// rig is a connection with a service, and what speaks for us.
type rig struct {
	*oidc.Service
	up    *upstream.Service
	clock *clock.Fake
	con   federation.Connection
}

func newRig(t testing.TB, kind upstream.Kind) *rig {
	t.Helper()
	r := &rig{up: upstream.Start(t, kind), clock: clock.NewFake(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))}
	r.up.Now = r.clock.Now
	r.Service = oidc.New(oidc.Options{HTTP: r.client(t), Keyring: plainRing{}, Now: r.clock.Now})
	r.con = r.connection(t, r.up)
	return r
}

// client is the real outbound client, which trusts the test authority.
func (r *rig) client(t testing.TB) *egress.Client {
	t.Helper()
	out, err := egress.New(egress.Options{Allow: []string{"127.0.0.0/8"}, Roots: upstream.Roots(), Now: r.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// connection is one with a service, as development admits it.
func (r *rig) connection(t testing.TB, up *upstream.Service) federation.Connection {
	t.Helper()
	c := federation.Connection{ID: federation.NewID(r.clock.Now()), Name: "one", Kind: federation.Kind(up.Kind), Enabled: true, Version: 1}
	c.Settings = federation.Settings{ClientID: upstream.ClientID, Issuer: up.Issuer()}
	text := upstream.Secret
	if up.Kind == upstream.Apple {
		text, c.Settings.TeamID, c.Settings.KeyID = upstream.Key(), upstream.TeamID, upstream.KeyID
	}
	if err := c.CheckSecret(secret.NewText(text)); err != nil {
		t.Fatal(err)
	}
	c.Secret = federation.Seal(plainRing{}, c.ID, secret.NewText(text))
	c, err := c.Clean(true)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// begin begins an attempt; kept comes back as the browser brings it.
func (r *rig) begin(t testing.TB, c federation.Connection, a federation.Ask) (address string, kept federation.Kept) {
	t.Helper()
	a.State, a.Callback = "state-1", callback
	address, kept, err := r.Begin(t.Context(), c, a)
	if err != nil {
		t.Fatal(err)
	}
	if kept, err = federation.ReadKept(kept.Reveal()); err != nil {
		t.Fatal(err)
	}
	return address, kept
}

// answer is what a browser brought, as our callback reads it.
func (r *rig) answer(back upstream.Back) federation.Answer {
	v := back.Values
	return federation.Answer{
		Code: v.Get("code"), Issuer: v.Get("iss"), Error: v.Get("error"), ErrorDescription: v.Get("error_description"), User: v.Get("user"), At: r.clock.Now(),
	}
}

// signIn is a whole attempt.
func (r *rig) signIn(t testing.TB, a federation.Ask) (federation.Statement, error) {
	t.Helper()
	address, kept := r.begin(t, r.con, a)
	back := r.up.SignIn(t, address)
	if back.To != callback || back.Values.Get("state") != "state-1" {
		t.Fatalf("came back at %s with %v", back.To, back.Values)
	}
	return r.Finish(t.Context(), r.con, kept, r.answer(back))
}

// person is a whole attempt that must succeed, as we would keep it.
func (r *rig) person(t testing.TB, a federation.Ask) federation.Person {
	t.Helper()
	st, err := r.signIn(t, a)
	if err != nil {
		t.Fatalf("%v: %v", err, errors.Unwrap(err))
	}
	p, err := r.con.Person(st)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func refuses(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func query(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}
