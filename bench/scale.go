package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/mortise-auth/mortise/storage/postgres"
)

// backing is what the services behind a server have spent.
type backing struct {
	db         *pgx.Conn
	postmaster int
	redis      int
}

// scaling measures the same requests on PostgreSQL and Redis, with what those
// spend, beside SQLite.
func scaling(b *bench) error {
	database, cache := os.Getenv("MORTISE_TEST_POSTGRES_URL"), os.Getenv("MORTISE_TEST_REDIS_URL")
	if database == "" || cache == "" {
		return fmt.Errorf("MORTISE_TEST_POSTGRES_URL and MORTISE_TEST_REDIS_URL are empty: run make bench, which starts private servers")
	}
	f, err := newBacking(b.ctx, database, cache)
	if err != nil {
		return err
	}
	defer f.db.Close(context.WithoutCancel(b.ctx))
	schema := fmt.Sprintf("bench_scale_%d", os.Getpid())
	defer f.db.Exec(context.WithoutCancel(b.ctx), "DROP SCHEMA IF EXISTS "+schema+" CASCADE")
	big, stop, err := b.scaled(f, schema, database, cache)
	if err != nil {
		return err
	}
	defer stop()
	small, stopSmall, err := b.plain()
	if err != nil {
		return err
	}
	defer stopSmall()
	before, err := f.connections(b.ctx)
	if err != nil {
		return err
	}
	if err := b.sideBySide(big, small); err != nil {
		return err
	}
	after, err := f.connections(b.ctx)
	if err != nil {
		return err
	}
	fresh := 0
	for pid := range after {
		if !before[pid] {
			fresh++
		}
	}
	b.add(row{
		"connections to PostgreSQL opened during those", fmt.Sprintf("%d, %d kept idle", fresh, len(after)), "–", "–",
		"kept by default: no more than the pool", judge(fresh <= 32 && len(after) > 0),
	})
	return nil
}

// ends are the three kinds of requests to one server.
type ends struct {
	spin  *spinner
	ask   informant
	check questions
}

func endsOf(addr string, cpu func() time.Duration, issued []issue) ends {
	e := ends{spin: &spinner{addr: addr, cpu: cpu}, ask: informantOf(addr, cpu, issued), check: questions{addr: addr, cpu: cpu, want: "ok"}}
	for _, i := range issued {
		e.spin.now = append(e.spin.now, i.refresh)
		e.check.all = append(e.check.all, get(addr, "/private", i.session), carrying(addr, "/private", i.own))
	}
	return e
}

func (b *bench) plain() (ends, func(), error) {
	addr, err := freeAddr()
	if err != nil {
		return ends{}, nil, err
	}
	dir, issued, err := b.folder("scale", addr, chains)
	if err != nil {
		return ends{}, nil, err
	}
	p, err := b.serverAt(addr, "host", nil, dir, master)
	if err != nil {
		return ends{}, nil, err
	}
	return endsOf(addr, func() time.Duration { return cpuOf(p.pid()) }, issued), p.stop, nil
}

func (b *bench) scaled(f *backing, schema, database, cache string) (ends, func(), error) {
	addr, err := freeAddr()
	if err != nil {
		return ends{}, nil, err
	}
	st, err := postgres.Open(b.ctx, database, postgres.Options{Schema: schema})
	if err != nil {
		return ends{}, nil, err
	}
	issued, err := hand(b.ctx, st, addr, chains)
	if err := firstOf(err, st.Close()); err != nil {
		return ends{}, nil, err
	}
	p, err := b.serverAt(addr, "scale", nil, schema, database, cache, master)
	if err != nil {
		return ends{}, nil, err
	}
	return endsOf(addr, func() time.Duration { return cpuOf(p.pid()) + f.spent() }, issued), p.stop, nil
}

func (b *bench) sideBySide(big, small ends) error {
	for _, one := range []struct {
		what       string
		big, small questions
	}{
		{"introspection, opaque", big.ask.opaque, small.ask.opaque},
		{"introspection, JWT", big.ask.jwts, small.ask.jwts},
		{"check in `Require`, sessions and access tokens", big.check, small.check},
	} {
		o, f, x, err := b.beside(one.big, one.small)
		if err != nil {
			return err
		}
		b.add(row{
			"PostgreSQL + Redis, their CPU included: " + one.what, fmt.Sprintf("%.1f µs", o), fmt.Sprintf("%.1f µs on SQLite", f), times(x),
			"≤ 2 × SQLite", judge(x <= 2),
		})
	}
	span := time.Duration(b.rounds(1500, 700)) * time.Millisecond
	var cpu, floors, ratio, rates []float64
	for range b.rounds(9, 5) {
		f, err := small.spin.spin(span)
		o, err1 := big.spin.spin(span)
		if err := firstOf(err, err1); err != nil {
			return err
		}
		cpu, floors, ratio, rates = append(cpu, o.cpu), append(floors, f.cpu), append(ratio, o.cpu/f.cpu), append(rates, o.rate)
	}
	x := median(ratio)
	b.add(row{
		fmt.Sprintf("PostgreSQL + Redis, their CPU included: refresh rotation, %d chains", chains), fmt.Sprintf("%.0f µs, %.0f/s", median(cpu), median(rates)),
		fmt.Sprintf("%.0f µs on SQLite", median(floors)), times(x), "≤ 4 × SQLite", judge(x <= 4),
	})
	return nil
}

func newBacking(ctx context.Context, database, cache string) (*backing, error) {
	db, err := pgx.Connect(ctx, database)
	if err != nil {
		return nil, err
	}
	var backend int
	if err := db.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		return nil, err
	}
	s, err := processOf(backend)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run on this machine: %w", err)
	}
	redis, err := redisPID(cache)
	return &backing{db, s.parent, redis}, err
}

// connections are the pids of the connections of others.
func (f *backing) connections(ctx context.Context) (map[int]bool, error) {
	rows, err := f.db.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")
	if err != nil {
		return nil, err
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	all := make(map[int]bool, len(pids))
	for _, p := range pids {
		all[p] = true
	}
	return all, err
}

// spent is the processor time of every process of the database, those that ended
// included, and of Redis.
func (f *backing) spent() time.Duration {
	sum := cpuOf(f.postmaster) + cpuOf(f.redis)
	if s, err := processOf(f.postmaster); err == nil {
		sum += s.waited
	}
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range entries {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if s, err := processOf(pid); err == nil && s.parent == f.postmaster {
			sum += s.own
		}
	}
	return sum
}

// stat is what /proc/PID/stat tells.
type stat struct {
	parent      int
	own, waited time.Duration // of itself, of children that ended
}

func processOf(pid int) (s stat, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return s, err
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	const parent, utime, stime, cutime, cstime = 1, 11, 12, 13, 14
	ticks := func(i int) time.Duration {
		n, _ := strconv.ParseInt(f[i], 10, 64)
		return time.Duration(n) * 10 * time.Millisecond
	}
	s.parent, _ = strconv.Atoi(f[parent])
	s.own, s.waited = ticks(utime)+ticks(stime), ticks(cutime)+ticks(cstime)
	return s, nil
}

// redisPID asks the server for its process.
func redisPID(cache string) (int, error) {
	u, err := url.Parse(cache)
	if err != nil {
		return 0, err
	}
	c, err := net.DialTimeout("tcp", u.Host, time.Second)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Second))
	if pass, ok := u.User.Password(); ok {
		fmt.Fprintf(c, "AUTH %s\r\n", pass)
	}
	fmt.Fprint(c, "INFO server\r\nQUIT\r\n")
	for lines := bufio.NewScanner(c); lines.Scan(); {
		if pid, ok := strings.CutPrefix(lines.Text(), "process_id:"); ok {
			return strconv.Atoi(strings.TrimSpace(pid))
		}
	}
	return 0, fmt.Errorf("redis does not tell its process")
}
