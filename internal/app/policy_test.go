package app

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/factor"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

func (r *rig) asks(t *testing.T, p policy.Policy) {
	t.Helper()
	_, err := r.Directory.PutPolicy(t.Context(), user.Host(), p)
	must(t, err)
}

// try is a sign-in by password, from a browser with these cookies.
func (r *rig) try(t *testing.T, email, device, trusted string) signin.Result {
	t.Helper()
	in := signInAs(email, rightPassword, from("198.51.100.7"))
	in.Device, in.Trusted = device, trusted
	res, err := r.SignIn.SignIn(t.Context(), in)
	must(t, err)
	return res
}

func (r *rig) offer(t *testing.T, half signin.Result) (signin.Offer, []byte) {
	t.Helper()
	o, err := r.SignIn.OfferFactor(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: half.Flow}, "otp", "Phone")
	must(t, err)
	key, err := totp.Decode(o.Secret)
	must(t, err)
	return o, key
}

func (r *rig) answer(half signin.Result, o signin.Offer, key []byte) signin.NewFactor {
	return signin.NewFactor{Method: "otp", Sealed: o.Sealed, Code: secret.NewText(totp.CodeAt(key, r.clock.Now()))}
}

func (r *rig) enrolIn(t *testing.T, half signin.Result, in signin.NewFactor) (signin.Result, error) {
	t.Helper()
	return r.SignIn.Enrol(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: half.Flow, Lang: "en"}, in)
}

// The highest of instance, role and client is what is asked, and who has nothing to
// prove it by is given time once.
func TestPolicyOfEachKind(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	kim := r.person(t, "kim@example.org")
	if res := r.try(t, "kim@example.org", "", ""); !res.Complete() || !res.Due.IsZero() {
		t.Fatalf("nothing is asked: %+v", res)
	}
	two := []string{"enroll"}
	in := signInAs("kim@example.org", rightPassword, from("198.51.100.7"))
	in.Least = 2
	if res, err := r.SignIn.SignIn(t.Context(), in); err != nil || res.Complete() || !slices.Equal(res.Next, two) {
		t.Errorf("a client asks: %v %v %v", res.Complete(), res.Next, err)
	}
	_, err := r.Directory.PutRole(t.Context(), user.Host(), rbac.Role{Name: "keeper", Assurance: 2})
	must(t, err)
	must(t, r.Directory.SetRoles(t.Context(), user.Host(), kim.ID, []string{"keeper"}))
	if res := r.try(t, "kim@example.org", "", ""); res.Complete() || !slices.Equal(res.Next, two) {
		t.Errorf("a role asks: %v %v", res.Complete(), res.Next)
	}
	must(t, r.Directory.SetRoles(t.Context(), user.Host(), kim.ID, nil))
	if res := r.try(t, "kim@example.org", "", ""); !res.Complete() {
		t.Errorf("no role asks any more: %v", res.Next)
	}
	r.asks(t, policy.Policy{Assurance: 2, Grace: 2 * policy.Day})
	first := r.try(t, "kim@example.org", "", "")
	if !first.Complete() || !first.Due.Equal(r.now().Add(2*policy.Day)) || first.Session.Assurance != 1 {
		t.Fatalf("in time: complete %v, due %v", first.Complete(), first.Due)
	}
	r.clock.Advance(36 * time.Hour)
	if res := r.try(t, "kim@example.org", "", ""); !res.Due.Equal(first.Due) {
		t.Errorf("the time began anew: %v", res.Due)
	}
	r.clock.Advance(13 * time.Hour)
	if res := r.try(t, "kim@example.org", "", ""); res.Complete() || !slices.Equal(res.Next, two) {
		t.Errorf("the time is over: complete %v, next %v", res.Complete(), res.Next)
	}
	r.asks(t, policy.Policy{Assurance: 1, Grace: 2 * policy.Day})
	r.try(t, "kim@example.org", "", "")
	r.asks(t, policy.Policy{Assurance: 2, Grace: 2 * policy.Day})
	if res := r.try(t, "kim@example.org", "", ""); !res.Complete() || res.Due.IsZero() {
		t.Errorf("another policy gives its time: %v %v", res.Next, res.Due)
	}
}

// PW-44 PW-47: a sign-in that has to end in a new factor, does: password and code of
// the new app are two factors, with recovery codes; the next one asks for the code.
func TestEnrolmentInSignIn(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		r := newRigOn(t, st)
		kim := r.person(t, "kim@example.org")
		r.asks(t, policy.Policy{Assurance: 2})
		half := r.try(t, "kim@example.org", "", "")
		if half.Complete() || !half.Secret.IsZero() {
			t.Fatal("a session without a second factor")
		}
		o, key := r.offer(t, half)
		if all, err := r.store.TOTP().Of(t.Context(), kim.ID); err != nil || len(all) != 0 {
			t.Errorf("kept before its first code: %v %v", all, err)
		}
		wrong := r.answer(half, o, key)
		wrong.Code = secret.NewText("000000")
		if _, err := r.enrolIn(t, half, wrong); !errors.Is(err, signin.ErrSecond) {
			t.Errorf("a wrong first code: %v", err)
		}
		other := r.try(t, "kim@example.org", "", "")
		if _, err := r.enrolIn(t, other, r.answer(other, o, key)); !errors.Is(err, signin.ErrFlow) {
			t.Errorf("the offer of another sign-in: %v", err)
		}
		if _, err := r.second(t, half, signin.Response{OTP: r.answer(half, o, key).Code}); !errors.Is(err, signin.ErrSecond) {
			t.Errorf("a factor that is not kept was proven: %v", err)
		}
		res, err := r.enrolIn(t, half, r.answer(half, o, key))
		if err != nil || !res.Complete() || len(res.Codes) != 10 || res.Session.Assurance != 2 || !slices.Equal(res.Session.Methods, []string{"pwd", "otp", "mfa"}) {
			t.Fatalf("%v: %v, %d codes, %d by %v", err, res.Complete(), len(res.Codes), res.Session.Assurance, res.Session.Methods)
		}
		if _, err := r.enrolIn(t, half, r.answer(half, o, key)); !errors.Is(err, signin.ErrFlow) {
			t.Errorf("finished twice: %v", err)
		}
		if next := r.half(t, "kim@example.org").Next; !slices.Equal(next, []string{"otp", "recovery"}) {
			t.Errorf("next %v", next)
		}
		for _, name := range []string{signin.EnrolAsked.String(), totp.Added.String()} {
			if !r.has(t, name, kim.ID.String()) {
				t.Errorf("no event %s", name)
			}
		}
	})
}

// TH-1: who waits to set up a factor does not go around one that was set up meanwhile.
// Of many sign-ins that set up the first factor, one does.
func TestEnrolmentGoesAroundNothing(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		r := newRigOn(t, st, unlimitedRates)
		r.person(t, "kim@example.org")
		by := inSession(r.try(t, "kim@example.org", "", ""))
		r.asks(t, policy.Policy{Assurance: 2})
		thief := r.try(t, "kim@example.org", "", "")
		o, key := r.offer(t, thief)
		r.enrol(t, by, factor.Proof{Password: secret.NewText(rightPassword)})
		if res, err := r.enrolIn(t, thief, r.answer(thief, o, key)); !errors.Is(err, signin.ErrFlow) || res.Complete() {
			t.Errorf("a second factor was set up beside the owner's: %v", err)
		}
		if _, err := r.SignIn.OfferFactor(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: r.half(t, "kim@example.org").Flow}, "otp", ""); !errors.Is(err, signin.ErrFlow) {
			t.Errorf("a sign-in that asks for a factor sets one up: %v", err)
		}

		r.person(t, "ada@example.org")
		const many = 8
		type one struct {
			half signin.Result
			with signin.NewFactor
		}
		all := make([]one, many)
		for i := range all {
			all[i].half = r.try(t, "ada@example.org", "", "")
			r.clock.Advance(45 * time.Second) // half-done sign-ins count like failures
		}
		for i := range all {
			o, key := r.offer(t, all[i].half)
			all[i].with = r.answer(all[i].half, o, key)
		}
		var (
			wg  sync.WaitGroup
			mu  sync.Mutex
			won int
		)
		for _, a := range all {
			wg.Go(func() {
				res, err := r.SignIn.Enrol(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: a.half.Flow}, a.with)
				mu.Lock()
				defer mu.Unlock()
				if err == nil && res.Complete() {
					won++
				} else if !errors.Is(err, signin.ErrFlow) {
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d of %d set up the first factor", won, many)
		}
	})
}

// Who has a passkey, which asks for nothing by itself, proves it where policy asks.
func TestPolicyCountsPasskeys(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.person(t, "kim@example.org")
	r.keyed(t, inSession(r.try(t, "kim@example.org", "", "")), account.Proof{Password: secret.NewText(rightPassword)})
	if !r.try(t, "kim@example.org", "", "").Complete() {
		t.Fatal("a passkey asks for a second step")
	}
	r.asks(t, policy.Policy{Assurance: 2, Grace: 30 * policy.Day})
	if res := r.try(t, "kim@example.org", "", ""); res.Complete() || !slices.Equal(res.Next, []string{"passkey"}) {
		t.Errorf("complete %v, next %v", res.Complete(), res.Next)
	}
}

// SE-23: a remembered device lets its owner pass in that browser, says nothing that was not
// proven, and answers no client.
func TestRememberedDevice(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		r := newRigOn(t, st)
		kim, p := r.enrolled(t, "kim@example.org")
		r.enrolled(t, "eve@example.org")
		half := r.half(t, "kim@example.org")
		again := signin.Request{By: from("198.51.100.7"), Flow: half.Flow, Remember: true, Response: signin.Response{OTP: p.code()}}
		if until, err := r.SignIn.Remembers(t.Context(), again); err != nil || !until.IsZero() {
			t.Errorf("off by default: %v %v", until, err)
		}
		res, err := r.SignIn.Continue(t.Context(), again)
		if err != nil || res.Trusted != "" {
			t.Fatalf("remembered although nobody allowed it: %v", err)
		}
		r.clock.Advance(totp.Period)
		r.asks(t, policy.Policy{Assurance: 2, Remember: 7 * policy.Day})
		again.Flow, again.Response.OTP = r.half(t, "kim@example.org").Flow, p.code()
		kept, err := r.SignIn.Continue(t.Context(), again)
		if err != nil || kept.Trusted == "" || !kept.TrustUntil.Equal(r.now().Add(7*policy.Day)) {
			t.Fatalf("%v: %v", err, kept.TrustUntil)
		}
		pass := r.try(t, "kim@example.org", "", kept.Trusted)
		if !pass.Complete() || pass.Session.Assurance != 1 || !slices.Equal(pass.Session.Methods, []string{"pwd"}) {
			t.Fatalf("complete %v, assurance %d by %v", pass.Complete(), pass.Session.Assurance, pass.Session.Methods)
		}
		if r.try(t, "kim@example.org", "", "").Complete() {
			t.Error("another browser passes")
		}
		strict := signInAs("kim@example.org", rightPassword, from("198.51.100.7"))
		strict.Trusted, strict.Least = kept.Trusted, 2
		if res, err := r.SignIn.SignIn(t.Context(), strict); err != nil || res.Complete() {
			t.Errorf("a client's demand was answered by a remembered device: %v", err)
		}
		if _, err := r.SignIn.Confirm(t.Context(), inSession(pass), signin.Response{Password: secret.NewText(rightPassword)}); !errors.Is(err, signin.ErrSecondNeeded) {
			t.Errorf("an act was confirmed by a remembered device: %v", err)
		}
		if r.try(t, "eve@example.org", "", kept.Trusted).Complete() {
			t.Error("another account passes")
		}
		devices, err := r.Factors.Devices(t.Context(), inSession(pass))
		if err != nil || len(devices) != 1 || devices[0].UsedAt.IsZero() {
			t.Fatalf("%+v %v", devices, err)
		}
		must(t, r.Factors.ForgetDevice(t.Context(), inSession(pass), devices[0].ID))
		if r.try(t, "kim@example.org", "", kept.Trusted).Complete() {
			t.Error("a device that was forgotten passes")
		}
		if !r.has(t, "device.remembered", kim.ID.String()) || !r.has(t, "device.forgotten", kim.ID.String()) {
			t.Error("events are missing")
		}
	})
}

// Administrators take the second step each time, whatever is remembered.
func TestAdministratorsAreNotRemembered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	kim, p := r.enrolled(t, "kim@example.org")
	r.asks(t, policy.Policy{Assurance: 1, Remember: 7 * policy.Day})
	half := r.half(t, "kim@example.org")
	kept, err := r.SignIn.Continue(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: half.Flow, Remember: true, Response: signin.Response{OTP: p.code()}})
	must(t, err)
	must(t, r.Directory.SetRoles(t.Context(), user.Host(), kim.ID, []string{rbac.Admin}))
	if kept.Trusted == "" || r.try(t, "kim@example.org", "", kept.Trusted).Complete() {
		t.Error("an administrator passes without the second step")
	}
	r.clock.Advance(totp.Period)
	half = r.half(t, "kim@example.org")
	kept, err = r.SignIn.Continue(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: half.Flow, Remember: true, Response: signin.Response{OTP: p.code()}})
	if err != nil || kept.Trusted != "" {
		t.Errorf("an administrator's device was remembered: %v", err)
	}
}

// PW-20 PW-23 TH-33: a hundred wrong codes in a row close that way for good, the last
// ten of them only where the owner signed in before; the first step, the other ways
// and a restart of the process change nothing about that.
func TestGuessesAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, unlimitedRates)
	kim, p := r.enrolled(t, "kim@example.org")
	known := r.try(t, "kim@example.org", "", "")
	res, err := r.second(t, known, signin.Response{OTP: p.code()})
	must(t, err)
	device := res.Device
	r.clock.Advance(totp.Period)
	wrong := signin.Response{OTP: secret.NewText("000000")}
	judged := 0
	guess := func(device string, most int) {
		for i := range most {
			r.clock.Advance(time.Hour)
			must(t, r.store.Lockouts().Clear(t.Context(), kim.ID)) // which has tests of its own
			in := signInAs("kim@example.org", rightPassword, from(fmt.Sprintf("203.0.113.%d", i)))
			in.Device = device
			half, err := r.SignIn.SignIn(t.Context(), in)
			must(t, err)
			for range challenge.MaxAttempts {
				_, err := r.SignIn.Continue(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: half.Flow, Device: device, Response: wrong})
				switch {
				case errors.Is(err, signin.ErrSecond):
					judged++
				case errors.Is(err, challenge.ErrGuesses):
					return
				default:
					t.Fatal(err)
				}
			}
		}
	}
	guess("", 60)
	if judged != challenge.StrangerGuesses {
		t.Errorf("%d wrong codes of strangers were judged", judged)
	}
	guess(device, 60)
	if judged != challenge.MaxGuesses {
		t.Errorf("%d wrong codes were judged", judged)
	}
	must(t, r.store.Lockouts().Clear(t.Context(), kim.ID))
	half := r.try(t, "kim@example.org", device, "")
	if _, err := r.SignIn.Continue(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: half.Flow, Device: device, Response: signin.Response{OTP: p.code()}}); !errors.Is(err, challenge.ErrGuesses) {
		t.Errorf("the right code after all guesses: %v", err)
	}
	if _, err := r.second(t, half, signin.Response{Recovery: p.codes[0]}); err != nil {
		t.Errorf("the other way: %v", err)
	}
	r.clock.Advance(totp.Period)
	if _, err := r.second(t, r.try(t, "kim@example.org", device, ""), signin.Response{OTP: p.code()}); err != nil {
		t.Errorf("after another way was right: %v", err)
	}
	if !r.has(t, signin.SecondExhausted.String(), kim.ID.String()) {
		t.Error("no event")
	}
}
