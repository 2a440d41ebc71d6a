package app

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/user"
)

// newBound is an estate with mail.org and an owner who breaks the glass.
func newBound(t *testing.T) (e *estate, require func()) {
	t.Helper()
	e = newEstate(t, withMail)
	glass := e.person(t, "glass@mail.org")
	e.join(t, glass.ID, organization.Owner)
	e.verify(t, "mail.org")
	return e, func() {
		t.Helper()
		_, err := e.Directory.RequireSSO(t.Context(), user.Host(), e.org.ID, []user.ID{glass.ID})
		must(t, err)
	}
}

// vouched is a sign-in by password of somebody who was at the organisation's service.
func (e *estate) vouched(t *testing.T, email string) (signin.Result, error) {
	t.Helper()
	in := signInAs(email, rightPassword, from("198.51.100.8"))
	in.Upstream = signin.Upstream{Organization: e.org.ID.String(), Email: email}
	return e.SignIn.SignIn(t.Context(), in)
}

func (e *estate) lives(t *testing.T, res signin.Result) bool {
	t.Helper()
	s, err := e.store.Sessions().ByID(t.Context(), res.Session.ID)
	must(t, err)
	return s.EndedAt.IsZero()
}

// TH-40: no method and no second step goes around what is required, also one that was
// under way before.
func TestRequiredSSOHasNoWayAround(t *testing.T) {
	t.Parallel()
	e, require := newBound(t)
	zoe, phone := e.enrolled(t, "zoe@mail.org")
	amy, mel := e.person(t, "amy@mail.org"), e.person(t, "mel@mail.org")
	for _, u := range []user.User{zoe, amy, mel} {
		e.join(t, u.ID)
	}
	key, _ := e.rig.keyed(t, inSession(e.signIn(t, "amy@mail.org")), account.Proof{Password: secret.NewText(rightPassword)})
	under := e.half(t, "zoe@mail.org")
	asked, err := e.SignIn.AskByMail(t.Context(), signInAs("mel@mail.org", "", from("198.51.100.8")))
	must(t, err)
	letter := e.letterOf(t, "mel@mail.org", asked.Flow)
	require()
	anew := e.half(t, "zoe@mail.org")
	for name, enter := range map[string]func() (signin.Result, error){
		"second step under way": func() (signin.Result, error) { return e.second(t, under, signin.Response{OTP: phone.code()}) },
		"second step":           func() (signin.Result, error) { return e.second(t, anew, signin.Response{OTP: phone.code()}) },
		"recovery code":         func() (signin.Result, error) { return e.second(t, anew, signin.Response{Recovery: phone.codes[0]}) },
		"passkey": func() (signin.Result, error) {
			return e.SignIn.SignIn(t.Context(), signin.Request{By: from("198.51.100.8"), Response: signin.Response{Passkey: e.asserted(t, key)}})
		},
		"mailed code": func() (signin.Result, error) {
			return e.typed(t, "mel@mail.org", "198.51.100.8", signin.Mailed{Flow: asked.Flow, Code: secret.NewText(letter.Code)})
		},
		"mailed link": func() (signin.Result, error) {
			return e.typed(t, "mel@mail.org", "198.51.100.8", signin.Mailed{Flow: asked.Flow, Link: linked(t, letter, proof.Enter)})
		},
	} {
		if res, err := enter(); !errors.Is(err, signin.ErrSSORequired) || res.Complete() {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, u := range []user.User{zoe, amy, mel} {
		if live, err := e.store.Sessions().Of(t.Context(), u.ID, e.now()); err != nil || len(live) != 0 {
			t.Errorf("%d sessions: %v", len(live), err)
		}
	}
}

// TH-40 PW-25: who is bound is mailed nothing that signs in, and nobody is told; but who
// was at the service just now may prove the account so.
func TestMailOfTheBound(t *testing.T) {
	t.Parallel()
	e, require := newBound(t)
	mel := e.person(t, "mel@mail.org")
	e.join(t, mel.ID)
	require()
	waits := func(of user.ID) int {
		all, err := e.store.Proofs().Pending(t.Context(), of, proof.Enter, e.now())
		must(t, err)
		return len(all)
	}
	in := signInAs("mel@mail.org", "", from("198.51.100.8"))
	res, err := e.SignIn.AskByMail(t.Context(), in)
	if must(t, err); !res.NeedCode || res.Flow.IsZero() || waits(mel.ID) != 0 {
		t.Errorf("%+v, %d wait", res, waits(mel.ID))
	}
	in.Upstream = signin.Upstream{Organization: e.org.ID.String(), Email: "mel@mail.org"}
	if _, err := e.SignIn.AskByMail(t.Context(), in); err != nil || waits(mel.ID) != 1 {
		t.Errorf("%v, %d wait", err, waits(mel.ID))
	}
	glass, _, err := e.store.Users().ByEmail(t.Context(), "glass@mail.org")
	must(t, err)
	if _, err := e.SignIn.AskByMail(t.Context(), signInAs("glass@mail.org", "", from("198.51.100.8"))); err != nil || waits(glass.ID) != 1 {
		t.Errorf("who breaks the glass: %v", err)
	}
}

// TH-40: who stays one of the organisation's people does not get out of its required
// sign-in, and of its reach, by taking the address off the account.
func TestRequiredSSOKeepsTheAddress(t *testing.T) {
	t.Parallel()
	e, require := newBound(t)
	zoe := e.person(t, "zoe@mail.org")
	e.join(t, zoe.ID)
	require()
	own := user.Email{User: zoe.ID, Address: "zoe@other.org", Key: "zoe@other.org", VerifiedAt: e.now(), CreatedAt: e.now()}
	must(t, e.store.Users().AddEmail(t.Context(), own, user.System().Event(user.EmailAdded, e.now(), zoe.ID)))
	res, err := e.vouched(t, "zoe@mail.org")
	must(t, err)
	by, given := inSession(res), account.Proof{Password: secret.NewText(rightPassword)}
	must(t, e.Account.MakePrimary(t.Context(), by, given, "zoe@other.org", "en"))
	remove := func(address string) error { return e.Account.RemoveEmail(t.Context(), by, given, address, "en") }
	if err := remove("zoe@mail.org"); !errors.Is(err, organization.ErrSSOAddress) {
		t.Errorf("removed: %v", err)
	}
	if _, err := e.enter(t, "zoe@other.org"); !errors.Is(err, signin.ErrSSORequired) {
		t.Errorf("by the other address: %v", err)
	}
	must(t, e.Directory.RemoveMember(t.Context(), user.Host(), e.org.ID, zoe.ID))
	must(t, remove("zoe@mail.org"))
}

// TH-40: whoever becomes one of the people that are bound loses the sessions that began
// otherwise, and so does an owner who no longer breaks the glass.
func TestRequiredSSOBindsLateMembers(t *testing.T) {
	t.Parallel()
	e, require := newBound(t)
	require()
	zoe, boss := e.person(t, "zoe@mail.org"), e.person(t, "boss@mail.org", rbac.Admin)
	hers, his, glass := e.signIn(t, "zoe@mail.org"), e.signIn(t, "boss@mail.org"), e.signIn(t, "glass@mail.org")
	e.join(t, zoe.ID)
	e.join(t, boss.ID)
	e.join(t, glass.User.ID)
	if e.lives(t, hers) || !e.lives(t, his) || e.lives(t, glass) {
		t.Errorf("member %v, administrator %v, former owner %v", e.lives(t, hers), e.lives(t, his), e.lives(t, glass))
	}
}

// PW-25: a program with an identifier alone is told the organisation's service, whoever
// has an account.
func TestHomeRealmHeadless(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	ask := func(body map[string]any) answer { return e.program(t, "/signin", "", "", body) }
	ask(map[string]any{"identifier": "nobody@mail.org"}).want(t, 422, "missing_field")
	e.verify(t, "mail.org")
	e.idp.person("zoe", "sub-1", "email", "zoe@mail.org")
	for _, address := range []string{"nobody@mail.org", kimsMail, "ZOE@Mail.ORG"} {
		got := ask(map[string]any{"identifier": address}).want(t, 200, "")
		start := selfURI + "/federation/acme/start?login_hint=" + url.QueryEscape(address)
		want := map[string]any{"status": "continue", "next": []any{"federation"}, "federation": map[string]any{"connection": "acme", "title": "Acme", "start": start}}
		if diff := cmp.Diff(want, got.json); diff != "" {
			t.Error(diff)
		}
		b := e.tab(t)
		state := b.away(strings.TrimPrefix(start, selfURI))
		if hint := e.idp.lastAsk().LoginHint; hint != address {
			t.Errorf("hint %q", hint)
		}
		if address == "ZOE@Mail.ORG" {
			b.home("acme", state, "zoe").to(t)
			if b.account() == "" {
				t.Error("nobody is signed in")
			}
		}
	}
	// With a proof, or of another domain, it is a sign-in as ever.
	ask(map[string]any{"identifier": kimsMail, "password": rightPassword}).want(t, 200, "")
	ask(map[string]any{"identifier": "nobody@mail.org", "password": "wrong"}).want(t, 401, signin.ErrWrong.Code)
	ask(map[string]any{"identifier": "nobody@other.org"}).want(t, 422, "missing_field")
	e.alter(t, "acme", func(c *federation.Connection) { c.Enabled = false })
	ask(map[string]any{"identifier": "nobody@mail.org"}).want(t, 422, "missing_field")
}
