package app

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/rescue"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
	"github.com/mortise-auth/mortise/internal/user"
)

// program is a person's own program that speaks to the API and nothing else.
type program struct {
	*world
	email, cookie string
}

func (p *program) ask(t *testing.T, method, path string, body map[string]any) answer {
	t.Helper()
	text, err := json.Marshal(body)
	must(t, err)
	a := ask{method, "/api/v1" + path, string(text), map[string]string{"Content-Type": "application/json", "User-Agent": phoneAgent}}
	if body == nil {
		a.body = ""
	}
	if p.cookie != "" {
		a.head["Cookie"] = p.cookie
	}
	return p.do(t, a)
}

// give lets an authenticator answer the question in an answer.
func (a answer) give(t *testing.T, member string, do func(any) ([]byte, error)) json.RawMessage {
	t.Helper()
	question, err := json.Marshal(a.json[member])
	must(t, err)
	out, err := do(question)
	if err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
	return out
}

// enter signs in with a passkey and keeps the session.
func (p *program) enter(t *testing.T, key *authenticator.Authenticator) answer {
	t.Helper()
	p.cookie = ""
	asked := p.ask(t, "POST", "/signin/passkey", map[string]any{}).want(t, 200, "")
	body := map[string]any{"passkey": asked.give(t, "public_key", key.Get)}
	if flow := asked.text("flow"); flow != "" {
		body["flow"] = flow
	}
	got := p.ask(t, "POST", "/signin", body)
	if c, ok := got.cookie(p.Frame.Names().Session); ok {
		p.cookie = c.Name + "=" + c.Value
	}
	return got
}

// signUp makes an account that a passkey alone opens.
func (p *program) signUp(t *testing.T, key *authenticator.Authenticator) {
	t.Helper()
	flow := p.ask(t, "POST", "/signup", map[string]any{"email": p.email, "name": "Kim", "with": "passkey"}).want(t, 200, "").text("flow")
	proof := map[string]any{"flow": flow, "code": p.code(t, p.email).Reveal()}
	proof["passkey"] = p.ask(t, "POST", "/signup", proof).want(t, 200, "").give(t, "public_key", key.Create)
	if got := p.ask(t, "POST", "/signup", proof).want(t, 200, ""); got.text("status") != "complete" {
		t.Fatalf("%s", got.Body)
	}
}

// names are the events in the person's own log, oldest first.
func (p *program) names(t *testing.T) (names []string) {
	t.Helper()
	for _, e := range p.ask(t, "GET", "/me/events?limit=100", nil).want(t, 200, "").json["data"].([]any) {
		names = append(names, e.(map[string]any)["name"].(string))
	}
	slices.Reverse(names)
	return names
}

// TH-42 TH-43 PW-36 PW-72: the whole life of an account that a passkey alone opens, by the
// API: signed up, lost, waited for, come back to, and every step in its own log.
func TestLosingTheOnlyPasskey(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		p := &program{world: newRigOn(t, st).running(t).begun(t).world(t), email: "rosa@mail.org"}
		lost, found := authenticator.New(selfURI), authenticator.New(selfURI)
		p.signUp(t, lost)
		p.enter(t, lost).want(t, 200, "")
		before := p.cookie
		p.cookie = ""
		p.clock.Advance(time.Hour)

		flow := p.ask(t, "POST", "/recover", map[string]any{"identifier": p.email}).want(t, 200, "").text("flow")
		mailed := p.letterAt(t, p.email, "/recover/password")
		p.ask(t, "POST", "/recover", map[string]any{"flow": flow, "code": mailed.Code, "new_password": otherPassword}).want(t, 403, "recovery_passkeys_only")
		begun := p.ask(t, "POST", "/recover/lost", map[string]any{"flow": flow, "code": mailed.Code}).want(t, 200, "")
		if begun.text("kind") != "waiting" || begun.json["assurance"] != 2.0 {
			t.Errorf("%s", begun.Body)
		}
		for _, path := range []string{"/account", "/account/security", "/account/activity"} {
			if got := p.do(t, ask{"GET", path, "", map[string]string{"Cookie": before}}); got.Code != 200 || !strings.Contains(got.Body.String(), `href="/account/recovery"`) {
				t.Errorf("%s does not lead a session that is left to the recovery: %d", path, got.Code)
			}
		}
		p.swept(t, reclaim.DefaultWait-time.Hour)
		p.swept(t, 2*time.Hour)

		token := p.mailed(t, p.email, "/recover/finish", reclaim.Finish).Reveal()
		offer := p.ask(t, "POST", "/recover/offer", map[string]any{"token": token}).want(t, 200, "")
		if offer.json["password_needed"] != true {
			t.Errorf("%s", offer.Body)
		}
		p.ask(t, "POST", "/recover/finish", map[string]any{"token": token, "new_password": otherPassword}).want(t, 422, "new_factor_needed")
		p.ask(t, "POST", "/recover/finish", map[string]any{"token": token, "passkey": offer.give(t, "passkey", found.Create)}).want(t, 200, "")
		p.cookie = before
		p.ask(t, "GET", "/me", nil).want(t, 401, "session_ended")
		p.enter(t, lost).want(t, 401, "passkey_wrong")
		p.enter(t, found).want(t, 200, "")
		want := []string{
			"user.created", "passkey.added", "login.succeeded", "password.reset_requested", "recovery.started", "recovery.announced",
			"recovery.ready", "recovery.completed", "passkey.added", "recovery.sessions_ended", "login.succeeded",
		}
		if missing := without(want, p.names(t)); len(missing) > 0 {
			t.Errorf("not in the log, or not in this order: %v in %v", missing, p.names(t))
		}
	})
}

// without is what of want does not stand in have, in that order.
func without(want, have []string) []string {
	for _, name := range have {
		if len(want) > 0 && want[0] == name {
			want = want[1:]
		}
	}
	return want
}

// TH-42: nobody's link makes a lone password where passkeys were: not the mailbox's,
// not the host's. The host's leads to another passkey at once, or to an app and a
// password.
func TestHostLinkWithoutPassword(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		p := &program{world: newRigOn(t, st).running(t).begun(t).world(t), email: "rosa@mail.org"}
		key := authenticator.New(selfURI)
		p.signUp(t, key)
		owner, _, err := p.store.Users().ByEmail(t.Context(), user.EmailKey(p.email))
		must(t, err)
		link := func() secret.Token {
			t.Helper()
			text, _, err := p.Rescue.Link(t.Context(), user.Host(), owner.ID)
			must(t, err)
			u, err := url.Parse(text)
			must(t, err)
			token, err := secret.Parse(reclaim.Finish, u.Query().Get("token"))
			must(t, err)
			return token
		}
		token := link()
		for name, in := range map[string]map[string]any{
			"a password": {"new_password": otherPassword}, "nothing": {},
		} {
			in["token"] = token.Reveal()
			if got := p.ask(t, "POST", "/recover/finish", in); got.Code != 422 {
				t.Errorf("%s: %d %s", name, got.Code, got.Body)
			}
		}
		if _, err := p.comeBack(t, token, ""); !errors.Is(err, rescue.ErrPasswordNeeded) {
			t.Errorf("an app alone: %v", err)
		}
		if _, err := p.comeBack(t, token, otherPassword); err != nil {
			t.Fatal(err)
		}
		res, err := p.SignIn.SignIn(t.Context(), signInAs(p.email, otherPassword, from("198.51.100.7")))
		if err != nil || res.Complete() {
			t.Errorf("the password alone: complete %v, %v", res.Complete(), err)
		}
		p.enter(t, key).want(t, 401, "passkey_wrong")

		token, next := link(), authenticator.New(selfURI)
		offer := p.ask(t, "POST", "/recover/offer", map[string]any{"token": token.Reveal()}).want(t, 200, "")
		p.ask(t, "POST", "/recover/finish", map[string]any{"token": token.Reveal(), "passkey": offer.give(t, "passkey", next.Create)}).want(t, 200, "")
		p.enter(t, next).want(t, 200, "")
		if missing := without([]string{"recovery.link_created", "recovery.completed", "recovery.link_created", "recovery.completed"}, p.names(t)); len(missing) > 0 {
			t.Errorf("not in the log: %v in %v", missing, p.names(t))
		}
	})
}
