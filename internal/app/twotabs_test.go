package app

import (
	"errors"
	"sync"
	"testing"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/factor"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

// PW-44 PW-45 TH-1: of two tabs that set up an app the later one counts, the other is told
// to start again, and there is one set of recovery codes, which works; two tabs that make
// a passkey get one each. Codes may be typed in full width, with spaces.
func TestEnrolmentInTwoTabs(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		r := newRigOn(t, st, unlimitedRates)
		r.person(t, "kim@example.org")
		by := inSession(r.signIn(t, "kim@example.org"))
		known := factor.Proof{Password: secret.NewText(rightPassword)}
		begin := func() (factor.Enrolment, []byte) {
			e, err := r.Factors.Begin(t.Context(), by, known, "Phone")
			must(t, err)
			key, err := totp.Decode(e.Secret)
			must(t, err)
			return e, key
		}
		one, oneKey := begin()
		two, twoKey := begin()
		wide := func(key []byte) secret.Text {
			text := ""
			for i, c := range totp.CodeAt(key, r.clock.Now()) {
				if text += string(c - '0' + '０'); i == 2 {
					text += "　"
				}
			}
			return secret.NewText(text)
		}
		var wg sync.WaitGroup
		var codes [2][]secret.Text
		var errs [2]error
		wg.Go(func() { codes[0], errs[0] = r.Factors.Confirm(t.Context(), by, one.Device.ID, wide(oneKey), "en") })
		wg.Go(func() { codes[1], errs[1] = r.Factors.Confirm(t.Context(), by, two.Device.ID, wide(twoKey), "en") })
		wg.Wait()
		if !errors.Is(errs[0], totp.ErrPending) || errs[1] != nil || len(codes[1]) != 10 {
			t.Fatalf("%v, %v, %d codes", errs[0], errs[1], len(codes[1]))
		}
		r.clock.Advance(totp.Period)
		if _, err := r.second(t, r.half(t, "kim@example.org"), signin.Response{OTP: wide(twoKey)}); err != nil {
			t.Errorf("a code in full width: %v", err)
		}
		res, err := r.second(t, r.half(t, "kim@example.org"), signin.Response{Recovery: codes[1][9]})
		must(t, err)
		by = inSession(res)
		r.clock.Advance(totp.Period)
		proof := account.Proof{Password: secret.NewText(rightPassword), Code: codes[1][8]}
		first, err := r.Account.OfferPasskey(t.Context(), by, proof)
		must(t, err)
		proof.Code = codes[1][7]
		second, err := r.Account.OfferPasskey(t.Context(), by, proof)
		must(t, err)
		for i, o := range []any{first, second} {
			wg.Go(func() {
				answer, err := authenticator.New(r.Passkeys.Site().Origins[0]).Create(o)
				if err == nil {
					_, err = r.Account.AddPasskey(t.Context(), by, answer, false, "en")
				}
				errs[i] = err
			})
		}
		wg.Wait()
		have, err := r.Account.Passkeys(t.Context(), by)
		if errs[0] != nil || errs[1] != nil || err != nil || len(have) != 2 {
			t.Errorf("%v %v, %d passkeys, %v", errs[0], errs[1], len(have), err)
		}
	})
}

// PW-24 PW-36: an address of look-alike letters is somebody else's: what is asked in its
// name is never mailed to whom it looks like, and an account of it is another one.
func TestLookalikes(t *testing.T) {
	t.Parallel()
	r := newRig(t, unlimitedRates).running(t).begun(t)
	kim := r.person(t, "kim@mail.org")
	for _, alike := range []string{"k\u0456m@mail.org", "\u043aim@mail.org", "kim@ma\u0456l.org", "k\u0131m@mail.org"} {
		if _, err := r.Account.StartRecovery(t.Context(), from("198.51.100.8"), alike, "en"); err != nil {
			t.Errorf("%q: recovery: %v", alike, err)
		}
		_, err := r.Account.StartSignUp(t.Context(), account.SignUp{By: from("198.51.100.8"), Name: "Kim", Email: alike, Passkey: true, Lang: "en"})
		if err != nil && problem.Of(err).Kind != problem.Unprocessable {
			t.Errorf("%q: sign-up: %v", alike, err)
		}
		if u, _, err := r.store.Users().ByEmail(t.Context(), user.EmailKey(alike)); err == nil && u.ID == kim.ID {
			t.Errorf("%q is kim", alike)
		}
	}
	r.recovery(t, "kim@mail.org", "198.51.100.8") // what was mailed before has come by now
	mailed := 0
	for _, l := range r.box.List() {
		if user.EmailKey(l.To) == "kim@mail.org" {
			mailed++
		}
	}
	if mailed != 1 {
		t.Errorf("kim was mailed %d times", mailed)
	}
}
