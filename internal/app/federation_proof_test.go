package app

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

// TH-36 PW-46: a service's answer is one proof, for one act of one session. It counts
// where the service proves people anew, or where there is nothing better.
func TestProofByService(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.person("zoe", "sub-1", "email", "zoe@mail.org")
	a.idp.person("eve", "sub-2")
	z := a.tab(t)
	z.by("acme", "zoe").to(t)
	asked := z.submit("/account/passkeys/offer", z.get("/account/passkeys")).says(t, 200, `id="confirm-acme"`)
	if strings.Contains(asked.Body.String(), `id="password"`) {
		t.Error("a password is asked for, and there is none")
	}
	z.confirmBy(asked, "acme", "eve").says(t, 403, "federation_other_person")
	proven := z.confirmBy(asked, "acme", "zoe").says(t, 200, "Acme has confirmed that it is you")
	token, flow := hidden(t, proven, "federated"), hidden(t, proven, "flow")

	other := z.submit("/account/data/delete", z.get("/account/data"))
	z.submit("/account/confirm", other, "flow", hidden(t, other, "flow"), "federated", token).says(t, 410, "federation_attempt_over")
	second := a.tab(t)
	second.by("acme", "zoe").to(t)
	second.submit("/account/confirm", second.get("/account/passkeys"), "flow", flow, "federated", token).says(t, 410, "flow_ended")
	z.submit("/account/confirm", proven, "flow", flow, "federated", token).says(t, 200, "data-create")
	z.submit("/account/confirm", proven, "flow", flow, "federated", token).says(t, 410, "federation_attempt_over")

	// Who has a password is not to be had by whoever sits at an open browser over there.
	a.idp.person("kim", "sub-kim")
	a.linkKim(t, "acme", "kim")
	b := a.asKim(t)
	asked = b.submit("/account/passkeys/offer", b.get("/account/passkeys"))
	if strings.Contains(asked.Body.String(), `id="confirm-acme"`) {
		t.Error("the service is offered")
	}
	b.submit("/account/confirm/service", asked, "flow", hidden(t, asked, "flow"), "connection", "acme").says(t, 403, "federation_no_proof")
	a.alter(t, "acme", func(c *federation.Connection) { c.Settings.PassOn = true })
	b.confirmBy(asked, "acme", "kim").says(t, 200, "Acme has confirmed that it is you")
	if ask := a.idp.lastAsk(); ask.Prompt != "login" || ask.MaxAge == nil || *ask.MaxAge != 0 {
		t.Errorf("asked %+v", ask)
	}
	// Nor where the service could not say that it proved anybody anew.
	a.connect(t, "gamma", func(c *federation.Connection) { c.Kind, c.Settings.PassOn = federation.GitHub, true })
	a.linkKim(t, "gamma", "kim")
	asked = b.submit("/account/passkeys/offer", b.get("/account/passkeys"))
	if strings.Contains(asked.Body.String(), `id="confirm-gamma"`) {
		t.Error("a service that proves nobody anew is offered")
	}
	b.submit("/account/confirm/service", asked, "flow", hidden(t, asked, "flow"), "connection", "gamma").says(t, 403, "federation_no_proof")
}

// OA-94: signing in again by the service, in the same session.
func TestAgainByService(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.alter(t, "acme", func(c *federation.Connection) { c.Settings.PassOn = true })
	a.idp.person("zoe", "sub-1", "email", "zoe@mail.org")
	z := a.tab(t)
	z.by("acme", "zoe").to(t)
	before := z.current()
	asked := z.get("/login?again=1&return_to=/account/sessions").says(t, 200, `id="confirm-acme"`)
	a.clock.Advance(time.Hour)
	a.idp.change("zoe", func(s *federation.Statement) { s.AuthTime = a.now().Add(-time.Second) })
	left := z.submit("/login/again/service", asked, "connection", "acme", "return_to", "/account/sessions")
	u, err := url.Parse(strings.TrimPrefix(left.Header().Get("Refresh"), "0; url="))
	must(t, err)
	if to := z.home("acme", u.Query().Get("state"), "zoe").to(t); to.Path != "/account/sessions" {
		t.Errorf("leads to %s", to)
	}
	if z.current() != before {
		t.Error("another session")
	}
	id, err := user.ParseID(z.account())
	must(t, err)
	live, err := a.store.Sessions().Of(t.Context(), id, a.now())
	if must(t, err); a.now().Sub(live[0].AuthenticatedAt) > time.Minute {
		t.Errorf("authenticated at %v, it is %v", live[0].AuthenticatedAt, a.now())
	}
}

// A logout token ends what began with that session over there, once.
func TestUpstreamLogoutToken(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.person("kim", "sub-kim", "sid", "s1")
	a.linkKim(t, "acme", "kim")
	one, own := a.tab(t), a.asKim(t)
	one.by("acme", "kim").to(t)
	a.idp.person("kim", "sub-kim", "sid", "s2")
	two := a.tab(t)
	two.by("acme", "kim").to(t)
	post := func(connection, token string) answer {
		t.Helper()
		return a.form(t, "/federation/"+connection+"/backchannel-logout", "", "logout_token", token)
	}
	tell := func(e federation.Ended) string {
		e.Until = a.now().Add(time.Minute)
		text, err := json.Marshal(e)
		must(t, err)
		return string(text)
	}
	token := tell(federation.Ended{Issuer: idpIssuer, Subject: "sub-kim", Session: "s1", ID: "jti-1"})
	if got := post("acme", token); got.Code != 200 || got.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	one.mustBe("")
	two.mustBe(a.kim.ID.String())
	own.mustBe(a.kim.ID.String())
	if !a.has(t, "session.ended_upstream", a.kim.ID.String()) {
		t.Error("no event")
	}
	for name, got := range map[string]answer{"again": post("acme", token), "made up": post("acme", "nonsense")} {
		if got.Code != 400 || got.text("error") != "invalid_request" {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	if got := post("nobody", token); got.Code != 404 {
		t.Errorf("unknown connection: %d", got.Code)
	}
	if got := post("beta", tell(federation.Ended{Issuer: idpIssuer, Subject: "sub-kim", ID: "jti-2"})); got.Code != 200 {
		t.Errorf("another connection: %d", got.Code)
	}
	two.mustBe(a.kim.ID.String())
	post("acme", tell(federation.Ended{Issuer: idpIssuer, Subject: "sub-kim", ID: "jti-3"}))
	two.mustBe("")
	own.mustBe(a.kim.ID.String())
}

// Signing out here offers, or leads to, the way out over there.
func TestUpstreamSignOut(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.logout = idpIssuer + "/logout"
	a.idp.person("zoe", "sub-1", "email", "zoe@mail.org")
	for mode, want := range map[federation.LogoutMode]string{federation.LogoutLocal: "", federation.LogoutOffer: "link", federation.LogoutAlways: "refresh"} {
		a.alter(t, "acme", func(c *federation.Connection) { c.Settings.Logout = mode })
		b := a.tab(t)
		b.by("acme", "zoe").to(t)
		got := b.submit("/logout", b.get("/logout"))
		link, refresh := strings.Contains(got.Body.String(), `id="leave-service"`), strings.HasPrefix(got.Header().Get("Refresh"), "0; url="+idpIssuer+"/logout")
		if link != (want != "") || refresh != (want == "refresh") {
			t.Errorf("%q: link %v, refresh %v: %d", mode, link, refresh, got.Code)
		}
		b.mustBe("")
	}
	all := a.tab(t) // and out of it everywhere
	all.by("acme", "zoe").to(t)
	a.alter(t, "acme", func(c *federation.Connection) { c.Settings.Logout = federation.LogoutOffer })
	asked := all.submit("/logout", all.get("/logout"), "scope", "all").says(t, 200, `id="confirm-acme"`)
	proven := all.confirmBy(asked, "acme", "zoe")
	all.submit("/account/confirm", proven, "flow", hidden(t, proven, "flow"), "federated", hidden(t, proven, "federated")).says(t, 200, `id="leave-service"`)
	all.mustBe("")
	b := a.asKim(t) // a session that began with no link
	if got := b.submit("/logout", b.get("/logout")); got.Code != 303 {
		t.Errorf("%d", got.Code)
	}
}

// An app that signs somebody out does so at the service too, where the connection says
// so; the way leads back to the app, and to nothing that nobody registered.
func TestUpstreamSignOutByAnApp(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.logout = idpIssuer + "/logout"
	a.idp.person("zoe", "sub-1", "email", "zoe@mail.org")
	a.codeClient(t, "leaver", func(c *client.Client) { c.PostLogoutURIs = []string{bye} })
	for mode, want := range map[federation.LogoutMode]string{federation.LogoutLocal: bye, federation.LogoutOffer: bye, federation.LogoutAlways: idpIssuer + "/logout"} {
		a.alter(t, "acme", func(c *federation.Connection) { c.Settings.Logout = mode })
		b := a.tab(t)
		b.by("acme", "zoe").to(t)
		ask := url.Values{"client_id": {"leaver"}, "post_logout_redirect_uri": {bye}, "state": {"s1"}}
		shown := b.get("/oauth2/end_session?"+ask.Encode()).says(t, 200, `action="/oauth2/end_session/confirm"`)
		got := b.submit("/oauth2/end_session/confirm", shown, "client_id", "leaver", "post_logout_redirect_uri", bye, "state", "s1").says(t, 200, `id="continue"`)
		to, found := strings.CutPrefix(got.Header().Get("Refresh"), "0; url=")
		if !found || !strings.HasPrefix(to, want+"?") {
			t.Errorf("%q leads to %s", mode, got.Header().Get("Refresh"))
		}
		b.mustBe("")
		if mode != federation.LogoutAlways {
			continue
		}
		u, err := url.Parse(to)
		must(t, err)
		if u.Query().Get("post_logout_redirect_uri") != selfURI+"/logout" {
			t.Errorf("comes back to %s", to)
		}
		state := u.Query().Get("state")
		if back := b.get("/logout?state=" + state).to(t); back.String() != bye+"?state=s1" {
			t.Errorf("back to %s", back)
		}
		for name, state := range map[string]string{"made up": state[:len(state)-2] + "AA", "an address": "https://evil.example", "none": ""} {
			if got := b.get("/logout?state=" + url.QueryEscape(state)); got.Code != 200 {
				t.Errorf("%s: %d %s", name, got.Code, got.Header().Get("Location"))
			}
		}
		a.clock.Advance(16 * time.Minute)
		b.get("/logout?state="+state).says(t, 200, "")
	}
	// Where the browser goes nowhere else, it is offered.
	a.alter(t, "acme", func(c *federation.Connection) { c.Settings.Logout = federation.LogoutOffer })
	b := a.tab(t)
	b.by("acme", "zoe").to(t)
	b.submit("/oauth2/end_session/confirm", b.get("/oauth2/end_session"), "client_id", "leaver").says(t, 200, `id="leave-service"`)
}

// Races on both engines: one state comes back twice; one person in two tabs; two people
// with one address by two services. More sign in from here than may try one account.
func TestFederationRaces(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		idp := &there{says: map[string]federation.Statement{}}
		r := newRigOn(t, st, func(c *Config) { c.Protocol = idp })
		a := &abroad{&world{rig: r.begun(t), h: r.Handler()}, idp}
		a.connect(t, "acme", nil)
		a.connect(t, "beta", nil)
		idp.person("zoe", "sub-1", "email", "zoe@mail.org")
		idp.person("ann", "sub-ann", "email", "ann@mail.org")
		idp.person("bob", "sub-bob", "email", "ann@mail.org")
		idp.person("anon", "sub-anon")
		begin := func(connection string) federate.Return {
			t.Helper()
			b, err := a.Federate.Start(t.Context(), federate.Wish{By: from("198.51.100.9"), Connection: connection, Purpose: federate.SignIn})
			must(t, err)
			u, err := url.Parse(b.Address)
			must(t, err)
			return federate.Return{By: from("198.51.100.9"), Connection: connection, State: u.Query().Get("state"), Sealed: b.Sealed}
		}
		race := func(n int, of func(i int) (federate.Return, string)) (outs []federate.Outcome, errs []error) {
			t.Helper()
			outs, errs = make([]federate.Outcome, n), make([]error, n)
			backs := make([]federate.Return, n)
			for i := range n {
				var code string
				backs[i], code = of(i)
				backs[i].Answer.Code = code
			}
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() { outs[i], errs[i] = a.Federate.Finish(t.Context(), backs[i]) })
			}
			wg.Wait()
			return outs, errs
		}
		before := count(t, st)

		one := begin("acme")
		_, errs := race(8, func(int) (federate.Return, string) { return one, "zoe" })
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, federation.ErrAttempt) {
				t.Error(err)
			}
		}
		if won != 1 || count(t, st) != before+1 {
			t.Errorf("one state: %d won, %d accounts", won, count(t, st)-before)
		}

		for _, code := range []string{"anon", "ann"} {
			before = count(t, st)
			outs, errs := race(8, func(int) (federate.Return, string) { return begin("acme"), code })
			link := federation.LinkID{}
			for i, err := range errs {
				if err != nil || outs[i].Vouched == nil {
					t.Fatalf("%s in a tab: %+v %v", code, outs[i], err)
				}
				if link.IsZero() {
					link = outs[i].Vouched.Link
				}
				if outs[i].Vouched.Link != link {
					t.Errorf("%s has two links", code)
				}
				res, err := a.SignIn.SignIn(t.Context(), signin.Request{By: from("198.51.100.9"), Response: signin.Response{Federated: outs[i].Vouched}})
				if err != nil || !res.Complete() {
					t.Errorf("%s: %v", code, err)
				}
			}
			if n := count(t, st); n != before+1 {
				t.Errorf("%s in two tabs: %d accounts", code, n-before)
			}
		}

		idp.person("cat", "sub-cat", "email", "cat@mail.org")
		idp.person("dog", "sub-dog", "email", "cat@mail.org")
		before = count(t, st)
		outs, errs := race(8, func(i int) (federate.Return, string) {
			if i%2 == 0 {
				return begin("acme"), "cat"
			}
			return begin("beta"), "dog"
		})
		in := map[federation.ID]bool{}
		for i, err := range errs {
			if err != nil || (outs[i].Vouched == nil) == (outs[i].Pending == "") {
				t.Fatalf("%+v %v", outs[i], err)
			}
			if outs[i].Vouched != nil {
				in[outs[i].Connection.ID] = true
			}
		}
		if n := count(t, st); n != before+1 || len(in) != 1 {
			t.Errorf("one address by two services: %d accounts, %d ways in", n-before, len(in))
		}
	})
}
