package app

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
	"github.com/mortise-auth/mortise/internal/totp"
)

// half is a sign-in that is not done: of whom, and what a code was sent for it.
type half struct {
	flow  string
	tab   *tab // in which it is done by pages; nil: by the API
	mine  bool // its first step was proven by what is the account's
	enrol bool
	until time.Time
	dead  int
	link  federation.LinkID // that it came by, by pages
	tries int
	sent  string
	over  bool
}

// goesOn is what the second step of a half-done sign-in is worth, if it is right.
func (e *everyFactor) goesOn(h *half, right bool) int {
	if !right || !h.mine || h.over || h.tab != nil && h.link != e.link || h.dead != e.dead || e.disabled || h.tries > 5 || !e.now().Before(h.until) {
		return 0
	}
	return 2
}

func (e *everyFactor) anyHalf() *half {
	if all := append(slices.Clone(e.eve.halves), e.halves...); len(all) > 0 {
		return all[rapid.IntRange(max(0, len(all)-3), len(all)-1).Draw(e.rt, "flow")]
	}
	return nil
}

// goOn takes the second step of some half-done sign-in with some proof.
func (e *everyFactor) goOn() {
	h := e.anyHalf()
	if h == nil {
		return
	}
	body, right, spend := map[string]any{"flow": h.flow}, false, func() {}
	step := totp.StepAt(e.clock.Now())
	what := e.draw("with", "best", "best", "best", "otp", "old", "eve's otp", "recovery", "eve's recovery", "sms", "sms", "another's sms", "passkey", "passkey", "nothing")
	if what == "best" {
		what = e.best()
	}
	switch what {
	case "otp":
		body["otp"] = "000000"
		if e.app != nil {
			body["otp"], right = totp.CodeAt(e.app, e.clock.Now()), step > e.lastStep
			spend = func() { e.lastStep = step }
		}
	case "old":
		body["otp"] = totp.CodeAt(e.eve.app, e.clock.Now().Add(-time.Hour))
		if e.app != nil {
			body["otp"] = totp.CodeAt(e.app, e.clock.Now().Add(-time.Hour))
		}
	case "eve's otp":
		body["otp"] = totp.CodeAt(e.eve.app, e.clock.Now())
	case "recovery":
		if body["recovery_code"] = "7K3M-9QWX-1ZB4-T8VD"; len(e.codes) > 0 {
			body["recovery_code"], right = e.codes[0], true
			spend = func() { e.codes = e.codes[1:] }
		}
	case "eve's recovery":
		body["recovery_code"] = e.eve.codes[0]
	case "sms":
		body["otp"] = e.send(h)
		right = h.sent != "" && !e.phone.IsZero() && e.app == nil
	case "another's sms":
		body["otp"] = "00000000"
		for _, other := range e.halves {
			if other != h && other.sent != "" {
				body["otp"] = other.sent
			}
		}
	case "passkey":
		if h.tab != nil {
			return
		}
		asked := e.post("/signin/passkey", map[string]any{"second": true, "flow": h.flow})()
		key, mine := e.anyKey()
		if key == nil {
			return
		}
		body["second"], body["passkey"], right = true, asked.give(e.t, "public_key", key.Get), mine
	}
	before := h.tries
	if what != "nothing" {
		h.tries++
	}
	if rapid.Bool().Draw(e.rt, "remember") {
		body["remember_device"] = true
	}
	request := e.post("/signin", body)
	if h.tab != nil {
		request = h.typed(body)
	}
	got, in := e.try("then "+what, e.goesOn(h, right), request)
	if !in {
		h.refused(got, before)
		return
	}
	h.over, h.sent = true, ""
	spend()
	e.remembered(got)
}

// refused takes back a try that a limit refused before it was one.
func (h *half) refused(got answer, tries int) {
	if got.Code == 429 {
		h.tries = tries
	}
}

// best is the way that this account has.
func (e *everyFactor) best() string {
	switch {
	case e.app != nil:
		return "otp"
	case !e.phone.IsZero():
		return "sms"
	}
	return "passkey"
}

// typed is the second step by the page.
func (h *half) typed(body map[string]any) func() answer {
	return func() answer {
		shown, field, code := h.tab.get("/login/second"), "code", ""
		if text, ok := body["otp"].(string); ok {
			code = text
		} else if text, ok := body["recovery_code"].(string); ok {
			field, code = "recovery-code", text
		}
		if shown.Code != 200 {
			return shown
		}
		return h.tab.typed(shown, field, code)
	}
}

func (e *everyFactor) remembered(got answer) {
	cookie := got.text("trusted_device")
	if cookie == "" {
		return
	}
	e.trusted = append(e.trusted, trustedBy{cookie, e.now().Add(e.policy.Remember), e.changed, e.dead, e.revision()})
}

// send has a code sent for a half-done sign-in, and is what was sent.
func (e *everyFactor) send(h *half) string {
	if h.tab != nil || e.phone.IsZero() || e.app != nil {
		return "00000000"
	}
	if got := e.post("/signin/phone", map[string]any{"flow": h.flow})(); got.Code != 200 || !slices.Contains(e.halves, h) {
		return "00000000"
	}
	h.sent = e.texted(e.t, e.number).Code
	return h.sent
}

// enrol ends a half-done sign-in in a new factor, of itself or of another one's offer.
func (e *everyFactor) enrol() {
	h := e.anyHalf()
	other := h
	if rapid.IntRange(0, 3).Draw(e.rt, "another's offer") == 0 {
		other = e.anyHalf()
	}
	if h == nil || h.tab != nil || other.tab != nil {
		return
	}
	method := e.draw("new", "otp", "passkey")
	offer := e.post("/signin/enroll", map[string]any{"flow": other.flow, "method": method})()
	if offer.Code != 200 {
		return
	}
	before := h.tries
	if h.enrol {
		h.tries++
	}
	right := h == other && h.enrol && !e.ways()
	body := map[string]any{"flow": h.flow}
	var made []byte
	fresh := authenticator.New(selfURI)
	if method == "otp" {
		var err error
		made, err = totp.Decode(secret.NewText(offer.text("secret")))
		must(e.t, err)
		body["enrollment"], body["otp"] = offer.text("enrollment"), totp.CodeAt(made, e.clock.Now())
	} else {
		body["new_passkey"] = offer.give(e.t, "public_key", fresh.Create)
	}
	got, in := e.try("then a new "+method, e.goesOn(h, right), e.post("/signin", body))
	if !in {
		h.refused(got, before)
		return
	}
	h.over = true
	e.changed++
	e.trusted = nil
	if method == "otp" {
		all, err := e.store.TOTP().Of(e.t.Context(), e.who)
		must(e.t, err)
		e.app, e.appID, e.lastStep, e.codes = made, all[0].ID, totp.StepAt(e.clock.Now()), texts(got.json["recovery_codes"])
	} else {
		all, err := e.store.Passkeys().Of(e.t.Context(), e.who)
		must(e.t, err)
		e.key, e.keyID = fresh, all[0].ID
	}
	e.remembered(got)
}
