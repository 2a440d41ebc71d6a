package app

import (
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

const (
	filmsURI = "https://films.example.org"
	moneyURI = "https://money.example.org"
)

// exchangers registers who exchanges: "gate" delegates what apiURI received,
// "proxy" impersonates, "films" is the next one in a chain.
func (w *world) exchangers(t *testing.T) {
	t.Helper()
	for _, r := range []resource.Resource{
		{Identifier: filmsURI, Scopes: []string{"read"}, TokenFormat: resource.JWT, Verifiers: []string{"films"}},
		{Identifier: moneyURI, Scopes: []string{"read"}, TokenFormat: resource.JWT},
	} {
		_, err := w.Directory.CreateResource(t.Context(), user.Host(), r)
		must(t, err)
	}
	for id, mode := range map[string]string{"gate": client.Delegation, "proxy": client.Impersonation, "films": client.Delegation} {
		target := filmsURI
		if id == "films" {
			target = moneyURI
		}
		w.register(t, client.Client{
			ID: client.ID(id), Auth: client.AuthPost, Grants: []string{client.GrantExchange, client.GrantClientCredentials}, Scopes: []string{"openid", "read"}, Resources: []string{target},
			Metadata: client.Metadata{ExchangeSubjects: []string{"received"}, ExchangeAudiences: []string{target, vaultURI}, ExchangeModes: []string{mode}},
		})
	}
	res, err := w.store.Resources().ByIdentifier(t.Context(), apiURI)
	must(t, err)
	res.Verifiers = []string{"api", "gate", "proxy"}
	_, err = w.Directory.UpdateResource(t.Context(), user.Host(), res)
	must(t, err)
}

func (w *world) exchange(t *testing.T, as, subject string, more ...string) answer {
	t.Helper()
	target := filmsURI
	if as == "films" {
		target = moneyURI
	}
	fields := []string{"grant_type", client.GrantExchange, "subject_token", subject, "subject_token_type", oauth.TypeAccessToken, "client_secret", clientSecret}
	if !strings.Contains(strings.Join(more, " "), "resource") {
		fields = append(fields, "resource", target)
	}
	return w.form(t, "/oauth2/token", as, append(fields, more...)...)
}

// OA-62 TH-13: what is exchanged is for another API, of the same person, no wider
// and no longer, and says who acts, through two levels.
func TestTokenExchange(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).world(t)
		w.exchangers(t)
		parent := w.inSession(t, apiURI)
		w.clock.Advance(2 * time.Minute)
		got := w.exchange(t, "gate", parent.Access.Reveal()).want(t, 200, "")
		if got.text("issued_token_type") != oauth.TypeAccessToken || got.text("token_type") != "Bearer" || got.text("scope") != "read" || got.text("refresh_token")+got.text("id_token") != "" {
			t.Errorf("%s", got.Body)
		}
		a, err := w.Auth.Access(t.Context(), got.text("access_token"))
		must(t, err)
		before, err := w.Auth.Access(t.Context(), parent.Access.Reveal())
		must(t, err)
		if a.Subject != before.Subject || a.Grant != before.Grant || a.Session != before.Session || a.UserVersion != before.UserVersion || a.Expiry > before.Expiry ||
			a.ClientID != "gate" || a.Audience[0] != filmsURI || a.Actor == nil || a.Actor.Subject != "gate" || a.Actor.Actor != nil || a.ID == before.ID {
			t.Errorf("%+v of %+v", a, before)
		}
		next := w.exchange(t, "films", got.text("access_token")).want(t, 200, "")
		who, err := w.Auth.Bearer(t.Context(), next.text("access_token"), moneyURI)
		must(t, err)
		if act := who.Actor(); who.Subject != w.kim.ID.String() || act == nil || act.Subject != "films" || act.Actor == nil || act.Actor.Subject != "gate" {
			t.Errorf("%+v", who)
		}
		own := w.earn(t, "gate", "resource", filmsURI).want(t, 200, "").text("access_token")
		acted := w.exchange(t, "gate", parent.Access.Reveal(), "actor_token", own, "actor_token_type", oauth.TypeAccessToken).want(t, 200, "")
		if a, err = w.Auth.Access(t.Context(), acted.text("access_token")); err != nil || a.Actor.Subject != "gate" {
			t.Errorf("%+v %v", a, err)
		}
		as := w.exchange(t, "proxy", parent.Access.Reveal()).want(t, 200, "")
		if a, err = w.Auth.Access(t.Context(), as.text("access_token")); err != nil || a.Actor != nil || a.ClientID != "proxy" {
			t.Errorf("%+v %v", a, err)
		}
		w.clock.Advance(7 * time.Minute)
		late := w.exchange(t, "gate", parent.Access.Reveal()).want(t, 200, "")
		if late.json["expires_in"].(float64) > 400 {
			t.Errorf("it outlives its parent: %s", late.Body)
		}
		events, err := w.store.Audit().Search(t.Context(), audit.Query{Name: token.Exchanged.String(), Limit: 10})
		if err != nil || len(events) != 5 || events[0].Subject != w.kim.ID.String() || events[0].Client != "gate" {
			t.Errorf("AU-5: %d %v", len(events), err)
		}
	})
}

// OA-62: client × subject × target, and every inbound token is checked.
func TestRefusedExchanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exchangers(t)
	w.robot(t, "robot", apiURI)
	parent := w.grant(t, "phone", token.Unproven, apiURI).Access.Reveal()
	gone := w.grant(t, "phone", token.Unproven, apiURI)
	_, err := w.Grants.EndClient(t.Context(), user.Host(), w.kim.ID, "nobody", token.Revoked)
	must(t, err)
	must(t, w.Grants.End(t.Context(), user.Host(), w.kim.ID, gone.Grant.ID, token.Revoked))
	id, err := w.Signing.Sign(t.Context(), signing.Token, "EdDSA", "JWT", []byte(strings.SplitN(parent, ".", 3)[1]))
	must(t, err)
	chained := parent
	for name, c := range map[string]struct {
		as, subject, code string
		more              []string
	}{
		"not a target":          {"gate", parent, "invalid_target", []string{"resource", moneyURI}},
		"our own API":           {"gate", parent, "invalid_target", []string{"resource", selfURI}},
		"opaque there":          {"gate", parent, "invalid_target", []string{"resource", vaultURI}},
		"more scope":            {"gate", parent, "invalid_scope", []string{"scope", "read write"}},
		"a sign-in":             {"gate", parent, "invalid_scope", []string{"scope", "openid"}},
		"not received":          {"films", chained, "invalid_request", nil},
		"not allowed at all":    {"robot", parent, "unauthorized_client", nil},
		"revoked":               {"gate", gone.Access.Reveal(), "invalid_request", nil},
		"changed":               {"gate", flip(parent), "invalid_request", nil},
		"of a program":          {"gate", w.earn(t, "robot").text("access_token"), "invalid_request", nil},
		"an ID token":           {"gate", id, "invalid_request", nil},
		"no delegation":         {"proxy", parent, "invalid_request", []string{"actor_token", parent, "actor_token_type", oauth.TypeAccessToken}},
		"an actor without type": {"gate", parent, "invalid_request", []string{"actor_token", parent}},
		"a refresh token":       {"gate", parent, "invalid_request", []string{"requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"}},
	} {
		if got := w.exchange(t, c.as, c.subject, c.more...); got.Code != 400 || got.text("error") != c.code {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	w.exchange(t, "gate", parent).want(t, 200, "")
	w.clock.Advance(20 * time.Minute)
	w.exchange(t, "gate", parent).want(t, 400, "invalid_request")
	for name, c := range map[string]client.Client{
		"public":     {ID: "x1", Auth: client.AuthNone, Metadata: client.Metadata{ExchangeSubjects: []string{"own"}, ExchangeAudiences: []string{filmsURI}, ExchangeModes: []string{"delegation"}}},
		"no subject": {ID: "x2", Metadata: client.Metadata{ExchangeAudiences: []string{filmsURI}, ExchangeModes: []string{"delegation"}}},
		"unknown":    {ID: "x3", Metadata: client.Metadata{ExchangeSubjects: []string{"everybody"}, ExchangeAudiences: []string{filmsURI}, ExchangeModes: []string{"delegation"}}},
	} {
		c.Grants = []string{client.GrantExchange}
		if _, _, err := w.Directory.CreateClient(t.Context(), user.Host(), c, secret.Text{}); err == nil {
			t.Errorf("%s is registered", name)
		}
	}
}

// TH-13 TH-16: whatever ends the parent, the acting client or anybody in act ends
// what was derived, at the next request, with a freshness proof and without; and
// who follows the target hears of it.
func TestActsKillExchangedTokens(t *testing.T) {
	t.Parallel()
	acts := map[string]func(t *testing.T, w *world, parent token.Issued, derived string){
		"parent's grant revoked": func(t *testing.T, w *world, parent token.Issued, _ string) {
			w.form(t, "/oauth2/revoke", "phone", "token", parent.Refresh.Reveal()).want(t, 200, "")
		},
		"person banned": func(t *testing.T, w *world, _ token.Issued, _ string) {
			must(t, w.Directory.Disable(t.Context(), user.Host(), w.kim.ID, ""))
		},
		"session ended": func(t *testing.T, w *world, parent token.Issued, _ string) {
			must(t, w.SignIn.SignOut(t.Context(), user.By(w.kim.ID, parent.Grant.Session.String(), audit.Source{})))
		},
		"parent's client disabled": func(t *testing.T, w *world, _ token.Issued, _ string) {
			must(t, w.Directory.DisableClient(t.Context(), user.Host(), "phone"))
		},
		"last actor disabled": func(t *testing.T, w *world, _ token.Issued, _ string) {
			must(t, w.Directory.DisableClient(t.Context(), user.Host(), "films"))
		},
		"first actor disabled": func(t *testing.T, w *world, _ token.Issued, _ string) {
			must(t, w.Directory.DisableClient(t.Context(), user.Host(), "gate"))
		},
		"given back": func(t *testing.T, w *world, parent token.Issued, derived string) {
			w.form(t, "/oauth2/revoke", "films", "token", derived, "client_secret", clientSecret).want(t, 200, "")
			if _, err := w.Auth.Bearer(t.Context(), parent.Access.Reveal(), apiURI); err != nil {
				t.Errorf("its parent died: %v", err)
			}
		},
	}
	for name, act := range acts {
		for _, fresh := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.exchangers(t)
				if fresh {
					w.rig.running(t)
					w.rig.fresh(t)
				}
				parent := w.inSession(t, apiURI)
				first := w.exchange(t, "gate", parent.Access.Reveal()).want(t, 200, "").text("access_token")
				derived := w.exchange(t, "films", first).want(t, 200, "").text("access_token")
				_, err := w.Auth.Bearer(t.Context(), derived, moneyURI)
				must(t, err)
				head, _, err := w.store.Revocations().Head(t.Context())
				must(t, err)
				act(t, w, parent, derived)
				if _, err := w.Auth.Bearer(t.Context(), derived, moneyURI); err == nil {
					t.Errorf("fresh %v: it lives on", fresh)
				}
				all, err := w.store.Revocations().Since(t.Context(), head, 100)
				must(t, err)
				for _, e := range all {
					if e.Kind == revocation.Grant && !strings.Contains(strings.Join(e.Audiences, " "), moneyURI) {
						t.Errorf("its audience does not hear of it: %+v", e)
					}
				}
			})
		}
	}
}
