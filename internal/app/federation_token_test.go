package app

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// keeper is an abroad whose connection keeps tokens, with kim's link and an app of
// kim's that may have them.
type keeper struct {
	*abroad
	bearer string
	link   federation.Link
}

func tokensOf(access, refresh string, until time.Time) federation.Tokens {
	return federation.Tokens{Access: secret.NewText(access), Refresh: secret.NewText(refresh), Scope: "files", ExpiresAt: until}
}

func newKeeper(t *testing.T) *keeper {
	t.Helper()
	a := newAbroad(t)
	a.alter(t, "acme", func(c *federation.Connection) { c.Settings.KeepTokens = true })
	a.idp.person("kim", "sub-kim", "email", kimsMail)
	a.linkKim(t, "acme", "kim")
	kept := tokensOf("at-1", "rt-1", a.now().Add(time.Hour))
	a.idp.change("kim", func(s *federation.Statement) { s.Tokens = &kept })
	a.tab(t).by("acme", "kim").to(t)
	_, err := a.Directory.PutScope(t.Context(), user.Host(), resource.Scope{Name: "link_tokens"})
	must(t, err)
	k := &keeper{abroad: a, link: a.links(t, a.kim.ID.String())[0]}
	for id, first := range map[client.ID]bool{"backend": true, "guest": false} {
		a.register(t, client.Client{
			ID: id, Auth: client.AuthNone, Type: client.Native, Grants: []string{client.GrantRefresh}, FirstParty: first,
			Scopes: []string{"openid", "read", "link_tokens"}, Name: "The " + string(id), IDTokenAlg: "EdDSA",
		})
	}
	k.bearer = k.headless(t, "backend", "").want(t, 200, "").text("access_token")
	return k
}

func (k *keeper) ask(t *testing.T, bearer, link string) answer {
	t.Helper()
	return k.do(t, ask{"POST", "/api/v1/me/links/" + link + "/token", "", map[string]string{"Authorization": "Bearer " + bearer}})
}

// A first-party app gets the service's token on behalf of the person; nobody else.
func TestTokenOfAService(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	got := k.ask(t, k.bearer, k.link.ID.String()).want(t, 200, "")
	if got.text("access_token") != "at-1" || got.text("connection") != "acme" || got.text("scope") != "files" || strings.Contains(got.Body.String(), "rt-1") || k.idp.refreshed != 0 {
		t.Errorf("%s", got.Body)
	}
	if got.Header().Get("Cache-Control") != "no-store" || !k.has(t, "link.token_given", k.kim.ID.String()) {
		t.Errorf("%v", got.Header())
	}
	b := k.asKim(t)
	b.send(ask{"POST", "/api/v1/me/links/" + k.link.ID.String() + "/token", "", map[string]string{"Origin": selfURI, "Sec-Fetch-Site": "same-origin"}}).want(t, 403, "link_token_refused")
	less := k.headless(t, "backend", "", "scope", "read").want(t, 200, "").text("access_token")
	k.ask(t, less, k.link.ID.String()).want(t, 403, "link_token_refused")
	k.ask(t, k.bearer, "lnk_nonsense").want(t, 404, "link_unknown")
	k.idp.person("zoe", "sub-1", "email", "zoe@mail.org")
	z := k.tab(t)
	z.by("acme", "zoe").to(t)
	k.ask(t, k.bearer, k.links(t, z.account())[0].ID.String()).want(t, 404, "link_unknown")
	c, err := k.store.Clients().ByID(t.Context(), "backend")
	must(t, err)
	c.FirstParty = false
	_, err = k.Directory.UpdateClient(t.Context(), user.Host(), c)
	must(t, err)
	if got := k.ask(t, k.bearer, k.link.ID.String()); got.Code != http.StatusForbidden && got.Code != http.StatusUnauthorized || got.text("access_token") != "" {
		t.Errorf("no longer first-party: %d %s", got.Code, got.Body)
	}
	k.alter(t, "acme", func(c *federation.Connection) { c.Settings.KeepTokens = false })
	if _, err := k.Federate.Token(t.Context(), user.By(k.kim.ID, "", from("198.51.100.9").Source), k.link.ID); err == nil {
		t.Error("a connection that keeps none gave one")
	}
}

// A token that is about to end is refreshed, by one of all who ask; what was rotated
// is kept, and given back when the link goes.
func TestTokenOfAServiceIsRefreshed(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.clock.Advance(4 * time.Minute)
	k.stale(t, "at-1", "rt-1")
	k.idp.fresh = map[string]federation.Tokens{"rt-1": tokensOf("at-2", "rt-2", k.now().Add(time.Hour))}
	var wg sync.WaitGroup
	codes := make(chan int, 8)
	for range cap(codes) {
		wg.Go(func() { codes <- k.ask(t, k.bearer, k.link.ID.String()).Code })
	}
	wg.Wait()
	close(codes)
	good := 0
	for code := range codes {
		if code == 200 {
			good++
		} else if code != 503 {
			t.Errorf("%d", code)
		}
	}
	if good == 0 || k.idp.refreshed != 1 {
		t.Fatalf("%d were answered, %d refreshed", good, k.idp.refreshed)
	}
	if got := k.ask(t, k.bearer, k.link.ID.String()).want(t, 200, ""); got.text("access_token") != "at-2" || k.idp.refreshed != 1 {
		t.Errorf("%s", got.Body)
	}

	k.stale(t, "at-2", "rt-2")
	k.idp.down = true
	k.ask(t, k.bearer, k.link.ID.String()).want(t, 503, "federation_unavailable")
	k.ask(t, k.bearer, k.link.ID.String()).want(t, 503, "link_token_refreshing")
	k.idp.down = false
	k.clock.Advance(time.Minute)
	k.ask(t, k.bearer, k.link.ID.String()).want(t, 409, "link_no_token") // the service says no

	k.stale(t, "at-3", "")
	must(t, k.Federate.Remove(t.Context(), user.Host(), k.kim.ID, k.link.ID, "en"))
	if !slices.Equal(k.idp.revoked, []string{"at-3"}) {
		t.Errorf("given back: %v", k.idp.revoked)
	}
}

// stale makes kim sign in with tokens that are about to end.
func (k *keeper) stale(t *testing.T, access, refresh string) {
	t.Helper()
	kept := tokensOf(access, refresh, k.now().Add(30*time.Second))
	k.idp.change("kim", func(s *federation.Statement) { s.Tokens = &kept })
	k.tab(t).by("acme", "kim").to(t)
}
