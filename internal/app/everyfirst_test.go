package app

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
)

// begun keeps a half-done sign-in that an answer speaks of.
func (e *everyFactor) begun(got answer, mine bool, in *tab) {
	next := texts(got.json["next"])
	if in == nil && got.text("flow") == "" {
		return
	}
	e.halves = append(e.halves, &half{
		flow: got.text("flow"), tab: in, mine: mine, enrol: slices.Contains(next, "enroll"), until: e.now().Add(10 * time.Minute), dead: e.dead, link: e.link,
	})
}

func (e *everyFactor) byPassword() {
	given := e.draw("password", e.password, e.password, e.password, otherPassword+" too", "not the passphrase", e.eve.password+" of eve")
	body := map[string]any{"identifier": e.email, "password": given}
	cookie := e.cookie()
	if cookie != "" {
		body["trusted_device"] = cookie
	}
	got, in := e.try("password", e.alone(given == e.password, cookie), e.post("/signin", body))
	if !in {
		e.begun(got, given == e.password, nil)
	}
}

// cookie is of a browser that is remembered, for this account or another, or none.
func (e *everyFactor) cookie() string {
	if all := append(slices.Clone(e.trusted), e.eve.trusted...); len(all) > 0 && rapid.Bool().Draw(e.rt, "remembered") {
		return all[rapid.IntRange(0, len(all)-1).Draw(e.rt, "browser")].cookie
	}
	return ""
}

func (e *everyFactor) byMail() {
	flow := e.post("/signin", map[string]any{"identifier": e.email, "method": "email_code"})().text("flow")
	token, err := secret.Parse(proof.Enter.FlowPurpose(), flow)
	if err != nil || e.disabled {
		return
	}
	right := e.letterOf(e.t, e.email, token).Code
	code := e.draw("mailed", right, right, "00000000")
	for range 2 { // it is good once
		got, in := e.try("mail", e.alone(code == right, ""), e.post("/signin", map[string]any{"identifier": e.email, "method": "email_code", "flow": flow, "code": code}))
		if !in {
			e.begun(got, code == right, nil)
		}
		right = "spent"
	}
}

func (e *everyFactor) byPasskey() {
	asked := e.post("/signin/passkey", map[string]any{})()
	key, mine := e.anyKey()
	if key == nil {
		return
	}
	unverified := rapid.IntRange(0, 3).Draw(e.rt, "unverified") == 0
	key.Verifies = !unverified
	body := map[string]any{"flow": asked.text("flow"), "passkey": asked.give(e.t, "public_key", key.Get)}
	key.Verifies = true
	if rapid.IntRange(0, 3).Draw(e.rt, "elsewhere") == 0 {
		body["flow"] = e.post("/signin/passkey", map[string]any{})().text("flow")
		mine = false
	}
	worth := 0
	if mine && !unverified && !e.disabled {
		worth = 2
	}
	e.try("passkey", worth, e.post("/signin", body))
	e.try("passkey again", 0, e.post("/signin", body))
}

// anyKey is an authenticator: the account's, one that was removed, or a stranger's.
func (e *everyFactor) anyKey() (key *authenticator.Authenticator, mine bool) {
	switch e.draw("whose", "mine", "mine", "removed", "eve") {
	case "mine":
		return e.key, e.key != nil
	case "removed":
		if len(e.lost) > 0 {
			return e.lost[len(e.lost)-1], false
		}
	}
	return e.eve.key, false
}

// byService comes back from another service, in a browser.
func (e *everyFactor) byService() {
	b, code := e.tab(e.t), e.draw("service", "kim "+e.email, "kim "+e.email, "eve", "nobody")
	right := code != "eve" && code != "nobody" && !e.link.IsZero()
	got, in := e.try("service", e.alone(right, ""), func() answer { return b.by("acme", code) })
	if !in && right && got.Code == 303 && got.to(e.t).Path == "/login/second" {
		e.begun(got, true, b)
	}
}
