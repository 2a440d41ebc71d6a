package app

import (
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
	"github.com/mortise-auth/mortise/internal/user"
)

// prompted reports whether the pages ask for another passkey, which they do together.
func (b *tab) prompted() bool {
	b.t.Helper()
	overview, list := b.get("/account").says(b.t, 200, "<main"), b.get("/account/passkeys").says(b.t, 200, "<main")
	on := strings.Contains(overview.Body.String(), `id="add-another"`)
	if told := strings.Contains(list.Body.String(), `id="sole"`); told != on {
		b.t.Errorf("the overview asks: %v, the passkeys do: %v", on, told)
	}
	return on
}

// backing is what the list of passkeys says of the first one.
func (p *program) backing(t *testing.T) [2]any {
	t.Helper()
	k := p.ask(t, "GET", "/me/passkeys", nil).want(t, 200, "").json["data"].([]any)[0].(map[string]any)
	return [2]any{k["synced"], k["backed_up"]}
}

// another adds a passkey by the button of the overview, with key as the proof.
func (b *tab) another(key, other *authenticator.Authenticator) {
	b.t.Helper()
	asked := b.submit("/account/passkeys/offer", b.get("/account")).says(b.t, 200, "data-passkey")
	proof, err := key.Get(json.RawMessage(b.get("/account/confirm/passkey").Body.Bytes()))
	must(b.t, err)
	shown := b.submit("/account/confirm", asked, "flow", hidden(b.t, asked, "flow"), "passkey", string(proof)).says(b.t, 200, "data-create")
	options := regexp.MustCompile(`data-create="([^"]+)"`).FindStringSubmatch(shown.Body.String())
	made, err := other.Create([]byte(html.UnescapeString(options[1])))
	must(b.t, err)
	if to := b.submit("/account/passkeys", shown, "passkey", string(made)).to(b.t); to.Path != "/account/passkeys" {
		b.t.Fatalf("leads to %s", to)
	}
}

// PW-64: whose only passkey says that it is no longer backed up is asked for another
// one, until there is one, or it is backed up again.
func TestLostBackup(t *testing.T) {
	t.Parallel()
	p := &program{world: newRig(t).running(t).begun(t).world(t), email: "rosa@mail.org"}
	phone := authenticator.New(selfURI)
	phone.Synced = true
	p.signUp(t, phone)
	enter := func(backed bool) *tab {
		t.Helper()
		p.clock.Advance(time.Minute)
		phone.Synced, phone.Flags = backed, 0x08 // eligible, always
		p.enter(t, phone).want(t, 200, "")
		b := p.tab(t)
		name, value, _ := strings.Cut(p.cookie, "=")
		b.cookies[name] = value
		return b
	}
	if b := enter(true); b.prompted() || p.backing(t) != [2]any{true, true} {
		t.Errorf("backed up: asked for another, or %v", p.backing(t))
	}
	if b := enter(false); !b.prompted() || p.backing(t) != [2]any{true, false} || !slices.Contains(p.names(t), "passkey.backup_lost") {
		t.Errorf("no longer backed up: not asked for another, or %v, %v", p.backing(t), p.names(t))
	}
	if b := enter(true); b.prompted() {
		t.Error("backed up again, and asked for another")
	}
	b := enter(false)
	if !b.prompted() {
		t.Error("lost again, and not asked for another")
	}
	b.another(phone, authenticator.New(selfURI))
	if b.prompted() {
		t.Error("there is another, and one more is asked for")
	}
}

// PW-64: who can sign in without the passkey is left alone, as far as what is asked of
// them goes.
func TestSolePasskey(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.person("kim", "sub-kim")
	a.linkKim(t, "acme", "kim")
	b := a.asKim(t)
	by := inSession(a.signIn(t, kimsMail))
	_, k := a.rig.keyed(t, by, account.Proof{Password: secret.NewText(rightPassword)})
	want := func(when string, want bool) {
		t.Helper()
		if got := b.prompted(); got != want {
			t.Errorf("%s: asked for another: %v", when, got)
		}
	}
	want("a password, and a service", false)
	a.asks(t, policy.Policy{Assurance: 2, Grace: policy.Day})
	want("two steps asked, and the passkey is one of them", true)
	a.alter(t, "acme", func(c *federation.Connection) { c.Settings.Strong = []string{"mfa"} })
	want("a service that counts as two steps", false)
	a.alter(t, "acme", func(c *federation.Connection) { c.Enabled = false })
	want("which is off", true)
	a.asks(t, policy.Policy{Assurance: 1})
	a.withApp(t)
	a.asks(t, policy.Policy{Assurance: 2})
	want("an app", false)
	must(t, a.store.Passwords().Remove(t.Context(), a.kim.ID, user.Host().Event(account.PasswordRemoved, a.now(), a.kim.ID)))
	want("an app, and no password before it", true)
	a.alter(t, "acme", func(c *federation.Connection) { c.Enabled = true })
	want("and a service before it", false)
	must(t, a.Factors.RemovePasskeyFor(t.Context(), user.Host(), a.kim.ID, k.ID))
	want("no passkey", false)
}
