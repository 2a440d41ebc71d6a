package app

import (
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// An administrator is given a way to try a connection, also one that is off.
func TestTrialOfAConnection(t *testing.T) {
	r := newRig(t)
	off := false
	_, err := r.Directory.CreateConnection(t.Context(), user.Host(), apply.Connection{ID: "github", ConnectionMembers: apply.ConnectionMembers{
		Type: "github", ClientID: "a", Secret: secret.NewText("b"), Enabled: &off,
	}})
	if err != nil {
		t.Fatal(err)
	}
	path, until, err := r.Directory.TestConnection(t.Context(), user.Host(), "github")
	if err != nil || !strings.HasPrefix(path, "/federation/github/start?test=") || until.IsZero() {
		t.Errorf("%q until %v: %v", path, until, err)
	}
}
