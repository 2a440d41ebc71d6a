package app

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/factor"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

// phone is an authenticator app of an account, and its recovery codes.
type phone struct {
	r     *rig
	id    totp.ID
	key   []byte
	codes []secret.Text
}

// enrolled makes an account with an authenticator app.
func (r *rig) enrolled(t *testing.T, email string) (user.User, *phone) {
	t.Helper()
	u := r.person(t, email)
	return u, r.enrol(t, inSession(r.signIn(t, email)), factor.Proof{Password: secret.NewText(rightPassword)})
}

func (r *rig) enrol(t *testing.T, by user.Caller, proof factor.Proof) *phone {
	t.Helper()
	e, err := r.Factors.Begin(t.Context(), by, proof, "Phone")
	if err != nil {
		t.Fatal(err)
	}
	key, err := totp.Decode(e.Secret)
	if err != nil {
		t.Fatal(err)
	}
	p := &phone{r: r, id: e.Device.ID, key: key}
	if p.codes, err = r.Factors.Confirm(t.Context(), by, p.id, p.code(), "en"); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(totp.Period)
	return p
}

func (p *phone) code() secret.Text { return secret.NewText(totp.CodeAt(p.key, p.r.clock.Now())) }

// half takes the first step of a sign-in.
func (r *rig) half(t *testing.T, email string) signin.Result {
	t.Helper()
	res, err := r.SignIn.SignIn(t.Context(), signInAs(email, rightPassword, from("198.51.100.7")))
	if err != nil || res.Complete() || res.Next == nil {
		t.Fatalf("first step: %v, complete %v, next %v", err, res.Complete(), res.Next)
	}
	return res
}

func (r *rig) second(t *testing.T, half signin.Result, with signin.Response) (signin.Result, error) {
	t.Helper()
	return r.SignIn.Continue(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: half.Flow, Response: with})
}

// TH-33 TH-34 PW-42 PW-47: password, then code; each code and each flow once.
func TestSecondStep(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	u, p := r.enrolled(t, "kim@example.org")
	half := r.half(t, "kim@example.org")
	if !slices.Equal(half.Next, []string{"otp", "recovery"}) {
		t.Errorf("next %v", half.Next)
	}
	if _, err := r.second(t, half, signin.Response{Password: secret.NewText(rightPassword)}); !errors.Is(err, signin.ErrMissing) {
		t.Errorf("the password took the second step: %v", err)
	}
	if _, err := r.second(t, half, signin.Response{OTP: secret.NewText("000000")}); !errors.Is(err, signin.ErrSecond) {
		t.Errorf("wrong code: %v", err)
	}
	code := p.code()
	res, err := r.second(t, half, signin.Response{OTP: code})
	if err != nil || !res.Complete() || !r.opens(t, res) {
		t.Fatalf("right code: %v", err)
	}
	if got := res.Session; got.Assurance != 2 || !slices.Equal(got.Methods, []string{"pwd", "otp", "mfa"}) {
		t.Errorf("assurance %d by %v", got.Assurance, got.Methods)
	}
	if _, err := r.second(t, half, signin.Response{OTP: p.code()}); !errors.Is(err, signin.ErrFlow) {
		t.Errorf("a flow was finished twice: %v", err)
	}
	if _, err := r.second(t, r.half(t, "kim@example.org"), signin.Response{OTP: code}); !errors.Is(err, signin.ErrSecond) {
		t.Errorf("a code was good twice: %v", err)
	}
	if c, err := r.store.Lockouts().Load(t.Context(), u.ID); err != nil || c.Failures != 1 {
		t.Errorf("a half-done sign-in counts %d, %v", c.Failures, err)
	}
	for _, name := range []string{signin.FirstProven.String(), signin.SecondFailed.String(), totp.Added.String()} {
		if !r.has(t, name, u.ID.String()) {
			t.Errorf("no event %s", name)
		}
	}
}

// PW-45: a recovery code stands in once, and its owner is told.
func TestRecoveryCodeStandsIn(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	_, p := r.enrolled(t, "kim@example.org")
	if len(p.codes) != 10 {
		t.Fatalf("%d codes", len(p.codes))
	}
	half, other := r.half(t, "kim@example.org"), r.half(t, "kim@example.org")
	res, err := r.second(t, half, signin.Response{Recovery: p.codes[3]})
	if err != nil || res.Session.Assurance != 2 {
		t.Fatalf("%v, assurance %d", err, res.Session.Assurance)
	}
	if _, err := r.second(t, other, signin.Response{Recovery: p.codes[3]}); !errors.Is(err, signin.ErrSecond) {
		t.Errorf("a recovery code was good twice: %v", err)
	}
	have, err := r.Factors.Of(t.Context(), res.User.ID)
	if err != nil || have.Recovery.Left != 9 {
		t.Errorf("%d left, %v", have.Recovery.Left, err)
	}
}

// PW-23: five tries, then again from the start; nothing is won by starting anew.
func TestSecondStepTries(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, p := r.enrolled(t, "kim@example.org")
	half := r.half(t, "kim@example.org")
	for range challenge.MaxAttempts {
		if _, err := r.second(t, half, signin.Response{OTP: secret.NewText("000000")}); !errors.Is(err, signin.ErrSecond) {
			t.Fatal(err)
		}
	}
	if _, err := r.second(t, half, signin.Response{OTP: p.code()}); !errors.Is(err, signin.ErrFlow) {
		t.Errorf("a sixth try: %v", err)
	}
	late := r.half(t, "kim@example.org")
	r.clock.Advance(challenge.Life)
	if _, err := r.second(t, late, signin.Response{OTP: p.code()}); !errors.Is(err, signin.ErrFlow) {
		t.Errorf("after its life: %v", err)
	}
}

// TH-1: what changes between the steps wins.
func TestSecondStepAgainstAct(t *testing.T) {
	t.Parallel()
	acts := map[string]func(*testing.T, *rig, user.User, *phone) error{
		"ban": func(t *testing.T, r *rig, u user.User, _ *phone) error {
			return r.Directory.Disable(t.Context(), user.Host(), u.ID, "")
		},
		"end all": func(t *testing.T, r *rig, u user.User, _ *phone) error {
			_, err := r.Directory.EndSessions(t.Context(), user.Host(), u.ID)
			return err
		},
		"removed": func(t *testing.T, r *rig, u user.User, p *phone) error {
			return r.Factors.RemoveFor(t.Context(), user.Host(), u.ID, p.id)
		},
	}
	for name, act := range acts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			u, p := r.enrolled(t, "kim@example.org")
			half := r.half(t, "kim@example.org")
			if err := act(t, r, u, p); err != nil {
				t.Fatal(err)
			}
			if res, err := r.second(t, half, signin.Response{OTP: p.code()}); err == nil {
				t.Errorf("a session was born: %+v", res.Session)
			}
		})
	}
}

// TH-1: a factor that is confirmed while the password is judged is asked for.
func TestEnrolledMeanwhile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.person(t, "kim@example.org")
	by := inSession(r.signIn(t, "kim@example.org"))
	h := halting{Method: signin.NewPassword(r.hasher, r.store.Passwords(), r.c.Now, r.c.Log), judged: make(chan struct{}), resume: make(chan struct{})}
	flow := r.signInFlow(h)
	var (
		res  signin.Result
		err  error
		done = make(chan struct{})
	)
	go func() {
		defer close(done)
		res, err = flow.SignIn(t.Context(), signInAs("kim@example.org", rightPassword, from("198.51.100.9")))
	}()
	<-h.judged
	r.enrol(t, by, factor.Proof{Password: secret.NewText(rightPassword)})
	close(h.resume)
	<-done
	if err != nil || res.Complete() || res.Next == nil {
		t.Errorf("complete %v, next %v, %v", res.Complete(), res.Next, err)
	}
}

// PW-46 TH-36: a session alone, or a password in a weak session, changes no factor;
// signing in again with both raises what the session is worth.
func TestFactorsNeedProof(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.person(t, "kim@example.org")
	weak := r.signIn(t, "kim@example.org")
	by := inSession(weak)
	p := r.enrol(t, by, factor.Proof{Password: secret.NewText(rightPassword)})
	password := secret.NewText(rightPassword)
	for name, proof := range map[string]factor.Proof{"nothing": {}, "password": {Password: password}, "code": {Code: p.code()}} {
		if err := r.Factors.Remove(t.Context(), by, proof, p.id, "en"); err == nil {
			t.Errorf("%s removed a factor", name)
		}
	}
	if _, err := r.SignIn.Confirm(t.Context(), by, signin.Response{Password: password}); !errors.Is(err, signin.ErrSecondNeeded) {
		t.Errorf("a weak session acts: %v", err)
	}
	s, fresh, err := r.SignIn.Reauthenticate(t.Context(), by, weak.Secret.Reveal(), signin.Response{Password: password, OTP: p.code()})
	if err != nil || s.Assurance != 2 || fresh.IsZero() {
		t.Fatalf("assurance %d, %v", s.Assurance, err)
	}
	if _, err := r.SignIn.Confirm(t.Context(), by, signin.Response{Password: password}); err != nil {
		t.Errorf("a strong session: %v", err)
	}
	r.clock.Advance(totp.Period)
	if err := r.Factors.Remove(t.Context(), by, factor.Proof{Password: password, Code: p.codes[0]}, p.id, "en"); err != nil {
		t.Fatal(err)
	}
	have, err := r.Factors.Of(t.Context(), by.User)
	if err != nil || have.Enrolled() || have.Recovery.Left != 0 {
		t.Errorf("left: %+v, %v", have, err)
	}
	r.signIn(t, "kim@example.org") // one step again
}

// TH-33 AU-60: the owner of a right password is told of a sign-in left half-done, and
// of no other.
func TestUnfinishedSignInIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, p := r.enrolled(t, "kim@example.org")
	if _, err := r.second(t, r.half(t, "kim@example.org"), signin.Response{OTP: p.code()}); err != nil {
		t.Fatal(err)
	}
	r.half(t, "kim@example.org")
	waiting := func() (n int) {
		t.Helper()
		all, err := r.store.Mail().Claim(t.Context(), r.now(), time.Second, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			if m.Template == string(mail.UnfinishedSignin) {
				n++
			}
		}
		return n
	}
	if n := waiting(); n != 0 {
		t.Errorf("%d mails before their time", n)
	}
	r.clock.Advance(challenge.Life)
	if n := waiting(); n != 1 {
		t.Errorf("%d mails, want the one of the sign-in left half-done", n)
	}
}
