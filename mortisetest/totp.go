package mortisetest

import (
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

// Authenticator is an app that shows the codes of one account.
type Authenticator struct {
	Secret string // in base 32, as it is typed into an app
	srv    *Server
	key    []byte
}

// TOTP sets up an authenticator app for u, so that signing in asks for its code. No
// mail is sent and no limit counts it. Recovery codes are not made.
func (s *Server) TOTP(t testing.TB, u *User) *Authenticator {
	t.Helper()
	now := s.now()
	d, text := totp.New(s.app.Keys(), u.id, "Authenticator", now)
	key, err := totp.Decode(text)
	s.must(t, "read the secret", err)
	s.must(t, "start an authenticator", s.store.TOTP().Begin(t.Context(), d))
	before := totp.StepAt(now) - 2 // every code from now on is new
	s.must(t, "confirm the authenticator", s.store.TOTP().Confirm(t.Context(), u.id, d.ID, before, now, user.Host().Event(totp.Added, now, u.id)))
	return &Authenticator{Secret: text.Reveal(), srv: s, key: key}
}

// Code is what the app shows now, by the server's clock. A code is good once: move
// Server.Clock by 30 seconds for the next.
func (a *Authenticator) Code() string { return totp.CodeAt(a.key, a.srv.now()) }

// CodeAt is what the app shows at t.
func (a *Authenticator) CodeAt(t time.Time) string { return totp.CodeAt(a.key, t) }
