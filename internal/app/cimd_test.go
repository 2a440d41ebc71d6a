package app

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/cimd"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/enroll"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// toolSite is somebody's web server, on https.
type toolSite struct {
	*httptest.Server
	mu    sync.Mutex
	pages map[string]func(http.ResponseWriter)
	seen  map[string]int
}

func newSite(t *testing.T) *toolSite {
	s := &toolSite{pages: map[string]func(http.ResponseWriter){}, seen: map[string]int{}}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.seen[r.URL.Path]++
		page := s.pages[r.URL.Path]
		s.mu.Unlock()
		if page == nil {
			http.NotFound(w, r)
			return
		}
		page(w)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *toolSite) url(path string) string { return s.URL + path }

func (s *toolSite) asked(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[path]
}

func (s *toolSite) set(path, kind, cache, body string) {
	s.on(path, func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", kind)
		if cache != "" {
			w.Header().Set("Cache-Control", cache)
		}
		_, _ = w.Write([]byte(body))
	})
}

func (s *toolSite) on(path string, page func(http.ResponseWriter)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[path] = page
}

// trusted lets an instance reach the site.
func (s *toolSite) trusted(c *Config) {
	c.EgressAllow = []string{"127.0.0.1/32"}
	c.EgressRoots = x509.NewCertPool()
	c.EgressRoots.AddCert(s.Certificate())
}

func describing(c *Config) { c.Registration.Documents = true }

// describe puts the document of a tool at a path.
func (s *toolSite) describe(path, members string) string {
	id := s.url(path)
	s.set(path, "application/json", "max-age=600", fmt.Sprintf(`{"client_id":%q,"client_name":"Tool","redirect_uris":["http://127.0.0.1/cb","http://localhost:8000/cb"],
		"grant_types":["authorization_code","refresh_token"]%s}`, id, members))
	return id
}

func (w *world) known(t *testing.T, id string) (client.Client, error) {
	t.Helper()
	return w.Registry.Client(t.Context(), id)
}

// OA-6 OA-22 TH-1: a client known by its address is a client like any other, and
// people are asked every time.
func TestClientDocument(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		s := newSite(t)
		w := newRigOn(t, st, s.trusted, describing).world(t)
		id := s.describe("/tool.json", `,"first_party":true,"scope":"openid read"`)
		c, err := w.known(t, id)
		must(t, err)
		if c.ID != client.ID(id) || c.Name != "Tool" || !c.SelfRegistered() || c.FirstParty || !c.Public() || c.Type != client.Native ||
			!slices.Equal(c.Scopes, []string{"openid"}) || !c.Matches("http://127.0.0.1:5/cb") || !c.Matches("http://localhost:8000/cb") {
			t.Errorf("%+v", c)
		}
		if n := winners(20, func(int) error { _, err := w.Registry.Client(t.Context(), id); return err }); n != 20 || s.asked("/tool.json") != 1 {
			t.Errorf("%d of 20, asked %d times", n, s.asked("/tool.json"))
		}
		grant := w.grant(t, id, token.Unproven)
		w.renewNamed(t, id, grant.Refresh.Reveal()).want(t, 200, "")

		// It changes with its document, and what the operator set stays.
		v, err := w.Directory.Client(t.Context(), user.Host(), client.ID(id))
		must(t, err)
		v.FirstParty = true
		_, err = w.Directory.UpdateClient(t.Context(), user.Host(), v)
		must(t, err)
		s.describe("/tool.json", `,"logo_uri":"https://tool.example/logo.png"`)
		w.clock.Advance(9 * time.Minute)
		if c, err = w.known(t, id); err != nil || c.LogoURI != "" {
			t.Errorf("before it was stale: %+v, %v", c, err)
		}
		w.clock.Advance(2 * time.Minute)
		if c, err = w.known(t, id); err != nil || c.LogoURI == "" || !c.FirstParty || len(c.Scopes) != 4 {
			t.Errorf("after it was stale: %+v, %v", c, err)
		}

		// Disabling holds, whatever the document says; deleting ends what there was.
		must(t, w.Directory.DisableClient(t.Context(), user.Host(), client.ID(id)))
		w.clock.Advance(time.Hour)
		if c, err = w.known(t, id); err != nil || !c.Disabled {
			t.Errorf("disabled: %+v, %v", c, err)
		}
		must(t, w.Directory.DeleteClient(t.Context(), user.Host(), client.ID(id)))
		if c, err = w.known(t, id); err != nil || c.Disabled || c.Version < 2 {
			t.Errorf("deleted, and new: %+v, %v", c, err)
		}
		w.tells(t, id, "client.document_read", "client.disabled", "client.deleted")
	})
}

func (w *world) renewNamed(t *testing.T, id, refresh string) answer {
	t.Helper()
	a := formOf("/oauth2/token", "", "grant_type", "refresh_token", "refresh_token", refresh, "client_id", id)
	delete(a.head, "Authorization")
	return w.do(t, a)
}

// OA-71: what is no valid document is refused, remembered, and leaves no client.
func TestClientDocumentRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := newWorld(t, s.trusted, describing)
	valid := func(path string) string {
		return fmt.Sprintf(`{"client_id":%q,"redirect_uris":["https://app.example.org/cb"]}`, s.url(path))
	}
	json := "application/json"
	for path, page := range map[string][3]string{
		"/other":   {json, "", valid("/another")},
		"/slash":   {json, "", valid("/slash/")},
		"/none":    {json, "", `{"redirect_uris":["https://app.example.org/cb"]}`},
		"/html":    {"text/html", "", valid("/html")},
		"/untyped": {"", "", valid("/untyped")},
		"/large":   {json, "", strings.TrimSuffix(valid("/large"), "}") + `,"x":"` + strings.Repeat("x", cimd.MaxBytes) + `"}`},
		"/secret":  {json, "", strings.TrimSuffix(valid("/secret"), "}") + `,"client_secret":"x"}`},
		"/expires": {json, "", strings.TrimSuffix(valid("/expires"), "}") + `,"client_secret_expires_at":0}`},
		"/basic":   {json, "", strings.TrimSuffix(valid("/basic"), "}") + `,"token_endpoint_auth_method":"client_secret_basic"}`},
		"/post":    {json, "", strings.TrimSuffix(valid("/post"), "}") + `,"token_endpoint_auth_method":"client_secret_post"}`},
		"/jwt":     {json, "", strings.TrimSuffix(valid("/jwt"), "}") + `,"token_endpoint_auth_method":"client_secret_jwt"}`},
		"/keyless": {json, "", strings.TrimSuffix(valid("/keyless"), "}") + `,"token_endpoint_auth_method":"private_key_jwt"}`},
		"/redir":   {json, "", fmt.Sprintf(`{"client_id":%q,"redirect_uris":["http://app.example.org/cb"]}`, s.url("/redir"))},
		"/grants":  {json, "", strings.TrimSuffix(valid("/grants"), "}") + `,"grant_types":["client_credentials"]}`},
		"/state":   {json, "", strings.TrimSuffix(valid("/state"), "}") + `,"software_statement":"a.b.c"}`},
		"/nojson":  {json, "", `client`},
	} {
		s.set(path, page[0], page[1], page[2])
		for range 2 {
			if c, err := w.known(t, s.url(path)); !errors.Is(err, client.ErrUnknown) || !errors.Is(err, cimd.ErrInvalid) {
				t.Errorf("%s: %+v, %v", path, c, err)
			}
		}
		if n := s.asked(path); n != 1 {
			t.Errorf("%s: asked %d times", path, n)
		}
		if _, err := w.store.Clients().ByID(t.Context(), client.ID(s.url(path))); !errors.Is(err, client.ErrUnknown) {
			t.Errorf("%s: %v", path, err)
		}
	}
	s.describe("/good", "")
	s.on("/redirect", func(rw http.ResponseWriter) {
		rw.Header().Set("Location", "/good")
		rw.WriteHeader(http.StatusFound)
	})
	if _, err := w.known(t, s.url("/redirect")); !errors.Is(err, cimd.ErrInvalid) || s.asked("/good") != 0 {
		t.Errorf("a redirect: %v", err)
	}
	for _, id := range []string{
		s.url(""), s.url("/"), s.url("/good?x=1"), s.url("/good?"), s.url("/good#x"), s.url("/a/../good"), s.url("/%2e/good"), strings.Replace(s.url("/good"), "https", "http", 1),
		strings.Replace(s.url("/good"), "127", "user@127", 1), strings.ToUpper(s.url("/good")), "https://localhost", s.url("/" + strings.Repeat("x", 512)), "https://", "http://x", "https://bücher.example/x",
	} {
		if c, err := w.known(t, id); !errors.Is(err, client.ErrUnknown) {
			t.Errorf("%s: %+v, %v", id, c, err)
		}
	}
	// Private addresses are not reached, however they are written.
	guarded := newWorld(t, describing)
	for _, id := range []string{s.url("/good"), "https://10.0.0.1/client", "https://[::1]/client", "https://169.254.169.254/latest"} {
		if _, err := guarded.known(t, id); !errors.Is(err, client.ErrUnknown) {
			t.Errorf("%s: %v", id, err)
		}
	}
	if s.asked("/good") != 0 {
		t.Error("a private address was reached")
	}
	hosts := newWorld(t, s.trusted, describing, func(c *Config) { c.Registration.Hosts = []string{"*.example.org"} })
	if _, err := hosts.known(t, s.url("/good")); !errors.Is(err, cimd.ErrAddress) || s.asked("/good") != 0 {
		t.Errorf("a host that is not allowed: %v", err)
	}
}

// A silent server lets a known client live on for a day; one that says no ends it.
func TestClientDocumentOutage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := newWorld(t, s.trusted, describing)
	id, gone := s.describe("/tool.json", ""), s.describe("/gone.json", "")
	for _, one := range []string{id, gone} {
		_, err := w.known(t, one)
		must(t, err)
	}
	s.on("/gone.json", nil)
	s.on("/tool.json", func(rw http.ResponseWriter) { rw.WriteHeader(http.StatusServiceUnavailable) })
	s.on("/new.json", func(rw http.ResponseWriter) { rw.WriteHeader(http.StatusServiceUnavailable) })
	w.clock.Advance(11 * time.Minute)
	if _, err := w.known(t, id); err != nil {
		t.Errorf("a known client: %v", err)
	}
	if _, err := w.known(t, gone); !errors.Is(err, cimd.ErrInvalid) {
		t.Errorf("a client that is gone: %v", err)
	}
	if _, err := w.known(t, s.url("/new.json")); !errors.Is(err, cimd.ErrFetch) {
		t.Errorf("a client nobody knows: %v", err)
	}
	w.clock.Advance(23 * time.Hour)
	if _, err := w.known(t, id); err != nil {
		t.Errorf("within a day: %v", err)
	}
	w.clock.Advance(time.Hour)
	if _, err := w.known(t, id); !errors.Is(err, client.ErrUnknown) {
		t.Errorf("after a day: %v", err)
	}
	s.describe("/tool.json", "")
	w.clock.Advance(10 * time.Minute) // the host rests after its failures
	if _, err := w.known(t, id); err != nil {
		t.Errorf("it is back: %v", err)
	}
}

// Both kinds beside each other: a tool that has no document registers itself.
func TestToolsConnect(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := newWorld(t, s.trusted, describing, registering(enroll.Open))
	made := w.enrol(t, "", `{"client_name":"Tool","redirect_uris":["http://localhost:8000/cb"],"grant_types":["authorization_code","refresh_token"],
		"response_types":["code"],"token_endpoint_auth_method":"none","scope":"openid offline_access mcp"}`).want(t, 201, "")
	if made.text("scope") != "offline_access openid" {
		t.Errorf("%s", made.Body)
	}
	if _, err := w.known(t, s.describe("/tool.json", "")); err != nil {
		t.Error(err)
	}
}
