package app

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/user"
)

// The whole way: a button, an account made at first sight, and the same one again.
func TestFederationSignIn(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.person("zoe", "sub-1", "email", "Zoe@mail.org", "name", "Zoe", "sid", "s1", "acr", "urn:theirs")
	b := a.tab(t)
	b.get("/login?return_to=/account/sessions").says(t, 200, `id="continue-acme"`).says(t, 200, "/federation/acme/start?return_to=%2Faccount%2Fsessions")
	before := count(t, a.store)
	state := b.away("/federation/acme/start?return_to=/account/sessions")
	if ask := a.idp.lastAsk(); ask.Callback != selfURI+"/federation/acme/callback" || ask.Prompt != "" {
		t.Errorf("asked %+v", ask)
	}
	if to := b.home("acme", state, "zoe").to(t); to.Path != "/account/sessions" {
		t.Fatalf("leads to %s", to)
	}
	me := b.account()
	if me == "" || count(t, a.store) != before+1 {
		t.Fatalf("signed in as %q, %d accounts", me, count(t, a.store)-before)
	}
	id, err := user.ParseID(me)
	must(t, err)
	u, err := a.store.Users().ByID(t.Context(), id)
	must(t, err)
	emails, err := a.store.Users().Emails(t.Context(), id)
	must(t, err)
	if u.Name != "Zoe" || len(emails) != 1 || emails[0].Key != "zoe@mail.org" || !emails[0].Verified() || !emails[0].Primary {
		t.Errorf("the account is %+v %+v", u, emails)
	}
	links := a.links(t, me)
	if len(links) != 1 || links[0].Subject != "sub-1" || links[0].Issuer != idpIssuer || !links[0].Born || links[0].UsedAt.IsZero() {
		t.Errorf("links %+v", links)
	}
	live, err := a.store.Sessions().Of(t.Context(), id, a.now())
	must(t, err)
	// What they did over there is theirs to say: here it is one factor.
	if len(live) != 1 || !slices.Equal(live[0].Methods, []string{signin.Federated}) || live[0].Assurance != 1 {
		t.Fatalf("sessions %+v", live)
	}
	o, err := a.store.Federation().Origin(t.Context(), federation.SessionID(live[0].ID))
	if err != nil || o.Link != links[0].ID || o.Session != "s1" || o.ACR != "urn:theirs" {
		t.Errorf("origin %+v %v", o, err)
	}
	for _, name := range []string{"user.created", "link.created", "login.succeeded"} {
		if !a.has(t, name, me) {
			t.Errorf("no %s", name)
		}
	}

	again := a.tab(t)
	again.by("acme", "zoe").to(t)
	again.mustBe(me)
	if n := count(t, a.store); n != before+1 {
		t.Errorf("%d accounts", n-before)
	}
	again.submit("/logout", again.get("/logout"))
	again.get("/login").says(t, 200, "last used")
}

// An authorization request that is under way survives the trip.
func TestFederationWithinAuthorize(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.person("zoe", "sub-1", "email", "zoe@mail.org")
	b := a.tab(t)
	login := b.want(wanting("house")).to(t)
	shown := b.get(login.RequestURI())
	_, rest, ok := strings.Cut(shown.Body.String(), `id="continue-acme" rel="nofollow" href="`)
	if !ok {
		t.Fatal("no button")
	}
	href, _, _ := strings.Cut(rest, `"`)
	done := b.home("acme", b.away(strings.ReplaceAll(href, "&amp;", "&")), "zoe")
	if got := b.get(done.to(t).RequestURI()).back(t); got.Get("code") == "" || got.Get("state") != "s1" {
		t.Errorf("came back with %v", got)
	}
}

// PW-42 TH-33: a second factor of the account is asked for, and the session still
// knows the link it began with.
func TestFederationSecondFactor(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	p := a.withApp(t)
	a.idp.person("kim", "sub-1", "sid", "s9")
	a.linkKim(t, "acme", "kim")
	b := a.tab(t)
	if to := b.by("acme", "kim").to(t); to.Path != "/login/second" {
		t.Fatalf("leads to %s", to)
	}
	b.mustBe("")
	b.typed(b.get("/login/second"), "code", p.code().Reveal()).to(t)
	b.mustBe(a.kim.ID.String())
	live, err := a.store.Federation().Began(t.Context(), federation.There{Connection: a.connection(t, "acme").ID, Issuer: idpIssuer, Session: "s9"}, a.now(), 10)
	if err != nil || len(live) != 1 {
		t.Fatalf("%d sessions know it: %v", len(live), err)
	}
	s, err := a.store.Sessions().ByID(t.Context(), session.ID(live[0].Session))
	if err != nil || !slices.Equal(s.Methods, []string{"fed", "otp", "mfa"}) || s.Assurance != 2 {
		t.Errorf("session %+v %v", s, err)
	}
}

// linkKim links kim's account with who code stands for.
func (a *abroad) linkKim(t *testing.T, connection, code string) federation.Link {
	t.Helper()
	c, said := a.connection(t, connection), a.idp.says[code]
	l := federation.Link{ID: federation.NewLinkID(a.now()), Connection: c.ID, Issuer: said.Issuer, Subject: said.Subject, User: a.kim.ID, CreatedAt: a.now()}
	u, err := a.store.Users().ByID(t.Context(), a.kim.ID)
	must(t, err)
	must(t, a.store.Federation().Link(t.Context(), l, c.Version, u.Version, user.System().Event(federation.LinkMade, a.now(), a.kim.ID)))
	return l
}

// The connection may say that what they did over there is two factors; what time they
// did it is what the session says.
func TestFederationStrongAndOld(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.withApp(t)
	a.alter(t, "acme", func(c *federation.Connection) { c.Settings.Strong = []string{"phr"} })
	a.idp.person("kim", "sub-1", "acr", "phr")
	then := a.now().Add(-3 * time.Hour).Truncate(time.Second)
	a.idp.change("kim", func(s *federation.Statement) { s.AuthTime = then })
	a.linkKim(t, "acme", "kim")
	b := a.tab(t)
	b.by("acme", "kim").to(t)
	b.mustBe(a.kim.ID.String())
	live, err := a.store.Sessions().Of(t.Context(), a.kim.ID, a.now())
	must(t, err)
	s := live[slices.IndexFunc(live, func(s session.Session) bool { return slices.Contains(s.Methods, "fed") })]
	if s.Assurance != 2 || !s.AuthenticatedAt.Equal(then) || !slices.Equal(s.Methods, []string{"fed", "mfa"}) {
		t.Errorf("session %+v", s)
	}
}

// TH-1: who may not act does not get in, and a link that was removed opens nothing.
func TestFederationOfTheSuspended(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.person("kim", "sub-1")
	l := a.linkKim(t, "acme", "kim")
	must(t, a.Directory.Disable(t.Context(), user.Host(), a.kim.ID, ""))
	b := a.tab(t)
	b.by("acme", "kim").says(t, 401, "federated_wrong")
	b.mustBe("")
	must(t, a.Directory.Enable(t.Context(), user.Host(), a.kim.ID))
	eve := a.person(t, "eve@mail.org")
	person := federation.Person{Connection: l.Connection, Issuer: l.Issuer, Subject: l.Subject}
	for name, v := range map[string]*federation.Vouched{
		"made anew":   {Link: federation.NewLinkID(a.now()), Owner: a.kim.ID, Person: person},
		"of nobody":   {Link: l.ID, Person: person},
		"of another":  {Link: l.ID, Owner: eve.ID, Person: person},
		"of somebody": {Link: l.ID, Owner: a.kim.ID, Person: federation.Person{Connection: l.Connection, Issuer: l.Issuer, Subject: "other"}},
	} {
		_, err := a.SignIn.SignIn(t.Context(), signin.Request{By: from("198.51.100.9"), Response: signin.Response{Federated: v}})
		if !errors.Is(err, signin.ErrFederated) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who may be made: TH-40, and the rule of the connection.
func TestFederationProvision(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule   federation.Provision
		claims []string
		closed bool
		code   string // "" gets in
	}{
		"open sign-up":            {claims: []string{"email", "zoe@mail.org"}},
		"closed sign-up":          {claims: []string{"email", "zoe@mail.org"}, closed: true, code: federate.ErrNoAccount.Code},
		"anyone though closed":    {rule: federation.Provision{Mode: federation.ProvisionAnyone}, claims: []string{"email", "zoe@mail.org"}, closed: true},
		"nobody":                  {rule: federation.Provision{Mode: federation.ProvisionNobody}, claims: []string{"email", "zoe@mail.org"}, code: federate.ErrNoAccount.Code},
		"invited":                 {rule: federation.Provision{Mode: federation.ProvisionInvited}, claims: []string{"email", "waits@mail.org"}, closed: true},
		"invited, not counting":   {rule: federation.Provision{Mode: federation.ProvisionInvited}, claims: []string{"unverified", "waits@mail.org"}, code: federate.ErrNoAccount.Code},
		"invited, and disabled":   {rule: federation.Provision{Mode: federation.ProvisionInvited}, claims: []string{"email", "off@mail.org"}, code: federate.ErrNoAccount.Code},
		"invited, and nobody was": {rule: federation.Provision{Mode: federation.ProvisionInvited}, claims: []string{"email", "zoe@mail.org"}, code: federate.ErrNoAccount.Code},
		"domain":                  {rule: federation.Provision{Mode: federation.ProvisionDomains, Domains: []string{"mail.org"}}, claims: []string{"email", "zoe@mail.org"}},
		"other domain":            {rule: federation.Provision{Mode: federation.ProvisionDomains, Domains: []string{"other.org"}}, claims: []string{"email", "zoe@mail.org"}, code: federate.ErrNoAccount.Code},
		"domain, unverified":      {rule: federation.Provision{Mode: federation.ProvisionDomains, Domains: []string{"mail.org"}}, claims: []string{"unverified", "zoe@mail.org"}, code: federate.ErrNoAccount.Code},
		"untrusted domain":        {rule: federation.Provision{Mode: federation.ProvisionDomains, Domains: []string{"evil.org"}}, claims: []string{"email", "zoe@evil.org"}, code: federate.ErrNoAccount.Code},
		"no address":              {claims: nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAbroad(t, func(cfg *Config) { cfg.NoSignUp = c.closed })
			a.alter(t, "acme", func(v *federation.Connection) { v.Settings.Provision = c.rule })
			a.idp.person("zoe", "sub-1", c.claims...)
			waits, err := a.Directory.CreateUser(t.Context(), user.Host(), directoryUser("waits@mail.org"))
			must(t, err)
			off, err := a.Directory.CreateUser(t.Context(), user.Host(), directoryUser("off@mail.org"))
			must(t, err)
			must(t, a.Directory.Disable(t.Context(), user.Host(), off.ID, "en"))
			before := count(t, a.store)
			b := a.tab(t)
			got := b.by("acme", "zoe")
			if c.code != "" {
				got.says(t, 403, c.code)
				b.mustBe("")
				if count(t, a.store) != before {
					t.Error("an account was made")
				}
				return
			}
			got.to(t)
			made := before + 1
			if name == "invited" { // in the place of the one that waited (TH-41)
				made = before
			}
			if me := b.account(); me == "" || me == waits.ID.String() || count(t, a.store) != made {
				t.Error("no account")
			}
		})
	}
}

// New people get what the connection gives, and each sign-in what its mapping says;
// what no rule names stays.
func TestFederationRolesAndFields(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	for _, name := range []string{"editor", "reader", "own"} {
		_, err := a.Directory.PutRole(t.Context(), user.Host(), rbac.Role{Name: name})
		must(t, err)
	}
	a.alter(t, "acme", func(c *federation.Connection) {
		c.Settings.Provision.Roles = []string{"reader", "not-there"}
		c.Settings.Mapping.Roles = map[string][]string{"eng": {"editor"}, "boss": {rbac.Admin}}
	})
	a.idp.person("zoe", "sub-1", "email", "zoe@mail.org", "name", "Zoe", "groups", "eng")
	b := a.tab(t)
	b.by("acme", "zoe").to(t)
	id, err := user.ParseID(b.account())
	must(t, err)
	roles := func(want ...string) {
		t.Helper()
		u, err := a.store.Users().ByID(t.Context(), id)
		if must(t, err); !slices.Equal(u.Roles, want) {
			t.Errorf("roles %v, want %v", u.Roles, want)
		}
	}
	roles("editor", "reader")
	must(t, a.Directory.SetRoles(t.Context(), user.Host(), id, []string{"editor", "own", "reader"}))
	a.idp.person("zoe", "sub-1", "email", "zoe@mail.org", "name", "Zoe Zander", "groups", "boss")
	a.tab(t).by("acme", "zoe").to(t)
	// TH-42: no service makes administrators, whatever the rule that got past Clean.
	roles("own", "reader")
	u, err := a.store.Users().ByID(t.Context(), id)
	if must(t, err); u.Name != "Zoe Zander" {
		t.Errorf("called %q", u.Name)
	}
	// Nor does one take it. And no address changes by what it says (TH-43).
	must(t, a.Directory.SetRoles(t.Context(), user.Host(), id, []string{rbac.Admin, "own", "reader"}))
	a.idp.person("zoe", "sub-1", "email", "other@mail.org", "name", "Zoe Zander", "groups", "eng")
	a.tab(t).by("acme", "zoe").to(t)
	roles("admin", "editor", "own", "reader")
	if emails, err := a.store.Users().Emails(t.Context(), id); err != nil || len(emails) != 1 || emails[0].Key != "zoe@mail.org" {
		t.Errorf("addresses %+v %v", emails, err)
	}

	// What the service owns is changed there.
	b = a.tab(t)
	b.by("acme", "zoe").to(t)
	shown := b.get("/account/profile").says(t, 200, "This comes from Acme")
	b.submit("/account/profile", shown, "display-name", "Mallory", "language", "de", "time-zone", "").says(t, 409, "profile_owned")
	if to := b.submit("/account/profile", shown, "display-name", "Zoe Zander", "language", "de", "time-zone", "").to(t); to.Path != "/account/profile" {
		t.Errorf("leads to %s", to)
	}
	// An account that was linked later is its owner's.
	a.idp.person("kim", "sub-kim", "name", "Not Kim", "groups", "eng")
	a.linkKim(t, "acme", "kim")
	b = a.tab(t)
	b.by("acme", "kim").to(t)
	b.mustBe(a.kim.ID.String())
	u, err = a.store.Users().ByID(t.Context(), a.kim.ID)
	if must(t, err); u.Name != "Kim" || !slices.Equal(u.Roles, []string{"editor"}) {
		t.Errorf("%q %v", u.Name, u.Roles)
	}
}

// A sign-in that another site begins needs the connection's own issuer and leads only
// to us; nothing unasked is taken.
func TestFederationBegunElsewhere(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.person("zoe", "sub-1", "email", "zoe@mail.org")
	b := a.tab(t)
	b.get("/federation/acme/start?iss=https%3A%2F%2Fevil.example").says(t, 400, "federation_issuer")
	start := func(target string) string {
		return "/federation/acme/start?" + url.Values{"iss": {idpIssuer}, "login_hint": {"zoe@mail.org"}, "target_link_uri": {target}}.Encode()
	}
	state := b.away(start(selfURI + "/account/sessions?a=b"))
	if hint := a.idp.lastAsk().LoginHint; hint != "zoe@mail.org" {
		t.Errorf("hint %q", hint)
	}
	if to := b.home("acme", state, "zoe").to(t); to.RequestURI() != "/account/sessions?a=b" {
		t.Errorf("leads to %s", to)
	}
	for _, target := range []string{"https://evil.example/", "//evil.example/", selfURI + ".evil.example/", "/\\evil", "https://id.example.org@evil.example/"} {
		c := a.tab(t)
		if to := c.home("acme", c.away(start(target)), "zoe").to(t); to.RequestURI() != "/account" {
			t.Errorf("%s leads to %s", target, to)
		}
	}
	// Signed in already: nobody is sent anywhere, and no session is replaced.
	if to := b.get(start(selfURI + "/account/profile")).to(t); to.RequestURI() != "/account/profile" {
		t.Errorf("signed in: %s", to)
	}
	c := a.tab(t)
	c.get("/federation/acme/callback?code=zoe&state=made-up").says(t, 410, "federation_attempt_over")
	c.get("/federation/acme/callback?code=zoe").says(t, 410, "federation_attempt_over")
	c.get("/federation/acme/callback?error=access_denied").says(t, 410, "federation_attempt_over")
	c.get("/federation/nobody/start").says(t, 404, "connection_unknown")
	c.mustBe("")
}

// No is no: back to the page, with a sentence, and where they were going. A service
// that is away is said to be, and the other ways are there.
func TestFederationRefusedAndDown(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	b := a.tab(t)
	state := b.away("/federation/acme/start?return_to=/account/sessions")
	to := b.get("/federation/acme/callback?error=access_denied&state=" + state).to(t)
	if to.Path != "/login" || to.Query().Get("return_to") != "/account/sessions" {
		t.Fatalf("leads to %s", to)
	}
	b.get(to.RequestURI()).says(t, 200, "Acme did not sign you in")
	b.by("acme", "unheard-of").says(t, 422, "federation_answer_refused").says(t, 422, `id="password"`)
	if !a.has(t, "federation.answer_refused", "") {
		t.Error("a doubtful answer left no trace")
	}
	state = b.away("/federation/acme/start?return_to=/account/sessions")
	a.idp.down = true
	b.get("/federation/acme/start").says(t, 503, "Acme does not answer right now").says(t, 503, `id="continue-beta"`)
	b.home("acme", state, "zoe").says(t, 503, "Acme does not answer right now").says(t, 503, "return_to=%2Faccount%2Fsessions")
	b.mustBe("")
}

// The window is closed: nothing was written while they were away, and nothing is left.
func TestFederationLeavesNothing(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	b := a.tab(t)
	before := a.written(t)
	for range 10 {
		b.away("/federation/acme/start")
	}
	if after := a.written(t); after != before {
		t.Errorf("%d events", after-before)
	}
	n, err := a.store.Federation().Sweep(t.Context(), a.now().AddDate(1, 0, 0), 100)
	if err != nil || n != 0 {
		t.Errorf("%d attempts kept: %v", n, err)
	}
	held := 0
	for name := range b.cookies {
		if strings.HasPrefix(name, "__Host-mortise-away-") {
			held++
		}
	}
	if held > 4 {
		t.Errorf("the browser holds %d attempts", held)
	}
}

// SE-33 SE-12: Apple's form comes from another site: it is turned into a GET, and does nothing by
// itself.
func TestFederationFormPost(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.person("zoe", "sub-1", "email", "zoe@mail.org")
	b := a.tab(t)
	state := b.away("/federation/acme/start")
	form := url.Values{"state": {state}, "code": {"zoe"}, "user": {`{"name":{"firstName":"Zoe"}}`}, "other": {"x"}}
	kept := b.cookies
	b.cookies = map[string]string{} // Lax: a cross-site POST carries none
	got := b.send(ask{"POST", "/federation/acme/callback", form.Encode(), map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://appleid.apple.com", "Sec-Fetch-Site": "cross-site",
	}})
	b.cookies = kept
	to := got.to(t)
	if to.Path != "/federation/acme/callback" || to.Query().Get("user") == "" || to.Query().Has("other") {
		t.Fatalf("leads to %s", to)
	}
	b.get(to.RequestURI()).to(t)
	if b.account() == "" {
		t.Error("not signed in")
	}
}

// AU-6: an answer that fails a check signs nobody in, and is in the log.
func TestFederationDoubtIsLogged(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	b := a.tab(t)
	b.home("acme", b.away("/federation/acme/start"), "somebody the service never named").says(t, 422, "federation_answer_refused")
	b.mustBe("")
	evs, err := a.store.Audit().Search(t.Context(), audit.Query{Name: federation.Doubted.String(), Limit: 5})
	if err != nil || len(evs) != 1 || evs[0].Reason != "statement" || evs[0].Outcome != audit.Failure || evs[0].Details["connection"] != "acme" {
		t.Errorf("%+v (%v)", evs, err)
	}
}

// TH-35: before setup is over nobody comes in this way.
func TestFederationBeforeSetup(t *testing.T) {
	t.Parallel()
	idp := &there{says: map[string]federation.Statement{}}
	r := newRig(t, func(c *Config) { c.Protocol = idp })
	a := &abroad{&world{rig: r, h: r.Handler()}, idp}
	a.connect(t, "acme", nil)
	a.tab(t).get("/federation/acme/start").says(t, 404, "connection_unknown")
}

// A trial shows the person and keeps nothing, though the connection is off.
func TestFederationTrial(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.alter(t, "acme", func(c *federation.Connection) { c.Enabled = false })
	a.idp.person("zoe", "sub-1", "email", "zoe@mail.org", "name", "Zoe", "groups", "eng")
	before := count(t, a.store)
	path, _ := a.Federate.TestTicket(a.connection(t, "acme"))
	b := a.tab(t)
	b.home("acme", b.away(path), "zoe").says(t, 200, "counts as verified").says(t, 200, "sub-1")
	b.mustBe("")
	if count(t, a.store) != before {
		t.Error("an account was made")
	}
	b.get("/federation/acme/start").says(t, 404, "connection_unknown")
	a.alter(t, "acme", func(c *federation.Connection) { c.Label = "Other" })
	b.get(path).says(t, 410, "federation_attempt_over")
}
