package conformance

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// rp is a relying party: a web server of its own, and any number of clients.
type rp struct {
	*run
	url string // https://127.0.0.1:PORT

	mu        sync.Mutex
	documents map[string]document
	calls     []call
	arrived   chan call // what is posted to /backchannel
}

type document struct{ kind, body string }

// call is one request that reached the relying party.
type call struct {
	method, path, kind, origin string
	query, form                url.Values
	tls                        uint16
}

func newRP(m *run) *rp {
	m.Helper()
	p := &rp{run: m, documents: map[string]document{}, arrived: make(chan call, 100)}
	ts := httptest.NewUnstartedServer(p)
	ts.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	ts.StartTLS()
	m.Cleanup(ts.Close)
	p.url = ts.URL
	return p
}

// ServeHTTP hands out documents, and writes down who calls otherwise.
func (p *rp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if d, ok := p.documents[r.URL.Path]; ok && r.Method == http.MethodGet {
		w.Header().Set("Content-Type", d.kind)
		_, _ = io.WriteString(w, d.body)
		return
	}
	c := call{
		method: r.Method, path: r.URL.Path, kind: r.Header.Get("Content-Type"), origin: r.Header.Get("Origin"), query: r.URL.Query(), tls: r.TLS.Version,
	}
	c.form, _ = url.ParseQuery(string(body))
	if r.URL.Path == "/backchannel" {
		p.arrived <- c
		return
	}
	p.calls = append(p.calls, c)
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, "<!doctype html><title>Relying party</title><p id=here>Welcome back.</p>")
}

// serve puts a document on the relying party's server and says where it is.
func (p *rp) serve(path, kind, body string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.documents[path] = document{kind, body}
	return p.url + path
}

// last takes the only call that came since it was asked last.
func (p *rp) last() (call, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.calls
	p.calls = nil
	if len(got) == 0 {
		return call{}, false
	}
	if len(got) > 1 {
		p.Errorf("the relying party was called %d times: %v", len(got), got)
	}
	return got[0], true
}

// told waits for what comes by the back channel.
func (p *rp) told() call {
	p.Helper()
	select {
	case c := <-p.arrived:
		return c
	case <-time.After(20 * time.Second):
		p.Fatal("nothing came by the back channel")
		return call{}
	}
}

// client is what the relying party is to the server.
type client struct {
	*rp
	id, secret, auth string
	key              *key           // for private_key_jwt and request objects; nil: none
	said             map[string]any // the server's answer to the registration; nil: declared by an operator
}

// client makes one as the plan wants it, or fails.
func (p *rp) client(change ...map[string]any) *client {
	p.Helper()
	meta := p.metadata(change...)
	if p.dynamic {
		return p.register(meta)
	}
	return p.declare(meta)
}

// metadata is what a client of the plan says of itself.
func (p *rp) metadata(change ...map[string]any) map[string]any {
	auth := p.auth
	if auth == "" {
		auth = "client_secret_basic"
	}
	meta := map[string]any{
		"client_name": "Module", "redirect_uris": []string{p.url + "/callback"}, "response_types": []string{"code"},
		"grant_types": []string{"authorization_code"}, "token_endpoint_auth_method": auth, "scope": "openid profile email",
	}
	for _, c := range change {
		maps.Copy(meta, c)
	}
	return meta
}

// keyed gives a client that authenticates by a key one, unless it brings its own.
func (p *rp) keyed(meta map[string]any) *key {
	_, inline := meta["jwks"]
	_, elsewhere := meta["jwks_uri"]
	if meta["token_endpoint_auth_method"] != "private_key_jwt" || inline || elsewhere {
		return nil
	}
	k := newKey(p.T, "RS256")
	meta["jwks"] = k.public()
	return k
}

// declare makes a client as an operator does, by a file.
func (p *rp) declare(meta map[string]any) *client {
	p.Helper()
	c := &client{rp: p, id: "module-" + strings.ToLower(rand.Text()), key: p.keyed(meta)}
	c.auth, _ = meta["token_endpoint_auth_method"].(string)
	file := maps.Clone(meta)
	file["client_id"] = c.id
	if _, given := file["without_pkce"]; !given && c.auth != "none" && meta["profile"] == nil {
		file["without_pkce"] = true
	}
	if strings.HasPrefix(c.auth, "client_secret") {
		c.secret = "mrt-no-real-secret-" + rand.Text() + rand.Text()
		file["client_secret"] = c.secret
	}
	p.apply(p.T, map[string]any{"clients": []any{file}})
	return c
}

// register makes a client by dynamic registration, checks the answer, and deletes it
// at the end of the module, as the suite does.
func (p *rp) register(meta map[string]any) *client {
	p.Helper()
	k := p.keyed(meta)
	status, said := p.tryRegister(meta)
	if status != http.StatusCreated {
		p.Fatalf("registration: %d %v", status, said)
	}
	c := &client{rp: p, said: said, key: k}
	c.id, c.secret, c.auth = text(said, "client_id"), text(said, "client_secret"), text(said, "token_endpoint_auth_method")
	at, manage := text(said, "registration_access_token"), text(said, "registration_client_uri")
	if c.id == "" || at == "" || !strings.HasPrefix(manage, p.issuer+"/") {
		p.Errorf("the registration answer is not complete: %v", said)
	}
	if wants := strings.HasPrefix(c.auth, "client_secret"); wants != (len(c.secret) >= 32) || wants && said["client_secret_expires_at"] == nil {
		p.Errorf("%s with a secret of %d characters", c.auth, len(c.secret))
	}
	p.Cleanup(func() { p.unregister(manage, at) })
	return c
}

func (p *rp) unregister(manage, token string) {
	p.Helper()
	r, err := http.NewRequest(http.MethodDelete, manage, nil)
	p.must(err)
	r.Header.Set("Authorization", "Bearer "+token)
	if a := p.do(r); a.status != http.StatusNoContent {
		p.Errorf("the client was not deleted: %d %s", a.status, a.body)
	}
}

func (p *rp) tryRegister(meta map[string]any) (status int, said map[string]any) {
	p.Helper()
	body, err := json.Marshal(meta)
	p.must(err)
	r, err := http.NewRequestWithContext(p.Context(), http.MethodPost, p.discovered("registration_endpoint"), strings.NewReader(string(body)))
	p.must(err)
	r.Header.Set("Content-Type", "application/json")
	a := p.do(r)
	return a.status, a.object()
}

// callback is where the client is called back: its first redirect address.
func (c *client) callback() string { return c.url + "/callback" }

func text(m map[string]any, name string) string { s, _ := m[name].(string); return s }

func list(m map[string]any, name string) (out []string) {
	all, _ := m[name].([]any)
	for _, v := range all {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func has(m map[string]any, name, value string) bool { return slices.Contains(list(m, name), value) }
