package app

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// TH-4 AU-24: a clock that jumps by an hour or a year ends nothing in the store and
// deletes nobody; the jump is an event; once the clocks agree again time goes on,
// and what the wrong clock refused is there.
func TestClockJump(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	for _, jump := range []time.Duration{time.Hour, -time.Hour, year, -year} {
		t.Run(jump.String(), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			kim, leaving := r.person(t, "kim@mail.org"), r.person(t, "ada@mail.org")
			res := r.signIn(t, "kim@mail.org")
			by := user.By(leaving.ID, "", audit.Source{})
			if _, err := r.Account.RequestDeletion(t.Context(), by, account.Proof{Password: secret.NewText(rightPassword)}, "en"); err != nil {
				t.Fatal(err)
			}
			r.clock.Jump(jump)
			if err := r.sweepSteadily(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := r.store.Users().ByID(t.Context(), leaving.ID); err != nil {
				t.Errorf("deleted by a jump: %v", err)
			}
			if s, err := r.store.Sessions().ByID(t.Context(), res.Session.ID); err != nil || !s.EndedAt.IsZero() {
				t.Errorf("the session was ended in the store by a jump (%v)", err)
			}
			if evs, err := r.store.Audit().Search(t.Context(), audit.Query{Name: "server.clock_jump", Limit: 9}); err != nil || len(evs) != 1 {
				t.Errorf("%d jumps in the log (%v)", len(evs), err)
			}
			r.clock.Jump(-jump)
			if err := r.sweepSteadily(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !r.opens(t, res) {
				t.Error("the session did not survive")
			}
			r.clock.Advance(account.DeletionWait)
			if err := r.sweepSteadily(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := r.store.Users().ByID(t.Context(), leaving.ID); err == nil {
				t.Error("the waiting time passed and nothing happened")
			}
			if s, err := r.store.Sessions().ByID(t.Context(), res.Session.ID); err != nil || s.EndedAt.IsZero() {
				t.Errorf("an idle session was not ended of %s (%v)", kim.ID, err)
			}
		})
	}
}

// buffer is a log that many write to.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *buffer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *buffer) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// AU-31 AU-30 AU-34: canaries in every flow; no log at any level, no event
// and no error has one.
func TestCanaries(t *testing.T) {
	t.Parallel()
	var log buffer
	r := newRig(t, func(c *Config) {
		c.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}).running(t).begun(t)
	canaries := map[string]string{
		"password": rightPassword, "new password": otherPassword, "wrong password": "canary in a coal mine", "typed name": "canary@typed.test",
	}
	var errs []string
	failed := func(err error) {
		if err == nil {
			t.Error("a wrong input was accepted")
		}
		errs = append(errs, fmt.Sprintf("%v %+v %#v", err, err, err))
	}
	link := r.signUp(t, "new@mail.org")
	canaries["sign-up link"] = link.Reveal()
	if _, err := r.Account.FinishSignUp(t.Context(), from("198.51.100.9"), account.Answer{Link: link}, account.Chosen{Password: secret.NewText(rightPassword)}); err != nil {
		t.Fatal(err)
	}
	_, err := r.SignIn.SignIn(t.Context(), signInAs("new@mail.org", canaries["wrong password"], from("198.51.100.9")))
	failed(err)
	_, err = r.SignIn.SignIn(t.Context(), signInAs("canary@typed.test", rightPassword, from("198.51.100.9")))
	failed(err)
	r.clock.Advance(time.Minute)
	res := r.signIn(t, "new@mail.org")
	canaries["session"] = res.Secret.Reveal()
	canaries["device cookie"] = res.Device
	_, err = r.Account.AddEmail(t.Context(), inSession(res), account.Proof{Password: secret.NewText(canaries["wrong password"])}, "x@mail.org", "en")
	failed(err)
	reset, flow, code := r.recovery(t, "new@mail.org", "198.51.100.8")
	canaries["reset link"], canaries["flow"], canaries["code"] = reset.Reveal(), flow.Reveal(), code.Reveal()
	failed(r.finish(t, account.Answer{Flow: flow, Code: secret.NewText("00000000")}, otherPassword))
	if err := r.finish(t, account.Answer{Link: reset}, otherPassword); err != nil {
		t.Fatal(err)
	}
	failed(r.finish(t, account.Answer{Link: reset}, otherPassword))
	events, err := r.store.Audit().Search(t.Context(), audit.Query{Limit: 200})
	if err != nil || len(events) < 10 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for where, text := range map[string]string{"log": log.String(), "events": fmt.Sprintf("%+v", events), "errors": strings.Join(errs, "\n")} {
		for name, canary := range canaries {
			if strings.Contains(text, canary) {
				t.Errorf("%s: holds the %s", where, name)
			}
		}
	}
}
