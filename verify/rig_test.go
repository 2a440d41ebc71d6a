package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

const (
	testIssuer   = "https://id.example.test"
	testAudience = "https://api.example.test"
)

// origin is an issuer that speaks the real wire form, without a socket: it is a
// RoundTripper, so that it can live in a bubble of testing/synctest.
type origin struct {
	tb        testing.TB
	name      string
	token     jose.PrivateKey
	feed      jose.PrivateKey
	mask      []byte
	introspec bool // introspection answers

	mu        sync.Mutex
	news      chan struct{}
	epoch     string
	numbered  []feed.Entry // number n is index n-1
	gone      int64        // numbers up to this one are no longer kept
	published []jose.PublicKey
	feedKeys  []jose.PublicKey
	noFeed    bool
	down      bool                // refuses connections
	silent    bool                // accepts and never answers
	delay     time.Duration       // each answer is held back so long
	ahead     time.Duration       // of the clock
	inactive  map[string]bool     // for introspection
	opaque    map[string]any      // answers for opaque tokens
	mangle    func(string) string // of a signed batch
	alter     func(*feed.Batch)   // before it is signed
	counts    map[string]int      // by path
	at        map[string][]time.Time
}

func newOrigin(tb testing.TB, name string) *origin {
	tb.Helper()
	o := &origin{
		tb: tb, name: name, token: newKey(tb), feed: newKey(tb), mask: bytes.Repeat([]byte{7}, 32), epoch: "a", news: make(chan struct{}),
		inactive: map[string]bool{}, opaque: map[string]any{}, counts: map[string]int{}, at: map[string][]time.Time{}, introspec: true,
	}
	o.published, o.feedKeys = []jose.PublicKey{o.token.Public()}, []jose.PublicKey{o.feed.Public()}
	return o
}

func newKey(tb testing.TB) jose.PrivateKey {
	tb.Helper()
	key, err := jose.Generate(jose.EdDSA)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// with changes the issuer under its lock and wakes held polls.
func (o *origin) with(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
	close(o.news)
	o.news = make(chan struct{})
}

func (o *origin) revoke(k feed.Kind, value string, version int64) {
	o.with(func() {
		e := feed.Entry{Kind: k, Value: feed.Mask(o.mask, k, value), Version: version, Until: o.now().Add(20 * time.Minute).Unix()}
		if k == feed.Key {
			e.Until = 0
		}
		o.numbered = append(o.numbered, e)
	})
}

func (o *origin) now() time.Time { return time.Now().Add(o.ahead) }

func (o *origin) count(path string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts[path]
}

// mint signs an access token with the claims that change makes of the usual ones.
func (o *origin) mint(change func(*jwt.Access)) string {
	return o.mintWith(o.token, jwt.TypeAccess, change)
}

func (o *origin) mintWith(key jose.PrivateKey, typ string, change func(*jwt.Access)) string {
	o.tb.Helper()
	now := o.now()
	a := &jwt.Access{
		Issuer: o.name, Subject: "usr_kim", ClientID: "web", Audience: []string{testAudience}, ID: "tok_1",
		IssuedAt: now.Unix(), Expiry: now.Add(10 * time.Minute).Unix(), Session: "ses_1", Grant: "grt_1",
		Scope: "posts:read posts:write", AuthTime: now.Add(-time.Minute).Unix(), ACR: "2", AMR: []string{"pwd", "otp"},
		Roles: []string{"editor"}, Org: []jwt.Org{{ID: "org_1", Slug: "acme", Roles: []string{"owner"}}},
		UserVersion: 5, ClientVersion: 3,
	}
	if change != nil {
		change(a)
	}
	text, err := key.Sign(typ, a.Append(nil))
	if err != nil {
		o.tb.Fatal(err)
	}
	return text
}

// RoundTrip answers as the network would: refused, silent, late.
func (o *origin) RoundTrip(r *http.Request) (*http.Response, error) {
	o.mu.Lock()
	down, silent, delay := o.down, o.silent, o.delay
	o.counts[r.URL.Path]++
	o.at[r.URL.Path] = append(o.at[r.URL.Path], time.Now())
	o.mu.Unlock()
	ctx := r.Context()
	if down {
		return nil, fmt.Errorf("connection refused")
	}
	if silent {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	if delay > 0 && !sleep(ctx, delay) {
		return nil, context.Cause(ctx)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/.well-known/oauth-authorization-server":
		m := map[string]any{"issuer": o.name, "jwks_uri": o.name + "/jwks", "introspection_endpoint": o.name + "/introspect"}
		if !o.noFeed {
			m["mortise_revocations_uri"], m["mortise_revocation_keys_uri"] = o.name+"/feed", o.name+"/feed/keys"
		}
		writeJSON(w, m)
	case "/jwks":
		o.mu.Lock()
		defer o.mu.Unlock()
		_, _ = w.Write(jose.NewKeySet(o.published...).JSON())
	case "/feed/keys":
		o.mu.Lock()
		defer o.mu.Unlock()
		_, _ = w.Write(jose.NewKeySet(o.feedKeys...).JSON())
	case "/feed":
		o.serveFeed(w, r)
	case "/introspect":
		o.serveIntrospection(w, r)
	default:
		http.NotFound(w, r)
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (o *origin) serveFeed(w http.ResponseWriter, r *http.Request) {
	if id, secret, ok := r.BasicAuth(); !ok || id != "api" || secret != "s%2Bcret" { // form-encoded s+cret
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	q := r.URL.Query()
	if q.Get("audience") != testAudience || len(q.Get("nonce")) < 16 || (q.Get("cursor") == "") != (q.Get("previous") == "") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if q.Get("cursor") == "" {
		_, _ = io.WriteString(w, `{"batches":[`)
		o.sendSnapshot(w, q.Get("nonce"))
		_, _ = io.WriteString(w, "]}\n")
		return
	}
	epoch, number, _ := strings.Cut(q.Get("cursor"), ":")
	from, err := strconv.ParseInt(number, 10, 64)
	if err != nil || epoch != o.epoch || from < o.gone {
		w.WriteHeader(http.StatusGone)
		return
	}
	if q.Get("wait") == "1" && from == o.head() {
		o.hold(r.Context())
	}
	if epoch != o.epoch {
		w.WriteHeader(http.StatusGone)
		return
	}
	_, _ = io.WriteString(w, `{"batches":[`)
	o.send(w, feed.Batch{From: from, To: o.head(), Previous: q.Get("previous"), Nonce: q.Get("nonce"), Entries: o.numbered[from:]})
	_, _ = io.WriteString(w, "]}\n")
}

// hold waits for news, one second at most.
func (o *origin) hold(ctx context.Context) {
	news := o.news
	o.mu.Unlock()
	defer o.mu.Lock()
	select {
	case <-news:
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
}

func (o *origin) head() int64 { return int64(len(o.numbered)) }

// sendSnapshot cuts what lives into parts of two entries.
func (o *origin) sendSnapshot(w io.Writer, nonce string) {
	previous := ""
	rest := o.numbered
	for {
		part := rest[:min(2, len(rest))]
		rest = rest[len(part):]
		previous = feed.Digest(o.send(w, feed.Batch{
			To: o.head(), Previous: previous, Nonce: nonce, Snapshot: true, More: len(rest) > 0, MaskKey: o.mask, Entries: part,
		}))
		if len(rest) == 0 {
			return
		}
		_, _ = io.WriteString(w, ",")
	}
}

func (o *origin) send(w io.Writer, b feed.Batch) string {
	b.Issuer, b.Audience, b.Epoch, b.At = o.name, testAudience, o.epoch, o.now().Unix()
	b.Cursor = fmt.Sprintf("%s:%d", o.epoch, b.To)
	if o.alter != nil {
		o.alter(&b)
	}
	payload, err := b.Payload()
	if err != nil {
		panic(err)
	}
	text, err := o.feed.Sign(feed.Type, payload)
	if err != nil {
		panic(err)
	}
	if o.mangle != nil {
		text = o.mangle(text)
	}
	_, _ = io.WriteString(w, `"`+text+`"`)
	return text
}

func (o *origin) serveIntrospection(w http.ResponseWriter, r *http.Request) {
	if _, _, ok := r.BasicAuth(); !ok || r.Method != http.MethodPost || !o.introspec {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	token := r.PostFormValue("token")
	o.mu.Lock()
	defer o.mu.Unlock()
	if a, ok := o.opaque[token]; ok {
		writeJSON(w, a)
		return
	}
	writeJSON(w, map[string]any{"active": strings.Count(token, ".") == 2 && !o.inactive[token]})
}

// start makes a Verifier against o with everything running; it ends with the test.
func (o *origin) start(opts ...Option) *Verifier {
	o.tb.Helper()
	v, err := New(o.tb.Context(), o.name, o.options(opts)...)
	if err != nil {
		o.tb.Fatal(err)
	}
	o.tb.Cleanup(func() { v.Close() })
	return v
}

// still makes a Verifier that has begun and does not follow: the test calls step.
func (o *origin) still(opts ...Option) *Verifier {
	o.tb.Helper()
	v, err := build(o.name, o.options(opts))
	if err != nil {
		o.tb.Fatal(err)
	}
	o.tb.Cleanup(v.background.stop)
	if err := v.begin(o.tb.Context()); err != nil {
		o.tb.Fatal(err)
	}
	return v
}

func (o *origin) options(more []Option) []Option {
	return append([]Option{
		Audience(testAudience), Credentials("api", "s+cret"), HTTPClient(&http.Client{Transport: o}),
		Logger(slog.New(slog.DiscardHandler)),
	}, more...)
}

func step(t *testing.T, v *Verifier) {
	t.Helper()
	if err := v.follower.Load().step(t.Context()); err != nil {
		t.Fatal("step:", err)
	}
}

func request(token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "https://api.example.test/posts", http.NoBody)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

// wants checks the code of the answer to token; "" is a pass.
func wants(t *testing.T, v *Verifier, token, code string) {
	t.Helper()
	if got := answerTo(t, v, token); got != code {
		t.Errorf("got %q, want %q", got, code)
	}
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := err.(*Error); ok { // not errors.As: that it is one is the promise
		return e.Code
	}
	return "not an *Error: " + err.Error()
}
