package app

import (
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/verify"
)

// robot registers a program that acts for itself.
func (w *world) robot(t *testing.T, id string, resources ...string) {
	t.Helper()
	w.register(t, client.Client{
		ID: client.ID(id), Auth: client.AuthPost, Grants: []string{client.GrantClientCredentials},
		Scopes: []string{"openid", "read", "write"}, Resources: resources,
	})
}

// earn is a request of client_credentials.
func (w *world) earn(t *testing.T, id string, more ...string) answer {
	t.Helper()
	fields := append([]string{"grant_type", "client_credentials", "client_secret", clientSecret}, more...)
	return w.form(t, "/oauth2/token", id, fields...)
}

// OA-37 OA-38 OA-60: a program gets a token in its own name, for its resources,
// without refresh token, person or session; it stands for a program everywhere.
func TestClientCredentials(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).world(t)
		for id, audience := range map[string]string{"robot": apiURI, "vaultrobot": vaultURI} {
			w.robot(t, id, audience)
			got := w.earn(t, id).want(t, 200, "")
			if got.text("scope") != "read write" || got.text("token_type") != "Bearer" || got.text("refresh_token")+got.text("id_token") != "" ||
				got.json["expires_in"].(float64) < 300 || got.json["expires_in"].(float64) > 900 {
				t.Errorf("%s: %s", id, got.Body)
			}
			text := got.text("access_token")
			who, err := w.Auth.Bearer(t.Context(), text, audience)
			must(t, err)
			if who.Kind != verify.Client || who.Subject != id || who.ClientID != id || who.Session+who.Grant != "" || len(who.Methods()) > 0 ||
				who.Assurance != 0 || !who.AuthenticatedAt.IsZero() || !who.HasScope("read") || who.HasScope("openid") {
				t.Errorf("%s: %+v", id, who)
			}
			told := w.introspect(t, "api", text)
			if told.json["active"] != true || told.text("sub") != id || told.text("client_id") != id || told.text("aud") != audience ||
				told.text("sid")+told.text("gid") != "" || told.json["auth_time"] != nil {
				t.Errorf("%s: %s", id, told.Body)
			}
			if told := w.introspect(t, "stranger", text); told.json["active"] != false {
				t.Errorf("a stranger learns of it: %s", told.Body)
			}
			if got := w.call(t, "Bearer "+text); got.Code != 401 {
				t.Errorf("%s opens our own API: %d", id, got.Code)
			}
			report, err := w.Inspector().Inspect(t.Context(), text)
			if err != nil || !report.Valid || report.Subject != id {
				t.Errorf("%s: %+v %v", id, report, err)
			}
		}
	})
}

// OA-37 OA-38 OA-31: what a program may not have.
func TestRefusedClientCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.robot(t, "robot", apiURI)
	for name, c := range map[string]struct {
		code string
		more []string
	}{
		"about a person":        {"invalid_scope", []string{"scope", "openid"}},
		"not registered for":    {"invalid_scope", []string{"scope", "everything"}},
		"another resource":      {"invalid_target", []string{"resource", vaultURI}},
		"ours and another":      {"invalid_target", []string{"resource", apiURI, "resource", selfURI}},
		"malformed":             {"invalid_scope", []string{"scope", `re"ad`}},
		"an unknown resource":   {"invalid_target", []string{"resource", "https://nowhere.example.org"}},
		"a repeated parameter":  {"invalid_request", []string{"scope", "read", "scope", "write"}},
		"a person to act as":    {"", []string{"scope", "read", "username", "kim@mail.org"}}, // unknown parameters are ignored
		"a subset of its scope": {"", []string{"scope", "read"}},
	} {
		got := w.earn(t, "robot", c.more...)
		if got.text("error") != c.code {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	w.form(t, "/oauth2/token", "phone", "grant_type", "client_credentials").want(t, 400, "unauthorized_client")
	w.form(t, "/oauth2/token", "web", "grant_type", "client_credentials").want(t, 400, "unauthorized_client")
	_, _, err := w.Directory.CreateClient(t.Context(), user.Host(), client.Client{ID: "open", Auth: client.AuthNone, Grants: []string{client.GrantClientCredentials}}, secret.Text{})
	if err == nil {
		t.Error("a public client may act for itself")
	}
}

// TH-3 TH-11 TH-17: disabling, a compromise, deletion, a restore and giving back
// end a program's tokens at the next request, with a freshness proof and without;
// beyond its budget it loses all of its own, and no other people's.
func TestActsKillTokensOfPrograms(t *testing.T) {
	t.Parallel()
	acts := map[string]func(t *testing.T, w *world, text string){
		"disabled": func(t *testing.T, w *world, _ string) {
			must(t, w.Directory.DisableClient(t.Context(), user.Host(), "robot"))
		},
		"deleted": func(t *testing.T, w *world, _ string) {
			must(t, w.Directory.DeleteClient(t.Context(), user.Host(), "robot"))
		},
		"given back": func(t *testing.T, w *world, text string) {
			w.form(t, "/oauth2/revoke", "stranger", "token", text).want(t, 200, "") // none of its business
			if told := w.introspect(t, "api", text); told.json["active"] != true {
				t.Error("a stranger took it back")
			}
			w.form(t, "/oauth2/revoke", "robot", "token", text, "client_secret", clientSecret).want(t, 200, "")
		},
	}
	for name, act := range acts {
		for _, audience := range []string{apiURI, vaultURI} {
			for _, fresh := range []bool{true, false} {
				t.Run(strings.Join([]string{name, audience}, " "), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					w.robot(t, "robot", audience)
					if fresh {
						w.rig.running(t)
						w.rig.fresh(t)
					}
					text := w.earn(t, "robot").want(t, 200, "").text("access_token")
					_, err := w.Auth.Bearer(t.Context(), text, audience)
					must(t, err)
					act(t, w, text)
					if _, err := w.Auth.Bearer(t.Context(), text, audience); err == nil {
						t.Errorf("fresh %v: it lives on", fresh)
					}
					if told := w.introspect(t, "api", text); told.json["active"] != false {
						t.Errorf("fresh %v: %s", fresh, told.Body)
					}
					if r, err := w.Inspector().Inspect(t.Context(), text); err != nil || r.Valid {
						t.Errorf("fresh %v: %+v %v", fresh, r, err)
					}
				})
			}
		}
	}
}

// TH-17: mint and revoke in a loop.
func TestBudgetOfPrograms(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).world(t)
		w.rig.running(t)
		w.rig.fresh(t)
		w.robot(t, "robot", apiURI)
		w.robot(t, "other", apiURI)
		person := w.grant(t, "phone", token.Unproven, apiURI).Access.Reveal()
		other := w.earn(t, "other").want(t, 200, "").text("access_token")
		kept := w.earn(t, "robot").want(t, 200, "").text("access_token")
		for range revocation.Budget + 1 {
			text := w.earn(t, "robot").want(t, 200, "").text("access_token")
			w.form(t, "/oauth2/revoke", "robot", "token", text, "client_secret", clientSecret).want(t, 200, "")
			if _, err := w.Auth.Bearer(t.Context(), text, apiURI); err == nil {
				t.Fatal("a token that was given back lives on")
			}
		}
		if _, err := w.Auth.Bearer(t.Context(), kept, apiURI); err == nil {
			t.Error("nothing was widened")
		}
		for name, text := range map[string]string{"a person's": person, "another program's": other, "a new one": w.earn(t, "robot").text("access_token")} {
			if _, err := w.Auth.Bearer(t.Context(), text, apiURI); err != nil {
				t.Errorf("%s died too: %v", name, err)
			}
		}
		if n := w.LiveRevocations(); n > 2*revocation.Budget {
			t.Errorf("%d entries", n)
		}
	})
}

// AU-5: many tokens are few events, and none is forgotten.
func TestTokensOfProgramsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.robot(t, "robot", apiURI)
	for range 7 {
		w.earn(t, "robot").want(t, 200, "")
	}
	count := func() (events []string) {
		all, err := w.store.Audit().Search(t.Context(), audit.Query{Name: oauth.OwnIssued.String(), Limit: 100})
		must(t, err)
		for _, ev := range all {
			if ev.Client != "robot" || ev.Actor.ID != "robot" || ev.Subject != "" {
				t.Errorf("%+v", ev)
			}
			events = append(events, ev.Details["count"])
		}
		return events
	}
	if got := count(); len(got) != 1 || got[0] != "1" {
		t.Errorf("before the end of a minute: %v", got)
	}
	must(t, w.OAuth.Flush(t.Context()))
	must(t, w.OAuth.Flush(t.Context()))
	if got := strings.Join(count(), " "); got != "6 1" {
		t.Errorf("after it: %v", got)
	}
}
