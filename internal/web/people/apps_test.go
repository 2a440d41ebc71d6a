package people_test

import (
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// app signs an app in with the first session of an account.
func (w *world) app(id, scope string, of user.Caller) token.Issued {
	w.t.Helper()
	now := w.now()
	if _, err := w.store.Clients().ByID(w.t.Context(), client.ID(id)); err != nil {
		row := client.Client{ID: client.ID(id), Name: "The " + id, Type: client.Web, Profile: client.OAuth21, Auth: client.AuthNone, Grants: []string{client.GrantRefresh}, RefreshIdle: time.Hour, RefreshLife: 24 * time.Hour, Version: 1, Revision: 1, CreatedAt: now, UpdatedAt: now}
		must(w.t, w.store.Clients().Create(w.t.Context(), row, audit.New(client.Created, now, audit.Actor{Type: audit.ActorHost}, audit.Source{}, id)))
	}
	live, err := w.account.Sessions(w.t.Context(), of)
	must(w.t, err)
	u, err := w.store.Users().ByID(w.t.Context(), of.User)
	must(w.t, err)
	got, err := w.grants.Begin(w.t.Context(), token.Birth{
		User: u.ID, UserVersion: u.Version, Client: id, ClientVersion: 1, Session: token.SessionID(live[0].ID), Audiences: []string{"https://api.example.test"},
		Scope: scope, Sender: token.Sender{Kind: token.Unproven}, Refresh: true, Idle: time.Hour, Life: 24 * time.Hour, AuthTime: now,
	})
	must(w.t, err)
	return got
}

// TH-3: what a person takes from an app is dead at the next use, and nobody
// takes anything from another's app.
func TestApps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	here := w.signed(ada)
	here.get("/account/apps").want(200, "No app acts for you at the moment.")
	by := w.callerOf(ada)
	one, two := w.app("notes", "openid posts:read", by), w.app("notes", "profile", by) // in no order: they are of one moment
	other := w.app("shop", "", by)
	here.get("/account/sessions").want(200, "The notes", "The shop")
	here.get("/account/apps").want(200, "The notes", "Know who you are", "posts:read", "https://api.example.test", "Firefox", "Sign out The notes everywhere", "Know that it is you")

	stranger := w.signed("ben@example.test")
	stranger.get("/account/apps")
	stranger.post("/account/apps/end", "id", one.Grant.ID.String()).want(404)
	stranger.get("/account/apps")
	stranger.post("/account/apps/end-all", "client", "notes").want(404)
	here.get("/account/apps")
	here.post("/account/apps/end", "id", "grt_nonsense").want(404)
	here.get("/account/apps")
	here.post("/account/apps/end-all").want(404)
	if err := w.refreshes(one); err != nil {
		t.Fatalf("somebody else ended it: %v", err)
	}

	here.get("/account/apps")
	here.post("/account/apps/end", "id", other.Grant.ID.String()).leads("/account/apps")
	here.get("/account/apps").want(200, "That app is signed out", "The notes")
	if err := w.refreshes(other); err == nil {
		t.Error("an ended app renewed its sign-in")
	}
	here.post("/account/apps/end-all", "client", "notes").leads("/account/apps")
	for _, i := range []token.Issued{one, two} {
		if err := w.refreshes(i); err == nil {
			t.Error("an ended app renewed its sign-in")
		}
	}
	here.get("/account/apps").want(200, "No app acts for you at the moment.")
	here.get("/account/activity").want(200, "App signed out")
}

func (w *world) refreshes(i token.Issued) error {
	_, err := w.grants.Refresh(w.t.Context(), token.Request{Token: i.Refresh.Reveal(), Client: i.Grant.Client})
	return err
}

// OA-23 OA-47: what was allowed stands beside the sign-ins, also when there is none,
// and taking it back ends them; nobody takes back another's.
func TestAllowedApps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	here := w.signed(ada)
	by := w.callerOf(ada)
	one := w.app("notes", "openid", by)
	allow := func() {
		c := consent.Consent{User: by.User, UserVersion: 1, Client: "notes", Scopes: []string{"openid", "posts:read"}, CreatedAt: w.now(), UpdatedAt: w.now()}
		must(t, w.store.Consents().Put(t.Context(), c, by.Event(consent.Given, w.now(), by.User)))
	}
	allow()
	here.get("/account/apps").want(200, "Allowed since", "posts:read", "Take back what The notes may do")
	stranger := w.signed("ben@example.test")
	stranger.get("/account/apps")
	stranger.post("/account/apps/withdraw", "client", "notes").want(404, "consent_unknown")
	here.get("/account/apps")
	here.post("/account/apps/withdraw", "client", "notes").leads("/account/apps")
	here.get("/account/apps").want(200, "may not act for you any more", "No app acts for you")
	if err := w.refreshes(one); err == nil {
		t.Error("an app without consent renewed its sign-in")
	}
	allow()
	here.get("/account/apps").want(200, "Not signed in at the moment")
	here.get("/account/activity").want(200, "App allowed to act for you", "Permission taken back from an app")
}
