package e2e

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/mortise-auth/mortise/internal/testenv"
)

// database is a PostgreSQL database that can be taken away.
type database struct {
	t    *testing.T
	name string
	in   string // URL of the database itself
	root string // URL of another one on the same server
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	address := testenv.Postgres(t, nil)
	u, err := url.Parse(address)
	must(t, err)
	d := &database{t: t, name: strings.TrimPrefix(u.Path, "/"), in: address}
	u.Path = "/postgres"
	d.root = u.String()
	return d
}

func (d *database) do(address string, commands ...string) {
	d.t.Helper()
	ctx := context.WithoutCancel(d.t.Context())
	c, err := pgx.Connect(ctx, address)
	must(d.t, err)
	defer c.Close(ctx)
	for _, sql := range commands {
		_, err := c.Exec(ctx, sql)
		must(d.t, err)
	}
}

// cut ends every connection to the database.
func (d *database) cut() {
	d.t.Helper()
	d.do(d.root, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '"+d.name+"'")
}

// leave takes the database away until it is back.
func (d *database) leave() {
	d.t.Helper()
	d.do(d.root, "ALTER DATABASE "+d.name+" ALLOW_CONNECTIONS false")
	d.cut()
}

func (d *database) back() {
	d.t.Helper()
	d.do(d.root, "ALTER DATABASE "+d.name+" ALLOW_CONNECTIONS true")
}

// onPostgres starts a server with its first administrator.
func onPostgres(t *testing.T) (*process, *database, *visitor) {
	t.Helper()
	db := newDatabase(t)
	p := real(t, "DATABASE_URL="+db.in)
	p.start()
	if p.ready.Engine != "postgres" {
		t.Fatalf("it runs on %s", p.ready.Engine)
	}
	v := visit(t, p.url(), nil)
	v.install(p.ready.SetupCode)
	v.signIn(admin, ownPassword).is(200, "/account")
	return p, db, v
}

// TestDatabaseGoesAway in the middle of a request: 503, nothing half-done, and
// everything as before once it is back.
func TestDatabaseGoesAway(t *testing.T) {
	t.Parallel()
	p, db, v := onPostgres(t)
	t.Cleanup(db.back)

	db.cut() // connections that were good a moment ago are replaced
	eventually(t, "a new connection", func() bool { return v.get("/account").status == 200 })

	change := v.get("/account/password").form("/account/password", "password", ownPassword, "new-password", newPassword)
	client := visit(t, p.url(), nil)
	client.http.Jar = v.http.Jar
	begun := client.begin("/account/password", change)
	db.leave()
	if got := begun.finish(t); got.status != 503 || got.code() != "store_unavailable" {
		t.Errorf("the request under way: %d %s", got.status, got.code())
	}
	for _, got := range []sheet{v.get("/account"), visit(t, p.url(), nil).signIn(admin, ownPassword), v.get("/readyz")} {
		if got.status != 503 {
			t.Errorf("%s without a database: %d", got.url.Path, got.status)
		}
	}
	if got := v.get("/healthz"); got.status != 200 {
		t.Errorf("/healthz is about the process alone, and says %d", got.status)
	}
	db.back()
	eventually(t, "readiness", func() bool { return v.get("/readyz").status == 200 })
	v.get("/account").is(200, "/account")
	visit(t, p.url(), nil).signIn(admin, newPassword).is(401, "/login")
	visit(t, p.url(), nil).signIn(admin, ownPassword).is(200, "/account")
	p.stopped()
}

// TestClocksDisagree: the clock of the database is suddenly an hour ahead. The
// server says so and takes nobody's session for expired; when the clocks agree
// again all is well. TH-4
func TestClocksDisagree(t *testing.T) {
	t.Parallel()
	p, db, v := onPostgres(t)
	db.do(db.in,
		"CREATE SCHEMA wrong",
		"CREATE FUNCTION wrong.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT pg_catalog.clock_timestamp() + interval '1 hour' $$",
		"ALTER DATABASE "+db.name+" SET search_path = wrong, pg_catalog, public")
	db.cut()
	eventually(t, "a complaint about the clock", func() bool {
		got := v.get("/readyz")
		return got.status == 503 && strings.Contains(string(got.body), "clock")
	})
	v.get("/account").is(200, "/account")
	db.do(db.in, "ALTER DATABASE "+db.name+" RESET search_path")
	db.cut()
	eventually(t, "readiness", func() bool { return v.get("/readyz").status == 200 })
	v.get("/account").is(200, "/account")
	visit(t, p.url(), nil).signIn(admin, ownPassword).is(200, "/account")
	if !strings.Contains(p.log.String(), "the clock jumped") {
		t.Error("the log says nothing about it")
	}
	p.stopped()
}
