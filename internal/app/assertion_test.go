package app

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/assertion"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// signer is a client that proves itself with a key.
type signer struct {
	*world
	id  string
	key jose.PrivateKey
	n   int
}

func keyOf(t *testing.T, alg jose.Algorithm) jose.PrivateKey {
	t.Helper()
	key, err := jose.Generate(alg)
	must(t, err)
	return key
}

func (w *world) signer(t *testing.T, id string, change func(*client.Client, jose.PrivateKey)) *signer {
	t.Helper()
	s := &signer{world: w, id: id, key: keyOf(t, jose.ES256)}
	c := client.Client{ID: client.ID(id), Auth: client.AuthPrivateKeyJWT, Grants: []string{client.GrantRefresh}, Scopes: []string{"read", "write"}}
	change(&c, s.key)
	_, made, err := w.Directory.CreateClient(t.Context(), user.Host(), c, secret.Text{})
	must(t, err)
	if !made.IsZero() {
		t.Error("a client with keys got a secret")
	}
	return s
}

func inline(c *client.Client, key jose.PrivateKey) {
	c.JWKS = jose.NewKeySet(key.Public()).JSON()
}

// assertion signs one for this server; claims replace those it would have.
func (s *signer) assertion(t *testing.T, claims ...any) string {
	t.Helper()
	s.n++
	all := map[string]any{
		"iss": s.id, "sub": s.id, "aud": s.Issuer(), "jti": strings.Repeat("j", s.n), "iat": s.now().Unix(), "exp": s.now().Add(time.Minute).Unix(),
	}
	for i := 0; i < len(claims); i += 2 {
		all[claims[i].(string)] = claims[i+1]
	}
	b, err := json.Marshal(all)
	must(t, err)
	text, err := s.key.Sign(jwt.TypeClient, b)
	must(t, err)
	return text
}

func (s *signer) post(t *testing.T, path, text string, more ...string) answer {
	t.Helper()
	return s.form(t, path, "", append([]string{"client_assertion_type", assertion.Type, "client_assertion", text}, more...)...)
}

// OA-31 OA-32 OA-36 JW-33 TH-27: assertions open a client at every endpoint, once, on both
// engines; a replay is told to nobody but the operator.
func TestPrivateKeyJWT(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).world(t)
		s := w.signer(t, "jwt", inline)
		refresh := w.grant(t, "jwt", token.Client).Refresh.Reveal()
		renew := []string{"grant_type", "refresh_token", "refresh_token", refresh}
		text := s.assertion(t)
		s.post(t, "/oauth2/token", text, renew...).want(t, 200, "")
		s.post(t, "/oauth2/token", text, renew...).want(t, 401, "invalid_client")
		again := s.post(t, "/oauth2/token", s.assertion(t), append(renew, "client_id", "jwt")...).want(t, 200, "")
		refresh = cmp.Or(again.text("refresh_token"), refresh)
		renew[3] = refresh
		evs, err := w.store.Audit().Search(t.Context(), audit.Query{Name: "client.assertion_replayed", Limit: 5})
		if err != nil || len(evs) != 1 || evs[0].Client != "jwt" {
			t.Errorf("replays in the log: %+v (%v)", evs, err)
		}
		if got := s.post(t, "/oauth2/introspect", s.assertion(t), "token", refresh).want(t, 200, ""); got.json["active"] != true {
			t.Errorf("introspection: %s", got.Body)
		}
		for name, wrong := range map[string][]any{
			"array": {"aud", []string{s.Issuer()}}, "endpoint": {"aud", s.Issuer() + "/oauth2/token"}, "late": {"exp", s.now().Add(-5 * time.Minute).Unix()},
			"early": {"nbf", s.now().Add(61 * time.Second).Unix()}, "sub": {"sub", "web"}, "iss": {"iss", "web"}, "nobody": {"sub", "ghost", "iss", "ghost"},
		} {
			if got := s.post(t, "/oauth2/token", s.assertion(t, wrong...), renew...); got.Code != 401 || got.text("error") != "invalid_client" {
				t.Errorf("%s: %d %s", name, got.Code, got.Body)
			}
		}
		s.post(t, "/oauth2/token", s.assertion(t), append(renew, "client_id", "web")...).want(t, 401, "invalid_client")
		s.post(t, "/oauth2/token", s.assertion(t), append(renew, "client_secret", clientSecret)...).want(t, 400, "invalid_request")
		s.form(t, "/oauth2/token", "web", append(renew, "client_assertion", s.assertion(t))...).want(t, 400, "invalid_request")
		s.form(t, "/oauth2/token", "", append(renew, "client_assertion", s.assertion(t))...).want(t, 401, "invalid_client")
		s.form(t, "/oauth2/token", "jwt", renew...).want(t, 401, "invalid_client")
		s.post(t, "/oauth2/revoke", s.assertion(t), "token", refresh).want(t, 200, "")
		s.post(t, "/oauth2/token", s.assertion(t), renew...).want(t, 400, "invalid_grant")
	})
}

// OA-32: RS256 is not for the strict profile.
func TestStrictAssertions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rsa, ec := keyOf(t, jose.RS256), keyOf(t, jose.ES256)
	s := w.signer(t, "strict", func(c *client.Client, _ jose.PrivateKey) {
		c.Profile, c.JWKS = client.FAPI2, jose.NewKeySet(rsa.Public(), ec.Public()).JSON()
	})
	for _, try := range []struct {
		key  jose.PrivateKey
		code string
	}{{rsa, "invalid_client"}, {ec, "invalid_request"}} { // no token was given
		s.key = try.key
		if got := s.post(t, "/oauth2/introspect", s.assertion(t)); got.text("error") != try.code {
			t.Errorf("%s: %s", try.key.Public().Algorithm(), got.Body)
		}
	}
}

// OA-71: keys behind a jwks_uri are fetched, and again when the client has new ones
// (oidcc-registration-jwks-uri, oidcc-refresh-token-rp-key-rotation).
func TestKeysElsewhere(t *testing.T) {
	t.Parallel()
	var set atomic.Value
	site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(set.Load().([]byte)) }))
	t.Cleanup(site.Close)
	w := newWorld(t, func(c *Config) { c.EgressAllow = []string{site.URL} })
	s := w.signer(t, "far", func(c *client.Client, key jose.PrivateKey) {
		c.JWKSURI = "https://app.example.org/jwks"
		set.Store(jose.NewKeySet(key.Public()).JSON())
	})
	far, err := w.store.Clients().ByID(t.Context(), "far")
	must(t, err)
	far.JWKSURI = site.URL // which only development would have registered
	must(t, w.store.Clients().Update(t.Context(), far, user.Host().Event(client.Updated, w.now(), user.ID{})))
	refresh := w.grant(t, "far", token.Client).Refresh.Reveal()
	renew := []string{"grant_type", "refresh_token", "refresh_token", refresh}
	s.post(t, "/oauth2/token", s.assertion(t), renew...).want(t, 200, "")
	s.key = keyOf(t, jose.ES256)
	s.post(t, "/oauth2/token", s.assertion(t), renew...).want(t, 401, "invalid_client")
	set.Store(jose.NewKeySet(s.key.Public()).JSON())
	s.clock.Advance(time.Minute)
	s.post(t, "/oauth2/token", s.assertion(t), renew...).want(t, 200, "")
}

// OA-3 OA-5: a file declares a client with keys, and a second time it changes nothing.
func TestFileWithKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	address, pairwise, par := "https://app.example.org/jwks", "pairwise", true
	uris := []string{"https://b.example/", "https://a.example/"}
	file := apply.File{Clients: []apply.Client{{
		ClientID: "file", AuthMethod: "private_key_jwt", RedirectURIs: []string{"https://app.example.org/cb"},
		Metadata: apply.Metadata{JWKSURI: &address, SubjectType: &pairwise, RequirePAR: &par, RequestURIs: &uris},
	}}}
	for _, applied := range []int{1, 0} {
		got, err := r.Directory.Apply(t.Context(), user.Host(), file, false, false)
		if err != nil || got.Failed != 0 || got.Applied != applied {
			t.Fatalf("%+v %v", got, err)
		}
	}
	c, err := r.Registry.Client(t.Context(), "file")
	if err != nil || !c.Pairwise() || !c.RequirePAR || c.JWKSURI != address || len(c.RequestURIs) != 2 {
		t.Errorf("%+v %v", c.Metadata, err)
	}
	file.Clients[0].SectorIdentifierURI = &address // nobody is there
	if got, err := r.Directory.Apply(t.Context(), user.Host(), file, true, false); err != nil || got.Failed != 1 || got.Changes[0].Error.Code != client.ErrBadSector.Code {
		t.Errorf("%+v %v", got, err)
	}
}
