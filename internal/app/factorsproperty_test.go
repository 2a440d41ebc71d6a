package app

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

// PW-47 TH-34: no order of requests reaches a session without the factors that the
// account has at that moment: right password, then an unused code of this account in
// a flow that its own password began, while it lives.
func TestNoOrderSkipsAFactor(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) {
		c.Limits = ratelimit.Defaults()
		for i := range c.Limits {
			c.Limits[i].Every, c.Limits[i].Burst = time.Microsecond, 1_000_000
		}
	})
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		email := fmt.Sprintf("kim%d@example.org", n)
		u, mine := r.enrolled(t, email)
		_, theirs := r.enrolled(t, fmt.Sprintf("eve%d@example.org", n))
		eve := r.half(t, fmt.Sprintf("eve%d@example.org", n))
		type flow struct {
			token secret.Token
			until time.Time
			mine  bool
			tries int
		}
		flows := []flow{{eve.Flow, r.now().Add(challenge.Life), false, 0}, {secret.New(challenge.Purpose), r.now().Add(challenge.Life), false, 0}}
		lastStep, spent, enrolled := totp.StepAt(r.clock.Now())-1, map[int]bool{}, true
		for range rapid.IntRange(1, 10).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"password", "wrong", "second", "second", "second", "wait", "remove"}).Draw(rt, "do") {
			case "password":
				res, err := r.SignIn.SignIn(t.Context(), signInAs(email, rightPassword, from("198.51.100.7")))
				if errors.Is(err, lockout.ErrWait) { // first steps that were not finished count
					continue
				}
				if err != nil || res.Complete() == enrolled {
					rt.Fatalf("password: complete %v, enrolled %v, %v", res.Complete(), enrolled, err)
				}
				if !res.Complete() {
					flows = append(flows, flow{res.Flow, r.now().Add(challenge.Life), true, 0})
				}
			case "wrong":
				if res, err := r.SignIn.SignIn(t.Context(), signInAs(email, "not the passphrase", from(fmt.Sprintf("203.0.113.%d", n%250)))); err == nil && res.Complete() {
					rt.Fatal("a wrong password made a session")
				}
			case "wait":
				r.clock.Advance(rapid.SampledFrom([]time.Duration{time.Second, totp.Period, 3 * time.Minute, challenge.Life}).Draw(rt, "wait"))
			case "remove":
				if enrolled && rapid.IntRange(0, 3).Draw(rt, "really") == 0 {
					if err := r.Factors.RemoveFor(t.Context(), user.Host(), u.ID, mine.id); err != nil {
						rt.Fatal(err)
					}
					enrolled = false
				}
			case "second":
				i := rapid.IntRange(0, len(flows)-1).Draw(rt, "flow")
				f := &flows[i]
				var with signin.Response
				right := false
				step := totp.StepAt(r.clock.Now())
				switch what := rapid.SampledFrom([]string{"mine", "mine", "theirs", "old", "none", "password", "recovery", "foreign recovery"}).Draw(rt, "what"); what {
				case "mine":
					with.OTP, right = mine.code(), step > lastStep
				case "theirs":
					with.OTP = theirs.code()
				case "old":
					with.OTP = secret.NewText(totp.CodeAt(mine.key, r.clock.Now().Add(-5*totp.Period)))
				case "password":
					with.Password = secret.NewText(rightPassword)
				case "recovery":
					k := rapid.IntRange(0, 9).Draw(rt, "code")
					with.Recovery, right = mine.codes[k], !spent[k]
					if right && f.mine && enrolled && f.tries < challenge.MaxAttempts && r.now().Before(f.until) {
						spent[k] = true
					}
				case "foreign recovery":
					with.Recovery = theirs.codes[0]
				}
				want := right && f.mine && enrolled && f.tries < challenge.MaxAttempts && r.now().Before(f.until)
				res, err := r.SignIn.Continue(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: f.token, Response: with})
				got := err == nil && res.Complete()
				if i == 0 && got && res.User.ID != u.ID {
					break // eve finished her own sign-in
				}
				f.tries++
				if got && !want {
					rt.Fatalf("a session by %+v, want none", f)
				}
				if got && (res.Session.Assurance != 2 || res.User.ID != u.ID) {
					rt.Fatalf("%+v", res.Session)
				}
				if want && !got {
					rt.Fatalf("refused: %v", err)
				}
				if got {
					f.mine = false // spent
					if !with.OTP.IsZero() {
						lastStep = step
					}
				}
			}
		}
	})
}
