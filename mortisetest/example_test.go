package mortisetest_test

import (
	"testing"
	"time"

	"github.com/mortise-auth/mortise/mortisetest"
)

func Example() {
	_ = func(t *testing.T) { // TestOnlyEditorsPublish
		srv := mortisetest.NewServer(t)
		srv.Mount(hello(srv.Auth)) // your handler, built as in production
		editor, guest := srv.User(t, mortisetest.Role("editor")), srv.User(t)
		mortisetest.Do(t, srv, editor.Post("/posts", `{"title":"hi"}`)).Status(201)
		mortisetest.Do(t, srv, guest.Post("/posts", nil)).Problem(403, "missing_role")
	}
}

func ExampleServer_Browser() {
	_ = func(t *testing.T) { // TestResetRunsOut
		srv := mortisetest.NewServer(t)
		u := srv.User(t)
		b := srv.Browser(t)
		b.Open("/auth/recover").Fill("identifier", u.Email).Submit()
		link := srv.Inbox(t).Next(u.Email).Link()
		srv.Clock.Advance(24 * time.Hour)
		b.Open(link).Problem("link_expired")
	}
}
