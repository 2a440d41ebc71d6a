package app

import (
	"context"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/mail"
)

// AdminHandler serves operators: metrics, which the caller brings, and profiles.
// It belongs on a listener of its own, on loopback.
func (a *App) AdminHandler(metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	profiles(mux)
	mux.HandleFunc("GET /healthz", health)
	mux.HandleFunc("GET /readyz", a.readiness)
	return mux
}

// Checks counts session checks since the start.
func (a *App) Checks() authn.Stats { return a.Auth.Stats() }

// ProofAge is how long ago the freshness proof was sent for; false: there is none.
func (a *App) ProofAge() (time.Duration, bool) { return a.follower.Age(a.c.Now()) }

// RevocationDelay is how long after its making the newest revocation took effect here.
func (a *App) RevocationDelay() time.Duration { return a.follower.Delay() }

// Skew is how far this machine's clock is ahead of the database's.
func (a *App) Skew() time.Duration { return a.guard.Skew() }

// Outbox is the state of mail; false when the store does not answer.
func (a *App) Outbox() (mail.Depth, time.Time, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	now := a.now()
	d, err := a.store.Mail().Depth(ctx, now)
	return d, now, err == nil
}
