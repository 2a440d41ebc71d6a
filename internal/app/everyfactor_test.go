package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/passkey"
	tel "github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

// everyFactor is one account that has whatever may open it, what a test knows of that,
// and a stranger who has as much of their own.
type everyFactor struct {
	*abroad
	t  *testing.T
	rt *rapid.T

	who           user.ID
	email, number string
	password      string
	eve           *everyFactor
	agent         program

	app      []byte // the secret of the app; nil: there is none
	appID    totp.ID
	lastStep int64
	codes    []string // unused recovery codes
	phone    tel.ID   // zero: there is none
	key      *authenticator.Authenticator
	keyID    passkey.ID
	lost     []*authenticator.Authenticator // that were removed
	link     federation.LinkID
	disabled bool
	policy   policy.Policy

	dead    int // how often everything half-done was ended
	changed int // how often factors or the password were changed
	halves  []*half
	trusted []trustedBy
	last    time.Time // when a session was born
	reached map[string]int
}

// trustedBy is a browser that was remembered.
type trustedBy struct {
	cookie  string
	until   time.Time
	changed int
	dead    int
	policy  int64
}

func (e *everyFactor) draw(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(e.rt, label)
}

// asks reports whether the account asks for a second step by itself; ways, whether it
// has one to offer.
func (e *everyFactor) asks() bool { return e.app != nil || !e.phone.IsZero() }
func (e *everyFactor) ways() bool { return e.asks() || e.key != nil || len(e.codes) > 0 }

// alone is what a first step that is right is worth by itself: a session of one
// factor, or none.
func (e *everyFactor) alone(right bool, trusted string) int {
	more := e.asks() || e.policy.Assurance > 1
	if !right || e.disabled || more && !(e.ways() && e.passes(trusted)) {
		return 0
	}
	return 1
}

func (e *everyFactor) passes(cookie string) bool {
	return e.policy.Remember > 0 && slices.ContainsFunc(e.trusted, func(d trustedBy) bool {
		return d.cookie == cookie && e.now().Before(d.until) && d.changed == e.changed && d.dead == e.dead && d.policy == e.revision()
	})
}

func (e *everyFactor) revision() int64 {
	p, err := e.store.Policy().Get(e.t.Context())
	must(e.t, err)
	return p.Revision
}

func (e *everyFactor) sessions() map[session.ID]session.Session {
	all, err := e.store.Sessions().Of(e.t.Context(), e.who, e.now())
	must(e.t, err)
	out := map[session.ID]session.Session{}
	for _, s := range all {
		out[s.ID] = s
	}
	return out
}

// try makes a request, and no session may come of it but one of the assurance that it
// is worth: 0 is none.
func (e *everyFactor) try(what string, worth int, request func() answer) (got answer, in bool) {
	e.rt.Helper()
	before := e.sessions()
	got = request()
	for id, s := range e.sessions() {
		if _, had := before[id]; had {
			continue
		}
		if in || s.Assurance != worth {
			e.rt.Fatalf("%s is worth %d and made a session of %d by %v: %s", what, worth, s.Assurance, s.Methods, got.Body)
		}
		in, e.last = true, e.now()
		e.reached[what]++
	}
	return got, in
}

func (e *everyFactor) post(path string, body map[string]any) func() answer {
	return func() answer { return e.agent.ask(e.t, "POST", path, body) }
}

// newEveryFactor makes somebody.
func newEveryFactor(t *testing.T, rt *rapid.T, a *abroad, name string, n int) *everyFactor {
	e := &everyFactor{
		abroad: a, t: t, rt: rt, email: fmt.Sprintf("%s%d@mail.org", name, n), number: fmt.Sprintf("+491711%06d", n), password: rightPassword,
		policy: policy.Policy{Assurance: 1}, reached: map[string]int{},
	}
	e.agent = program{world: a.world, email: e.email}
	e.who = a.person(t, e.email).ID
	a.idp.person("kim "+e.email, e.email)
	return e
}

// PW-23 PW-42 PW-46 PW-47 PW-48 PW-60 TH-1 TH-34 TH-40 TH-42: whatever order requests to
// every endpoint of every factor come in, right, wrong, a second time, of another flow or
// another person, while factors, password, policy and account change: no session is
// born but by what the account and the policy ask for at that moment, and no answer
// but that of a sign-in makes one.
func TestNoRequestGoesAroundAFactor(t *testing.T) {
	t.Parallel()
	a := newAbroad(t, withMail, withPhones)
	a.alter(t, "acme", func(c *federation.Connection) { c.Settings.Provision.Mode = federation.ProvisionNobody })
	a.idp.person("eve", "eve")
	eve := newEveryFactor(t, nil, a, "eve", 0)
	for _, what := range []string{"app", "passkey", "link"} {
		eve.change(what)
	}
	n, reached := 0, map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		n++
		e := newEveryFactor(t, rt, a, "kim", n)
		e.eve, e.policy.Assurance = eve, rapid.IntRange(1, 2).Draw(rt, "asked")
		e.rig.asks(t, e.policy)
		for _, what := range strings.Fields(e.draw("kit", "", "", "link", "link", "app link", "phone link", "passkey link", "app passkey", "phone passkey")) {
			e.change(what)
		}
		eve.halves = nil
		eve.begun(eve.post("/signin", map[string]any{"identifier": eve.email, "password": rightPassword})(), false, nil)
		for range rapid.IntRange(25, 50).Draw(rt, "steps") {
			must(t, a.store.Lockouts().Clear(t.Context(), e.who)) // which has tests of its own
			a.clock.Advance(time.Second)
			switch e.draw("do", "both", "both", "both", "both", "password", "mail", "passkey", "service", "second", "second", "enrol", "enrol",
				"app", "phone", "passkeys", "link", "administer", "wait", "reset", "rarely") {
			case "both":
				for _, step := range []func(){e.byPassword, e.byMail, e.byService, e.goOn, e.enrol} {
					if rapid.Bool().Draw(rt, "step") {
						step()
					}
				}
			case "password":
				e.byPassword()
			case "mail":
				e.byMail()
			case "passkey":
				e.byPasskey()
			case "service":
				e.byService()
			case "second":
				e.goOn()
			case "enrol":
				e.enrol()
			case "app":
				e.change("app")
			case "phone":
				e.change("phone")
			case "passkeys":
				e.change("passkey")
			case "link":
				e.change("link")
			case "administer":
				e.administer()
			case "wait":
				a.clock.Advance(rapid.SampledFrom([]time.Duration{totp.Period, 3 * time.Minute, 10 * time.Minute, 25 * time.Hour}).Draw(rt, "wait"))
			case "reset":
				e.reset()
			case "rarely":
				if rapid.IntRange(0, 3).Draw(rt, "rarely") == 0 {
					e.comesBack()
				}
			}
		}
		for what, times := range e.reached {
			reached[what] += times
		}
	})
	for _, what := range []string{"password", "mail", "passkey", "service", "then otp", "then recovery", "then sms", "then passkey", "then a new otp", "then a new passkey", "come back"} {
		if reached[what] == 0 && !t.Failed() {
			t.Errorf("nobody ever got in by %s: %v", what, slices.Sorted(maps.Keys(reached)))
		}
	}
	t.Logf("%d accounts: %v", n, reached)
}
