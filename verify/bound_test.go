package verify

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// A proxy that holds every answer back for ten seconds delivers entries, and
// proves nothing: freshness counts from when the poll was sent. TH-14
func TestDelayedAnswersProveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.still(Introspect(0), Leeway(20*time.Second))
		f := v.follower.Load()
		f.poll.usual = 3 * time.Second // a slow line, so that the late answer is read at all
		token := o.mint(nil)
		time.Sleep(defaultStaleness + time.Second)
		o.with(func() { o.delay = 10 * time.Second })
		before := f.number.Load()
		o.revoke(feed.Session, "ses_2", 0)
		step(t, v)
		if f.number.Load() == before {
			t.Error("the late batch was not taken")
		}
		wants(t, v, token, "verification_unavailable")
		o.with(func() { o.delay = 0 })
		step(t, v)
		wants(t, v, token, "")
	})
}

// The process is stopped for 30 s while a poll is under way, its revocation
// waiting in the socket: the first check after it wakes does not pass, and
// neither does the one after the buffered answer was read. TH-11 TH-14
func TestStoppedProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		var stopped atomic.Int64 // added to every reading of the clock
		clock := func() time.Time { return time.Now().Add(time.Duration(stopped.Load())) }
		v := o.still(Introspect(0), Now(clock))
		token := o.mint(nil)
		wants(t, v, token, "")

		o.revoke(feed.Session, "ses_1", 0)
		o.alter = func(b *feed.Batch) { stopped.Add(int64(30 * time.Second)) } // stop: the answer is written, not read
		wake := o.mint(func(a *jwt.Access) { a.Session = "ses_2" })
		_ = v.follower.Load().step(t.Context())
		o.alter = nil
		wants(t, v, wake, "verification_unavailable")
		wants(t, v, token, "token_revoked")
	})
}

// The two clocks disagree after a suspend, when the monotonic one stood still, and
// when the wall clock was set. Neither is believed. TH-11
func TestClocksDisagree(t *testing.T) {
	sent := time.Now()
	for _, test := range []struct {
		steady, wall time.Duration
		within       bool
	}{
		{0, 0, true},
		{4 * time.Second, 4 * time.Second, true},
		{5 * time.Second, 5 * time.Second, true},
		{6 * time.Second, 6 * time.Second, false},
		{time.Second, time.Second + 900*time.Millisecond, true},
		{time.Second, 30 * time.Second, false},
		{time.Second, -30 * time.Second, false},
		{time.Second, 3 * time.Second, false},
		{30 * time.Second, time.Second, false},
		{-30 * time.Second, -30 * time.Second, false},
	} {
		// A wall clock of its own is made by moving the moment's wall reading.
		if got := aged(test.steady, test.wall, 5*time.Second); got != test.within {
			t.Errorf("steady %v, wall %v: within is %v", test.steady, test.wall, got)
		}
	}
	if at(time.Time{}).within(sent, time.Hour) {
		t.Error("the zero moment is within an hour")
	}
	if !at(sent).within(sent.Add(4*time.Second), 5*time.Second) || at(sent).within(sent.Add(6*time.Second), 5*time.Second) {
		t.Error("a moment with both clocks is not aged by them")
	}
}

// The issuer is down for 60 s under 2,000 requests a second: questions stay within
// the cap, nothing revoked passes, everybody else gets 503 and never 401, and a
// second after the issuer is back all is well. TH-18
func TestIssuerDownUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate, tokens, seconds = 20, 100, 60
		o := newOrigin(t, testIssuer)
		v := o.start(Introspect(rate), Staleness(2*time.Second))
		good := make([]string, tokens)
		for i := range good {
			good[i] = o.mint(func(a *jwt.Access) {
				a.ID, a.Session, a.Expiry = fmt.Sprint("tok", i), fmt.Sprint("ses", i), a.Expiry+600
			})
		}
		revoked := o.mint(func(a *jwt.Access) { a.Session = "ses_gone" })
		o.revoke(feed.Session, "ses_gone", 0)
		time.Sleep(time.Second)

		for _, mode := range []struct {
			name string
			set  func(down bool)
		}{
			{"refused", func(down bool) { o.down = down }},
			{"silent", func(down bool) { o.silent = down }},
		} {
			o.with(func() { mode.set(true) })
			time.Sleep(3 * time.Second) // past the bound
			asked := o.count("/introspect")
			var wrong atomic.Int64
			var under sync.WaitGroup
			for range seconds * 20 {
				for i := range 100 {
					under.Go(func() {
						if code := answerTo(t, v, good[i]); code != "verification_unavailable" {
							wrong.Add(1)
						}
					})
				}
				under.Go(func() { wants(t, v, revoked, "token_revoked") })
				time.Sleep(50 * time.Millisecond)
			}
			under.Wait()
			if n := wrong.Load(); n > 0 {
				t.Errorf("%s: %d answers that are not 503", mode.name, n)
			}
			if n := o.count("/introspect") - asked; n > rate*(seconds+2) {
				t.Errorf("%s: %d introspections in %d s, at most %d a second are allowed", mode.name, n, seconds, rate)
			}
			o.with(func() { mode.set(false) })
			time.Sleep(time.Second)
			if err := v.Health(); err != nil {
				t.Errorf("%s: not recovered after a second: %v", mode.name, err)
			}
			wants(t, v, good[0], "")
			wants(t, v, revoked, "token_revoked")
		}
	})
}

// answerTo is the code of the answer to token; "" is a pass.
func answerTo(t *testing.T, v *Verifier, token string) string {
	_, err := v.Authenticate(t.Context(), request(token))
	return codeOf(err)
}

// volley sends n requests at once.
func volley(t *testing.T, v *Verifier, tokens []string, n int, each func(code string)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			each(answerTo(t, v, tokens[i%len(tokens)]))
		})
	}
	wg.Wait()
}

// Only the feed is away: introspection decides, one question in flight per token,
// its answer used again within the bound and not longer. TH-10 TH-18
func TestPastTheBoundIntrospectionDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.still()
		token := o.mint(nil)
		time.Sleep(defaultStaleness + time.Second)
		volley(t, v, []string{token}, 200, func(code string) {
			if code != "" {
				t.Errorf("got %q", code)
			}
		})
		if n := o.count("/introspect"); n != 1 {
			t.Errorf("%d introspections for one token", n)
		}
		o.with(func() { o.inactive[token] = true })
		time.Sleep(defaultStaleness)
		wants(t, v, token, "") // what was known is not older than the bound
		time.Sleep(time.Millisecond)
		wants(t, v, token, "token_revoked")
		if n := o.count("/introspect"); n != 2 {
			t.Errorf("%d introspections after the bound", n)
		}
	})
}

// A revocation that the feed tells while the introspection is under way wins over
// the answer that was given before it. TH-10
func TestRevokedBetweenQuestionAndAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start()
		o.opaque["opaque"] = map[string]any{
			"active": true, "aud": testAudience, "sub": "usr_kim", "client_id": "web", "sid": "ses_1",
			"exp": time.Now().Add(time.Hour).Unix(), "uv": 5,
		}
		wants(t, v, "opaque", "")
		o.with(func() { o.delay = 500 * time.Millisecond })
		time.Sleep(defaultStaleness + time.Second)
		done := make(chan string)
		go func() {
			done <- answerTo(t, v, "opaque")
		}()
		time.Sleep(100 * time.Millisecond)
		v.follower.Load().live.Add([]feed.Entry{{Kind: feed.Session, Value: feed.Mask(o.mask, feed.Session, "ses_1"), Until: time.Now().Add(time.Hour).Unix()}})
		if code := <-done; code != "token_revoked" {
			t.Errorf("got %q", code)
		}
		wants(t, v, "opaque", "token_revoked")
	})
}

// InsecureAcceptStale accepts on the last known state, which still refuses what it
// knows; before a first snapshot there is no state. TH-18
func TestAcceptStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		o.introspec = false
		v := o.start(InsecureAcceptStale())
		o.revoke(feed.Session, "ses_1", 0)
		time.Sleep(time.Second)
		other := o.mint(func(a *jwt.Access) { a.Session = "ses_2"; a.Expiry += 3600 })
		o.with(func() { o.down = true })
		time.Sleep(5 * time.Minute)
		wants(t, v, other, "")
		wants(t, v, o.mint(nil), "token_revoked")
	})
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		o.mangle = func(string) string { return "" }
		v := o.start(InsecureAcceptStale(), Introspect(0))
		wants(t, v, o.mint(nil), "verification_unavailable")
	})
}

// An issuer that does not answer when the service starts is no reason not to
// start: requests get 503 with Retry-After until it does. TH-18
func TestIssuerDownAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		o.down = true
		v := o.start()
		w := serve(v.Require(), request(o.mint(nil)))
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" || w.Header().Get("WWW-Authenticate") != "" {
			t.Errorf("answered %d %v", w.Code, w.Header())
		}
		if err := v.Health(); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("health: %v", err)
		}
		o.with(func() { o.down = false })
		time.Sleep(11 * time.Second) // keys are fetched every ten seconds at most
		wants(t, v, o.mint(nil), "")
	})
}

// More entries than fit say nothing about one token: the issuer is asked. TH-17
func TestWidenedSetAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.still()
		v.live = feed.NewSet(2)
		v.follower.Load().live = v.live
		v.checker, _ = newChecker(v.settings, v.issuer, v.tokens, v.live)
		v.follower.Load().checker = v.checker
		for i := range 5 {
			o.revoke(feed.Session, fmt.Sprint("ses", i), 0)
		}
		step(t, v)
		wants(t, v, o.mint(nil), "")
		gone := o.mint(func(a *jwt.Access) { a.Session = "ses4" })
		o.inactive[gone] = true
		wants(t, v, gone, "token_revoked")
		if n := o.count("/introspect"); n != 2 {
			t.Errorf("%d introspections", n)
		}
	})
}
