package app

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

// kept is a browser that was remembered, and what for.
type kept struct {
	cookie   string
	until    time.Time
	revision int64
	mine     bool
}

// PW-46 PW-47 TH-34: whatever order requests, policies, enrolments, removals and
// remembered browsers come in, a session of one factor exists only where policy asked
// for no more, gave time, or let this very browser pass; and every other one proved
// two, of which the second was set up in a sign-in only while there was none.
func TestNoOrderGoesAroundPolicy(t *testing.T) {
	t.Parallel()
	r := newRig(t, unlimitedRates)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		email := fmt.Sprintf("kim%d@example.org", n)
		r.asks(t, policy.Policy{Assurance: 1})
		u := r.person(t, email)
		var (
			key     []byte // of the app, while there is one
			app     totp.ID
			since   time.Time // when more was asked first
			halves  []signin.Result
			offers  = map[int]signin.NewFactor{}
			seeds   = map[int][]byte{}
			devices []kept
		)
		now := func() policy.Policy {
			p, err := r.store.Policy().Get(t.Context())
			must(t, err)
			return p
		}
		passes := func(cookie string) bool {
			for _, d := range devices {
				if d.cookie == cookie && d.mine && r.now().Before(d.until) && d.revision == now().Revision {
					return true
				}
			}
			return false
		}
		remember := func(res signin.Result) {
			if res.Trusted != "" {
				devices = append(devices, kept{res.Trusted, res.TrustUntil, now().Revision, true})
			}
		}
		for range rapid.IntRange(2, 12).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"password", "password", "enrol", "enrol", "second", "policy", "wait", "remove", "everywhere", "wrong"}).Draw(rt, "do") {
			case "password":
				r.clock.Advance(time.Minute)
				must(t, r.store.Lockouts().Clear(t.Context(), u.ID)) // half-done sign-ins count like failures, which has tests of its own
				in := signInAs(email, rightPassword, from(fmt.Sprintf("203.0.113.%d", rapid.IntRange(1, 250).Draw(rt, "source"))))
				in.Least = rapid.SampledFrom([]int{0, 0, 0, 2}).Draw(rt, "client")
				if len(devices) > 0 && rapid.Bool().Draw(rt, "browser") {
					in.Trusted = devices[rapid.IntRange(0, len(devices)-1).Draw(rt, "device")].cookie
				}
				res, err := r.SignIn.SignIn(t.Context(), in)
				if errors.Is(err, lockout.ErrWait) {
					break
				}
				must(t, err)
				p := now()
				trusted := in.Least == 0 && p.Remember > 0 && passes(in.Trusted)
				var want bool // a session of one factor
				switch {
				case key != nil:
					want = trusted
				case in.Least > 1:
				case p.Assurance < 2:
					want = true
				case since.IsZero():
					want = p.Grace > 0
				default:
					want = r.now().Before(since.Add(p.Grace))
				}
				if res.Complete() != want {
					rt.Fatalf("complete %v, want %v: %+v, app %v, since %v", res.Complete(), want, p, key != nil, since)
				}
				switch {
				case res.Complete() && res.Session.Assurance != 1:
					rt.Fatalf("a password reached %d", res.Session.Assurance)
				case !res.Complete():
					if enrol := res.Next[0] == "enroll"; enrol != (key == nil) {
						rt.Fatalf("next %v", res.Next)
					}
					halves = append(halves, res)
				case key == nil && p.Assurance < 2:
					since = time.Time{}
				case key == nil && since.IsZero():
					since = r.now()
				}
			case "wrong":
				if res, err := r.SignIn.SignIn(t.Context(), signInAs(email, "not the passphrase", from(fmt.Sprintf("198.51.100.%d", n%250)))); err == nil && res.Complete() {
					rt.Fatal("a wrong password made a session")
				}
			case "enrol":
				if len(halves) == 0 {
					break
				}
				i := rapid.IntRange(0, len(halves)-1).Draw(rt, "flow")
				if _, asked := offers[i]; !asked {
					o, err := r.SignIn.OfferFactor(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: halves[i].Flow}, "otp", "")
					if err != nil {
						break
					}
					seed, err := totp.Decode(o.Secret)
					must(t, err)
					offers[i], seeds[i] = signin.NewFactor{Method: "otp", Sealed: o.Sealed}, seed
				}
				j := rapid.IntRange(0, len(halves)-1).Draw(rt, "offer")
				with, ok := offers[j]
				if !ok {
					break
				}
				with.Code = secret.NewText(totp.CodeAt(seeds[j], r.clock.Now()))
				before := key
				res, err := r.SignIn.Enrol(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: halves[i].Flow, Remember: rapid.Bool().Draw(rt, "remember")}, with)
				if err != nil {
					break
				}
				if before != nil || i != j || res.Session.Assurance != 2 {
					rt.Fatalf("set up beside another: %v, offer %d in %d, assurance %d", before != nil, j, i, res.Session.Assurance)
				}
				key, devices = seeds[j], nil
				all, err := r.store.TOTP().Of(t.Context(), u.ID)
				must(t, err)
				app = all[0].ID
				remember(res)
				r.clock.Advance(totp.Period)
			case "second":
				if len(halves) == 0 {
					break
				}
				i := rapid.IntRange(0, len(halves)-1).Draw(rt, "flow")
				code := "000000"
				if right := rapid.Bool().Draw(rt, "right"); right && key != nil {
					code = totp.CodeAt(key, r.clock.Now())
				}
				res, err := r.SignIn.Continue(t.Context(), signin.Request{
					By: from("198.51.100.7"), Flow: halves[i].Flow, Remember: rapid.Bool().Draw(rt, "remember"), Response: signin.Response{OTP: secret.NewText(code)},
				})
				if err != nil {
					break
				}
				if key == nil || code == "000000" || res.Session.Assurance != 2 {
					rt.Fatalf("a second step was taken without the app: %+v", res.Session)
				}
				remember(res)
				r.clock.Advance(totp.Period)
			case "policy":
				before := now()
				p := policy.Policy{
					Assurance: rapid.IntRange(1, 2).Draw(rt, "assurance"), Grace: time.Duration(rapid.IntRange(0, 2).Draw(rt, "grace")) * policy.Day,
					Remember: time.Duration(rapid.IntRange(0, 2).Draw(rt, "remember")) * policy.Day,
				}
				r.asks(t, p)
				if !before.Same(p) && before.Revision == now().Revision {
					rt.Fatal("the revision stayed")
				}
			case "wait":
				r.clock.Advance(rapid.SampledFrom([]time.Duration{time.Minute, challenge.Life, policy.Day}).Draw(rt, "wait"))
			case "remove":
				if key != nil {
					must(t, r.Factors.RemoveFor(t.Context(), user.Host(), u.ID, app))
					key, devices = nil, nil
				}
			case "everywhere":
				_, err := r.Directory.EndSessions(t.Context(), user.Host(), u.ID)
				must(t, err)
				devices = nil
			}
		}
	})
}
