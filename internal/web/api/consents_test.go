package api_test

import (
	"testing"

	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// allow keeps a consent of an account for an app.
func (r *rig) allow(t *testing.T, email, name string) {
	t.Helper()
	u, err := r.Directory.Resolve(t.Context(), user.Host(), email)
	if err != nil {
		t.Fatal(err)
	}
	now := r.clock.Now()
	c := consent.Consent{User: u.ID, UserVersion: u.Version, Client: name, Scopes: []string{"openid", "profile"}, CreatedAt: now, UpdatedAt: now}
	if err := r.Store().Consents().Put(t.Context(), c, user.System().Event(consent.Given, now, u.ID)); err != nil {
		t.Fatal(err)
	}
}

// OA-23 OA-47: people list and take back what apps may do, administrators what
// anybody's may; the app's tokens end with it.
func TestConsents(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ready(t)
	r.person(t, "kim@example.org")
	r.person(t, "eve@example.org")
	kim, eve := r.program().signedIn(t, "kim@example.org"), r.program().signedIn(t, "eve@example.org")
	mine := r.app(t, "kim@example.org", "notes")
	r.allow(t, "kim@example.org", "notes")

	row := first(t, kim.must(t, 200, "GET", "/me/consents", ""))
	if row["app"] != "The notes" || row["client_id"] != "notes" || row["last_used_at"] == nil || len(row["scopes"].([]any)) != 2 {
		t.Errorf("consent: %v", row)
	}
	if got := eve.must(t, 200, "GET", "/me/consents", ""); len(got.json["data"].([]any)) != 0 {
		t.Errorf("eve sees %s", got.text)
	}
	eve.refuse(t, 404, "consent_unknown", "DELETE", "/me/consents/notes", "")
	eve.refuse(t, 403, "host_only", "GET", "/users/kim@example.org/consents", "")
	eve.refuse(t, 403, "host_only", "DELETE", "/users/kim@example.org/consents/notes", "")
	r.program().must(t, 401, "GET", "/me/consents", "")

	kim.must(t, 204, "DELETE", "/me/consents/notes", "")
	kim.refuse(t, 404, "consent_unknown", "DELETE", "/me/consents/notes", "")
	if _, err := r.Grants.Refresh(t.Context(), token.Request{Token: mine.Refresh.Reveal(), Client: "notes"}); err == nil {
		t.Error("the app goes on")
	}

	r.allow(t, "kim@example.org", "notes")
	host := r.asHost()
	if row := first(t, host.must(t, 200, "GET", "/users/kim@example.org/consents", "")); row["last_used_at"] != nil {
		t.Errorf("used by nobody: %v", row)
	}
	host.refuse(t, 404, "consent_unknown", "DELETE", "/users/eve@example.org/consents/notes", "")
	host.must(t, 204, "DELETE", "/users/kim@example.org/consents/notes", "")
	if got := kim.must(t, 200, "GET", "/me/events", ""); len(got.json["data"].([]any)) == 0 {
		t.Errorf("events: %s", got.text)
	}
}
