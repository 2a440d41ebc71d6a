package mortisetest

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testenv/pgstore"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/postgres"
)

const (
	familyAPI    = "https://things.example.test"
	familySecret = "not-a-real-secret-0123456789abcdef"
)

// family is a server, an app with a refresh token, and how the app asks.
type family struct {
	*Server
	t     testing.TB
	who   *User
	app   string // client id
	proof string // its secret; empty: a public client
}

// newFamily makes a public and a confidential app, and lets one in.
func newFamily(t *testing.T, app string, opts ...Option) (family, string) {
	t.Helper()
	f := family{Server: NewServer(t, opts...), t: t, app: app}
	f.who = f.User(t)
	scope, first := "things:read", true
	got, err := f.Server.app.Directory.Apply(t.Context(), user.Host(), apply.File{
		Scopes:    []apply.Scope{{Name: scope}},
		Resources: []apply.Resource{{Identifier: familyAPI, Name: "Things", Scopes: []string{scope}}},
		Clients: []apply.Client{
			{ClientID: "native", AuthMethod: string(client.AuthNone), Type: "native", GrantTypes: []string{client.GrantRefresh}, Scope: &scope, FirstParty: &first, Resources: []string{familyAPI}},
			{ClientID: "web", Secret: secret.NewText(familySecret), GrantTypes: []string{client.GrantRefresh}, Scope: &scope, Resources: []string{familyAPI}},
		},
	}, false, false)
	if err != nil || got.Failed > 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	if app == "web" {
		f.proof = familySecret
	}
	return f, f.begin()
}

// begin lets the app in, as an authorization does.
func (f family) begin() string {
	f.t.Helper()
	c, err := f.Server.app.Registry.Client(f.t.Context(), f.app)
	f.must(f.t, "find the client", err)
	u, err := f.store.Users().ByID(f.t.Context(), f.who.id)
	f.must(f.t, "find the account", err)
	sender := token.Sender{Kind: token.Unproven}
	if f.proof != "" {
		sender.Kind = token.Client
	}
	issued, err := f.Server.app.Grants.Begin(f.t.Context(), token.Birth{
		User: u.ID, UserVersion: u.Version, Client: f.app, ClientVersion: c.Version, Audiences: []string{familyAPI}, Scope: "things:read",
		Sender: sender, Methods: []string{"pwd"}, ACR: "1", AuthTime: f.now(), Refresh: true, Idle: 14 * 24 * time.Hour, Life: 90 * 24 * time.Hour,
	})
	f.must(f.t, "begin a grant", err)
	return issued.Refresh.Reveal()
}

// refresh asks the token endpoint and returns the status and the next token.
func (f family) refresh(held string) (status int, next string) {
	f.t.Helper()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {held}, "client_id": {f.app}}
	if f.proof != "" {
		form.Del("client_id")
	}
	r := f.Request(f.t, http.MethodPost, f.Path("/oauth2/token"), form)
	for name := range r.Header {
		if name != "Content-Type" {
			r.Header.Del(name)
		}
	}
	if f.proof != "" {
		r.SetBasicAuth(f.app, f.proof)
	}
	a := Do(f.t, f, r)
	var out struct {
		Refresh string `json:"refresh_token"`
	}
	a.JSON(&out)
	return a.StatusCode, out.Refresh
}

// A laptop closes after the server rotated and before the answer came, and wakes
// up hours later. Whoever proves to be the client gets the same successor, at any
// time; who proves nothing only within the window, and after that it is theft,
// also 39 s late. A laptop that had its answer wakes up to a token that works.
// TH-5
func TestWakeAfterHours(t *testing.T) {
	t.Parallel()
	for engine, opts := range map[string][]Option{
		"sqlite":   nil,
		"postgres": {Postgres(pgstore.URL(t), postgres.Options{})},
	} {
		t.Run(engine, func(t *testing.T) {
			web, held := newFamily(t, "web", opts...)
			for _, pause := range []time.Duration{39 * time.Second, 9 * time.Hour, 10 * 24 * time.Hour} {
				_, lost := web.refresh(held)
				web.Clock.Advance(pause)
				status, got := web.refresh(held)
				if status != http.StatusOK || got != lost {
					t.Fatalf("a proven client after %s: %d, the same successor: %v", pause, status, got == lost)
				}
				if status, held = web.refresh(got); status != http.StatusOK {
					t.Fatalf("the successor: %d", status)
				}
			}
			native := web
			native.app, native.proof = "native", ""
			native.sleeps(t)
		})
	}
}

func (f family) sleeps(t *testing.T) {
	held := f.begin()
	for _, pause := range []time.Duration{9 * time.Hour, 10 * 24 * time.Hour} {
		f.Clock.Advance(pause)
		var status int
		if status, held = f.refresh(held); status != http.StatusOK {
			t.Fatalf("an app with its newest token after %s: %d", pause, status)
		}
	}
	_, lost := f.refresh(held)
	f.Clock.Advance(token.MaxWindow)
	if status, got := f.refresh(held); status != http.StatusOK || got != lost {
		t.Fatalf("at the edge of the window: %d", status)
	}
	f.Clock.Advance(9 * time.Second) // 39 s
	if status, _ := f.refresh(held); status != http.StatusBadRequest {
		t.Errorf("without proof 39 s later: %d", status)
	}
	if status, _ := f.refresh(lost); status != http.StatusBadRequest {
		t.Errorf("the family lives on: %d", status)
	}
	f.Audit(t).Want("token.refresh_reuse", f.who.ID)
}
