package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/bearer"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/pgstore"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

func TestMain(m *testing.M) { testenv.Main(m) }

const (
	apiURI   = "https://api.example.org"   // its tokens are JWTs
	vaultURI = "https://vault.example.org" // its tokens are opaque
	selfURI  = "https://id.example.org"
	spaPage  = "https://app.example.org"
	spa2Page = "https://other.example.org"
	// what has to be encoded twice over in a Basic header is all in it
	clientSecret = "p:ss%20w+rd&=/not-a-real-secret-0123"
)

// world is a rig with the clients, resources and the person of the token tests.
type world struct {
	*rig
	h   http.Handler
	kim user.User
}

// engines runs a test on both.
func engines(t *testing.T, test func(t *testing.T, st store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		st, err := sqlite.Memory(t.Context(), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = st.Close() })
		test(t, st)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, pgstore.Open(t))
	})
}

func newWorld(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	return newRig(t, change...).world(t)
}

func (r *rig) world(t *testing.T) *world {
	t.Helper()
	w := &world{rig: r, h: r.Handler(), kim: r.person(t, "kim@mail.org")}
	for _, name := range []string{"read", "write"} {
		_, err := r.Directory.PutScope(t.Context(), user.Host(), resource.Scope{Name: name})
		must(t, err)
	}
	confidential := func(id client.ID, how client.Auth) {
		w.register(t, client.Client{ID: id, Auth: how, Grants: []string{client.GrantRefresh}, Scopes: []string{"read", "write"}, Name: "The " + string(id)})
	}
	confidential("web", client.AuthBasic)
	confidential("desk", client.AuthPost)
	confidential("api", client.AuthBasic)
	confidential("stranger", client.AuthBasic)
	for _, res := range []resource.Resource{
		{Identifier: apiURI, Scopes: []string{"read", "write"}, TokenFormat: resource.JWT, Verifiers: []string{"api"}},
		{Identifier: vaultURI, Scopes: []string{"read"}, TokenFormat: resource.Opaque, Verifiers: []string{"api"}},
	} {
		_, err := r.Directory.CreateResource(t.Context(), user.Host(), res)
		must(t, err)
	}
	both := []string{apiURI, vaultURI}
	public := func(id client.ID, first bool, resources []string, origins ...string) {
		w.register(t, client.Client{
			ID: id, Auth: client.AuthNone, Type: client.Native, Grants: []string{client.GrantRefresh}, FirstParty: first, Origins: origins,
			Scopes: []string{"openid", "read", "write"}, Resources: resources, Name: "The " + string(id), IDTokenAlg: "EdDSA",
		})
	}
	public("phone", true, both)
	public("own", true, nil)
	public("spa", true, []string{apiURI}, spaPage)
	public("spa2", true, []string{apiURI}, spa2Page)
	public("third", false, []string{apiURI}, "https://third.example.org")
	return w
}

func (w *world) register(t *testing.T, c client.Client) {
	t.Helper()
	given := secret.Text{}
	if c.Auth != client.AuthNone {
		given = secret.NewText(clientSecret)
	}
	_, _, err := w.Directory.CreateClient(t.Context(), user.Host(), c, given)
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// grant begins one for kim.
func (w *world) grant(t *testing.T, id string, sender token.SenderKind, audiences ...string) token.Issued {
	t.Helper()
	c, err := w.Registry.Client(t.Context(), id)
	must(t, err)
	u, err := w.store.Users().ByID(t.Context(), w.kim.ID)
	must(t, err)
	i, err := w.Grants.Begin(t.Context(), token.Birth{
		User: u.ID, UserVersion: u.Version, Client: id, ClientVersion: c.Version, Audiences: audiences, Scope: "read write",
		Sender: token.Sender{Kind: sender}, Methods: []string{"pwd"}, ACR: "1", AuthTime: w.now(), Refresh: true, Idle: c.RefreshIdle, Life: c.RefreshLife,
	})
	must(t, err)
	return i
}

// ask is one request.
type ask struct {
	method, path, body string
	head               map[string]string
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
	json map[string]any
}

func (w *world) do(t *testing.T, a ask) answer {
	t.Helper()
	r := httptest.NewRequest(a.method, selfURI+a.path, strings.NewReader(a.body))
	for k, v := range a.head {
		r.Header[http.CanonicalHeaderKey(k)] = strings.Split(v, "\n")
	}
	out := answer{ResponseRecorder: httptest.NewRecorder()}
	w.h.ServeHTTP(out.ResponseRecorder, r)
	_ = json.Unmarshal(out.Body.Bytes(), &out.json) // of some answers there is none
	return out
}

func (a answer) text(name string) string { s, _ := a.json[name].(string); return s }

// cookie is what the answer sets, and whether it sets it.
func (a answer) cookie(name string) (*http.Cookie, bool) {
	for _, c := range a.Result().Cookies() {
		if c.Name == name {
			return c, true
		}
	}
	return nil, false
}

func (a answer) want(t *testing.T, status int, code string) answer {
	t.Helper()
	got := a.text("error") + a.text("code")
	if a.Code != status || got != code {
		t.Fatalf("%d %q, want %d %q: %s", a.Code, got, status, code, a.Body)
	}
	return a
}

// form posts to a protocol endpoint as a client: "web" by Basic, "desk" by post,
// the public ones by name.
func (w *world) form(t *testing.T, path, as string, fields ...string) answer {
	t.Helper()
	return w.do(t, formOf(path, as, fields...))
}

func formOf(path, as string, fields ...string) ask {
	v := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	a := ask{"POST", path, "", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}
	switch as {
	case "web", "api", "stranger":
		a.head["Authorization"] = basicOf(as, clientSecret)
	case "desk":
		v.Set("client_id", as)
		v.Set("client_secret", clientSecret)
	case "":
	default:
		v.Set("client_id", as)
	}
	a.body = v.Encode()
	return a
}

func basicOf(id, pass string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(pass))
	return r.Header.Get("Authorization")
}

func (w *world) renew(t *testing.T, as, refresh string, more ...string) answer {
	t.Helper()
	return w.form(t, "/oauth2/token", as, append([]string{"grant_type", "refresh_token", "refresh_token", refresh}, more...)...)
}

func (w *world) introspect(t *testing.T, as, text string) answer {
	t.Helper()
	return w.form(t, "/oauth2/introspect", as, "token", text)
}

// headless signs kim in for tokens.
func (w *world) headless(t *testing.T, id, origin string, more ...string) answer {
	t.Helper()
	body := map[string]any{"identifier": "kim@mail.org", "password": rightPassword, "deliver": "tokens", "client_id": id}
	for i := 0; i < len(more); i += 2 {
		body[more[i]] = more[i+1]
		if more[i] == "resource" {
			body[more[i]] = strings.Fields(more[i+1])
		}
	}
	text, err := json.Marshal(body)
	must(t, err)
	a := ask{"POST", "/api/v1/signin", string(text), map[string]string{"Content-Type": "application/json", "User-Agent": phoneAgent}}
	if origin != "" {
		a.path += "?client_id=" + url.QueryEscape(id)
		a.head["Origin"], a.head["Sec-Fetch-Site"] = origin, "same-site"
	}
	return w.do(t, a)
}

const phoneAgent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"

// own is an access token of kim for our own API, with its refresh token.
func (w *world) own(t *testing.T) (access, refresh string) {
	t.Helper()
	got := w.headless(t, "own", "").want(t, 200, "")
	return got.text("access_token"), got.text("refresh_token")
}

// call asks our own API who is signed in.
func (w *world) call(t *testing.T, authorization string, head ...string) answer {
	t.Helper()
	a := ask{"GET", "/api/v1/session", "", map[string]string{}}
	if authorization != "" {
		a.head["Authorization"] = authorization
	}
	for i := 0; i < len(head); i += 2 {
		a.head[head[i]] = head[i+1]
	}
	return w.do(t, a)
}

// checker is one of the process's own kind, with a memory of its own.
func (w *world) checker(t *testing.T) *bearer.Checker {
	t.Helper()
	c, err := bearer.New(bearer.Options{
		Issuer: w.Issuer(), AnyAudience: true, Keys: w.Signing.Live(signing.Token), Live: w.live.Set(), Now: w.c.Now,
	})
	must(t, err)
	return c
}
