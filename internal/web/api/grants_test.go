package api_test

import (
	"strings"
	"testing"
	"time"

	registered "github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// app signs a client in for an account, with its newest session.
func (r *rig) app(t *testing.T, email, name string) token.Issued {
	t.Helper()
	ctx := t.Context()
	if _, err := r.Directory.Client(ctx, user.Host(), registered.ID(name)); err != nil {
		_, _, err := r.Directory.CreateClient(ctx, user.Host(), registered.Client{
			ID: registered.ID(name), Name: "The " + name, Auth: registered.AuthNone, Type: registered.Native, Grants: []string{registered.GrantRefresh}, FirstParty: true,
		}, secret.Text{})
		if err != nil {
			t.Fatal(err)
		}
	}
	u, err := r.Directory.Resolve(ctx, user.Host(), email)
	if err != nil {
		t.Fatal(err)
	}
	live, err := r.Directory.Sessions(ctx, user.Host(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Directory.Client(ctx, user.Host(), registered.ID(name))
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Grants.Begin(ctx, token.Birth{
		User: u.ID, UserVersion: u.Version, Client: name, ClientVersion: c.Version, Session: token.SessionID(live[0].ID),
		Audiences: []string{r.Issuer()}, Scope: "openid profile", Sender: token.Sender{Kind: token.Unproven}, Refresh: true,
		Idle: time.Hour, Life: 24 * time.Hour, AuthTime: r.clock.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func first(t *testing.T, got reply) map[string]any {
	t.Helper()
	data, _ := got.json["data"].([]any)
	if len(data) != 1 {
		t.Fatalf("want one row, got %s", got.text)
	}
	return data[0].(map[string]any)
}

// TH-3 TH-36: people see and end what apps may do in their name, administrators
// what anybody's may; nobody else can.
func TestGrants(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ready(t)
	r.person(t, "kim@example.org")
	r.person(t, "eve@example.org")
	kim, eve := r.program().signedIn(t, "kim@example.org"), r.program().signedIn(t, "eve@example.org")
	mine := r.app(t, "kim@example.org", "notes")
	path := "/me/grants/" + mine.Grant.ID.String()

	row := first(t, kim.must(t, 200, "GET", "/me/grants", ""))
	if row["app"] != "The notes" || row["client_id"] != "notes" || row["id"] != mine.Grant.ID.String() || row["session"] == nil {
		t.Errorf("grant: %v", row)
	}
	scopes := row["scopes"].([]any)
	if len(scopes) != 2 || scopes[0].(map[string]any)["description"] != "Know who you are" {
		t.Errorf("scopes: %v", scopes)
	}
	if row := first(t, kim.must(t, 200, "GET", "/me/sessions", "")); len(row["apps"].([]any)) != 1 {
		t.Errorf("session: %v", row)
	}
	if got := kim.must(t, 200, "POST", "/me/export", `{"current_password":"`+right+`"}`); len(got.json["grants"].([]any)) != 1 {
		t.Errorf("export: %s", got.text)
	}

	if got := eve.must(t, 200, "GET", "/me/grants", ""); len(got.json["data"].([]any)) != 0 {
		t.Errorf("eve sees %s", got.text)
	}
	eve.refuse(t, 404, "grant_unknown", "DELETE", path, "")
	eve.refuse(t, 403, "host_only", "GET", "/users/kim@example.org/grants", "")
	eve.refuse(t, 403, "host_only", "DELETE", "/users/kim@example.org"+strings.TrimPrefix(path, "/me"), "")
	kim.refuse(t, 404, "grant_unknown", "DELETE", "/me/grants/ses_nonsense", "")
	r.program().must(t, 401, "GET", "/me/grants", "")

	kim.must(t, 204, "DELETE", path, "")
	kim.refuse(t, 404, "grant_unknown", "DELETE", path, "")
	if _, err := r.Grants.Refresh(t.Context(), token.Request{Token: mine.Refresh.Reveal(), Client: "notes"}); err == nil {
		t.Error("the app goes on")
	}

	again := r.app(t, "kim@example.org", "notes")
	host := r.asHost()
	first(t, host.must(t, 200, "GET", "/users/kim@example.org/grants", ""))
	first(t, host.must(t, 200, "GET", "/users/kim@example.org/sessions", ""))
	host.refuse(t, 404, "grant_unknown", "DELETE", "/users/eve@example.org/grants/"+again.Grant.ID.String(), "")
	host.must(t, 204, "DELETE", "/users/kim@example.org/grants/"+again.Grant.ID.String(), "")
	if _, err := r.Grants.Refresh(t.Context(), token.Request{Token: again.Refresh.Reveal(), Client: "notes"}); err == nil {
		t.Error("the app goes on")
	}
}
