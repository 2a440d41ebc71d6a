package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web/api"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// SE-36
func TestOnlyJSON(t *testing.T) {
	r := newRig(t)
	for _, declared := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/jsonx", "multipart/form-data; boundary=x", "", ";"} {
		c := r.program().with("Content-Type", declared)
		c.refuse(t, 415, "unsupported_media_type", "POST", "/signin", signInBody)
	}
	r.program().with("Content-Encoding", "gzip").refuse(t, 415, "unsupported_media_type", "POST", "/signin", signInBody)
	r.person(t, "kim@example.org")
	r.program().with("Content-Type", "application/json; charset=UTF-8").must(t, 200, "POST", "/signin", signInBody)
}

func TestBadInput(t *testing.T) {
	r := newRig(t)
	c := r.program()
	c.refuse(t, 413, "too_large", "POST", "/signin", `{"identifier":"`+strings.Repeat("a", 70<<10)+`"}`)
	c.refuse(t, 400, "malformed_json", "POST", "/signin", "{\"identifier\":\"\xc3\x28\",\"password\":\"x\"}")
	got := c.refuse(t, 422, "invalid_members", "POST", "/signin", `{"identifier":"a","password":"b","pasword":"c","identifier":"d"}`)
	if fmt.Sprint(got.pointers()) != "[/identifier /pasword]" {
		t.Errorf("named %v", got.pointers())
	}
	got = r.asHost().refuse(t, 400, "invalid_parameters", "GET", "/users?limit=x&colour=blue&state=active&state=active", "")
	if fmt.Sprint(got.pointers()) != "[?colour ?limit ?state]" {
		t.Errorf("named %v", got.pointers())
	}
	r.asHost().refuse(t, 400, "invalid_parameters", "GET", "/users?state=asleep", "")
	r.asHost().refuse(t, 400, "invalid_parameters", "POST", "/users?dry_run=true", `{"email":"a@example.org"}`)
	r.asHost().refuse(t, 400, "body_unexpected", "POST", "/setup", `{"a":1}`)
	if got.json["type"] != "https://id.example.org/errors/invalid_parameters" || got.json["request_id"] == "" || got.json["title"] == "" {
		t.Errorf("problem: %s", got.text)
	}
}

func TestMethodsAndAddresses(t *testing.T) {
	r := newRig(t)
	c := r.program()
	if got := c.refuse(t, 405, "method_not_allowed", "PUT", "/signin", ""); got.Header.Get("Allow") != "POST, OPTIONS" {
		t.Errorf("Allow: %q", got.Header.Get("Allow"))
	}
	if got := c.must(t, 204, "OPTIONS", "/me", ""); got.Header.Get("Allow") != "GET, HEAD, PATCH, OPTIONS" || got.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("OPTIONS: %v", got.Header)
	}
	c.refuse(t, 404, "not_found", "GET", "/nothing", "")
	c.refuse(t, 401, "not_signed_in", "HEAD", "/me", "")
	c.must(t, 200, "GET", "/openapi.json", "")
	if page := c.must(t, 200, "GET", "/docs/api", ""); !strings.Contains(page.text, "/signin") || strings.Contains(page.text, "http://") {
		t.Errorf("docs: %.300s", page.text)
	}
}

// Who may reach what: strangers, people, old sign-ins of administrators.
func TestAccess(t *testing.T) {
	r := newRig(t)
	r.person(t, "kim@example.org")
	r.person(t, "root@example.org", "admin")
	kim, root := r.browser().signedIn(t, "kim@example.org"), r.browser().signedIn(t, "root@example.org")
	root.must(t, 200, "GET", "/users", "")
	for _, path := range []string{"/users", "/roles", "/organizations", "/events", "/status"} {
		r.program().must(t, 401, "GET", path, "")
		kim.must(t, 403, "GET", path, "")
		r.asHost().must(t, 200, "GET", path, "")
	}
	root.refuse(t, 403, "host_only", "POST", "/setup", "")
	r.clock.Advance(13 * time.Hour)
	root.refuse(t, 403, "sign_in_again", "GET", "/users", "")
	root.must(t, 200, "GET", "/me", "")
	got := r.asHost().must(t, 200, "POST", "/setup", "")
	if got.json["url"] != "https://id.example.org/setup" || len(got.json["code"].(string)) != 9 {
		t.Errorf("setup: %s", got.text)
	}
}

// TH-36: recency does not replace a proof given for the act.
func TestSensitiveActsNeedThePassword(t *testing.T) {
	r := newRig(t)
	r.person(t, "kim@example.org")
	b := r.browser().signedIn(t, "kim@example.org")
	for _, act := range [][3]string{
		{"PUT", "/me/password", `"new_password":"nine purple umbrellas sing"`},
		{"POST", "/me/emails", `"email":"b@example.org"`},
		{"DELETE", "/me/emails/kim@example.org", ""},
		{"POST", "/me/emails/kim@example.org/primary", ""},
		{"POST", "/me/export", ""},
		{"POST", "/me/deletion", ""},
	} {
		b.refuse(t, 403, "confirmation_required", act[0], act[1], "{"+act[2]+"}")
		comma := map[bool]string{true: ",", false: ""}[act[2] != ""]
		b.refuse(t, 403, "confirmation_wrong", act[0], act[1], `{"current_password":"wrong"`+comma+act[2]+"}")
		r.clock.Advance(10 * time.Minute)
	}
	old := b.cookies["__Host-mortise"]
	b.must(t, 204, "PUT", "/me/password", `{"current_password":"`+right+`","new_password":"nine purple umbrellas sing"}`)
	if b.cookies["__Host-mortise"] == old {
		t.Error("SE-3: the session's secret stays")
	}
	b.must(t, 200, "GET", "/me", "")
	got := b.must(t, 200, "POST", "/me/export", `{"current_password":"nine purple umbrellas sing"}`)
	if strings.Contains(got.text, "$argon2") || got.json["password_since"] == nil {
		t.Errorf("export: %.300s", got.text)
	}
	b.must(t, 200, "POST", "/me/deletion", `{"current_password":"nine purple umbrellas sing"}`)
	b.refuse(t, 401, "not_signed_in", "GET", "/me", "")
}

// SE-3: a password that was changed is changed, whatever becomes of the session;
// one that gets no new secret does not keep the old one.
func TestPasswordChangedWithoutRotation(t *testing.T) {
	r := newRig(t, func(o *api.Options) {
		o.Rotate = func(context.Context, user.Caller, string) (secret.Token, error) {
			return secret.Token{}, errors.New("the store went away")
		}
	})
	r.person(t, "kim@example.org")
	b := r.browser().signedIn(t, "kim@example.org")
	old := b.cookies["__Host-mortise"]
	got := b.must(t, 204, "PUT", "/me/password", `{"current_password":"`+right+`","new_password":"nine purple umbrellas sing"}`)
	if c := got.Header.Get("Set-Cookie"); !strings.Contains(c, "__Host-mortise=;") {
		t.Errorf("the cookie stays: %q", c)
	}
	if b.cookies == nil {
		b.cookies = map[string]string{}
	}
	b.cookies["__Host-mortise"] = old
	b.refuse(t, 401, "session_ended", "GET", "/me", "")
	r.browser().must(t, 200, "POST", "/signin", `{"identifier":"kim@example.org","password":"nine purple umbrellas sing"}`)
}

// TH-31
func TestIdempotency(t *testing.T) {
	r := newRig(t)
	r.person(t, "root@example.org", "admin")
	r.person(t, "other@example.org", "admin")
	root, other := r.browser().signedIn(t, "root@example.org"), r.browser().signedIn(t, "other@example.org")
	const body = `{"email":"new@example.org"}`
	first := root.with("Idempotency-Key", "k1").must(t, 201, "POST", "/users", body)
	again := root.with("Idempotency-Key", "k1").must(t, 201, "POST", "/users", body)
	if first.text != again.text || again.Header.Get("Idempotency-Replayed") != "true" || again.Header.Get("Location") != first.Header.Get("Location") {
		t.Errorf("replayed %s with %v", again.text, again.Header)
	}
	root.with("Idempotency-Key", "k1").refuse(t, 422, "idempotency_mismatch", "POST", "/users", `{"email":"else@example.org"}`)
	other.with("Idempotency-Key", "k1").refuse(t, 409, "email_taken", "POST", "/users", body)
	other.with("Idempotency-Key", "k1").must(t, 201, "POST", "/users", `{"email":"third@example.org"}`)
	root.with("Idempotency-Key", strings.Repeat("x", 129)).refuse(t, 400, "bad_idempotency_key", "POST", "/users", body)

	// An answer with a secret is not kept.
	const proof = `{"current_password":"` + right + `"}`
	root.with("Idempotency-Key", "k2").must(t, 200, "POST", "/me/export", proof)
	root.with("Idempotency-Key", "k2").refuse(t, 409, "idempotency_not_repeatable", "POST", "/me/export", proof)
	root.refuse(t, 403, "host_only", "POST", "/users/new@example.org/recovery-link", "") // TH-42

	// Before sign-in a key is nobody's: B learns nothing by A's.
	a := r.program().with("Idempotency-Key", "k3").must(t, 200, "POST", "/signin", `{"identifier":"root@example.org","password":"`+right+`"}`)
	b := r.program().with("Idempotency-Key", "k3").must(t, 401, "POST", "/signin", `{"identifier":"root@example.org","password":"guess"}`)
	if len(a.Cookies()) == 0 || len(b.Cookies()) != 0 {
		t.Error("a key crossed strangers")
	}
}

// slow is a directory whose organisations wait.
type slow struct {
	api.Directory
	begun, goOn chan struct{}
}

func (d slow) CreateOrganization(ctx context.Context, by user.Caller, o organization.Organization) (organization.Organization, error) {
	close(d.begun)
	<-d.goOn
	return d.Directory.CreateOrganization(ctx, by, o)
}

// TH-31
func TestIdempotencyWhileRunning(t *testing.T) {
	d := slow{begun: make(chan struct{}), goOn: make(chan struct{})}
	r := newRig(t, func(o *api.Options) { d.Directory, o.Directory = o.Directory, &d })
	done := make(chan int)
	c := r.asHost().with("Idempotency-Key", "k")
	go func() { done <- c.raw("POST", "/organizations", `{"slug":"acme"}`).StatusCode }()
	<-d.begun
	r.asHost().with("Idempotency-Key", "k").refuse(t, 409, "idempotency_running", "POST", "/organizations", `{"slug":"acme"}`)
	close(d.goOn)
	if got := <-done; got != 201 {
		t.Errorf("status %d", got)
	}
	r.asHost().with("Idempotency-Key", "k").must(t, 201, "POST", "/organizations", `{"slug":"acme"}`)
}

// An act that was refused changed nothing: its key is free.
func TestIdempotencyAfterRefusal(t *testing.T) {
	r := newRig(t)
	c := r.asHost().with("Idempotency-Key", "k")
	c.refuse(t, 404, "role_unknown", "POST", "/users", `{"email":"a@example.org","roles":["editor"]}`)
	r.asHost().must(t, 200, "PUT", "/roles/editor", `{"permissions":[]}`)
	c.must(t, 201, "POST", "/users", `{"email":"a@example.org","roles":["editor"]}`)
}

// TH-31: what is kept for repetition holds no secret in the clear.
func TestDumpHoldsNoSecret(t *testing.T) {
	dir := t.TempDir()
	st, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := rigOn(t, st)
	h := r.asHost()
	h.with("Idempotency-Key", "k1").must(t, 201, "POST", "/users", `{"email":"new@example.org","password":"`+right+`"}`)
	link := h.with("Idempotency-Key", "k2").must(t, 200, "POST", "/users/new@example.org/recovery-link", "").json["url"].(string)
	_, token, _ := strings.Cut(link, "token=")
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "mortise.db*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var dump []byte
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		dump = append(dump, b...)
	}
	if !bytes.Contains(dump, []byte("new@example.org")) {
		t.Fatal("the dump is empty")
	}
	for _, s := range []string{right, token} {
		if bytes.Contains(dump, []byte(s)) {
			t.Errorf("the dump holds %q", s)
		}
	}
}

// An account is limited whatever addresses it comes from.
func TestAccountLimit(t *testing.T) {
	r := newRig(t)
	r.person(t, "kim@example.org")
	c := r.program().signedIn(t, "kim@example.org")
	for i := range 1200 {
		c.from = fmt.Sprintf("192.0.2.%d:1", i%200)
		c.must(t, 204, "OPTIONS", "/me", "")
		c.must(t, 200, "GET", "/session", "")
	}
	if got := c.refuse(t, 429, "rate_limited", "GET", "/session", ""); got.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// TH-31: one of many with the same key acts; the others see its answer or wait.
func TestIdempotencyRace(t *testing.T) {
	r := newRig(t)
	const n = 16
	status := make([]int, n)
	var wg sync.WaitGroup
	for i := range n {
		c := r.asHost().with("Idempotency-Key", "race")
		wg.Go(func() { status[i] = c.raw("POST", "/organizations", `{"slug":"acme"}`).StatusCode })
	}
	wg.Wait()
	made := 0
	for _, s := range status {
		switch s {
		case http.StatusCreated:
			made++
		case http.StatusConflict:
		default:
			t.Errorf("status %d", s)
		}
	}
	if made == 0 {
		t.Error("nobody made it")
	}
	if got := r.asHost().must(t, 200, "GET", "/organizations", ""); len(got.json["data"].([]any)) != 1 {
		t.Errorf("organisations: %s", got.text)
	}
}
