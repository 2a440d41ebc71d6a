package oauth2_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/clock"
	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/federation/oauth2"
	"github.com/mortise-auth/mortise/internal/testenv/upstream"
)

type plainRing struct{}

func (plainRing) Open(_ string, _, sealed []byte) ([]byte, error) { return sealed, nil }

const callback = "https://id.example.test/federation/one/callback"

type rig struct {
	*oauth2.Service
	up    *upstream.Service
	clock *clock.Fake
	con   federation.Connection
}

func newRig(t testing.TB, kind upstream.Kind) *rig {
	t.Helper()
	r := &rig{up: upstream.Start(t, kind), clock: clock.NewFake(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))}
	r.up.Now = r.clock.Now
	out, err := egress.New(egress.Options{Allow: []string{"127.0.0.0/8"}, Roots: upstream.Roots(), Now: r.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	r.Service = oauth2.New(oauth2.Options{HTTP: out, Keyring: plainRing{}, Now: r.clock.Now})
	c := federation.Connection{ID: federation.NewID(r.clock.Now()), Name: "one", Kind: federation.Kind(kind), Secret: federation.Sealed(upstream.Secret)}
	c.Settings = federation.Settings{ClientID: upstream.ClientID, Issuer: r.up.Issuer(), Endpoints: federation.Endpoints{
		Authorization: r.up.Endpoint("authorization"), Token: r.up.Endpoint("token"), UserInfo: r.up.Endpoint("userinfo"),
		Emails: r.up.Endpoint("emails"), Revocation: r.up.Endpoint("revocation"),
	}}
	if kind == upstream.OAuth2 {
		c.Settings.Scopes = []string{"me"}
		c.Settings.Mapping.Fields = map[string]string{
			"subject": "account.number", "email": "account.mail", "email_verified": "account.mail_confirmed", "name": "profile.display_name", "groups": "teams",
		}
	}
	if r.con, err = c.Clean(true); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) attempt(t testing.TB, a federation.Ask) (federation.Kept, federation.Answer) {
	t.Helper()
	a.State, a.Callback = "state-1", callback
	address, kept, err := r.Begin(t.Context(), r.con, a)
	if err != nil {
		t.Fatal(err)
	}
	v := r.up.SignIn(t, address).Values
	return kept, federation.Answer{Code: v.Get("code"), Issuer: v.Get("iss"), Error: v.Get("error"), ErrorDescription: v.Get("error_description")}
}

func (r *rig) signIn(t testing.TB) (federation.Person, error) {
	t.Helper()
	kept, answer := r.attempt(t, federation.Ask{})
	st, err := r.Finish(t.Context(), r.con, kept, answer)
	if err != nil {
		return federation.Person{}, err
	}
	return r.con.Person(st)
}

// GitHub: the number is the subject, the primary verified address counts, and the
// one in the profile never.
func TestGitHub(t *testing.T) {
	r := newRig(t, upstream.GitHub)
	r.con.Settings.Trust = []string{"*"} // the preset trusts github.com alone
	p := upstream.Ada
	p.OtherEmails = []string{"first@example.com", "second@example.com"}
	r.up.Be(p)
	got, err := r.signIn(t)
	want := federation.Person{
		Connection: r.con.ID, Issuer: r.up.URL, Subject: upstream.Ada.Subject, Email: upstream.Ada.Email, Verified: true,
		Name: upstream.Ada.Name, Picture: "https://avatars.githubusercontent.com/u/1?v=4",
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatalf("%v %s", err, diff)
	}
	p.Name = ""
	r.up.Be(p)
	if got, err = r.signIn(t); err != nil || got.Name != "ada" {
		t.Errorf("without a name: %+v, %v", got, err)
	}
	r.up.Break(upstream.Unverified)
	if got, err = r.signIn(t); err != nil || got.Verified || got.Email != p.Email {
		t.Errorf("unverified: %+v, %v", got, err)
	}
	r.up.Mend()
	r.con.Settings.Scopes = []string{"read:user"}
	if got, err = r.signIn(t); err != nil || got.Verified || got.Email != "" {
		t.Errorf("without the scope: %+v, %v", got, err)
	}
}

// GitHub says 200 when it means no.
func TestGitHubRefuses(t *testing.T) {
	r := newRig(t, upstream.GitHub)
	kept, answer := r.attempt(t, federation.Ask{LoginHint: "ada", Prompt: "select_account"})
	if q := r.up.Last(); q.Get("login") != "ada" || q.Get("prompt") != "select_account" || q.Get("scope") != "read:user user:email" {
		t.Errorf("%v", q)
	}
	other := answer
	other.Code = "invented"
	if _, err := r.Finish(t.Context(), r.con, kept, other); !errors.Is(err, federation.ErrRefused) || !strings.Contains(err.Error(), "bad_verification_code") {
		t.Errorf("%v", err)
	}
	if _, err := r.Finish(t.Context(), r.con, kept, answer); err != nil {
		t.Error(err)
	}
	r.up.Break(upstream.RefuseSecret)
	kept, answer = r.attempt(t, federation.Ask{})
	if _, err := r.Finish(t.Context(), r.con, kept, answer); !errors.Is(err, federation.ErrRefused) {
		t.Errorf("%v", err)
	}
}

// A service of whatever shape is read by its mapping.
func TestMapped(t *testing.T) {
	r := newRig(t, upstream.OAuth2)
	r.con.Settings.Trust = []string{"example.org"}
	p := upstream.Ada
	p.Groups = []string{"b", "a"}
	r.up.Be(p)
	got, err := r.signIn(t)
	want := federation.Person{
		Connection: r.con.ID, Issuer: r.up.URL, Subject: p.Subject, Email: p.Email, Verified: true, Name: p.Name, Groups: []string{"a", "b"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatalf("%v %s", err, diff)
	}
	for name, subject := range map[string]any{"none": nil, "fraction": 1.5, "list": []string{"1"}, "negative": -1, "empty": "", "object": map[string]string{"a": "b"}, "true": true} {
		r.up.Say(map[string]any{"account": map[string]any{"number": subject}})
		if got, err := r.signIn(t); !errors.Is(err, federation.ErrStatement) {
			t.Errorf("subject %s: %+v, %v", name, got, err)
		}
	}
}

// Without an issuer of its own a service is the origin that says who somebody is: a
// connection that is turned to another service knows none of the old subjects. TH-40
func TestIssuerOfOne(t *testing.T) {
	r := newRig(t, upstream.OAuth2)
	r.con.Settings.Issuer = ""
	got, err := r.signIn(t)
	if err != nil || got.Issuer != r.up.URL {
		t.Errorf("%+v, %v", got, err)
	}
}

// OA-110 OA-111: PKCE, and whose answer it is.
func TestAnswersThatAreRefused(t *testing.T) {
	for _, kind := range []upstream.Kind{upstream.GitHub, upstream.OAuth2} {
		r := newRig(t, kind)
		for name, c := range map[string]struct {
			edit func(*federation.Kept, *federation.Answer)
			want error
		}{
			"mix-up":         {func(_ *federation.Kept, a *federation.Answer) { a.Issuer = "https://attacker.example" }, federation.ErrStatement},
			"other issuer":   {func(k *federation.Kept, _ *federation.Answer) { k.Issuer = "https://attacker.example" }, federation.ErrStatement},
			"same server":    {func(_ *federation.Kept, a *federation.Answer) { a.Issuer = r.up.URL + "/login/oauth" }, nil},
			"denied":         {func(_ *federation.Kept, a *federation.Answer) { a.Error = "access_denied" }, federation.ErrRefused},
			"no code":        {func(_ *federation.Kept, a *federation.Answer) { a.Code = "" }, federation.ErrStatement},
			"other callback": {func(k *federation.Kept, _ *federation.Answer) { k.Callback += "x" }, federation.ErrRefused},
			"substituted code": {func(_ *federation.Kept, a *federation.Answer) {
				_, o := r.attempt(t, federation.Ask{})
				a.Code = o.Code
			}, federation.ErrRefused},
			"nothing the matter": {func(*federation.Kept, *federation.Answer) {}, nil},
		} {
			kept, answer := r.attempt(t, federation.Ask{})
			c.edit(&kept, &answer)
			if _, err := r.Finish(t.Context(), r.con, kept, answer); !errors.Is(err, c.want) {
				t.Errorf("%s, %s: %v, want %v", kind, name, err, c.want)
			}
		}
	}
}

// Whatever is wrong over there is said to be.
func TestUpstreamFails(t *testing.T) {
	for _, kind := range []upstream.Kind{upstream.GitHub, upstream.OAuth2} {
		for _, fault := range []upstream.Fault{upstream.Down, upstream.Nonsense, upstream.Redirects, upstream.Huge} {
			r := newRig(t, kind)
			kept, answer := r.attempt(t, federation.Ask{})
			r.up.Break(fault)
			if _, err := r.Finish(t.Context(), r.con, kept, answer); !errors.Is(err, federation.ErrUpstream) {
				t.Errorf("%s, %s: %v", kind, fault, err)
			}
			if r.up.Asked("/elsewhere") != 0 {
				t.Error("a redirect was followed")
			}
		}
	}
}

// A host that keeps failing is left alone, and whoever asks is told for how long.
func TestFailingServiceRests(t *testing.T) {
	r := newRig(t, upstream.OAuth2)
	kept, answer := r.attempt(t, federation.Ask{})
	r.up.Break(upstream.Down)
	for range 8 {
		_, _ = r.Finish(t.Context(), r.con, kept, answer)
	}
	_, err := r.Finish(t.Context(), r.con, kept, answer)
	var p interface{ Error() string }
	if !errors.As(err, &p) || !errors.Is(err, federation.ErrUpstream) || !errors.Is(err, egress.ErrResting) || r.up.Asked("/oauth/token") != 5 {
		t.Errorf("%v, asked %d times", err, r.up.Asked("/oauth/token"))
	}
}

// Kept tokens are refreshed and given back.
func TestKeptTokens(t *testing.T) {
	r := newRig(t, upstream.OAuth2)
	r.con.Settings.KeepTokens = true
	got, err := r.signIn(t)
	if err != nil || got.Tokens == nil {
		t.Fatalf("%+v, %v", got, err)
	}
	fresh, err := r.Refresh(t.Context(), r.con, *got.Tokens)
	if err != nil || fresh.Refresh.Reveal() != got.Tokens.Refresh.Reveal() || fresh.Scope != "me" {
		t.Fatal(err)
	}
	if err := r.Revoke(t.Context(), r.con, fresh); err != nil || len(r.up.Revoked()) != 2 {
		t.Errorf("%v, %v", err, r.up.Revoked())
	}
	if _, err := r.Refresh(t.Context(), r.con, fresh); !errors.Is(err, federation.ErrRefused) {
		t.Errorf("%v", err)
	}
	if _, err := r.Ended(t.Context(), r.con, "x"); !errors.Is(err, federation.ErrStatement) {
		t.Errorf("%v", err)
	}
}
