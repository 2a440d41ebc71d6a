package mortisetest

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// DefaultPassword is what User gives an account unless told otherwise.
const DefaultPassword = "seven oak pegs hold this frame"

// User is an account and the person behind it.
type User struct {
	ID       string // usr_…
	Email    string
	Name     string
	Password string // empty: none

	t      testing.TB
	srv    *Server
	id     user.ID
	cookie *http.Cookie // for Get, Post and the like; made when first wanted
}

// UserOption changes what User makes.
type UserOption func(*wish)

type wish struct {
	in    directory.NewUser
	plain string
	roles []rbac.Role
	orgs  []organization.Membership
}

// Email is the primary address, verified unless Unverified is given too.
func Email(address string) UserOption { return func(w *wish) { w.in.Email = address } }

// Unverified leaves the address unproven.
func Unverified() UserOption { return func(w *wish) { w.in.EmailVerified = false } }

// Name is what the person is called.
func Name(name string) UserOption { return func(w *wish) { w.in.Name = name } }

// Locale is the language the person chose.
func Locale(tag string) UserOption { return func(w *wish) { w.in.Locale = tag } }

// Password replaces DefaultPassword; the policy applies. Empty: none.
func Password(plain string) UserOption { return func(w *wish) { w.plain = plain } }

// Role gives the account an instance-wide role. It is made when it does not exist;
// permissions, when given, replace those it has.
func Role(name string, permissions ...string) UserOption {
	return func(w *wish) { w.roles = append(w.roles, rbac.Role{Name: name, Permissions: permissions}) }
}

// Organization makes the account a member, with roles there. Organisation and roles
// are made when they do not exist.
func Organization(slug string, roles ...string) UserOption {
	return func(w *wish) { w.orgs = append(w.orgs, organization.Membership{Slug: slug, Roles: roles}) }
}

// User makes an account, by default somebody@example.test of its own address with
// a verified address and DefaultPassword.
func (s *Server) User(t testing.TB, opts ...UserOption) *User {
	t.Helper()
	n := s.people.Add(1)
	w := &wish{plain: DefaultPassword, in: directory.NewUser{
		Email: fmt.Sprintf("person%d@example.test", n), Name: fmt.Sprintf("Person %d", n), EmailVerified: true,
	}}
	for _, o := range opts {
		o(w)
	}
	w.in.Password = secret.NewText(w.plain)
	for _, r := range w.roles {
		s.ensureRole(t, r)
		w.in.Roles = append(w.in.Roles, r.Name)
	}
	u, err := s.app.Directory.CreateUser(t.Context(), user.Host(), w.in)
	s.must(t, "make a user", err)
	for _, m := range w.orgs {
		s.join(t, u.ID, m)
	}
	return &User{
		ID: u.ID.String(), Email: w.in.Email, Name: u.Name, Password: w.plain,
		t: t, srv: s, id: u.ID,
	}
}

func (s *Server) must(t testing.TB, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	p := problem.Of(err)
	t.Fatalf("mortisetest: %s: %v: %s %v", what, err, p.Public, p.Fields)
}

func (s *Server) ensureRole(t testing.TB, r rbac.Role) {
	t.Helper()
	_, err := s.app.Directory.Role(t.Context(), user.Host(), r.Name)
	if err == nil && (r.Permissions == nil || r.Name == rbac.Admin) {
		return
	}
	_, err = s.app.Directory.PutRole(t.Context(), user.Host(), r)
	s.must(t, "make the role "+r.Name, err)
}

func (s *Server) join(t testing.TB, who user.ID, m organization.Membership) {
	t.Helper()
	for _, role := range m.Roles {
		s.ensureRole(t, rbac.Role{Name: role})
	}
	m.Organization, m.User = s.ensureOrganization(t, m.Slug).ID, who
	s.must(t, "add a member to "+m.Slug, s.app.Directory.SetMember(t.Context(), user.Host(), m))
}

func (s *Server) ensureOrganization(t testing.TB, slug string) organization.Organization {
	t.Helper()
	o, err := s.app.Directory.Organization(t.Context(), user.Host(), slug)
	if errors.Is(err, organization.ErrUnknown) {
		o, err = s.app.Directory.CreateOrganization(t.Context(), user.Host(), organization.Organization{Slug: slug, Name: slug})
	}
	s.must(t, "make the organisation "+slug, err)
	return o
}

// Session starts a session of u, proven just now by a password, and returns its
// cookie. No mail is sent and no limit counts it.
func (u *User) Session(t testing.TB) *http.Cookie {
	t.Helper()
	s, now := u.srv, u.srv.now()
	token := secret.NewAt(session.Purpose, now)
	limits := s.app.SignIn.Limits()
	row := session.Session{
		ID: session.NewID(now), User: u.id, Digest: token.Digest(s.instance), UserVersion: u.current(t),
		Methods: []string{"pwd"}, Assurance: 1, AuthenticatedAt: now, CreatedAt: now, LastSeenAt: now,
		IdleTimeout: limits.Idle, ExpiresAt: now.Add(limits.Absolute), UserAgent: agent,
	}
	ev := user.Host().Event(session.Created, now, u.id).InSession(row.ID.String())
	_, err := s.store.Sessions().Insert(t.Context(), row, 0, limits.PerUser, ev)
	s.must(t, "start a session", err)
	return &http.Cookie{
		Name: s.app.Frame.Names().Session, Value: token.Reveal(), Path: "/",
		Secure: s.base.Scheme == "https", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// current is the account's version now: a changed password raises it.
func (u *User) current(t testing.TB) int64 {
	t.Helper()
	row, err := u.srv.store.Users().ByID(t.Context(), u.id)
	u.srv.must(t, "read the user", err)
	return row.Version
}

// SignIn returns a browser in which u is signed in, without going through the page.
func (s *Server) SignIn(t testing.TB, u *User) *Browser {
	t.Helper()
	b := s.Browser(t)
	b.jar.set(b.origin, u.Session(t), s.Clock.Now())
	return b
}
