package app

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/user"
)

// zone is the DNS of a test.
type zone struct {
	mu      sync.Mutex
	records map[string][]string
	down    bool
}

func (z *zone) TXT(_ context.Context, name string) ([]string, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.down {
		return nil, errors.New("no server answers")
	}
	if all, ok := z.records[name]; ok {
		return all, nil
	}
	return nil, organization.ErrNoRecord
}

func (z *zone) set(down bool, name string, values ...string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.down = down; name == "" {
		return
	}
	z.records[name] = values
	if values == nil {
		delete(z.records, name)
	}
}

// estate is a world with an organisation that owns acme's connection.
type estate struct {
	*abroad
	zone *zone
	org  organization.Organization
}

func newEstate(t *testing.T, change ...func(*Config)) *estate {
	t.Helper()
	z := &zone{records: map[string][]string{}}
	a := newAbroad(t, append(change, func(c *Config) { c.Resolver = z })...)
	org, err := a.Directory.CreateOrganization(t.Context(), user.Host(), organization.Organization{Slug: "acme", Name: "Acme"})
	must(t, err)
	a.alter(t, "acme", func(c *federation.Connection) { c.Organization, c.Hidden = org.ID.String(), true })
	_, err = a.Directory.PutRole(t.Context(), user.Host(), rbac.Role{Name: organization.Owner})
	must(t, err)
	return &estate{a, z, org}
}

// verify makes mail.org the organisation's.
func (e *estate) verify(t *testing.T, name string) {
	t.Helper()
	d, err := e.Directory.AddDomain(t.Context(), user.Host(), e.org.ID, name)
	must(t, err)
	e.zone.set(false, d.Record, "v=spf1 -all", d.Value)
	d, err = e.Directory.VerifyDomain(t.Context(), user.Host(), e.org.ID, name)
	must(t, err)
	if d.Status != organization.Verified {
		t.Fatalf("it is %s", d.Status)
	}
}

func (e *estate) join(t *testing.T, of user.ID, roles ...string) {
	t.Helper()
	must(t, e.Directory.SetMember(t.Context(), user.Host(), organization.Membership{Organization: e.org.ID, User: of, Roles: roles}))
}

func (e *estate) enter(t *testing.T, email string) (signin.Result, error) {
	t.Helper()
	return e.SignIn.SignIn(t.Context(), signInAs(email, rightPassword, from("198.51.100.8")))
}

// TH-40: a domain is shown to be owned by its DNS, for one organisation, and lapses.
func TestVerifyDomain(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	host, ctx := user.Host(), t.Context()
	for _, name := range []string{"gmail.com", "mail.gmail.com", "outlook.com", "yahoo.co.uk"} {
		if _, err := e.Directory.AddDomain(ctx, host, e.org.ID, name); !errors.Is(err, organization.ErrPublicDomain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := e.Directory.AddDomain(ctx, host, e.org.ID, "localhost"); !errors.Is(err, organization.ErrBadDomain) {
		t.Errorf("no domain: %v", err)
	}
	d, err := e.Directory.AddDomain(ctx, host, e.org.ID, "mail.org")
	must(t, err)
	if d.Record != "_mortise.mail.org" || d.Status != organization.Claimed {
		t.Errorf("added %+v", d)
	}
	verify := func(id organization.ID) error {
		_, err := e.Directory.VerifyDomain(ctx, host, id, "mail.org")
		return err
	}
	other, err := e.Directory.CreateOrganization(ctx, host, organization.Organization{Slug: "other", Domains: []string{"mail.org"}})
	must(t, err)
	theirs, err := e.Directory.Domains(ctx, host, other.ID)
	must(t, err)
	if theirs[0].Value == d.Value {
		t.Error("two organisations share a token")
	}
	if err := verify(e.org.ID); !errors.Is(err, organization.ErrDomainRecord) {
		t.Errorf("no record: %v", err)
	}
	e.zone.set(false, d.Record, theirs[0].Value)
	if err := verify(e.org.ID); !errors.Is(err, organization.ErrDomainRecord) {
		t.Errorf("another's record: %v", err)
	}
	e.zone.set(true, "")
	if err := verify(e.org.ID); !errors.Is(err, organization.ErrDomainDNS) {
		t.Errorf("DNS is down: %v", err)
	}
	e.zone.set(false, d.Record, theirs[0].Value, d.Value)
	must(t, verify(e.org.ID))
	if err := verify(other.ID); !errors.Is(err, organization.ErrDomainTaken) {
		t.Errorf("a second owner: %v", err)
	}
	if !e.has(t, "org.domain_verified", "") {
		t.Error("no event")
	}
	must(t, e.Directory.RemoveDomain(ctx, host, e.org.ID, "mail.org"))
	must(t, verify(other.ID))
}

// TH-40: looked at every day, with a grace; a DNS that is down has a longer one.
func TestRecheckDomain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		down bool
		days int // after which it is over
	}{"gone": {false, 8}, "unreachable": {true, 31}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEstate(t)
			e.verify(t, "mail.org")
			status := func() organization.Domain {
				all, err := e.Directory.Domains(t.Context(), user.Host(), e.org.ID)
				must(t, err)
				return all[0].Domain
			}
			day := func() {
				e.clock.Advance(organization.CheckEvery + time.Minute)
				_, err := e.Directory.RecheckDomains(t.Context(), 10)
				must(t, err)
			}
			n, err := e.Directory.RecheckDomains(t.Context(), 10)
			if must(t, err); n != 0 {
				t.Error("looked at before its time")
			}
			record := e.zone.records["_mortise.mail.org"]
			e.zone.set(c.down, "_mortise.mail.org")
			day()
			if d := status(); d.Status != organization.Verified || d.FailingSince.IsZero() {
				t.Fatalf("after a day: %+v", d)
			}
			e.zone.set(false, "_mortise.mail.org", record...)
			day()
			if d := status(); !d.FailingSince.IsZero() {
				t.Fatalf("found again: %+v", d)
			}
			e.zone.set(c.down, "_mortise.mail.org")
			for range c.days - 1 {
				day()
			}
			if d := status(); d.Status != organization.Verified {
				t.Fatalf("too early: %+v", d)
			}
			day()
			if d := status(); d.Status != organization.Lapsed {
				t.Fatalf("too late: %+v", d)
			}
			if _, err := e.Federate.Home(t.Context(), "zoe@mail.org"); !errors.Is(err, federation.ErrUnknown) {
				t.Errorf("people are sent there still: %v", err)
			}
		})
	}
}

// PW-25: an address leads to the organisation's service, whoever has an account.
func TestHomeRealm(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	b := e.tab(t)
	if got := b.get("/login"); got.Code != 200 {
		t.Fatal(got.Code)
	} else if slices.Contains(ids(got.Body.String()), "organization") {
		t.Error("a button for nobody")
	}
	e.verify(t, "mail.org")
	b.get("/login").says(t, 200, `id="organization"`)
	for _, address := range []string{"nobody@mail.org", kimsMail, "ZOE@Mail.ORG"} {
		got := e.tab(t)
		page := got.get("/login?return_to=/account/sessions")
		answer := got.submit("/login", page, "identifier", address, "password", "")
		to, err := url.Parse(answer.Header().Get("Refresh")[len("0; url="):])
		must(t, err)
		if to.Query().Get("login_hint") != address || answer.Code != 200 {
			t.Errorf("%s leads to %s", address, to)
		}
	}
	e.idp.person("zoe", "sub-1", "email", "zoe@mail.org")
	page := b.get("/login?return_to=/account/sessions")
	gone := b.submit("/login", page, "identifier", "zoe@mail.org", "password", "whatever", "home", "1", "return_to", "/account/sessions")
	to, err := url.Parse(gone.Header().Get("Refresh")[len("0; url="):])
	must(t, err)
	if back := b.home("acme", to.Query().Get("state"), "zoe").to(t); back.Path != "/account/sessions" {
		t.Errorf("leads to %s", back)
	}
	if b.account() == "" {
		t.Error("nobody is signed in")
	}
	// Of another domain it is a sign-in as ever.
	e.tab(t).submitted(t, "nobody@other.org").says(t, 422, "missing_field")
}

func (b *tab) submitted(t *testing.T, address string) answer {
	t.Helper()
	return b.submit("/login", b.get("/login"), "identifier", address, "password", "")
}

// ids are the ids in a page.
func ids(body string) (out []string) {
	for {
		_, rest, ok := strings.Cut(body, `id="`)
		if !ok {
			return out
		}
		id, rest, _ := strings.Cut(rest, `"`)
		out, body = append(out, id), rest
	}
}

// TH-40: required sign-in binds people of the domain, refuses every other birth, and
// never who administers the instance; it takes nothing over.
func TestRequiredSSO(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	ctx, host := t.Context(), user.Host()
	zoe, boss, glass := e.person(t, "zoe@mail.org"), e.person(t, "boss@mail.org", rbac.Admin), e.person(t, "glass@mail.org")
	e.person(t, "stranger@mail.org")
	for _, u := range []user.User{zoe, boss} {
		e.join(t, u.ID)
	}
	e.join(t, glass.ID, organization.Owner)
	require := func() error { _, err := e.Directory.RequireSSO(ctx, host, e.org.ID, []user.ID{glass.ID}); return err }
	if err := require(); !errors.Is(err, organization.ErrNoHome) {
		t.Errorf("no domain: %v", err)
	}
	e.verify(t, "mail.org")
	before, err := e.enter(t, "zoe@mail.org")
	must(t, err)
	if _, err := e.Directory.RequireSSO(ctx, host, e.org.ID, nil); !errors.Is(err, organization.ErrBreakGlass) {
		t.Errorf("nobody breaks the glass: %v", err)
	}
	if _, err := e.Directory.RequireSSO(ctx, host, e.org.ID, []user.ID{zoe.ID}); !errors.Is(err, organization.ErrBreakGlass) {
		t.Errorf("no owner: %v", err)
	}
	kept, err := e.enter(t, "boss@mail.org")
	must(t, err)
	must(t, require())
	// What began otherwise is over; an administrator's is not.
	if s, err := e.store.Sessions().ByID(ctx, before.Session.ID); err != nil || s.EndedAt.IsZero() {
		t.Errorf("zoe's session lives: %v", err)
	}
	if s, err := e.store.Sessions().ByID(ctx, kept.Session.ID); err != nil || !s.EndedAt.IsZero() {
		t.Errorf("an administrator's session ended: %v", err)
	}
	if _, err := e.enter(t, "zoe@mail.org"); !errors.Is(err, signin.ErrSSORequired) {
		t.Errorf("zoe by password: %v", err)
	}
	for _, u := range []string{"boss@mail.org", "glass@mail.org", "stranger@mail.org"} {
		if _, err := e.enter(t, u); err != nil {
			t.Errorf("%s by password: %v", u, err)
		}
	}
	// A wrong password says nothing of it.
	if _, err := e.SignIn.SignIn(ctx, signInAs("zoe@mail.org", "wrong", from("198.51.100.8"))); !errors.Is(err, signin.ErrWrong) {
		t.Errorf("zoe by a wrong password: %v", err)
	}
	// The existing account is linked with a proof, though by password alone she is refused.
	e.idp.person("zoe", "sub-zoe", "email", "zoe@mail.org")
	e.idp.person("mallory", "sub-mallory", "email", "mallory@mail.org")
	b := e.tab(t)
	if to := b.by("acme", "zoe").to(t); to.Path != "/login/link" {
		t.Fatalf("leads to %s", to)
	}
	b.mustBe("")
	b.submit("/login", b.get("/login"), "identifier", "zoe@mail.org", "password", rightPassword).to(t)
	b.mustBe(zoe.ID.String())
	// Who came as somebody else may not prove her account by her password.
	in := signInAs("zoe@mail.org", rightPassword, from("198.51.100.8"))
	for _, u := range []signin.Upstream{{Organization: e.org.ID.String(), Email: "mallory@mail.org"}, {Organization: "org_other", Email: "zoe@mail.org"}, {Email: "zoe@mail.org"}} {
		in.Upstream = u
		if _, err := e.SignIn.SignIn(ctx, in); !errors.Is(err, signin.ErrSSORequired) {
			t.Errorf("%+v: %v", u, err)
		}
	}
	// By another service that she linked: no.
	e.idp.person("beta", "sub-beta")
	l := federation.Link{ID: federation.NewLinkID(e.now()), Connection: e.connection(t, "beta").ID, Issuer: idpIssuer, Subject: "sub-beta", User: zoe.ID, CreatedAt: e.now()}
	must(t, e.store.Federation().Link(ctx, l, e.connection(t, "beta").Version, zoe.Version, host.Event(federation.LinkMade, e.now(), zoe.ID)))
	e.tab(t).by("beta", "beta").says(t, 403, "sso_required")
	// Relaxed, everything is as it was.
	must(t, e.Directory.RelaxSSO(ctx, host, e.org.ID))
	if _, err := e.enter(t, "zoe@mail.org"); err != nil {
		t.Errorf("relaxed: %v", err)
	}
}

// TH-40: an organisation's connection with Google's issuer, another's subject, and a
// domain verified over existing accounts give nobody's account away.
func TestOrganizationMapsStrangers(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	zoe := e.person(t, "zoe@mail.org")
	e.idp.person("google", "sub-zoe", "email", "zoe@mail.org")
	e.idp.change("google", func(s *federation.Statement) { s.Issuer = "https://accounts.google.com" })
	// zoe is linked to Google by the instance's connection.
	c := e.connection(t, "beta")
	l := federation.Link{ID: federation.NewLinkID(e.now()), Connection: c.ID, Issuer: "https://accounts.google.com", Subject: "sub-zoe", User: zoe.ID, CreatedAt: e.now()}
	must(t, e.store.Federation().Link(t.Context(), l, c.Version, zoe.Version, user.System().Event(federation.LinkMade, e.now(), zoe.ID)))
	e.tab(t).by("acme", "google").says(t, 403, federate.ErrNotMember.Code)
	e.verify(t, "mail.org")
	b := e.tab(t)
	if to := b.by("acme", "google").to(t); to.Path != "/login/link" {
		t.Errorf("leads to %s", to)
	}
	b.mustBe("")
	if of, err := e.store.Organizations().Of(t.Context(), zoe.ID); err != nil || len(of) != 0 {
		t.Errorf("she became a member: %v %v", of, err)
	}
	if links := e.links(t, zoe.ID.String()); len(links) != 1 {
		t.Errorf("%d links", len(links))
	}
}

// A directory says that somebody left: membership, links, sessions, and the account that
// was made for it.
func TestLeave(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	e.verify(t, "mail.org")
	e.idp.person("zoe", "sub-1", "email", "zoe@mail.org")
	b := e.tab(t)
	b.by("acme", "zoe").to(t)
	id, err := user.ParseID(b.account())
	must(t, err)
	must(t, e.Directory.Leave(t.Context(), user.System(), e.org.ID, id))
	b.mustBe("")
	u, err := e.store.Users().ByID(t.Context(), id)
	must(t, err)
	if u.State != user.Suspended || len(e.links(t, id.String())) != 0 {
		t.Errorf("%s, links %v", u.State, e.links(t, id.String()))
	}
	if err := e.Directory.Leave(t.Context(), user.System(), e.org.ID, id); !errors.Is(err, organization.ErrNotMember) {
		t.Errorf("again: %v", err)
	}
	// Who had an account before keeps it.
	kim := e.person(t, "kay@mail.org")
	e.join(t, kim.ID)
	e.idp.person("kay", "sub-kay", "email", "kay@mail.org")
	c := e.connection(t, "acme")
	l := federation.Link{ID: federation.NewLinkID(e.now()), Connection: c.ID, Issuer: idpIssuer, Subject: "sub-kay", User: kim.ID, CreatedAt: e.now()}
	must(t, e.store.Federation().Link(t.Context(), l, c.Version, kim.Version, user.System().Event(federation.LinkMade, e.now(), kim.ID)))
	k := e.tab(t)
	k.by("acme", "kay").to(t)
	k.mustBe(kim.ID.String())
	must(t, e.Directory.Leave(t.Context(), user.System(), e.org.ID, kim.ID))
	k.mustBe("")
	if u, err = e.store.Users().ByID(t.Context(), kim.ID); err != nil || u.State != user.Active {
		t.Errorf("%s %v", u.State, err)
	}
}
