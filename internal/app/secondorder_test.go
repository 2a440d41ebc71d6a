package app

import (
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/totp"
)

// What this person used last is asked for first, and recovery codes last, however they
// used them; the page shows it so too, and every other way.
func TestNextIsWhatWasUsedLast(t *testing.T) {
	t.Parallel()
	w := newRig(t, unlimitedRates).running(t).begun(t).world(t)
	p := w.withApp(t)
	by := inSession(w.again(t, signin.Response{OTP: p.code()}))
	w.clock.Advance(totp.Period)
	key, _ := w.rig.keyed(t, by, account.Proof{Password: secret.NewText(rightPassword), Code: p.code()})
	w.clock.Advance(totp.Period)
	for _, c := range []struct {
		with func() signin.Response
		next string
	}{
		{func() signin.Response { return signin.Response{OTP: p.code()} }, "otp passkey recovery"},
		{func() signin.Response { return signin.Response{Passkey: w.asserted(t, key)} }, "passkey otp recovery"},
		{func() signin.Response { return signin.Response{Recovery: p.codes[3]} }, "passkey otp recovery"},
		{func() signin.Response { return signin.Response{OTP: p.code()} }, "otp passkey recovery"},
	} {
		w.again(t, c.with())
		w.clock.Advance(totp.Period)
		if got := strings.Join(w.half(t, kimsMail).Next, " "); got != c.next {
			t.Errorf("next %s, want %s", got, c.next)
		}
		shown := w.tab(t).password("/account").Body.String()
		button, field := strings.Index(shown, `id="passkey"`), strings.Index(shown, `name="code"`)
		if button < 0 || field < 0 || !strings.Contains(shown, `id="way-recovery"`) || (button < field) != strings.HasPrefix(c.next, "passkey") {
			t.Errorf("%s: the button at %d, the field at %d: %s", c.next, button, field, shown)
		}
	}
}

// again is a whole sign-in of kim with that second step.
func (w *world) again(t *testing.T, with signin.Response) signin.Result {
	t.Helper()
	res, err := w.second(t, w.half(t, kimsMail), with)
	if err != nil || !res.Complete() {
		t.Fatal(err)
	}
	return res
}
