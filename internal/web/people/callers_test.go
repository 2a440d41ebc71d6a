package people_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

func hostCaller() user.Caller { return user.Host() }

// callerOf acts as the account with an address.
func (w *world) callerOf(email string) user.Caller {
	w.t.Helper()
	u, _, err := w.store.Users().ByEmail(w.t.Context(), user.EmailKey(email))
	must(w.t, err)
	return user.By(u.ID, "", audit.Source{})
}

// sessionOf is the id of the session a browser holds.
func (w *world) sessionOf(b *browser) string {
	w.t.Helper()
	facts, err := w.store.Instance().Facts(w.t.Context())
	must(w.t, err)
	d, ok := secret.DigestOf(session.Purpose, facts.ID, b.cookies[sessionCookie])
	if !ok {
		w.t.Fatal("no session cookie")
	}
	s, err := w.store.Sessions().ByDigest(w.t.Context(), d)
	must(w.t, err)
	return s.ID.String()
}

// guessUntilCode guesses wrongly until a code is asked for, waiting as told.
func (w *world) guessUntilCode(email, source string) *browser {
	w.t.Helper()
	b := w.browser()
	b.source = source
	for range 400 {
		b.get("/login")
		switch a := b.post("/login", "identifier", email, "password", "a wrong guess of mine"); a.StatusCode {
		case 303:
			return b
		case 429:
			a.want(429, "alert-wait")
			wait := a.Header.Get("Retry-After")
			if wait == "" {
				w.t.Fatal("429 without Retry-After")
			}
			w.pass(seconds(w.t, wait))
		default:
			a.want(401, "credentials_wrong")
		}
	}
	w.t.Fatal("no code was ever asked for")
	return nil
}

func seconds(t *testing.T, s string) time.Duration {
	t.Helper()
	n, err := strconv.Atoi(s)
	must(t, err)
	return time.Duration(n) * time.Second
}
