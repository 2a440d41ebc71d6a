package e2e

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// act is one way to end access, done to a person who holds tokens.
type act struct {
	name string
	do   func(g *guarded, email string, held tokens)
}

// acts are all of them. Those that end everybody's access come last.
var acts = []act{
	{name: "log out elsewhere", do: func(g *guarded, email string, _ tokens) {
		elsewhere := g.from(nil)
		elsewhere.signIn(email, ownPassword).is(200, "/account")
		if status, out := elsewhere.api(http.MethodDelete, "/session?all=true", nil); status/100 != 2 {
			g.t.Fatalf("signing out everywhere: %d %v", status, out)
		}
	}},
	{name: "one session ended", do: func(g *guarded, email string, held tokens) {
		elsewhere := g.from(nil)
		elsewhere.signIn(email, ownPassword).is(200, "/account")
		if status, out := elsewhere.api(http.MethodDelete, "/me/sessions/"+held.session, nil); status/100 != 2 {
			g.t.Fatalf("ending one session: %d %v", status, out)
		}
		elsewhere.get("/account").is(200, "/account")
	}},
	{name: "ban", do: func(g *guarded, email string, _ tokens) { g.do("users", "disable", email) }},
	{name: "password change", do: func(g *guarded, email string, _ tokens) {
		elsewhere := g.from(nil)
		elsewhere.signIn(email, ownPassword).is(200, "/account")
		if status, out := elsewhere.api(http.MethodPut, "/me/password", map[string]any{"current_password": ownPassword, "new_password": newPassword}); status/100 != 2 {
			g.t.Fatalf("changing the password: %d %v", status, out)
		}
	}},
	{name: "role loss", do: func(g *guarded, email string, _ tokens) { g.do("users", "roles", email, "") }},
	{name: "deletion", do: func(g *guarded, email string, _ tokens) { g.do("users", "delete", email, "--yes") }},
	{name: "refresh theft", do: func(g *guarded, _ string, held tokens) {
		v := g.from(nil)
		_, next := v.refresh(held.refresh)
		v.refresh(next.refresh)
		if status, _ := g.from(nil).refresh(held.refresh); status != http.StatusBadRequest {
			g.t.Fatalf("a stale refresh token from elsewhere: %d", status)
		}
	}},
	{name: "given back", do: func(g *guarded, _ string, held tokens) {
		v := g.from(nil)
		if got := v.post("/oauth2/revoke", map[string][]string{"token": {held.refresh}, "client_id": {"app"}}); got.status != 200 {
			g.t.Fatalf("revocation: %d %s", got.status, got.body)
		}
	}},
	{name: "ban, once the feed has another key", do: func(g *guarded, email string, _ tokens) {
		g.do("keys", "rotate", "--emergency", "--use", "feed", "--yes")
		g.do("users", "disable", email)
	}},
	{name: "emergency rotation", do: func(g *guarded, _ string, _ tokens) { g.do("keys", "rotate", "--emergency", "--yes") }},
	{name: "client disabled", do: func(g *guarded, _ string, _ tokens) { g.do("clients", "disable", "app", "--yes") }},
}

// TestNextCallIsRefused: sign in, call an API in another process, end the access
// elsewhere, in each way there is; the API refuses the next call within a second
// and asked the issuer about no call: it only follows the feed. TH-1 TH-3 TH-13 TH-19 JW-34
func TestNextCallIsRefused(t *testing.T) {
	t.Parallel()
	g := guard(t, crowd(len(acts)))
	a := g.service(usual)
	for i, how := range acts {
		v := g.from(nil)
		held, bystander := v.enter(person(i)), tokens{}
		if i+1 < len(acts) {
			bystander = g.from(nil).enter(person(i + 1))
			a.works(bystander.access)
		}
		a.works(held.access)
		how.do(g, person(i), held)
		before := a.line.count()
		took, calls := a.refuses(held.access, how.codes()...)
		asked := a.line.since(before)
		t.Logf("%s: refused after %s and %d calls; the issuer was asked %v", how.name, took.Round(time.Millisecond), calls, asked)
		if took > soon {
			t.Errorf("%s: refused after %s", how.name, took)
		}
		delete(asked, "/api/v1/revocations")
		delete(asked, "/api/v1/revocations/keys")
		delete(asked, "/oauth2/jwks") // once, when the feed says that a key died
		if how.name != "emergency rotation" && bystander.access != "" {
			a.works(bystander.access)
		}
		if len(asked) > 0 {
			t.Errorf("%s: the API asked the issuer about calls: %v", how.name, asked)
		}
		if status, _ := v.refresh(held.refresh); status == http.StatusOK && how.ends() {
			t.Errorf("%s: the refresh token still works", how.name)
		}
	}
	if _, n := a.status(); n != 0 {
		t.Errorf("%d introspections", n)
	}
	g.stopped()
}

// codes are those of the refusal. A key that died is revoked, until the new set
// is there, and unknown from then on.
func (h act) codes() []string {
	if h.name == "emergency rotation" {
		return []string{"token_revoked", "token_unknown_key"}
	}
	return []string{"token_revoked"}
}

// ends reports whether the refresh token dies too: neither the loss of a role nor
// a new key ends a sign-in.
func (h act) ends() bool { return h.name != "role loss" && h.name != "emergency rotation" }

// TestNoRequestPerCall: two thousand calls are answered while the issuer hears
// of nothing but the polls of the feed.
func TestNoRequestPerCall(t *testing.T) {
	t.Parallel()
	g := guard(t, crowd(1))
	a := g.service(usual)
	held := g.from(nil).enter(person(0))
	a.works(held.access)
	before, begun := a.line.count(), time.Now()
	calls := 0
	for time.Since(begun) < 3*soon || calls < 2000 {
		a.works(held.access)
		calls++
	}
	took, asked := time.Since(begun), a.line.since(before)
	polls := asked["/api/v1/revocations"]
	delete(asked, "/api/v1/revocations")
	t.Logf("%d calls in %s, %d polls", calls, took.Round(time.Millisecond), polls)
	if len(asked) > 0 || polls > int(took/time.Second)+2 {
		t.Errorf("%d calls in %s made %d polls and %v", calls, took, polls, asked)
	}
	if strings.Contains(g.log.String(), "/oauth2/introspect") {
		t.Error("the server's log has an introspection")
	}
	g.stopped()
}

// TestAPICutOff: with the line to the issuer cut, the API goes on for its bound
// and then says 503, never that a revoked token is good; when the line is back it
// is right within a second. The same when the issuer hangs. TH-14 TH-18
func TestAPICutOff(t *testing.T) {
	t.Parallel()
	g := guard(t, crowd(2))
	a := g.service(short)
	gone, stays := g.from(nil).enter(person(0)), g.from(nil).enter(person(1))
	a.works(gone.access)
	a.works(stays.access)

	a.line.cut()
	cut := time.Now()
	g.do("users", "disable", person(0))
	a.uncertain(gone.access, cut)
	a.uncertain(stays.access, cut)
	a.line.mend()
	a.recovers(stays.access)
	if status, code := a.call(gone.access); status != 401 {
		t.Errorf("the revoked token after the line is back: %d %s", status, code)
	}

	// The issuer hangs: it neither answers nor refuses.
	must(t, g.cmd.Process.Signal(syscall.SIGSTOP))
	a.uncertain(stays.access, time.Now())
	must(t, g.cmd.Process.Signal(syscall.SIGCONT))
	a.recovers(stays.access)

	// The API itself hangs while a token dies: its first answer is right.
	must(t, a.cmd.Process.Signal(syscall.SIGSTOP))
	g.do("users", "disable", person(1))
	<-time.After(short + time.Second) // what it holds as proof is too old now
	must(t, a.cmd.Process.Signal(syscall.SIGCONT))
	if status, code := a.call(stays.access); status == http.StatusOK {
		t.Errorf("the first call after the pause: %d %s", status, code)
	}
	g.stopped()
}

// uncertain calls until the answer is 503, which must be so from the bound on.
func (a *api) uncertain(token string, since time.Time) {
	a.t.Helper()
	eventually(a.t, "503", func() bool {
		sent := time.Since(since)
		status, code := a.call(token)
		switch {
		case status == http.StatusServiceUnavailable && code == "verification_unavailable":
			return true
		case status != http.StatusOK:
			a.t.Fatalf("cut off for %s: %d %s", sent, status, code)
		case sent > a.staleness:
			a.t.Fatalf("accepted %s after it was cut off", sent)
		}
		return false
	})
	if status, _ := a.call(token); status != http.StatusServiceUnavailable {
		a.t.Fatalf("%d after 503", status)
	}
}

// recovers wants the token to work again within a second.
func (a *api) recovers(token string) {
	a.t.Helper()
	begun := time.Now()
	eventually(a.t, "recovery", func() bool { status, _ := a.call(token); return status == http.StatusOK })
	took := time.Since(begun)
	a.t.Logf("right again %s after the issuer was back", took.Round(time.Millisecond))
	if took > soon {
		a.t.Errorf("recovery took %s", took)
	}
}
