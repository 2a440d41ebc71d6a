package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/clock"
	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/api"
	"github.com/mortise-auth/mortise/internal/web/page"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

const right = "a long walk before breakfast"

// rig is one instance on SQLite behind the real frame.
type rig struct {
	*app.App
	clock   *clock.Fake
	box     *mail.Mailbox
	handler http.Handler
	host    http.Handler
}

func newRig(t *testing.T, change ...func(*api.Options)) *rig {
	t.Helper()
	st, err := sqlite.Memory(t.Context(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return rigOn(t, st, change...)
}

func rigOn(t *testing.T, st *sqlite.Store, change ...func(*api.Options)) *rig {
	t.Helper()
	t.Cleanup(func() { _ = st.Close() })
	var err error
	r := &rig{clock: clock.NewFake(time.Now()), box: mail.NewMailbox()}
	master := keyring.NewMaster().Reveal()
	log := slog.New(slog.DiscardHandler)
	r.App, err = app.New(t.Context(), app.Config{
		URL: "https://id.example.org", SecretKey: master, Now: r.clock.Now, Monotonic: r.clock.Monotonic,
		Log: log, Sender: r.box, Version: "test", Passwords: app.Passwords{Parameters: password.TestParameters()},
	}, st)
	if err != nil {
		t.Fatal(err)
	}
	masters, err := keyring.ParseMasters(master)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keyring.Load(t.Context(), st.Keys(), masters, r.clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	rates, err := ratelimit.NewMemory(ratelimit.Defaults(), 0, r.clock.Monotonic)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := page.New(page.Options{})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := st.Instance().Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := api.Options{
		Tokens: noTokens{},
		URL:    &url.URL{Scheme: "https", Host: "id.example.org"}, Version: "test", Now: r.clock.Now, Log: log,
		SignIn: r.SignIn, Account: r.Account, Factors: r.Factors, Rescue: r.Rescue, Federation: r.Federate, Passkeys: r.Passkeys, Directory: r.Directory, Setup: r.Setup, Cookies: r.Frame, Pages: pages,
		Keys: keys, Rates: rates, Idempotency: st.Idempotency(),
		Rotate: func(ctx context.Context, by user.Caller, old string) (secret.Token, error) {
			return rotate(ctx, st, facts.ID, by, old, r.clock.Now())
		},
		Inspect: r.Inspector().Inspect, Doctor: r.Doctor,
		Status: func(context.Context) (api.Status, error) { return api.Status{Version: "test", Ready: true}, nil },
	}
	for _, fn := range change {
		fn(&o)
	}
	r.handler = r.Frame.Handler(api.Surface(o))
	r.host = web.AsHost(r.handler)
	return r
}

// rotate gives a session another secret, as its flow does.
func rotate(ctx context.Context, st *sqlite.Store, instance [16]byte, by user.Caller, old string, now time.Time) (secret.Token, error) {
	d, _ := secret.DigestOf(session.Purpose, instance, old)
	s, err := st.Sessions().ByDigest(ctx, d)
	if err != nil {
		return secret.Token{}, err
	}
	fresh := secret.New(session.Purpose)
	s.Digest = fresh.Digest(instance)
	return fresh, st.Sessions().Rotate(ctx, s, d, 0, now, by.Event(session.Rotated, now, by.User))
}

// working sends mails until the test ends.
func (r *rig) working(t *testing.T) *rig {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *rig) person(t *testing.T, email string, roles ...string) user.User {
	t.Helper()
	u, err := r.Directory.CreateUser(t.Context(), user.Host(), directory.NewUser{
		Name: "Kim", Email: email, EmailVerified: true, Password: secret.NewText(right), Roles: roles,
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// ready ends the first run, as the host does with a file.
func (r *rig) ready(t *testing.T) {
	t.Helper()
	r.asHost().must(t, 200, "POST", "/apply?allow_users=true", `{"users":[{"email":"root@example.org","password":"`+right+`","email_verified":true,"roles":["admin"],"organizations":null}]}`)
}

// client is a program with a cookie jar.
type client struct {
	handler http.Handler
	head    http.Header
	cookies map[string]string
	from    string
}

func (r *rig) program() *client {
	return &client{handler: r.handler, head: http.Header{}, cookies: map[string]string{}, from: "192.0.2.7:1234"}
}

func (r *rig) browser() *client {
	c := r.program()
	c.head.Set("Sec-Fetch-Site", "same-origin")
	c.head.Set("Origin", "https://id.example.org")
	return c
}

func (r *rig) asHost() *client {
	c := r.program()
	c.handler = r.host
	return c
}

// with returns a copy of c that sends one more header.
func (c *client) with(name, value string) *client {
	d := *c
	d.head = c.head.Clone()
	d.head.Set(name, value)
	return &d
}

// signedIn signs in with the right password.
func (c *client) signedIn(t *testing.T, email string) *client {
	t.Helper()
	c.must(t, 200, "POST", "/signin", `{"identifier":"`+email+`","password":"`+right+`"}`)
	return c
}

func (c *client) raw(method, path, body string) *http.Response {
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "/openapi") && !strings.HasPrefix(path, "/docs") {
		path = api.Prefix + path
	}
	req := httptest.NewRequest(method, path, in)
	req.Host, req.RemoteAddr = "id.example.org", c.from
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, v := range c.head {
		req.Header[name] = v
	}
	for name, v := range c.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: v})
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, req)
	res := w.Result()
	for _, set := range res.Cookies() {
		c.cookies[set.Name] = set.Value
		if set.MaxAge < 0 {
			delete(c.cookies, set.Name)
		}
	}
	return res
}

// reply is what a test looks at.
type reply struct {
	*http.Response
	text string
	json map[string]any
}

func (c *client) do(t *testing.T, method, path, body string) reply {
	t.Helper()
	res := c.raw(method, path, body)
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := reply{Response: res, text: string(b)}
	if len(b) > 0 && bytes.HasPrefix(b, []byte("{")) {
		if err := json.Unmarshal(b, &out.json); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, b)
		}
	}
	return out
}

func (c *client) must(t *testing.T, status int, method, path, body string) reply {
	t.Helper()
	got := c.do(t, method, path, body)
	if got.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, got.StatusCode, status, got.text)
	}
	return got
}

// refuse wants a problem with this code.
func (c *client) refuse(t *testing.T, status int, code, method, path, body string) reply {
	t.Helper()
	got := c.must(t, status, method, path, body)
	if got.json["code"] != code || got.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%s %s: want problem %s, got %s", method, path, code, got.text)
	}
	return got
}

func (r reply) pointers() []string {
	var out []string
	list, _ := r.json["errors"].([]any)
	for _, e := range list {
		out = append(out, e.(map[string]any)["pointer"].(string))
	}
	return out
}

// noTokens is a flow that knows no client; package app tests the real one.
type noTokens struct{}

func (noTokens) FirstParty(context.Context, string) (bool, error) { return false, nil }

func (noTokens) Deliver(context.Context, oauth.FirstParty) (*oauth.Delivery, error) {
	return nil, oauth.ErrNotFirstParty
}

func (noTokens) Renew(context.Context, oauth.Renewal) (oauth.Tokens, error) {
	return oauth.Tokens{}, oauth.ErrOrigin
}

func (noTokens) Leave(context.Context, oauth.Renewal) (token.Grant, error) {
	return token.Grant{}, oauth.ErrOrigin
}

func (noTokens) Preview(context.Context, oauth.PreviewRequest) (oauth.Preview, error) {
	return oauth.Preview{}, oauth.ErrInvalidScope
}

func (noTokens) Trusts(context.Context, string, string) bool { return false }
