package mortise_test

import (
	"net/http"
	"testing"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/mortisetest"
)

// A refusal by the host's own guard carries a code, and an administrator reads
// under it what the answer did not tell.
func TestWhy(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	kim, ada := srv.User(t, mortisetest.Role("writer", "posts:write")), srv.User(t, mortisetest.Role("admin"))
	var problem struct{ Why string }
	mortisetest.Do(t, srv.Auth.Require(mortise.Role("editor"))(greet), kim.Get("/")).Problem(403, "missing_role").JSON(&problem)
	if problem.Why == "" {
		t.Fatal("no code")
	}
	path := "/auth/api/v1/decisions/" + problem.Why
	var d struct {
		Refusal, Subject, Said, Route string
		Checks                        []struct{ Name, Wanted, Got string }
	}
	mortisetest.Do(t, srv.Auth.Handler(), ada.Get(path)).Status(http.StatusOK).JSON(&d)
	if d.Refusal != "missing_role" || d.Subject == "" || d.Said == "" || len(d.Checks) != 1 || d.Checks[0].Wanted != "editor" || d.Checks[0].Got != "writer" {
		t.Errorf("%+v", d)
	}
	mortisetest.Do(t, srv.Auth.Handler(), kim.Get(path)).Status(http.StatusForbidden)
	mortisetest.Do(t, srv.Auth.Handler(), ada.Get("/auth/api/v1/decisions/AAA-AAA")).Problem(404, "decision_unknown")
}
