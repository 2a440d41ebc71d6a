package app

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/federation/oauth2"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/sqlite"
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

// refuser notes what would go out.
type refuser struct{ asked []string }

func (r *refuser) Do(_ context.Context, q egress.Request) (egress.Response, error) {
	r.asked = append(r.asked, q.URL)
	return egress.Response{}, egress.ErrFailed
}

// Nothing is fetched of a service before somebody uses it.
func TestConnectionsAreLazy(t *testing.T) {
	st, err := sqlite.Memory(t.Context(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	key := keyring.NewMaster().Reveal()
	first := newRigOn(t, st, func(c *Config) { c.SecretKey = key })
	for n := range 50 {
		issuer := fmt.Sprintf("https://idp-%d.example.net", n)
		_, err := first.Directory.CreateConnection(t.Context(), user.Host(), apply.Connection{ID: fmt.Sprintf("idp-%d", n), ConnectionMembers: apply.ConnectionMembers{
			Type: "oidc", ClientID: "a", Secret: secret.NewText("b"), Issuer: &issuer,
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	now := first.clock.Now().UTC()
	if err := st.Instance().CompleteSetup(t.Context(), secret.Digest{}, now, user.Host().Event(instance.SetupCompleted, now, user.ID{})); err != nil {
		t.Fatal(err)
	}
	out := &refuser{}
	r := newRigOn(t, st, func(c *Config) {
		c.SecretKey = key
		c.Outbound = func(oauth2.HTTP) oauth2.HTTP { return out }
	}).running(t)
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://id.example.org"+path, nil))
		return w
	}
	if w := get("/login"); !strings.Contains(w.Body.String(), "continue-idp-0") || len(out.asked) != 0 {
		t.Fatalf("%d asked %q: %s", w.Code, out.asked, w.Body)
	}
	if get("/federation/idp-7/start"); len(out.asked) == 0 || !strings.HasPrefix(out.asked[0], "https://idp-7.example.net/") {
		t.Errorf("asked %q", out.asked)
	}
}
