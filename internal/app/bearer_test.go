package app

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// OA-50 OA-51 TH-20: our own API takes tokens for it alone, in the header alone; a
// token that is presented and wrong is refused, with a good cookie beside it too.
func TestBearerOnOurOwnAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	access, refresh := w.own(t)
	res := w.signIn(t, "kim@mail.org")
	cookie := []string{"Cookie", "__Host-mortise=" + res.Secret.Reveal()}
	other := w.grant(t, "phone", token.Unproven, apiURI).Access.Reveal()
	opaque := w.grant(t, "phone", token.Unproven, vaultURI).Access.Reveal()
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER ", "Bearer  ", "Bearer\t"} {
		if got := w.call(t, scheme+access); got.Code != 200 || got.json["session"].(map[string]any)["device"] != "Safari on iOS" {
			t.Errorf("%q: %d %s", scheme, got.Code, got.Body)
		}
	}
	sign := func(change func(*jwt.Access)) string {
		claims, err := w.Auth.Access(t.Context(), access)
		must(t, err)
		c := claims.Clone()
		change(c)
		text, err := w.Signing.Sign(t.Context(), signing.Token, jose.EdDSA, jwt.TypeAccess, c.Append(nil))
		must(t, err)
		return text
	}
	id, err := w.Signing.Sign(t.Context(), signing.Token, jose.EdDSA, "JWT", []byte(strings.SplitN(access, ".", 3)[1]))
	must(t, err)
	wrong := map[string]string{
		"for another API": other, "opaque, for another API": opaque, "a refresh token": refresh, "truncated": access[:len(access)-2], "changed": flip(access),
		"empty": "", "two words": access + " x", "expired": sign(func(c *jwt.Access) { c.Expiry, c.IssuedAt, c.NotBefore = 1000, 1, 1 }),
		"another issuer": sign(func(c *jwt.Access) { c.Issuer = "https://evil.example" }), "bound to a key": sign(func(c *jwt.Access) { c.JKT = strings.Repeat("A", 43) }),
		"an ID token": id, "a client's own": sign(func(c *jwt.Access) { c.Subject = c.ClientID }),
	}
	for name, text := range wrong {
		for _, beside := range [][]string{nil, cookie} {
			got := w.call(t, "Bearer "+text, beside...)
			if c := got.Header().Get("WWW-Authenticate"); got.Code != 401 || !strings.HasSuffix(c, `, error="invalid_token"`) {
				t.Errorf("%s: %d %q %s", name, got.Code, c, got.Body)
			}
			if got.text("why") == "" {
				t.Errorf("%s: nobody can find out why: %s", name, got.Body)
				continue
			}
			must(t, w.Decisions.Flush(t.Context()))
			d, err := w.Decisions.Find(t.Context(), got.text("why"))
			if err != nil || d.Credential != "bearer" || strings.Contains(d.Reason, text) && len(text) > 9 {
				t.Errorf("%s: %+v %v", name, d, err)
			}
		}
	}
	for name, c := range map[string]struct {
		authorization, challenge string
		status                   int
	}{
		"a scheme we do not take": {"DPoP " + access, `error="invalid_token"`, 401},
		"twice":                   {"Bearer " + access + "\nBearer " + access, `error="invalid_request"`, 400},
		"a proxy's beside it":     {"Basic eDp5\nBearer " + access, `error="invalid_request"`, 400},
	} {
		got := w.call(t, c.authorization, cookie...)
		if got.Code != c.status || !strings.HasSuffix(got.Header().Get("WWW-Authenticate"), c.challenge) {
			t.Errorf("%s: %d %v %s", name, got.Code, got.Header(), got.Body)
		}
	}
	w.call(t, "Basic eDp5", cookie...).want(t, 200, "") // a proxy has its own
	if got := w.call(t, "Basic eDp5"); got.Code != 401 || !strings.HasPrefix(got.Header().Get("WWW-Authenticate"), `Bearer realm="https://id.example.org", resource_metadata="https://id.example.org/.well-known/oauth-protected-resource", DPoP`) {
		t.Errorf("nobody: %d %v", got.Code, got.Header())
	}
	for name, a := range map[string]ask{
		"query": {"GET", "/api/v1/session?access_token=" + access, "", nil},
		"body":  {"GET", "/api/v1/session", "access_token=" + access, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}},
	} {
		if got := w.do(t, a); got.Code == 200 {
			t.Errorf("a token in the %s is taken", name)
		}
	}
}

func flip(text string) string {
	b := []byte(text)
	b[len(b)/2] ^= 1
	return string(b)
}

// OA-52 JW-31: who a token speaks for says what the token says, and no more.
func TestBearerIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Directory.PutRole(t.Context(), user.Host(), rbac.Role{Name: "editor", Permissions: []string{"posts.write"}})
	must(t, err)
	must(t, w.Directory.SetRoles(t.Context(), user.Host(), w.kim.ID, []string{"editor"}))
	org, err := w.Directory.CreateOrganization(t.Context(), user.Host(), organization.Organization{Slug: "acme", Name: "Acme"})
	must(t, err)
	must(t, w.Directory.SetMember(t.Context(), user.Host(), organization.Membership{Organization: org.ID, User: w.kim.ID}))
	for _, audience := range []string{apiURI, vaultURI} {
		i := w.grant(t, "phone", token.Unproven, audience)
		who, err := w.Auth.Bearer(t.Context(), i.Access.Reveal(), audience)
		must(t, err)
		if who.Subject != w.kim.ID.String() || !who.HasRole("editor") || !who.HasPermission("posts.write") || !who.HasOrganizationRole("acme", "") ||
			!slices.Equal(who.Scopes(), []string{"read", "write"}) || who.Assurance != 1 || !slices.Equal(who.Methods(), []string{"pwd"}) ||
			who.ClientID != "phone" || who.CredentialID != i.ID.String() || who.Session != "" || who.Email != "" || who.Name != "" ||
			!who.AuthenticatedAt.Equal(i.Grant.AuthTime.Truncate(time.Second)) {
			t.Errorf("%s: %+v", audience, who)
		}
		if _, err := w.Auth.Bearer(t.Context(), i.Access.Reveal(), selfURI); problem.Of(err).Code != authn.ErrToken.Code {
			t.Errorf("%s: %v", audience, err)
		}
	}
}

// OA-47 TH-3 TH-11 TH-13 SE-26: whatever takes the ground from under a token, the
// next request in this process is refused, with a freshness proof and without,
// for JWTs and opaque tokens, and so is the family's next refresh.
func TestActsKillTokens(t *testing.T) {
	t.Parallel()
	type act struct {
		do     func(*testing.T, *world, *token.Issued) error
		family bool // it dies too
	}
	acts := map[string]act{
		"password change": {func(t *testing.T, w *world, _ *token.Issued) error {
			return w.Account.ChangePassword(t.Context(), account.PasswordChange{
				By: user.By(w.kim.ID, "", audit.Source{}), Current: account.Proof{Password: secret.NewText(rightPassword)}, New: secret.NewText(otherPassword),
			})
		}, true},
		"ban": {func(t *testing.T, w *world, _ *token.Issued) error {
			return w.Directory.Disable(t.Context(), user.Host(), w.kim.ID, "")
		}, true},
		"deletion": {func(t *testing.T, w *world, _ *token.Issued) error {
			return w.Directory.DeleteUser(t.Context(), user.Host(), w.kim.ID)
		}, true},
		"role loss": {func(t *testing.T, w *world, _ *token.Issued) error {
			return w.Directory.SetRoles(t.Context(), user.Host(), w.kim.ID, nil)
		}, false},
		"permission loss": {func(t *testing.T, w *world, _ *token.Issued) error {
			_, err := w.Directory.PutRole(t.Context(), user.Host(), rbac.Role{Name: "editor", Permissions: []string{"posts.read"}})
			return err
		}, false},
		"client disabled": {func(t *testing.T, w *world, i *token.Issued) error {
			return w.Directory.DisableClient(t.Context(), user.Host(), "phone")
		}, true},
		"client deleted": {func(t *testing.T, w *world, i *token.Issued) error {
			return w.Directory.DeleteClient(t.Context(), user.Host(), "phone")
		}, true},
		"logged out everywhere": {func(t *testing.T, w *world, _ *token.Issued) error {
			_, err := w.Account.EndEverywhere(t.Context(), user.By(w.kim.ID, "", audit.Source{}))
			return err
		}, true},
		"session ended": {func(t *testing.T, w *world, i *token.Issued) error {
			return w.SignIn.SignOut(t.Context(), user.By(w.kim.ID, i.Grant.Session.String(), audit.Source{}))
		}, true},
		"family stolen": {func(t *testing.T, w *world, i *token.Issued) error {
			next := w.renew(t, "phone", i.Refresh.Reveal()).want(t, 200, "")
			w.renew(t, "phone", next.text("refresh_token")).want(t, 200, "")
			w.renew(t, "phone", i.Refresh.Reveal()).want(t, 400, "invalid_grant")
			return nil
		}, true},
		"given back": {func(t *testing.T, w *world, i *token.Issued) error {
			w.form(t, "/oauth2/revoke", "phone", "token", i.Refresh.Reveal()).want(t, 200, "")
			return nil
		}, true},
		"key compromised": {func(t *testing.T, w *world, _ *token.Issued) error {
			_, err := w.Directory.RotateKey(t.Context(), user.Host(), signing.Token, jose.EdDSA, true)
			return err
		}, false},
	}
	for name, a := range acts {
		for _, warm := range []bool{false, true} {
			for _, audience := range []string{apiURI, vaultURI} {
				t.Run(name+map[bool]string{true: ", with proof", false: ""}[warm]+" "+audience, func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					if warm {
						w.rig.running(t)
						w.rig.fresh(t)
					}
					_, err := w.Directory.PutRole(t.Context(), user.Host(), rbac.Role{Name: "editor", Permissions: []string{"posts.write", "posts.read"}})
					must(t, err)
					must(t, w.Directory.SetRoles(t.Context(), user.Host(), w.kim.ID, []string{"editor"}))
					i := w.inSession(t, audience)
					text := i.Access.Reveal()
					for range 3 {
						who, err := w.Auth.Bearer(t.Context(), text, audience)
						if err != nil || !who.HasPermission("posts.write") {
							t.Fatal(err)
						}
					}
					must(t, a.do(t, w, &i))
					who, err := w.Auth.Bearer(t.Context(), text, audience)
					switch {
					case audience == vaultURI && name == "key compromised":
						if err != nil {
							t.Errorf("opaque tokens have no key: %v", err)
						}
					case audience == vaultURI && !a.family: // read anew, with what is left
						if err != nil || who.HasPermission("posts.write") {
							t.Errorf("%v, still with what was lost", err)
						}
					case problem.Of(err).Code != authn.ErrToken.Code:
						t.Errorf("%v, want invalid_token", err)
					}
					if name == "family stolen" {
						return
					}
					if got := w.renew(t, "phone", i.Refresh.Reveal()); (got.Code == 200) == a.family {
						t.Errorf("refresh afterwards: %d %s", got.Code, got.Body)
					}
				})
			}
		}
	}
}

// inSession is a headless sign-in as the domain has it.
func (w *world) inSession(t *testing.T, audience string) token.Issued {
	t.Helper()
	res := w.signIn(t, "kim@mail.org")
	c, err := w.Registry.Client(t.Context(), "phone")
	must(t, err)
	i, err := w.Grants.Begin(t.Context(), token.Birth{
		User: res.User.ID, UserVersion: res.Session.UserVersion, Client: "phone", ClientVersion: c.Version, Session: token.SessionID(res.Session.ID),
		Audiences: []string{audience}, Scope: "read", Sender: token.Sender{Kind: token.Unproven}, Methods: res.Session.Methods, ACR: "1",
		AuthTime: res.Session.AuthenticatedAt, Refresh: true, Idle: c.RefreshIdle, Life: c.RefreshLife,
	})
	must(t, err)
	return i
}

// TH-11: a store that does not answer is 503, never 401, and never a yes without
// a proof.
func TestStoreDownForTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	access, refresh := w.own(t)
	opaque := w.grant(t, "phone", token.Unproven, vaultURI).Access.Reveal()
	w.call(t, "Bearer "+access).want(t, 200, "")
	must(t, w.store.Close())
	for name, got := range map[string]answer{
		"JWT": w.call(t, "Bearer "+access), "opaque": w.call(t, "Bearer "+opaque), "refresh": w.renew(t, "own", refresh),
		"introspection": w.introspect(t, "api", access), "revocation": w.form(t, "/oauth2/revoke", "own", "token", refresh),
		"cookie": w.page(t, "spa", spaPage, w.Frame.Names().Refresh("spa")+"="+refresh, ""),
	} {
		if got.Code != 503 || got.Header().Get("WWW-Authenticate") != "" {
			t.Errorf("%s: %d %v %s", name, got.Code, got.Header(), got.Body)
		}
	}
}

// slowTokens halts an opaque token between its read and its way into memory.
type slowTokens struct {
	authn.Tokens
	once         sync.Once
	read, resume chan struct{}
	reads        atomic.Int64
}

func (s *slowTokens) Opaque(ctx context.Context, text string) (*jwt.Access, error) {
	a, err := s.Tokens.Opaque(ctx, text)
	s.reads.Add(1)
	s.once.Do(func() {
		close(s.read)
		<-s.resume
	})
	return a, err
}

// TH-10: an opaque token read before its revocation and remembered after it is
// refused by the next check.
func TestFillOfAnOpaqueTokenAfterTheEvent(t *testing.T) {
	t.Parallel()
	for name, revoked := range map[string]func(*testing.T, *world, token.Issued){
		"itself": func(t *testing.T, w *world, i token.Issued) {
			w.form(t, "/oauth2/revoke", "phone", "token", i.Access.Reveal()).want(t, 200, "")
		},
		"its grant": func(t *testing.T, w *world, i token.Issued) {
			w.form(t, "/oauth2/revoke", "phone", "token", i.Refresh.Reveal()).want(t, 200, "")
		},
		"its account": func(t *testing.T, w *world, i token.Issued) {
			must(t, w.Directory.Disable(t.Context(), user.Host(), w.kim.ID, ""))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.rig.running(t)
			w.rig.fresh(t)
			i := w.grant(t, "phone", token.Unproven, vaultURI)
			slow := &slowTokens{Tokens: tokenReader{w.Grants, w.store, w.Signing, w.c.Now}, read: make(chan struct{}), resume: make(chan struct{})}
			auth := authn.New(authn.Options{
				Instance: w.facts.ID, Sessions: w.store.Sessions(), Users: w.store.Users(), Organizations: w.store.Organizations(),
				Roles: w.store.Roles(), Now: w.c.Now, Log: w.c.Log,
			})
			auth.AcceptTokens(w.checker(t), w.live.Set(), slow)
			auth.Follow(w.follower)
			done := make(chan error, 1)
			go func() {
				_, err := auth.Bearer(context.Background(), i.Access.Reveal(), vaultURI)
				done <- err
			}()
			<-slow.read
			revoked(t, w, i)
			close(slow.resume)
			must(t, <-done) // it was good when it was read
			if _, err := auth.Bearer(t.Context(), i.Access.Reveal(), vaultURI); problem.Of(err).Code != authn.ErrToken.Code {
				t.Errorf("%v, want invalid_token", err)
			}
		})
	}
}

// TH-11: another process that hears nothing asks the store at each check, for
// the key too.
func TestDeafReplica(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).world(t)
		deaf, err := instanceOn(t, st, w.clock, w.c.SecretKey)
		must(t, err)
		for _, audience := range []string{apiURI, vaultURI} {
			i := w.inSession(t, audience)
			_, err = deaf.Auth.Bearer(t.Context(), i.Access.Reveal(), audience)
			must(t, err)
			must(t, w.SignIn.SignOut(t.Context(), user.By(w.kim.ID, i.Grant.Session.String(), audit.Source{})))
			if _, err := deaf.Auth.Bearer(t.Context(), i.Access.Reveal(), audience); problem.Of(err).Code != authn.ErrToken.Code {
				t.Errorf("%s after log-out: %v", audience, err)
			}
		}
		i := w.inSession(t, apiURI)
		_, err = deaf.Auth.Bearer(t.Context(), i.Access.Reveal(), apiURI)
		must(t, err)
		_, err = w.Directory.RotateKey(t.Context(), user.Host(), signing.Token, jose.EdDSA, true)
		must(t, err)
		if _, err := deaf.Auth.Bearer(t.Context(), i.Access.Reveal(), apiURI); problem.Of(err).Code != authn.ErrToken.Code {
			t.Errorf("with a key that was compromised: %v", err)
		}
	})
}
