package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/clock"
	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

const rightPassword = "a long walk before breakfast"

// rig is one instance on SQLite with a clock to move and a mailbox to read.
type rig struct {
	*App
	clock *clock.Fake
	box   *mail.Mailbox
}

func newRig(t *testing.T, change ...func(*Config)) *rig {
	t.Helper()
	st, err := sqlite.Memory(t.Context(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return newRigOn(t, st, change...)
}

func newRigOn(t *testing.T, st store.Store, change ...func(*Config)) *rig {
	t.Helper()
	fake := clock.NewFake(time.Now())
	box := mail.NewMailbox()
	cfg := Config{
		URL: "https://id.example.org", SecretKey: keyring.NewMaster().Reveal(), Now: fake.Now, Monotonic: fake.Monotonic,
		Log: slog.New(slog.DiscardHandler), Sender: box, Version: "test",
		Passwords: Passwords{Parameters: password.TestParameters()},
	}
	for _, c := range change {
		c(&cfg)
	}
	a, err := New(t.Context(), cfg, st)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{App: a, clock: fake, box: box}
}

// running runs the work behind the requests until the test ends.
func (r *rig) running(t *testing.T) *rig {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *rig) person(t *testing.T, email string, roles ...string) user.User {
	t.Helper()
	u, err := r.Directory.CreateUser(t.Context(), user.Host(), directory.NewUser{
		Name: "Kim", Email: email, EmailVerified: true, Password: secret.NewText(rightPassword), Roles: roles,
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func from(ip string) user.Caller {
	return user.Anonymous(audit.Source{IP: ip, UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})
}

func signInAs(email, text string, by user.Caller) signin.Request {
	return signin.Request{By: by, Identifier: email, Response: signin.Response{Password: secret.NewText(text)}}
}

func (r *rig) signIn(t *testing.T, email string) signin.Result {
	t.Helper()
	res, err := r.SignIn.SignIn(t.Context(), signInAs(email, rightPassword, from("198.51.100.7")))
	if err != nil || !res.Complete() {
		t.Fatalf("sign in: %v, complete %v", err, res.Complete())
	}
	return res
}

// halting stands between the judgement of a password and what follows it.
type halting struct {
	signin.Method
	judged, resume chan struct{}
}

func (h halting) Finish(ctx context.Context, a *signin.Attempt, r signin.Response) (signin.Proven, error) {
	p, err := h.Method.Finish(ctx, a, r)
	close(h.judged)
	<-h.resume
	return p, err
}

// TH-1: whatever commits between the proof and the birth wins.
func TestBirthAgainstAct(t *testing.T) {
	t.Parallel()
	acts := map[string]func(*testing.T, *rig, user.User) error{
		"ban": func(t *testing.T, r *rig, u user.User) error {
			return r.Directory.Disable(t.Context(), user.Host(), u.ID, "")
		},
		"ban and back": func(t *testing.T, r *rig, u user.User) error {
			if err := r.Directory.Disable(t.Context(), user.Host(), u.ID, ""); err != nil {
				return err
			}
			return r.Directory.Enable(t.Context(), user.Host(), u.ID)
		},
		"end all": func(t *testing.T, r *rig, u user.User) error {
			_, err := r.Directory.EndSessions(t.Context(), user.Host(), u.ID)
			return err
		},
		"deletion": func(t *testing.T, r *rig, u user.User) error {
			return r.Directory.DeleteUser(t.Context(), user.Host(), u.ID)
		},
		"password change, other sessions kept": func(t *testing.T, r *rig, u user.User) error {
			return r.Account.ChangePassword(t.Context(), account.PasswordChange{
				By: user.By(u.ID, "", audit.Source{}), Current: account.Proof{Password: secret.NewText(rightPassword)},
				New: secret.NewText("an even longer walk at dusk"), KeepOthers: true,
			})
		},
	}
	for name, act := range acts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			u := r.person(t, "kim@mail.org")
			ordinary := r.SignIn
			h := halting{Method: signin.NewPassword(r.hasher, r.store.Passwords(), r.c.Now, r.c.Log), judged: make(chan struct{}), resume: make(chan struct{})}
			halted := r.signInFlow(h)
			got := make(chan error, 1)
			go func() {
				_, err := halted.SignIn(context.Background(), signInAs("kim@mail.org", rightPassword, from("198.51.100.7")))
				got <- err
			}()
			<-h.judged
			r.SignIn = ordinary
			if err := act(t, r, u); err != nil {
				t.Fatal(err)
			}
			close(h.resume)
			if err := <-got; !errors.Is(err, signin.ErrWrong) {
				t.Errorf("sign-in after the act: %v, want ErrWrong", err)
			}
			live, err := r.store.Sessions().Of(t.Context(), u.ID, r.now())
			if err != nil || len(live) != 0 {
				t.Errorf("live sessions: %d, %v", len(live), err)
			}
		})
	}
}

// TH-11: without a freshness proof every check reads the store, and a session
// that ended here is refused by the very next check either way.
func TestSessionEndsAtOnce(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*rig, *testing.T){
		"without Run": func(*rig, *testing.T) {},
		"with Run":    func(r *rig, t *testing.T) { r.running(t); r.fresh(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			start(r, t)
			u := r.person(t, "kim@mail.org")
			res := r.signIn(t, "kim@mail.org")
			for range 3 {
				if _, err := r.Auth.Session(t.Context(), res.Secret.Reveal()); err != nil {
					t.Fatal(err)
				}
			}
			by := user.By(u.ID, res.Session.ID.String(), audit.Source{})
			if err := r.SignIn.SignOut(t.Context(), by); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Auth.Session(t.Context(), res.Secret.Reveal()); !errors.Is(err, session.ErrEnded) {
				t.Errorf("after sign-out: %v, want ErrEnded", err)
			}
		})
	}
}

// fresh waits for the first freshness proof.
func (r *rig) fresh(t *testing.T) {
	t.Helper()
	for !r.follower.Fresh(r.c.Now()) {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
}

// TH-11: warm checks do no I/O while the proof holds, and read the store again
// once it does not.
func TestCacheNeedsProof(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	r.person(t, "kim@mail.org")
	res := r.signIn(t, "kim@mail.org")
	check := func() authStats {
		t.Helper()
		r.fresh(t)
		if _, err := r.Auth.Session(t.Context(), res.Secret.Reveal()); err != nil {
			t.Fatal(err)
		}
		s := r.Auth.Stats()
		return authStats{s.Hits, s.Misses}
	}
	check()
	warm := check()
	if warm.hits == 0 {
		t.Fatalf("no hit: %+v", warm)
	}
	// A wall clock that runs ahead of the monotonic one voids the proof.
	r.clock.Jump(2 * time.Second)
	if r.follower.Fresh(r.c.Now()) {
		t.Fatal("the proof survived a jump of the clock")
	}
	before := r.Auth.Stats().Misses
	if _, err := r.Auth.Session(t.Context(), res.Secret.Reveal()); err != nil {
		t.Fatal(err)
	}
	if r.Auth.Stats().Misses != before+1 {
		t.Error("answered from the cache without a proof")
	}
}

type authStats struct{ hits, misses int64 }

// TH-33 PW-20 PW-25: at most 100 wrong passwords are judged for a device nobody
// knows; then a mailed code is needed, for known and unknown identifiers alike,
// and with it the owner enters.
func TestCodeAfterManyFailures(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	r.person(t, "kim@mail.org")
	for _, email := range []string{"kim@mail.org", "nobody@mail.org"} {
		judged := 0
		for try := range 2000 {
			res, err := r.SignIn.SignIn(t.Context(), signInAs(email, "wrong but long enough", from(ipOf(try/8))))
			if err == nil && res.NeedCode {
				break
			}
			if errors.Is(err, signin.ErrWrong) {
				judged++
			}
			r.clock.Advance(problem.Of(err).RetryAfter) // an attacker who waits
		}
		if judged > 100 || judged < 50 {
			t.Errorf("%s: %d guesses were judged, want about 100 and no more", email, judged)
		}
		if email == "kim@mail.org" {
			r.code(t, email) // mailed to the attacker's answer; before the clock moves on and it is too old to send
		}
	}
	// The right password is not judged either.
	by := from("192.0.2.77")
	asked, err := r.SignIn.SignIn(t.Context(), signInAs("kim@mail.org", rightPassword, by))
	if err != nil || !asked.NeedCode || asked.Complete() {
		t.Fatalf("right password: %v, %+v", err, asked.NeedCode)
	}
	code := r.code(t, "kim@mail.org")
	again := signInAs("kim@mail.org", rightPassword, by)
	again.Flow, again.Code = asked.Flow, secret.NewText("00000000")
	if _, err := r.SignIn.SignIn(t.Context(), again); err == nil {
		t.Fatal("a wrong code was accepted")
	}
	again.Code = code
	res, err := r.SignIn.SignIn(t.Context(), again)
	if err != nil || !res.Complete() {
		t.Fatalf("with the code: %v", err)
	}
	if _, err := r.SignIn.SignIn(t.Context(), again); err == nil {
		t.Fatal("the code worked twice")
	}
}

func ipOf(n int) string {
	return "2001:db8:0:" + string("0123456789abcdef"[n/16%16]) + string("0123456789abcdef"[n%16]) + "::1"
}

// PW-25 PW-16: unknown, wrong, suspended and without a password get one answer.
func TestOneAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.person(t, "kim@mail.org")
	banned := r.person(t, "ban@mail.org")
	if err := r.Directory.Disable(t.Context(), user.Host(), banned.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Directory.CreateUser(t.Context(), user.Host(), directory.NewUser{Email: "none@mail.org", EmailVerified: true}); err != nil {
		t.Fatal(err)
	}
	tries := []struct{ email, password, reason string }{
		{"kim@mail.org", "wrong but long enough", "wrong_password"},
		{"nobody@mail.org", rightPassword, "unknown_identifier"},
		{"ban@mail.org", rightPassword, "account_inactive"},
		{"none@mail.org", rightPassword, "no_password"},
		{"not an address", rightPassword, "unknown_identifier"},
	}
	for _, try := range tries {
		_, err := r.SignIn.SignIn(t.Context(), signInAs(try.email, try.password, from("198.51.100.7")))
		r.clock.Advance(time.Second)
		if !errors.Is(err, signin.ErrWrong) {
			t.Errorf("%s: %v, want ErrWrong", try.email, err)
		}
		evs, err := r.store.Audit().Search(t.Context(), audit.Query{Name: "login.failed", Limit: 1})
		if err != nil || len(evs) != 1 || evs[0].Reason != try.reason {
			t.Errorf("%s: log says %+v, want reason %s (%v)", try.email, evs, try.reason, err)
		}
		for k, v := range evs[0].Details {
			if v == try.email || v == try.password { // AU-23 AU-30
				t.Errorf("%s: the log holds what was typed in %s", try.email, k)
			}
		}
	}
}

// SE-3: a sign-in ends the session the browser came with.
func TestSignInReplaces(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.person(t, "kim@mail.org")
	first := r.signIn(t, "kim@mail.org")
	req := signInAs("kim@mail.org", rightPassword, from("198.51.100.7"))
	req.Replaces = first.Secret.Reveal()
	if _, err := r.SignIn.SignIn(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Auth.Session(t.Context(), first.Secret.Reveal()); !errors.Is(err, session.ErrEnded) {
		t.Errorf("the replaced session: %v, want ErrEnded", err)
	}
}

// SE-27: the session limit makes the one longest unseen give way.
func TestSessionLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.c.Sessions.PerUser = 3
	r.SignIn = r.signInFlow(signin.NewPassword(r.hasher, r.store.Passwords(), r.c.Now, r.c.Log))
	u := r.person(t, "kim@mail.org")
	first := r.signIn(t, "kim@mail.org")
	for range 3 {
		r.clock.Advance(time.Second)
		r.signIn(t, "kim@mail.org")
	}
	live, err := r.store.Sessions().Of(t.Context(), u.ID, r.now())
	if err != nil || len(live) != 3 {
		t.Fatalf("%d live sessions, want 3 (%v)", len(live), err)
	}
	if _, err := r.Auth.Session(t.Context(), first.Secret.Reveal()); !errors.Is(err, session.ErrEnded) {
		t.Errorf("the oldest: %v, want ErrEnded", err)
	}
}

// SE-20 SE-21 TH-21: idle and absolute limits end sessions, whoever checks.
func TestSessionLife(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.person(t, "kim@mail.org")
	idle := r.signIn(t, "kim@mail.org")
	r.clock.Advance(7*24*time.Hour - time.Minute)
	if _, err := r.Auth.Session(t.Context(), idle.Secret.Reveal()); err != nil {
		t.Errorf("a minute before the idle limit: %v", err)
	}
	r.clock.Advance(7 * 24 * time.Hour)
	if _, err := r.Auth.Session(t.Context(), idle.Secret.Reveal()); !errors.Is(err, session.ErrEnded) {
		t.Errorf("past the idle limit: %v, want ErrEnded", err)
	}
	used := r.signIn(t, "kim@mail.org")
	for range 29 {
		r.clock.Advance(24 * time.Hour)
		if _, err := r.Auth.Session(t.Context(), used.Secret.Reveal()); err != nil {
			t.Fatalf("used daily: %v", err)
		}
	}
	r.clock.Advance(24*time.Hour + time.Minute)
	if _, err := r.Auth.Session(t.Context(), used.Secret.Reveal()); !errors.Is(err, session.ErrEnded) {
		t.Errorf("past the absolute limit: %v, want ErrEnded", err)
	}
}

// Many people sign in and out at once; run with -race.
func TestConcurrentSignIns(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	var wg sync.WaitGroup
	for n := range 16 {
		email := string(rune('a'+n)) + "@mail.org"
		r.person(t, email)
		wg.Go(func() {
			for range 3 {
				by := from(ipOf(n))
				res, err := r.SignIn.SignIn(t.Context(), signInAs(email, rightPassword, by))
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := r.Auth.Session(t.Context(), res.Secret.Reveal()); err != nil {
					t.Error(err)
				}
				if err := r.SignIn.SignOut(t.Context(), user.By(res.User.ID, res.Session.ID.String(), by.Source)); err != nil {
					t.Error(err)
				}
				if _, err := r.Auth.Session(t.Context(), res.Secret.Reveal()); !errors.Is(err, session.ErrEnded) {
					t.Errorf("after sign-out: %v", err)
				}
			}
		})
	}
	wg.Wait()
}
