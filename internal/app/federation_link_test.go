package app

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// asKim signs kim in by password.
func (a *abroad) asKim(t *testing.T) *tab {
	t.Helper()
	b := a.tab(t)
	a.clock.Advance(time.Second)
	b.submit("/login", b.get("/login"), "identifier", kimsMail, "password", rightPassword).to(t)
	b.mustBe(a.kim.ID.String())
	return b
}

// TH-40: an address that an account has is no way into it. Its owner signs in as
// before and is asked; then both lead to the one account.
func TestLinkAfterSignIn(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.person("kim", "sub-kim", "email", kimsMail)
	b := a.tab(t)
	state := b.away("/federation/acme/start?return_to=/account/sessions")
	if to := b.home("acme", state, "kim").to(t); to.Path != "/login/link" {
		t.Fatalf("leads to %s", to)
	}
	shown := b.get("/login/link").says(t, 200, kimsMail)
	b.mustBe("")
	if n := len(a.links(t, a.kim.ID.String())); n != 0 {
		t.Fatal("linked by an address")
	}
	if !strings.Contains(shown.Body.String(), "return_to=%2Faccount%2Fconnections%2Flink") {
		t.Error("the page does not lead back to the question")
	}
	a.clock.Advance(time.Second)
	b.submit("/login", b.get("/login"), "identifier", kimsMail, "password", rightPassword).to(t)
	asked := b.get("/account/connections/link").says(t, 200, "Acme ("+kimsMail+")")
	if n := len(a.links(t, a.kim.ID.String())); n != 0 {
		t.Fatal("a look linked them")
	}
	flow := hidden(t, asked, "flow")
	if got := b.send(ask{"POST", "/account/confirm", url.Values{"flow": {flow}}.Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": selfURI, "Sec-Fetch-Site": "same-origin"}}); got.Code != 403 {
		t.Fatalf("without the form's token: %d", got.Code)
	}
	if to := b.submit("/account/confirm", asked, "flow", flow).to(t); to.Path != "/account/sessions" {
		t.Fatalf("leads to %s", to)
	}
	if n := len(a.links(t, a.kim.ID.String())); n != 1 {
		t.Fatalf("%d links", n)
	}
	b.submit("/account/confirm", asked, "flow", flow).says(t, 410, "federation_attempt_over")
	c := a.tab(t)
	c.by("acme", "kim").to(t)
	c.mustBe(a.kim.ID.String())
	if !a.has(t, "link.created", a.kim.ID.String()) || !a.told(t, kimsMail, "Acme ("+kimsMail+")") {
		t.Error("nobody was told")
	}
}

// told waits for a message to an address with a text.
func (a *abroad) told(t *testing.T, to, text string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		m, err := a.box.Next(ctx, to)
		if err != nil {
			return false
		}
		if strings.Contains(m.Text, text) {
			return true
		}
	}
}

// TH-36 TH-41: what waits asks for a proof of whoever was signed in before it began,
// and belongs to the account and session that began it.
func TestLinkNeedsProof(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.person("kim", "sub-kim", "email", kimsMail)
	a.idp.person("eve", "sub-eve", "email", "eve@mail.org")
	b := a.asKim(t)
	// A sign-in beside it that came to kim's address: kim's session is older.
	state := b.away("/federation/acme/start?beside=1")
	b.home("acme", state, "kim").to(t)
	asked := b.get("/account/connections/link").says(t, 200, `id="password"`)
	b.submit("/account/confirm", asked, "flow", hidden(t, asked, "flow")).says(t, 403, "confirmation_required")
	b.submit("/account/confirm", asked, "flow", hidden(t, asked, "flow"), "password", "wrong password").says(t, 403, "confirmation_wrong")

	// From the account: the start is a form, the answer names who it is, and a proof goes with it.
	b = a.asKim(t)
	list := b.get("/account/connections").says(t, 200, `id="link-acme"`)
	if got := b.send(ask{"POST", "/account/connections/link", "connection=acme", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": selfURI, "Sec-Fetch-Site": "same-origin"}}); got.Code != 403 {
		t.Fatalf("without the form's token: %d", got.Code)
	}
	begin := func(b *tab, shown answer) string {
		t.Helper()
		left := b.submit("/account/connections/link", shown, "connection", "acme").says(t, 200, `id="continue"`)
		u, err := url.Parse(strings.TrimPrefix(left.Header().Get("Refresh"), "0; url="))
		must(t, err)
		return u.Query().Get("state")
	}
	state = begin(b, list)
	other := a.tab(t)
	other.home("acme", state, "eve").says(t, 410, "federation_attempt_over") // another browser
	asked = b.home("acme", state, "eve").says(t, 200, "Acme (eve@mail.org)").says(t, 200, `id="password"`)
	flow := hidden(t, asked, "flow")
	for name, with := range map[string][]string{"no proof": {"flow", flow}, "wrong": {"flow", flow, "password", "not it"}} {
		if got := b.submit("/account/confirm", asked, with...); got.Code != 403 {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
	// In another session of the same account, or another account's, it is nothing.
	second := a.asKim(t)
	second.submit("/account/confirm", second.get("/account/connections"), "flow", flow, "password", rightPassword).says(t, 410, "flow_ended")
	if len(a.links(t, a.kim.ID.String())) != 0 {
		t.Fatal("linked")
	}
	if to := b.submit("/account/confirm", asked, "flow", flow, "password", rightPassword).to(t); to.Path != "/account/connections" {
		t.Errorf("leads to %s", to)
	}
	b.get("/account/connections").says(t, 200, "eve@mail.org").says(t, 200, "is linked to your account")

	// What belongs to another account here is not moved.
	eve := a.person(t, "other@mail.org")
	c := a.tab(t)
	a.clock.Advance(time.Second)
	c.submit("/login", c.get("/login"), "identifier", "other@mail.org", "password", rightPassword).to(t)
	c.home("acme", begin(c, c.get("/account/connections")), "eve").says(t, 409, "link_taken")
	if len(a.links(t, eve.ID.String())) != 0 {
		t.Error("moved")
	}
}

// TH-41: an attempt to link that was begun in one session ends in no other, though
// the browser is the same.
func TestLinkIsOfOneSession(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.person("eve", "sub-eve", "email", "eve@mail.org")
	b := a.asKim(t)
	left := b.submit("/account/connections/link", b.get("/account/connections"), "connection", "acme")
	u, err := url.Parse(strings.TrimPrefix(left.Header().Get("Refresh"), "0; url="))
	must(t, err)
	b.submit("/logout", b.get("/logout"))
	b.home("acme", u.Query().Get("state"), "eve").says(t, 410, "federation_attempt_over")
	left = a.asKim(t).submit("/account/connections/link", b.get("/login"), "connection", "acme")
	if left.Code == 200 {
		t.Error("a form of another session began a link")
	}
	mine, theirs := inSession(a.rig.signIn(t, kimsMail)), inSession(a.rig.signIn(t, kimsMail))
	begun, err := a.Federate.Start(t.Context(), federate.Wish{By: mine, Connection: "acme", Purpose: federate.Link})
	must(t, err)
	address, err := url.Parse(begun.Address)
	must(t, err)
	back := federate.Return{Connection: "acme", State: address.Query().Get("state"), Sealed: begun.Sealed, Answer: federation.Answer{Code: "eve"}}
	for name, by := range map[string]user.Caller{"another session": theirs, "nobody": from("198.51.100.9")} {
		back.By = by
		if _, err := a.Federate.Finish(t.Context(), back); !errors.Is(err, federation.ErrAttempt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	back.By = mine
	out, err := a.Federate.Finish(t.Context(), back)
	must(t, err)
	for name, by := range map[string]user.Caller{"another session": theirs, "nobody": from("198.51.100.9")} {
		if _, err := a.Federate.Link(t.Context(), by, federate.Proof{Password: secret.NewText(rightPassword)}, out.Pending, "en"); !errors.Is(err, federation.ErrAttempt) {
			t.Errorf("%s links: %v", name, err)
		}
	}
	if _, err := a.Federate.Start(t.Context(), federate.Wish{By: from("198.51.100.9"), Connection: "acme", Purpose: federate.Link}); !errors.Is(err, federation.ErrAttempt) {
		t.Errorf("nobody begins: %v", err)
	}
}

// lessons row 35, TH-40: who came with an address that does not count learns nothing
// of accounts, and gets nothing of them.
func TestUncountedAddressSaysNothing(t *testing.T) {
	t.Parallel()
	for name, claims := range map[string][]string{
		"unverified over there": {"unverified", kimsMail},
		"not trusted for it":    {"email", "kim@untrusted.org"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAbroad(t)
			a.person(t, "kim@untrusted.org")
			a.idp.person("eve", "sub-eve", claims...)
			a.idp.person("new", "sub-new", claims[0], "nobody@"+strings.Split(claims[1], "@")[1])
			var pages []string
			for _, code := range []string{"eve", "new"} {
				b := a.tab(t)
				got := b.by("acme", code)
				pages = append(pages, got.to(t).String())
				me := b.account()
				if me == a.kim.ID.String() || me == "" {
					t.Fatalf("%s is in as %q", code, me)
				}
				id, err := user.ParseID(me)
				must(t, err)
				emails, err := a.store.Users().Emails(t.Context(), id)
				if must(t, err); len(emails) != 0 {
					t.Errorf("%s got %v", code, emails)
				}
			}
			if pages[0] != pages[1] {
				t.Errorf("known and unknown addresses differ: %q", pages)
			}
		})
	}
}

// TH-41, lessons row 35: what somebody left behind under an address that they never
// proved is not what its owner gets.
func TestPrehijackedAddress(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	const victim = "victim@mail.org"
	planted, err := a.Directory.CreateUser(t.Context(), user.Host(), directoryUser(victim))
	must(t, err)
	trap := a.rig.signIn(t, victim)
	c := a.connection(t, "beta")
	u, err := a.store.Users().ByID(t.Context(), planted.ID)
	must(t, err)
	must(t, a.store.Federation().Link(t.Context(), federation.Link{
		ID: federation.NewLinkID(a.now()), Connection: c.ID, Issuer: idpIssuer, Subject: "attacker", User: planted.ID, CreatedAt: a.now(),
	}, c.Version, u.Version, user.System().Event(federation.LinkMade, a.now(), planted.ID)))
	mailed := a.signUp(t, victim)

	a.idp.person("victim", "sub-victim", "email", victim)
	a.idp.person("attacker", "attacker")
	b := a.tab(t)
	b.by("acme", "victim").to(t)
	me := b.account()
	if me == "" || me == planted.ID.String() {
		t.Fatalf("the victim is %q, the planted account %s", me, planted.ID)
	}
	if _, err := a.store.Users().ByID(t.Context(), planted.ID); !errors.Is(err, user.ErrUnknown) {
		t.Errorf("the planted account: %v", err)
	}
	if _, err := a.Auth.Session(t.Context(), trap.Secret.Reveal()); err == nil {
		t.Error("the attacker's session lives")
	}
	if a.canSignIn(t, victim, rightPassword, "198.51.100.67") {
		t.Error("the attacker's password opens it")
	}
	if _, err := a.store.Federation().Linked(t.Context(), c.ID, idpIssuer, "attacker"); !errors.Is(err, federation.ErrLinkUnknown) {
		t.Errorf("the attacker's link: %v", err)
	}
	if _, err := a.Account.FinishSignUp(t.Context(), from("198.51.100.66"), account.Answer{Link: mailed}, account.Chosen{Password: secret.NewText(rightPassword)}); !errors.Is(err, proof.ErrExpired) {
		t.Errorf("the attacker's mail: %v", err)
	}
	other := a.tab(t)
	other.by("beta", "attacker").to(t)
	if got := other.account(); got == me || got == "" {
		t.Errorf("the attacker's other way leads to %q", got)
	}
}

// TH-40: what was linked with one connection is nothing to another of its name, and
// what changed meanwhile ends what was under way.
func TestConnectionMadeAnew(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.person("kim", "sub-kim")
	a.linkKim(t, "acme", "kim")
	b := a.tab(t)
	state := b.away("/federation/acme/start")
	old := a.connection(t, "acme")
	must(t, a.store.Federation().Delete(t.Context(), old.ID, a.now(), user.System().Event(federation.Deleted, a.now(), user.ID{})))
	a.connect(t, "acme", nil)
	b.home("acme", state, "kim").says(t, 410, "federation_attempt_over")
	b.by("acme", "kim").to(t)
	if got := b.account(); got == a.kim.ID.String() || got == "" {
		t.Fatalf("the new connection leads to %q", got)
	}
	for name, change := range map[string]func(*federation.Connection){
		"changed":  func(c *federation.Connection) { c.Settings.ClientID = "other" },
		"off":      func(c *federation.Connection) { c.Enabled = false },
		"back on":  func(c *federation.Connection) { c.Enabled = true },
		"other id": func(c *federation.Connection) { c.Name = "else" },
	} {
		c := a.tab(t)
		if name == "back on" {
			continue
		}
		state := c.away("/federation/beta/start")
		a.alter(t, "beta", change)
		c.home("beta", state, "kim").says(t, 410, "federation_attempt_over")
		if name == "off" {
			a.alter(t, "beta", func(c *federation.Connection) { c.Enabled = true })
		}
		if name == "other id" {
			a.alter(t, "else", func(c *federation.Connection) { c.Name = "beta" })
		}
	}
	// The callback of one connection takes nothing of another.
	c := a.tab(t)
	c.home("beta", c.away("/federation/acme/start"), "kim").says(t, 410, "federation_attempt_over")
}

// TH-40: an organisation's connection lets in its own people, of a domain that it owns
// now, and never who administers the instance.
func TestOrganizationAsImpostor(t *testing.T) {
	t.Parallel()
	domains := []string{"mail.org"}
	a := newAbroad(t)
	fed := a.Federate
	org, err := a.Directory.CreateOrganization(t.Context(), user.Host(), organization.Organization{Slug: "evil", Name: "Evil"})
	must(t, err)
	a.alter(t, "acme", func(c *federation.Connection) { c.Organization = org.ID.String() })
	flow := federate.New(a.federateOptions(func(context.Context, string) ([]string, error) { return domains, nil }))
	finish := func(f *federate.Flow, code string) (federate.Outcome, error) {
		t.Helper()
		begun, err := f.Start(t.Context(), federate.Wish{By: from("198.51.100.9"), Connection: "acme", Purpose: federate.SignIn})
		must(t, err)
		u, err := url.Parse(begun.Address)
		must(t, err)
		return f.Finish(t.Context(), federate.Return{By: from("198.51.100.9"), Connection: "acme", State: u.Query().Get("state"), Sealed: begun.Sealed, Answer: federation.Answer{Code: code}})
	}
	a.idp.person("own", "sub-own", "email", "new@mail.org")
	a.idp.person("stranger", "sub-stranger", "email", "new@other.org")
	a.idp.person("kim", "sub-kim", "email", kimsMail)
	if _, err := finish(fed, "own"); !errors.Is(err, federate.ErrNotMember) {
		t.Errorf("an organisation without a verified domain: %v", err)
	}
	if _, err := finish(flow, "stranger"); !errors.Is(err, federate.ErrNotMember) {
		t.Errorf("of another domain: %v", err)
	}
	out, err := finish(flow, "own")
	must(t, err)
	l, err := a.store.Federation().Linked(t.Context(), a.connection(t, "acme").ID, idpIssuer, "sub-own")
	must(t, err)
	member, err := a.store.Organizations().Of(t.Context(), l.User)
	if must(t, err); len(member) != 1 || out.Vouched == nil {
		t.Errorf("%d memberships, vouched %v", len(member), out.Vouched)
	}
	// An existing account of the domain is not theirs, though they verified the domain.
	if out, err = finish(flow, "kim"); err != nil || out.Pending == "" || out.Vouched != nil {
		t.Errorf("an existing account: %+v %v", out, err)
	}
	// The domain is lost, or the person left: over.
	domains = nil
	if _, err := finish(flow, "own"); !errors.Is(err, federate.ErrNotMember) {
		t.Errorf("the domain is not theirs any more: %v", err)
	}
	domains = []string{"mail.org"}
	must(t, a.Directory.SetRoles(t.Context(), user.Host(), l.User, []string{rbac.Admin}))
	if _, err := finish(flow, "own"); !errors.Is(err, federate.ErrNotMember) {
		t.Errorf("an administrator of the instance: %v", err)
	}
	must(t, a.Directory.SetRoles(t.Context(), user.Host(), l.User, nil))
	must(t, a.Directory.RemoveMember(t.Context(), user.Host(), org.ID, l.User))
	if _, err := finish(flow, "own"); !errors.Is(err, federate.ErrNotMember) {
		t.Errorf("no member any more: %v", err)
	}
	// Nor may an administrator link it.
	boss := a.person(t, "boss@mail.org", rbac.Admin)
	res, err := a.SignIn.SignIn(t.Context(), signInAs("boss@mail.org", rightPassword, from("198.51.100.8")))
	must(t, err)
	a.idp.person("boss", "sub-boss", "email", "boss@mail.org")
	out, err = finish(flow, "boss")
	must(t, err)
	by := user.By(boss.ID, res.Session.ID.String(), from("198.51.100.8").Source)
	if _, err := flow.Link(t.Context(), by, federate.Proof{Password: secret.NewText(rightPassword)}, out.Pending, "en"); !errors.Is(err, federate.ErrNotMember) {
		t.Errorf("an administrator links: %v", err)
	}
}

// The only way in stays; one that goes takes with it what began with it.
func TestUnlink(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.alter(t, "acme", func(c *federation.Connection) { c.Settings.PassOn = true })
	a.idp.person("zoe", "sub-1", "email", "zoe@mail.org")
	a.idp.person("kim", "sub-kim")
	a.linkKim(t, "acme", "kim")
	elsewhere, b := a.tab(t), a.asKim(t)
	elsewhere.by("acme", "kim").to(t)
	elsewhere.mustBe(a.kim.ID.String())
	l := a.links(t, a.kim.ID.String())[0]
	asked := b.submit("/account/connections/remove", b.get("/account/connections"), "id", l.ID.String()).says(t, 200, "unlink <strong>Acme</strong>")
	b.submit("/account/confirm", asked, "flow", hidden(t, asked, "flow"), "password", "no").says(t, 403, "confirmation_wrong")
	b.submit("/account/confirm", asked, "flow", hidden(t, asked, "flow"), "password", rightPassword).to(t)
	if len(a.links(t, a.kim.ID.String())) != 0 || !a.has(t, "link.removed", a.kim.ID.String()) {
		t.Error("still linked")
	}
	elsewhere.mustBe("")
	b.mustBe(a.kim.ID.String())
	b.submit("/account/connections/remove", b.get("/account/connections"), "id", l.ID.String()).says(t, 404, "link_unknown")

	z := a.tab(t)
	z.by("acme", "zoe").to(t)
	only := a.links(t, z.account())[0]
	asked = z.submit("/account/connections/remove", z.get("/account/connections"), "id", only.ID.String()).says(t, 200, `id="confirm-acme"`)
	proven := z.confirmBy(asked, "acme", "zoe")
	z.submit("/account/confirm", proven, "flow", hidden(t, proven, "flow"), "federated", hidden(t, proven, "federated")).says(t, 409, "last_way_in")
	if len(a.links(t, z.account())) != 1 {
		t.Error("locked out")
	}
}

// confirmBy proves the act of a page by a service, and is the page that comes back.
func (b *tab) confirmBy(asked answer, connection, code string) answer {
	b.t.Helper()
	left := b.submit("/account/confirm/service", asked, "flow", hidden(b.t, asked, "flow"), "connection", connection).says(b.t, 200, `id="continue"`)
	u, err := url.Parse(strings.TrimPrefix(left.Header().Get("Refresh"), "0; url="))
	must(b.t, err)
	return b.home(connection, u.Query().Get("state"), code)
}

func directoryUser(email string) (u directory.NewUser) {
	return directory.NewUser{Name: "Planted", Email: email, Password: secret.NewText(rightPassword)}
}
