package main

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// What the delay is measured with.
const (
	delayPerSecond = 20                      // sign-outs
	checksEach     = 5 * time.Millisecond    // between two checks of a token, on each replica and on the verifier
	cutFor         = 1500 * time.Millisecond // the verifier is cut off
	median100      = 100 * time.Millisecond
)

// delay measures how long after its acknowledgement a sign-out is seen by three
// replicas on one PostgreSQL and by a verifier that follows one of them.
func delay(b *bench) error {
	path, err := b.command()
	if err != nil || path == "" {
		return err
	}
	database, cache := os.Getenv("MORTISE_TEST_POSTGRES_URL"), os.Getenv("MORTISE_TEST_REDIS_URL")
	if database == "" || cache == "" {
		b.note("The delay of revocations was not measured: no PostgreSQL or no Redis.")
		return nil
	}
	for _, w := range []struct{ name, redis string }{{"LISTEN/NOTIFY", ""}, {"LISTEN/NOTIFY and Redis", cache}} {
		f, err := b.fleet(path, database, w.redis)
		if err == nil {
			err = f.measure(b, w.name)
		}
		f.stop()
		if err != nil {
			return err
		}
	}
	return nil
}

// fleet is three replicas, a verifier, and sign-ins to be ended.
type fleet struct {
	replicas []*process
	issuer   string
	dir      string
	drop     func() error
	held     []held
	verifier *remote
}

// held is what an app got when somebody signed in.
type held struct{ access, refresh string }

func (f *fleet) stop() {
	if f.verifier != nil {
		f.verifier.close()
	}
	for _, p := range f.replicas {
		p.stop()
	}
	if f.drop != nil {
		_ = f.drop() // its server ends with the run
	}
}

func (b *bench) fleet(path, database, redis string) (*fleet, error) {
	f := &fleet{dir: filepath.Join(b.tmp, fmt.Sprintf("delay-%d", time.Now().UnixNano()))}
	own, err := f.database(b, database)
	if err != nil {
		return f, err
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return f, err
	}
	var env []string
	for i := range 3 {
		addr, err := freeAddr()
		admin, err1 := freeAddr()
		if err := firstOf(err, err1); err != nil {
			return f, err
		}
		if i == 0 {
			f.issuer = "http://" + addr
		}
		env = []string{
			"MORTISE_URL=" + f.issuer, "MORTISE_LISTEN=" + addr, "MORTISE_ADMIN_LISTEN=" + admin, "MORTISE_TRUSTED_PROXIES=127.0.0.1",
			"MORTISE_DATA=" + filepath.Join(f.dir, fmt.Sprint(i)), "MORTISE_SECRET_KEY=" + master, "MORTISE_DATABASE_URL=" + own, "MORTISE_REDIS_URL=" + redis,
		}
		p, err := start(b.ctx, addr, "/healthz", env, path, "serve")
		if err != nil {
			return f, err
		}
		f.replicas = append(f.replicas, p)
	}
	if err := f.declare(b, path, env); err != nil {
		return f, err
	}
	if f.held, err = f.signIns(b.rounds(20, 5) * delayPerSecond); err != nil {
		return f, err
	}
	f.verifier, err = openRemote(b.ctx, f.issuer, f.replicas[1].addr)
	return f, err
}

// database makes one for this fleet alone.
func (f *fleet) database(b *bench, server string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("mortise_delay_%d", time.Now().UnixNano())
	do := func(sql string) error {
		c, err := pgx.Connect(b.ctx, server)
		if err != nil {
			return err
		}
		defer c.Close(b.ctx)
		_, err = c.Exec(b.ctx, sql)
		return err
	}
	f.drop = func() error { return do("DROP DATABASE " + name + " WITH (FORCE)") }
	u.Path = "/" + name
	return u.String(), do("CREATE DATABASE " + name)
}

const (
	delayAudience = "https://things.example.test"
	delayClient   = "things-api"
	delaySecret   = "bench-0123456789-0123456789-0123456789"
	delayPeople   = 40 // few enough sign-outs each to stay single entries
)

// declare applies an app, an API, its verifier, and people.
func (f *fleet) declare(b *bench, path string, env []string) error {
	var text strings.Builder
	fmt.Fprintf(&text, `{"scopes": [{"name": "things:read"}],
		"resources": [{"identifier": %q, "name": "Things", "scopes": ["things:read"], "verifiers": [%q]}],
		"clients": [{"client_id": %q, "client_name": "API", "grant_types": ["client_credentials"], "client_secret": {"env": "DELAY_SECRET"}},
			{"client_id": "app", "client_name": "App", "application_type": "native", "token_endpoint_auth_method": "none", "first_party": true,
			"grant_types": ["refresh_token"], "scope": "things:read", "resources": [%q]}], "users": [`, delayAudience, delayClient, delayClient, delayAudience)
	for i := range delayPeople {
		fmt.Fprintf(&text, `%s{"email": %q, "email_verified": true, "password": {"env": "DELAY_PASSWORD"}}`, strings.Repeat(", ", min(i, 1)), delayPerson(i))
	}
	text.WriteString("]}")
	file := filepath.Join(f.dir, "declared.yaml") // JSON is YAML
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(b.ctx, path, "apply", "-f", file, "--allow-users")
	cmd.Env = append(append(os.Environ(), env...), "DELAY_SECRET="+delaySecret, "DELAY_PASSWORD="+passphrase)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apply: %w: %s", err, out)
	}
	return nil
}

func delayPerson(i int) string { return fmt.Sprintf("person%d@example.test", i%delayPeople) }

// measure signs out at an even rate, under load, and watches.
func (f *fleet) measure(b *bench, name string) error {
	live, ending := f.held[:cutRounds], f.held[cutRounds:]
	load := f.load(live[0])
	var mu sync.Mutex
	var all []time.Duration
	by := make([][]time.Duration, len(f.replicas)+1)
	var failed error
	var wg sync.WaitGroup
	tick := time.NewTicker(time.Second / delayPerSecond)
	for i, h := range ending {
		<-tick.C
		wg.Go(func() {
			took, err := f.signOut(h, i)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = err
				return
			}
			all = append(all, slices.Max(took))
			for n, d := range took {
				by[n] = append(by[n], d)
			}
		})
	}
	wg.Wait()
	tick.Stop()
	checks, wrong := load()
	if failed != nil {
		return failed
	}
	p50, p99 := median(all), all[len(all)*99/100]
	b.add(row{
		"revocation visible on three replicas and one remote verifier, " + name, fmt.Sprintf("median %s, p99 %s", millis(p50), millis(p99)), "–",
		fmt.Sprintf("%d sign-outs, %d checks meanwhile", len(all), checks), "p99 ≤ 1 s, median ≤ 100 ms", judge(p99 <= time.Second && p50 <= median100 && wrong == 0),
	})
	for n, took := range by {
		what := fmt.Sprintf("replica %d", n)
		if n == len(f.replicas) {
			what = "the verifier"
		}
		p50 := median(took)
		b.note("revocation, %s: %s sees it after %s (median), %s (p99), %s (worst)", name, what, millis(p50), millis(took[len(took)*99/100]), millis(took[len(took)-1]))
	}
	return f.reconnect(b, name, live[1:])
}

// cutRounds is how often the verifier is cut off, and one token that lives.
const cutRounds = 6

// reconnect cuts the verifier off, ends a sign-in, and lets it back.
func (f *fleet) reconnect(b *bench, name string, ending []held) error {
	var all []time.Duration
	for i, h := range ending {
		f.verifier.cut()
		if _, err := f.revoke(h, i); err != nil {
			return err
		}
		time.Sleep(cutFor)
		begun := time.Now()
		f.verifier.mend()
		took, err := f.verifier.refuses(h.access, begun)
		if err != nil {
			return err
		}
		all = append(all, took)
	}
	p50, worst := median(all), slices.Max(all)
	b.add(row{
		"the same, from reconnection of a verifier that was cut off, " + name, fmt.Sprintf("median %s, worst %s", millis(p50), millis(worst)), "–",
		fmt.Sprintf("%d times", len(all)), "≤ 1 s", judge(worst <= time.Second),
	})
	return nil
}
