package app

import (
	"context"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/factor"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/totp"
)

const kimsMail = "kim@mail.org"

// withApp gives kim an authenticator app.
func (w *world) withApp(t *testing.T) *phone {
	t.Helper()
	return w.rig.enrol(t, inSession(w.rig.signIn(t, kimsMail)), factor.Proof{Password: secret.NewText(rightPassword)})
}

func hidden(t *testing.T, shown answer, name string) string {
	t.Helper()
	found := regexp.MustCompile(`name="` + name + `" value="([^"]+)"`).FindStringSubmatch(shown.Body.String())
	if found == nil {
		t.Fatalf("no %s: %d %s", name, shown.Code, shown.Body)
	}
	return html.UnescapeString(found[1])
}

// password takes the first step by the page and looks at the second.
func (b *tab) password(returnTo string) answer {
	b.t.Helper()
	b.clock.Advance(time.Second)
	a := b.submit("/login", b.get("/login?return_to="+url.QueryEscape(returnTo)), "identifier", kimsMail, "password", rightPassword, "return_to", returnTo)
	if u := a.to(b.t); u.Path != "/login/second" {
		b.t.Fatalf("leads to %s", u)
	}
	return b.get("/login/second")
}

// typed posts the second step of a page that was shown.
func (b *tab) typed(shown answer, field, value string) answer {
	b.t.Helper()
	return b.submit("/login/second", shown, "flow", hidden(b.t, shown, "flow"), field, value)
}

func (b *tab) signedIn() bool { b.t.Helper(); return b.get("/account").Code == 200 }

// PW-42 PW-47 TH-34: the second step by the pages.
func TestSecondStepByThePages(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	p := w.withApp(t)
	b := w.tab(t)
	shown := b.password("/account/sessions")
	for _, text := range []string{`id="code"`, `autocomplete="one-time-code"`, `id="way-recovery"`} {
		if !strings.Contains(shown.Body.String(), text) {
			t.Errorf("the page has no %s", text)
		}
	}
	if b.signedIn() {
		t.Fatal("the password alone signed in")
	}
	wrong := b.typed(shown, "code", "000000")
	if wrong.Code != 422 || !strings.Contains(wrong.Body.String(), "second_factor_wrong") {
		t.Fatalf("wrong code: %d %s", wrong.Code, wrong.Body)
	}
	if to := b.typed(wrong, "code", " "+p.code().Reveal()[:3]+" "+p.code().Reveal()[3:]).to(t); to.Path != "/account/sessions" {
		t.Errorf("leads to %s", to)
	}
	if !b.signedIn() {
		t.Fatal("not signed in")
	}
	// The back button shows the form again, and sending it leads on.
	if to := b.typed(wrong, "code", "000000").to(t); to.Path != "/login" || to.Query().Get("return_to") != "/account/sessions" {
		t.Errorf("an overtaken form leads to %s", to)
	}
	if !b.signedIn() {
		t.Error("an overtaken form signed out")
	}
	if to := b.get("/login/second").to(t); to.Path != "/login" {
		t.Errorf("the page of a finished sign-in leads to %s", to)
	}
}

// PW-45: another way is offered, and taken by a link, not by a script.
func TestOtherWaysByThePages(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	p := w.withApp(t)
	b := w.tab(t)
	shown := b.password("")
	other := b.submit("/login/second/way", shown, "flow", hidden(t, shown, "flow"), "way", "recovery")
	if to := other.to(t); to.Path != "/login/second" {
		t.Fatalf("leads to %s", to)
	}
	shown = b.get("/login/second")
	if body := shown.Body.String(); !strings.Contains(body, `id="recovery-code"`) || !strings.Contains(body, `id="way-otp"`) {
		t.Fatalf("not asked for a recovery code: %s", body)
	}
	if bad := b.submit("/login/second/way", shown, "flow", hidden(t, shown, "flow"), "way", "pwd"); bad.Code != 400 {
		t.Errorf("a way that is none: %d", bad.Code)
	}
	if wrong := b.typed(shown, "recovery-code", "AAAA-AAAA-AAAA-AAAA"); wrong.Code != 422 || !strings.Contains(wrong.Body.String(), `id="recovery-code"`) {
		t.Errorf("a wrong recovery code: %d", wrong.Code)
	}
	if to := b.typed(shown, "recovery-code", strings.ToLower(p.codes[0].Reveal())).to(t); to.Path != "/account" || !b.signedIn() {
		t.Errorf("leads to %s", to)
	}
	again := w.tab(t)
	if spent := again.typed(again.password(""), "recovery-code", p.codes[0].Reveal()); spent.Code != 422 {
		t.Errorf("a spent recovery code: %d", spent.Code)
	}
	if mixed := again.typed(again.password(""), "code", p.codes[1].Reveal()); mixed.Code != 303 {
		t.Errorf("a recovery code in the other field: %d", mixed.Code)
	}
}

// TH-34: what is over starts again, and knows the way back.
func TestSecondStepOver(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	p := w.withApp(t)
	b := w.tab(t)
	late := b.password("/account/data")
	w.clock.Advance(challenge.Life)
	if over := b.typed(late, "code", p.code().Reveal()); over.Code != 410 || hidden(t, over, "return_to") != "/account/data" || !strings.Contains(over.Body.String(), "flow_ended") {
		t.Errorf("after its life: %d %s", over.Code, over.Body)
	}
	if to := b.get("/login/second").to(t); to.Query().Get("return_to") != "/account/data" {
		t.Errorf("the page after its life leads to %s", to)
	}
	tries := b.password("/account/data")
	for range challenge.MaxAttempts {
		b.typed(tries, "code", "000000")
	}
	if over := b.typed(tries, "code", p.code().Reveal()); over.Code != 410 || b.signedIn() {
		t.Errorf("a sixth try: %d", over.Code)
	}
}

// TH-34: a half-done sign-in belongs to the browser that took the first step.
func TestSecondStepOfAnotherBrowser(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	p := w.withApp(t)
	mine, theirs := w.tab(t), w.tab(t)
	flow := hidden(t, mine.password(""), "flow")
	login := theirs.get("/login")
	if got := theirs.submit("/login/second", login, "flow", flow, "code", p.code().Reveal()); got.Code != 410 || theirs.signedIn() {
		t.Errorf("by the form: %d", got.Code)
	}
	if got := theirs.submit("/login/second/way", login, "flow", flow, "way", "recovery"); got.Code != 410 {
		t.Errorf("another way: %d", got.Code)
	}
	name := w.Frame.Names().Flow
	theirs.cookies[name] = mine.cookies[name]
	if to := theirs.get("/login/second").to(t); to.Path != "/login" {
		t.Errorf("by the cookie: %s", to)
	}
	if done := mine.typed(mine.get("/login/second"), "code", p.code().Reveal()); done.Code != 303 || !mine.signedIn() {
		t.Errorf("the browser it belongs to: %d", done.Code)
	}
}

// TH-34: two tabs each have a sign-in of their own; who is second follows.
func TestSecondStepInTwoTabs(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	p := w.withApp(t)
	b := w.tab(t)
	one, two := b.password("/account/data"), b.password("/account/profile")
	if to := b.typed(one, "code", p.code().Reveal()).to(t); to.Path != "/account/data" {
		t.Fatalf("the first leads to %s", to)
	}
	to := b.typed(two, "code", p.code().Reveal()).to(t)
	if to = b.get(to.RequestURI()).to(t); to.Path != "/account/profile" || !b.signedIn() {
		t.Errorf("the second leads to %s", to)
	}
}

// OA-91: an app's request waits for both steps, and is told of both.
func TestSecondStepForAnApp(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	p := w.withApp(t)
	b := w.tab(t)
	to := b.want(wanting("house")).to(t)
	shown := b.password(to.Query().Get("return_to"))
	on := b.typed(shown, "code", p.code().Reveal())
	claims := w.id(t, w.redeem(t, "house", b.get(on.to(t).RequestURI()).back(t).Get("code")).text("id_token"))
	if claims["acr"] != "2" || strings.Join(texts(claims["amr"]), " ") != "pwd otp mfa" {
		t.Errorf("%v", claims)
	}
}

func texts(v any) (all []string) {
	list, _ := v.([]any)
	for _, one := range list {
		s, _ := one.(string)
		all = append(all, s)
	}
	return all
}

// OA-94 OA-91 TH-36: an app that asks for acr 2 gets it from who can, by proving it in
// the session they have; who cannot is refused if it must be, and told as they are if not.
func TestStepUpForAnApp(t *testing.T) {
	t.Parallel()
	must := `{"id_token":{"acr":{"essential":true,"values":["2"]}}}`
	for name, more := range map[string][]string{
		"acr_values": {"acr_values", "2"}, "essential": {"claims", must}, "voluntary": {"claims", `{"id_token":{"acr":{"value":"2"}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newCodeWorld(t)
			b := w.tab(t)
			b.signIn(b.want(wanting("house"))).back(t)
			weak := b.want(wanting("house", more...)).back(t)
			if name == "essential" {
				if weak.Get("error") != "unmet_authentication_requirements" {
					t.Errorf("who cannot: %v", weak)
				}
			} else if acr := w.id(t, w.redeem(t, "house", weak.Get("code")).text("id_token"))["acr"]; acr != "1" {
				t.Errorf("who cannot is told as %v", acr)
			}
			p := w.withApp(t)
			silent := b.want(wanting("house", append(more, "prompt", "none")...)).back(t)
			if name == "essential" && silent.Get("error") != "login_required" || name != "essential" && silent.Get("code") == "" {
				t.Errorf("without a page: %v", silent)
			}
			to := b.want(wanting("house", more...)).to(t)
			if to.Path != "/login" || to.Query().Get("again") != "1" {
				t.Fatalf("leads to %s", to)
			}
			shown := b.get(to.RequestURI())
			alone := b.submit("/login/again", shown, "password", rightPassword, "return_to", to.Query().Get("return_to"))
			if alone.Code == 303 {
				t.Fatal("the password alone was enough")
			}
			on := b.submit("/login/again", shown, "password", rightPassword, "code", p.code().Reveal(), "return_to", to.Query().Get("return_to"))
			got := b.get(on.to(t).RequestURI()).back(t)
			claims := w.id(t, w.redeem(t, "house", got.Get("code")).text("id_token"))
			if claims["acr"] != "2" || strings.Join(texts(claims["amr"]), " ") != "pwd otp mfa" {
				t.Errorf("%v", claims)
			}
			if at := b.want(wanting("house", more...)).back(t); at.Get("code") == "" {
				t.Errorf("asked twice: %v", at)
			}
		})
	}
}

// TH-34: the same without pages: what is next is said, and the flow goes on with it.
func TestSecondStepHeadless(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.withApp(t)
	w.clock.Advance(time.Second)
	first := w.headless(t, "phone", "", "resource", apiURI, "scope", "read openid").want(t, 200, "")
	if first.text("status") != "continue" || strings.Join(texts(first.json["next"]), " ") != "otp recovery" || first.text("flow") == "" || first.text("access_token") != "" {
		t.Fatalf("%s", first.Body)
	}
	w.headless(t, "phone", "", "password", "", "identifier", "", "flow", first.text("flow"), "otp", "000000").want(t, 422, "second_factor_wrong")
	w.headless(t, "phone", "", "password", "", "identifier", "", "otp", p.code().Reveal()).want(t, 410, "flow_ended")
	done := w.headless(t, "phone", "", "password", "", "identifier", "", "flow", first.text("flow"), "otp", p.code().Reveal(), "resource", apiURI, "scope", "read openid").want(t, 200, "")
	if done.text("status") != "complete" || done.text("refresh_token") == "" || w.id(t, done.text("id_token"))["acr"] != "2" {
		t.Fatalf("%s", done.Body)
	}
	w.headless(t, "phone", "", "password", "", "identifier", "", "flow", first.text("flow"), "recovery_code", p.codes[0].Reveal()).want(t, 410, "flow_ended")

	browser := ask{"POST", "/api/v1/signin", `{"identifier":"kim@mail.org","password":"` + rightPassword + `"}`, map[string]string{
		"Content-Type": "application/json", "Origin": selfURI, "Sec-Fetch-Site": "same-origin",
	}}
	half := w.do(t, browser).want(t, 200, "")
	c, ok := half.cookie(w.Frame.Names().Flow)
	if !ok || half.text("flow") != "" || half.text("status") != "continue" {
		t.Fatalf("%v %s", half.Header(), half.Body)
	}
	browser.body = `{"recovery_code":"` + p.codes[1].Reveal() + `"}`
	browser.head["Cookie"] = c.Name + "=" + c.Value
	whole := w.do(t, browser).want(t, 200, "")
	if _, ok := whole.cookie(w.Frame.Names().Session); !ok || whole.text("status") != "complete" {
		t.Fatalf("%v %s", whole.Header(), whole.Body)
	}
}

// PW-40 PW-45 PW-46 AU-60 TH-36: an app is set up, used and removed by the pages; each
// needs proof for it, its owner is told, and the log says so.
func TestSecurityPage(t *testing.T) {
	t.Parallel()
	w := newRig(t).running(t).begun(t).world(t).codeClients(t)
	b := w.tab(t)
	b.signIn(b.want(wanting("house"))).back(t)
	prove := func(asked answer, fields ...string) answer {
		t.Helper()
		return b.submit("/account/confirm", asked, append([]string{"flow", hidden(t, asked, "flow")}, fields...)...)
	}
	asked := b.submit("/account/security/add", b.get("/account/security"), "device-name", "Phone")
	if wrong := prove(asked, "password", "not it at all"); wrong.Code != 403 || strings.Contains(wrong.Body.String(), `id="secret"`) {
		t.Fatalf("a wrong password: %d", wrong.Code)
	}
	shown := prove(asked, "password", rightPassword)
	typed := regexp.MustCompile(`id="secret">([A-Z2-7 ]+)<`).FindStringSubmatch(shown.Body.String())
	if typed == nil || !strings.Contains(shown.Body.String(), "<svg") {
		t.Fatalf("%d %s", shown.Code, shown.Body)
	}
	key, err := totp.Decode(secret.NewText(typed[1]))
	must(t, err)
	now := func() string { return totp.CodeAt(key, w.clock.Now()) }
	if wrong := b.submit("/account/security/confirm", shown, "flow", hidden(t, shown, "flow"), "code", "000000"); !strings.Contains(wrong.Body.String(), typed[1]) {
		t.Errorf("a wrong first code forgets the secret: %d", wrong.Code)
	}
	if have, err := w.Factors.Of(t.Context(), w.kim.ID); err != nil || have.Enrolled() {
		t.Errorf("it counts before its first code: %v", err)
	}
	codes := b.submit("/account/security/confirm", shown, "flow", hidden(t, shown, "flow"), "code", now())
	list := regexp.MustCompile(`<code>([0-9A-Z-]{19})</code>`).FindAllStringSubmatch(codes.Body.String(), -1)
	if len(list) != recovery.Count {
		t.Fatalf("%d codes: %d %s", len(list), codes.Code, codes.Body)
	}
	file := b.submit("/account/security/download", codes, "flow", hidden(t, codes, "flow"))
	if got := strings.Fields(file.Body.String()); len(got) != recovery.Count || got[0] != list[0][1] || file.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("the file is %v %s", file.Header(), file.Body)
	}
	toldOf(t, w, totp.Added, recovery.Made)

	w.clock.Advance(totp.Period)
	page := b.get("/account/security")
	id := hidden(t, page, "id")
	if done := b.submit("/account/security/rename", page, "id", id, "device-name", "Old phone"); done.Code != 303 || !strings.Contains(b.get("/account/security").Body.String(), "Old phone") {
		t.Errorf("not renamed: %d", done.Code)
	}
	asked = b.submit("/account/security/codes", page)
	if alone := prove(asked, "password", rightPassword); alone.Code != 403 {
		t.Errorf("new codes by the password alone: %d", alone.Code)
	}
	fresh := prove(asked, "password", rightPassword, "code", now())
	if fresh.Code != 200 || strings.Contains(fresh.Body.String(), list[0][1]) {
		t.Errorf("new codes: %d", fresh.Code)
	}
	w.clock.Advance(totp.Period)
	asked = b.submit("/account/security/remove", page, "id", id)
	for name, fields := range map[string][]string{"password": {"password", rightPassword}, "an old code": {"password", rightPassword, "code", list[1][1]}} {
		if got := prove(asked, fields...); got.Code == 303 {
			t.Errorf("removed by %s", name)
		}
	}
	if done := prove(asked, "password", rightPassword, "code", now()); done.Code != 303 {
		t.Fatalf("not removed: %d %s", done.Code, done.Body)
	}
	toldOf(t, w, totp.Removed)
	b2 := w.tab(t)
	b2.signIn(b2.want(wanting("house"))).back(t) // one step again
}

// toldOf wants events in the log, and a mail about each but the codes.
func toldOf(t *testing.T, w *world, names ...audit.Name) {
	t.Helper()
	for _, name := range names {
		if !w.has(t, name.String(), w.kim.ID.String()) {
			t.Errorf("no event %s", name)
		}
	}
	for {
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
		l, err := w.box.Next(ctx, kimsMail)
		stop()
		if err != nil {
			t.Fatalf("no mail about %s: %v", names[0], err)
		}
		if strings.Contains(l.Subject+l.Text, "Phone") || strings.Contains(l.Subject+l.Text, "Old phone") {
			return
		}
	}
}

// PW-42 PW-45 TH-34: of fifty at once one wins: a code of an app, a recovery code, a flow.
func TestSecondStepRaces(t *testing.T) {
	t.Parallel()
	const n = 50
	r := newRig(t, unlimitedRates)
	_, p := r.enrolled(t, "kim@example.org")
	// fifty sign-ins that are half-done, as one is
	halves := func() (all []signin.Result) {
		one := r.half(t, "kim@example.org")
		c, err := r.store.Challenges().ByFlow(t.Context(), one.Flow.Digest(r.facts.ID), r.now())
		must(t, err)
		for range n {
			next := signin.Result{Flow: secret.New(challenge.Purpose)}
			c.ID, c.Flow, c.Notice = challenge.NewID(r.now()), next.Flow.Digest(r.facts.ID), [16]byte{}
			must(t, r.store.Challenges().Put(t.Context(), c))
			all = append(all, next)
		}
		return all
	}
	by := func(half signin.Result, with signin.Response) error {
		_, err := r.SignIn.Continue(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: half.Flow, Response: with})
		return err
	}
	flows, code := halves(), p.code()
	if won := winners(n, func(i int) error { return by(flows[i], signin.Response{OTP: code}) }); won != 1 {
		t.Errorf("%d sessions by one code", won)
	}
	flows = halves()
	if won := winners(n, func(i int) error { return by(flows[i], signin.Response{Recovery: p.codes[0]}) }); won != 1 {
		t.Errorf("%d sessions by one recovery code", won)
	}
	one := r.half(t, "kim@example.org")
	if won := winners(n, func(i int) error { return by(one, signin.Response{Recovery: p.codes[1+i%9]}) }); won != 1 {
		t.Errorf("%d sessions by one flow", won)
	}
}
