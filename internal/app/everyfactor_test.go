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
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/secret"
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

// goesOn is what the second step of a half-done sign-in is worth, if it is right.
func (e *everyFactor) goesOn(h *half, right bool) int {
	if !right || !h.mine || h.over || h.tab != nil && h.link != e.link || h.dead != e.dead || e.disabled || h.tries > 5 || !e.now().Before(h.until) {
		return 0
	}
	return 2
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
	h.tries++
	if rapid.Bool().Draw(e.rt, "remember") {
		body["remember_device"] = true
	}
	request := e.post("/signin", body)
	if h.tab != nil {
		request = h.typed(body)
	}
	got, in := e.try("then "+what, e.goesOn(h, right), request)
	if !in {
		return
	}
	h.over, h.sent = true, ""
	spend()
	e.remembered(got)
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
	h.tries++
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

// reset chooses a new password by mail, which signs nobody in.
func (e *everyFactor) reset() {
	if e.disabled {
		return
	}
	flow := e.post("/recover", map[string]any{"identifier": e.email})().text("flow")
	code := e.letterAt(e.t, e.email, "/recover/password").Code
	next := fmt.Sprintf("%s %d", rightPassword, e.changed)
	for range 2 {
		got, _ := e.try("reset", 0, e.post("/recover", map[string]any{"flow": flow, "code": code, "new_password": next}))
		if got.Code == 200 && e.password != next {
			e.password = next
			e.changed++
			e.dead++
		}
	}
}

// comesBack loses everything and waits, which signs nobody in and leaves one new app.
func (e *everyFactor) comesBack() {
	if e.disabled || !e.ways() || !e.asks() && e.key == nil {
		return
	}
	flow := e.post("/recover", map[string]any{"identifier": e.email})().text("flow")
	code := e.letterAt(e.t, e.email, "/recover/password").Code
	if begun, _ := e.try("lost", 0, e.post("/recover/lost", map[string]any{"flow": flow, "code": code})); begun.Code != 200 {
		return
	}
	e.clock.Advance(73 * time.Hour)
	must(e.t, e.Sweep(e.t.Context()))
	token := e.mailed(e.t, e.email, "/recover/finish", "reclaim").Reveal()
	offer := e.post("/recover/offer", map[string]any{"token": token})()
	made, err := totp.Decode(secret.NewText(offer.text("secret")))
	must(e.t, err)
	got, _ := e.try("come back", 0, e.post("/recover/finish", map[string]any{"token": token, "enrolment": offer.text("enrolment"), "code": totp.CodeAt(made, e.clock.Now())}))
	got.want(e.t, 200, "")
	all, err := e.store.TOTP().Of(e.t.Context(), e.who)
	must(e.t, err)
	e.forgetKey()
	e.app, e.appID, e.lastStep, e.codes, e.phone = made, all[0].ID, totp.StepAt(e.clock.Now()), texts(got.json["recovery_codes"]), tel.ID{}
	e.changed++
	e.dead++
	e.reached["come back"]++
}

func (e *everyFactor) forgetKey() {
	if e.key != nil {
		e.lost, e.key = append(e.lost, e.key), nil
	}
}

// change adds or takes away what opens the account.
func (e *everyFactor) change(what string) {
	ctx, now, by := e.t.Context(), e.now(), user.Host()
	if e.disabled {
		return
	}
	e.changed++
	switch {
	case what == "app" && e.app == nil:
		d, text := totp.New(e.App.keys, e.who, "Phone", now)
		must(e.t, e.store.TOTP().Begin(ctx, d))
		e.lastStep = totp.StepAt(now) - 2
		must(e.t, e.store.TOTP().Confirm(ctx, e.who, d.ID, e.lastStep, now, by.Event(totp.Added, now, e.who)))
		var err error
		e.app, err = totp.Decode(text)
		must(e.t, err)
		e.appID = d.ID
		e.list()
	case what == "app":
		must(e.t, e.Factors.RemoveFor(ctx, by, e.who, e.appID))
		e.app = nil
	case what == "phone" && e.phone.IsZero():
		p := tel.New(e.App.keys, e.who, tel.Number(e.number), now)
		must(e.t, e.store.Phones().Begin(ctx, p))
		must(e.t, e.store.Phones().Confirm(ctx, e.who, p.ID, now, by.Event(tel.Added, now, e.who)))
		e.phone = p.ID
		e.list()
	case what == "phone":
		must(e.t, e.Factors.RemovePhoneFor(ctx, by, e.who, e.phone))
		e.phone = tel.ID{}
	case what == "passkey" && e.key == nil:
		e.key = authenticator.New(selfURI)
		answer, err := e.key.Create(e.Passkeys.Creation(passkey.Create, passkey.Person{ID: e.who, Address: e.email}, "test", nil))
		must(e.t, err)
		k, err := e.Passkeys.Register(ctx, passkey.Create, "test", answer)
		must(e.t, err)
		u, err := e.store.Users().ByID(ctx, e.who)
		must(e.t, err)
		k.Name, e.keyID = "Key", k.ID
		must(e.t, e.store.Passkeys().Insert(ctx, k, u.Version, by.Event(passkey.Added, now, e.who)))
	case what == "passkey":
		must(e.t, e.Factors.RemovePasskeyFor(ctx, by, e.who, e.keyID))
		e.forgetKey()
	case what == "link" && e.link.IsZero():
		c := e.connection(e.t, "acme")
		u, err := e.store.Users().ByID(ctx, e.who)
		must(e.t, err)
		l := federation.Link{ID: federation.NewLinkID(now), Connection: c.ID, Issuer: idpIssuer, Subject: e.email, User: e.who, CreatedAt: now}
		must(e.t, e.store.Federation().Link(ctx, l, c.Version, u.Version, by.Event(federation.LinkMade, now, e.who)))
		e.link = l.ID
	case what == "link":
		must(e.t, e.store.Federation().Unlink(ctx, e.who, e.link, by.Event(federation.LinkGone, now, e.who)))
		e.link = federation.LinkID{}
	}
	if !e.asks() {
		e.codes = nil // they go with the last of both
	}
}

// list makes recovery codes, with the first factor that has some.
func (e *everyFactor) list() {
	if len(e.codes) > 0 {
		return
	}
	codes, kept := recovery.New(e.App.keys, e.who)
	must(e.t, e.store.Recovery().Replace(e.t.Context(), e.who, kept, e.now(), user.Host().Event(recovery.Made, e.now(), e.who)))
	e.codes = nil
	for _, c := range codes {
		e.codes = append(e.codes, c.Reveal())
	}
}

func (e *everyFactor) administer() {
	switch e.draw("act", "policy", "policy", "everywhere", "disable") {
	case "policy":
		e.policy = policy.Policy{
			Assurance: rapid.IntRange(1, 2).Draw(e.rt, "assurance"), Remember: time.Duration(rapid.IntRange(0, 2).Draw(e.rt, "days")) * policy.Day,
		}
		e.rig.asks(e.t, e.policy)
	case "everywhere":
		_, err := e.Directory.EndSessions(e.t.Context(), user.Host(), e.who)
		must(e.t, err)
		e.dead++
	case "disable":
		if e.dead++; e.disabled {
			must(e.t, e.Directory.Enable(e.t.Context(), user.Host(), e.who))
		} else {
			must(e.t, e.Directory.Disable(e.t.Context(), user.Host(), e.who, "en"))
		}
		e.disabled = !e.disabled
	}
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
