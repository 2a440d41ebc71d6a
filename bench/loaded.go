package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/storage/postgres"
)

// walker is one connection that goes through a scenario again and again.
type walker struct {
	*conn
	e   *estate
	i   int    // which of the people and apps it is
	has string // what the last answer gave it for the next
}

// scenario is what people and apps do. step is one whole turn of it, whose time is
// taken; begin comes before the first.
type scenario struct {
	name        string
	begin, step func(*walker) error
}

// The scenarios of a provider.
var provided = []scenario{
	{"client_credentials, JWT", nil, func(w *walker) error { return w.earn(robots[0]) }},
	{"client_credentials, opaque", nil, func(w *walker) error { return w.earn(robots[2]) }},
	{"authorize → code → tokens", nil, (*walker).signIn},
	{"refresh", (*walker).hold, (*walker).refresh},
	{"UserInfo", (*walker).own, func(w *walker) error {
		return w.expect(carrying(w.e.host, "/oauth2/userinfo", w.has), http.StatusOK, told)
	}},
	{"introspection", (*walker).own, func(w *walker) error {
		return w.expect(w.form("/oauth2/introspect", "token="+w.has), http.StatusOK, alive)
	}},
	{"device: begin and poll twice", nil, (*walker).device},
	{"discovery", nil, func(w *walker) error {
		return w.expect(get(w.e.host, "/.well-known/openid-configuration", ""), http.StatusOK, "{")
	}},
}

func (w *walker) app() string { return string(w.e.apps[w.i%len(w.e.apps)].ID) }

func (w *walker) form(path, body string) []byte {
	return post(w.e.host, path, w.app(), clientSecret, body)
}

// expect sends a request whose answer must have a status and a text.
func (w *walker) expect(request []byte, status int, want string) error {
	r, err := w.do(request)
	if err != nil {
		return err
	}
	if r.status != status || !bytes.Contains(w.body, []byte(want)) {
		return fmt.Errorf("answered %d %.300s", r.status, w.body)
	}
	return nil
}

func (w *walker) earn(r robot) error {
	return w.expect(w.form("/oauth2/token", "grant_type=client_credentials&scope=read&resource="+url.QueryEscape(r.resource.Identifier)), http.StatusOK, `"access_token":"`)
}

// visits numbers visitors, who each come from an address of their own: the limit
// of a source is not what is measured.
var visits atomic.Uint32

// signIn is what a browser with a session and its app do when nothing is left to
// ask.
func (w *walker) signIn() error {
	q := url.Values{
		"response_type": {"code"}, "client_id": {w.app()}, "redirect_uri": {callback}, "scope": {aims}, "state": {"s-0123456789"},
		"nonce": {"n-0123456789"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
		"resource": {robots[0].resource.Identifier},
	}
	n := visits.Add(1)
	from := fmt.Sprintf("%s\r\nX-Forwarded-For: 100.%d.%d.%d", w.e.people[w.i].cookie(), 64+n>>16&63, n>>8&255, n&255)
	if err := w.expect(get(w.e.host, "/oauth2/authorize?"+q.Encode(), from), http.StatusSeeOther, ""); err != nil {
		return err
	}
	back, err := url.Parse(w.location)
	if err != nil || back.Query().Get("code") == "" {
		return fmt.Errorf("led to %s", w.location)
	}
	return w.expect(w.form("/oauth2/token", "grant_type=authorization_code&code="+url.QueryEscape(back.Query().Get("code"))+
		"&redirect_uri="+url.QueryEscape(callback)+"&code_verifier="+verifier), http.StatusOK, redeemed)
}

func (w *walker) hold() error {
	w.has = w.e.refresh[w.i]
	return nil
}

func (w *walker) refresh() error {
	if err := w.expect(w.form("/oauth2/token", "grant_type=refresh_token&refresh_token="+url.QueryEscape(w.has)), http.StatusOK, redeemed); err != nil {
		return err
	}
	w.has, _ = member(w.body, "refresh_token")
	w.e.refresh[w.i] = w.has
	return nil
}

// own gets a fresh access token.
func (w *walker) own() error {
	err := firstOf(w.hold(), w.refresh())
	w.has, _ = member(w.body, "access_token")
	return err
}

func (w *walker) device() error {
	if err := w.expect(w.form("/oauth2/device_authorization", "scope=openid"), http.StatusOK, `"device_code":"`); err != nil {
		return err
	}
	code, _ := member(w.body, "device_code")
	poll := w.form("/oauth2/token", "grant_type="+url.QueryEscape("urn:ietf:params:oauth:grant-type:device_code")+"&device_code="+url.QueryEscape(code))
	return firstOf(w.expect(poll, http.StatusBadRequest, "authorization_pending"), w.expect(poll, http.StatusBadRequest, "slow_down"))
}

// walked is what came of a scenario.
type walked struct {
	burst
	first error // what went wrong first
}

// walk lets conns walkers go through s for a while. Whoever fails begins anew: a
// server that lost its connections shows as many errors.
func (e *estate) walk(s scenario, conns int, span time.Duration) walked {
	var mu sync.Mutex
	var all walked
	begun := time.Now()
	var wg sync.WaitGroup
	for i := range conns {
		wg.Go(func() {
			late, errs := e.walkAlone(s, i, begun.Add(span))
			mu.Lock()
			defer mu.Unlock()
			all.requests += len(late)
			all.wrong += len(errs)
			all.late = append(all.late, late...)
			all.first = firstOf(append([]error{all.first}, errs...)...)
		})
	}
	wg.Wait()
	all.took = time.Since(begun)
	slices.Sort(all.late)
	return all
}

// tries bounds how often one walker begins anew.
const tries = 10

func (e *estate) walkAlone(s scenario, i int, until time.Time) (late []time.Duration, errs []error) {
	for time.Now().Before(until) && len(errs) < tries {
		if err := e.stroll(s, i, until, &late); err != nil {
			errs = append(errs, err)
		}
	}
	return late, errs
}

func (e *estate) stroll(s scenario, i int, until time.Time, late *[]time.Duration) error {
	c, err := dial(e.host)
	if err != nil {
		return err
	}
	defer c.Close()
	c.keep = true
	w := &walker{conn: c, e: e, i: i}
	if s.begin != nil {
		if err := s.begin(w); err != nil {
			return err
		}
	}
	for at := time.Now(); at.Before(until); {
		if err := s.step(w); err != nil {
			return err
		}
		then := time.Now()
		*late = append(*late, then.Sub(at))
		at = then
	}
	return nil
}

// engines that a provider is loaded on: what starts it on one, and what ends that.
var engines = []struct {
	name string
	open func(*bench, plan) (*estate, func(), error)
}{
	{"SQLite", func(b *bench, p plan) (*estate, func(), error) {
		_, e, stop, err := b.open("load", p, 0)
		return e, stop, err
	}},
	{"PostgreSQL + Redis", shared},
}

// shared starts a provider on PostgreSQL and Redis.
func shared(b *bench, p plan) (*estate, func(), error) {
	database, cache := os.Getenv("MORTISE_TEST_POSTGRES_URL"), os.Getenv("MORTISE_TEST_REDIS_URL")
	if database == "" || cache == "" {
		return nil, nil, errors.New("MORTISE_TEST_POSTGRES_URL and MORTISE_TEST_REDIS_URL are empty: run make bench-load, which starts private servers")
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, nil, err
	}
	schema := fmt.Sprintf("bench_load_%d", os.Getpid())
	st, err := postgres.Open(b.ctx, database, postgres.Options{Schema: schema})
	if err != nil {
		return nil, nil, err
	}
	e, err := furnish(b.ctx, store.Store(st), addr, p)
	if err := firstOf(err, st.Close()); err != nil {
		return nil, nil, err
	}
	server, err := b.serverAt(addr, "scale", nil, schema, database, cache, master)
	if err != nil {
		return nil, nil, err
	}
	return e, server.stop, nil
}

// loadProviders goes through every scenario of a provider on both engines. It fails
// when an answer was wrong or late.
func loadProviders(only string, conns int, span time.Duration) error {
	ctx, cancel := interruptible()
	defer cancel()
	b := &bench{ctx: ctx}
	var err error
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.tmp, err = os.MkdirTemp("", "mortise-load-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.tmp)
	var errs []error
	for _, engine := range engines {
		e, stop, err := engine.open(b, plan{apps: 10, people: conns, agreed: true, chains: true})
		if err != nil {
			return err
		}
		fmt.Printf("\n%s\n", engine.name)
		for _, s := range provided {
			if ctx.Err() != nil || !strings.Contains(s.name, only) {
				continue
			}
			e.walk(s, conns, min(span/10, 2*time.Second)) // warm
			if err := show(s.name, e.walk(s, conns, span)); err != nil {
				errs = append(errs, fmt.Errorf("%s on %s: %w", s.name, engine.name, err))
			}
		}
		stop()
	}
	return errors.Join(append(errs, context.Cause(ctx))...)
}

// steady is how many times the usual latency one of a hundred may take.
const steady = 20

func show(name string, w walked) error {
	if len(w.late) == 0 {
		return fmt.Errorf("no answer: %w", w.first)
	}
	p50 := w.late[len(w.late)/2]
	x := float64(w.p99()) / float64(p50)
	fmt.Printf("%-30s %9d %8.0f/s   p50 %9s   p99 %9s   %5.1f ×   worst %10s   %d errors\n", name, w.requests, w.rate(), millis(p50), millis(w.p99()), x,
		millis(w.late[len(w.late)-1]), w.wrong)
	switch {
	case w.wrong > 0:
		return fmt.Errorf("%d errors, first: %w", w.wrong, w.first)
	case x > steady:
		return fmt.Errorf("p99 is %.1f × p50", x)
	}
	return nil
}
