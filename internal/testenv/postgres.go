package testenv

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/mortise-auth/mortise/internal/testenv/services"
)

var postgresServer = server("MORTISE_TEST_POSTGRES_URL", func(ctx context.Context) (*services.Server, error) {
	return services.Postgres(ctx, services.Fast)
})

// Migrate brings the empty database at url to the current schema. It must have
// closed its connections when it returns.
type Migrate func(ctx context.Context, url string) error

// template is the migrated database that others are copied from. Copies are made
// one at a time: PostgreSQL wants a template nobody is connected to.
var template struct {
	sync.Mutex
	name string
	err  error
}

// Postgres returns the URL of a database of its own for t: a copy of one that
// migrate has prepared, once per process, so all callers in a package pass the same
// function. A nil migrate gives an empty database. It is dropped when t ends, with
// whatever is still connected.
func Postgres(t testing.TB, migrate Migrate) string {
	t.Helper()
	admin, err := postgresServer()
	if err != nil {
		t.Fatalf("testenv: no PostgreSQL: %v", err)
	}
	name := "mortise_" + ident(t.Name()) + "_" + unique()
	if err := clone(t.Context(), admin, name, migrate); err != nil {
		t.Fatalf("testenv: %v", err)
	}
	t.Cleanup(func() {
		if err := dropDatabase(context.Background(), admin, name); err != nil {
			t.Errorf("testenv: %v", err)
		}
	})
	return withDatabase(admin, name)
}

func clone(ctx context.Context, admin, name string, migrate Migrate) error {
	template.Lock()
	defer template.Unlock()
	if migrate == nil {
		return createDatabase(ctx, admin, name, "template0")
	}
	if template.name == "" && template.err == nil {
		template.name, template.err = prepare(ctx, admin, migrate)
	}
	if template.err != nil {
		return template.err
	}
	return createDatabase(ctx, admin, name, template.name)
}

func prepare(ctx context.Context, admin string, migrate Migrate) (string, error) {
	name := "mortise_template_" + unique()
	if err := createDatabase(ctx, admin, name, "template0"); err != nil {
		return "", err
	}
	AtEnd(func() error { return dropDatabase(context.Background(), admin, name) })
	if err := migrate(ctx, withDatabase(admin, name)); err != nil {
		return "", fmt.Errorf("migrating the template: %w", err)
	}
	return name, nil
}

func createDatabase(ctx context.Context, admin, name, from string) error {
	return execute(ctx, admin, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy", // the faster one where no checkpoint waits for a disk
		pgx.Identifier{name}.Sanitize(), pgx.Identifier{from}.Sanitize()))
}

func dropDatabase(ctx context.Context, admin, name string) error {
	return execute(ctx, admin, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
}

func execute(ctx context.Context, url, sql string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// withDatabase replaces the database that a postgres:// URL names.
func withDatabase(address, name string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // pgx will say what is wrong with it
	}
	u.Path = "/" + name
	return u.String()
}

// unique makes names that no other process on the same server uses.
func unique() string { return strings.ToLower(rand.Text()[:12]) }
