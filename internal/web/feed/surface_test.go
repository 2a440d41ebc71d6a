package feed

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/revocation/publish"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/verify"
)

const audience = "https://api.example.test"

var errClient = problem.New(problem.Unauthenticated, "test_client", "Name a client. It is needed.")

// clients knows one verifier of one resource.
type clients struct{}

func (clients) Authenticate(_ context.Context, r *http.Request) (string, []string, error) {
	name, password, _ := r.BasicAuth()
	switch {
	case name == "api" && password == "secret":
		return name, []string{audience}, nil
	case name == "web" && password == "secret":
		return name, nil, nil
	}
	return "", nil, errClient
}

// publisher answers with what a test puts there.
type publisher struct {
	asked []publish.Poll
	texts []string
	err   error
}

func (p *publisher) Answer(_ context.Context, q publish.Poll, emit publish.Emit) error {
	p.asked = append(p.asked, q)
	for _, text := range p.texts {
		if err := emit(text); err != nil {
			return err
		}
	}
	return p.err
}

func (p *publisher) Stream(ctx context.Context, q publish.Poll, emit publish.Emit) error {
	if err := p.Answer(ctx, q, emit); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// nobody is signed in, and nothing is secret.
type nobody struct{}

func (nobody) Session(context.Context, string) (*verify.Identity, error) { return nil, errClient }
func (nobody) MAC(string, ...[]byte) (sum [32]byte)                      { return sum }

// serve runs the surface in a real frame.
func serve(t *testing.T, p *publisher) *httptest.Server {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	rates, err := ratelimit.NewMemory(ratelimit.Defaults(), 100, ratelimit.Monotonic(time.Now))
	if err != nil {
		t.Fatal(err)
	}
	var h http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	frame := web.NewFrame(web.Options{URL: u, Sessions: nobody{}, Rates: rates, Keys: nobody{}, Now: time.Now, Log: log})
	h = frame.Handler(Surface(Options{
		URL: u, Clients: clients{}, Publisher: p, Now: time.Now, Log: log,
		Keys: func(context.Context) ([]byte, error) { return []byte(`{"keys":[]}`), nil },
	}))
	return srv
}

func get(t *testing.T, srv *httptest.Server, query, user string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+Path+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		r.SetBasicAuth(user, "secret")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func TestPoll(t *testing.T) {
	p := &publisher{texts: []string{"a.b.c", "d.e.f"}}
	srv := serve(t, p)
	resp := get(t, srv, "?nonce=n&cursor=c&previous=d&wait=7", "api")
	var got struct{ Batches []string }
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || !slices.Equal(got.Batches, p.texts) {
		t.Errorf("%v, %v", err, got)
	}
	if resp.Header.Get("Content-Type") != "application/json" || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", resp.Header)
	}
	get(t, srv, "?nonce=n&audience="+audience, "api")
	want := []publish.Poll{
		{Audience: audience, Cursor: "c", Previous: "d", Nonce: "n", Wait: 7 * time.Second},
		{Audience: audience, Nonce: "n", Wait: publish.Heartbeat},
	}
	if diff := cmp.Diff(want, p.asked); diff != "" {
		t.Error(diff)
	}
}

// TH-16 TH-17: who is no verifier of the audience hears nothing, and who is
// turned away is told when to come back.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		query, user string
		err         error
		status      int
		header      string
	}{
		"nobody":           {"?nonce=n", "", nil, 401, "Www-Authenticate"},
		"no verifier":      {"?nonce=n", "web", nil, 403, ""},
		"of another":       {"?nonce=n&audience=https://other.example.test", "api", nil, 403, ""},
		"no number":        {"?wait=soon", "api", nil, 400, ""},
		"negative":         {"?wait=-1", "api", nil, 400, ""},
		"malformed":        {"?nonce=n", "api", publish.ErrPoll, 400, ""},
		"gone":             {"?nonce=n", "api", publish.ErrGone, 410, "Retry-After"},
		"busy":             {"?nonce=n", "api", publish.ErrBusy, 503, "Retry-After"},
		"of our own fault": {"?nonce=n", "api", errors.New("broken"), 500, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := &publisher{err: c.err}
			resp := get(t, serve(t, p), c.query, c.user)
			if resp.StatusCode != c.status || c.header != "" && resp.Header.Get(c.header) == "" {
				t.Errorf("%d %v", resp.StatusCode, resp.Header)
			}
			if resp.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("type %s", resp.Header.Get("Content-Type"))
			}
			if c.err == nil && len(p.asked) > 0 {
				t.Error("the publisher was asked")
			}
		})
	}
}

func TestEvents(t *testing.T) {
	p := &publisher{texts: []string{"a.b.c", "d.e.f"}}
	resp := get(t, serve(t, p), "?nonce=n", "api", "Accept", "text/event-stream")
	if resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatal(resp.Header)
	}
	lines := bufio.NewScanner(resp.Body)
	var got []string
	for len(got) < len(p.texts) && lines.Scan() { // it does not end by itself
		if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			got = append(got, text)
		}
	}
	if !slices.Equal(got, p.texts) {
		t.Error(got)
	}
}

// An answer that breaks off is not a whole document.
func TestBrokenAnswer(t *testing.T) {
	p := &publisher{texts: []string{"a.b.c"}, err: publish.ErrBusy}
	resp := get(t, serve(t, p), "?nonce=n", "api")
	var got struct{ Batches []string }
	if err := json.NewDecoder(resp.Body).Decode(&got); err == nil {
		t.Error("it can be read")
	}
}

// TH-19: the feed's keys stand by themselves, and are cheap to ask for again.
func TestKeys(t *testing.T) {
	srv := serve(t, &publisher{})
	resp := get(t, srv, "/keys", "")
	tag := resp.Header.Get("ETag")
	if resp.StatusCode != 200 || tag == "" || resp.Header.Get("Content-Type") != "application/jwk-set+json" {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	for sent, want := range map[string]int{tag: 304, `"x", W/` + tag: 304, "*": 304, `"x"`: 200} {
		if got := get(t, srv, "/keys", "", "If-None-Match", sent).StatusCode; got != want {
			t.Errorf("%s: %d, want %d", sent, got, want)
		}
	}
}

func TestTooManyOpen(t *testing.T) {
	s := &surface{Options: Options{Clients: clients{}}, open: make(chan struct{})}
	r := httptest.NewRequest(http.MethodGet, Path+"?nonce=n", nil)
	r.SetBasicAuth("api", "secret")
	if err := s.follow(httptest.NewRecorder(), r); !errors.Is(err, publish.ErrBusy) {
		t.Error(err)
	}
	r.Method = http.MethodHead
	if err := s.follow(httptest.NewRecorder(), r); !errors.Is(err, web.ErrMethod) {
		t.Error(err)
	}
}
