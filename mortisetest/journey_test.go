package mortisetest_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/mortisetest"
)

// The journey of the issue: sign up, mail, verify, sign in, sessions, recover.
// PW-31 PW-36 SE-3 SE-26
func TestJourney(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	srv.Mount(hello(srv.Auth))
	const kim, first, second = "kim@example.test", "seven oak pegs hold this frame", "eight ash pegs hold the other one"

	b := srv.Browser(t)
	b.Open("/auth/signup").Fill("display-name", "Kim").Fill("email", kim).Fill("new-password", first).Submit()
	b.Open(srv.Inbox(t).Next(kim).Link()).See(kim).Submit().See("That worked")
	if b.Cookie("__Host-mortise") != "" {
		t.Fatal("a link signed somebody in")
	}
	b.Open("/").At("/auth/login").Fill("identifier", kim).Fill("password", "wrong").Submit().Problem("credentials_wrong")
	b.Fill("identifier", kim).Fill("password", first).Submit().At("/").See("Hello, Kim!")
	srv.Audit(t).Want("login.succeeded_after_failures", "")
	b.Restart().Open("/auth/account/sessions").Status(200)

	other := srv.Browser(t)
	other.Open("/auth/recover").Fill("identifier", kim).Submit()
	other.Open(recovery(t, srv, kim)).Fill("new-password", second).Submit().See("Your new password is saved")
	b.Open("/").At("/auth/login").Fill("identifier", kim).Fill("password", first).Submit().Problem("credentials_wrong")
	b.Fill("identifier", kim).Fill("password", second).Submit().See("Hello, Kim!")
	b.Open("/auth/logout").Press("logout-confirm")
	b.Open("/").At("/auth/login")
}

// recovery waits for the letter whose link sets a new password.
func recovery(t *testing.T, srv *mortisetest.Server, address string) string {
	t.Helper()
	for {
		m := srv.Inbox(t).Next(address)
		for _, l := range m.Links {
			if u, err := url.Parse(l); err == nil && u.Path == "/auth/recover/password" {
				return l
			}
		}
	}
}

func TestLinksRunOut(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	u := srv.User(t)
	b := srv.Browser(t)
	b.Open("/auth/recover").Fill("identifier", u.Email).Submit()
	link := recovery(t, srv, u.Email)
	b.Open(link).Status(200)
	srv.Clock.Advance(24 * time.Hour)
	b.Open(link).Status(410).Problem("link_expired")
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	u := srv.User(t, mortisetest.Name("Ada"))
	b := srv.SignIn(t, u).Open("/auth/account").Status(200).See("Ada")
	b.Open("/auth/logout").Press("logout-confirm")
	b.Open("/auth/account").At("/auth/login")
}

func TestFirstRun(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t, mortisetest.FirstRun())
	srv.Browser(t).Open("/auth/setup").Has("code")
	mortisetest.Do(t, srv, srv.Request(t, "GET", "/auth/api/v1/session", nil)).Status(401)
}
