package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/pressly/goose/v3"

	"github.com/mortise-auth/mortise/storage/internal/schema"
)

//go:embed migrations/*.sql
var embedded embed.FS

func migrations() (fs.FS, []schema.Migration, error) {
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return nil, nil, err
	}
	all, err := readMigrations()
	return files, all, err
}

// readMigrations reads them once per process.
var readMigrations = sync.OnceValues(func() ([]schema.Migration, error) {
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return nil, err
	}
	return schema.Read(files)
})

// createTable is goose's own, so that goose finds what it expects.
const createTable = `CREATE TABLE ` + schema.Table + ` (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	version_id INTEGER NOT NULL,
	is_applied INTEGER NOT NULL,
	tstamp TIMESTAMP DEFAULT (datetime('now'))
)`

// Status is what a data folder has, what this program wants, and the SQL that
// would get it there, without changing anything or taking the folder. have is 0
// for a folder without a database.
func Status(ctx context.Context, dir string) (have, want int64, pending string, err error) {
	_, all, err := migrations()
	if err != nil {
		return 0, 0, "", err
	}
	info, err := os.Stat(filepath.Join(dir, file))
	if err == nil && info.Size() > 0 {
		conn, err := dial(readDSN(dir))
		if err != nil {
			return 0, 0, "", err
		}
		defer conn.close()
		if have, err = version(conn); err != nil {
			return 0, 0, "", err
		}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, 0, "", err
	}
	return have, schema.Want(all), schema.Pending(all, have), nil
}

// version is the schema's; 0 for an empty database.
func version(c *conn) (v int64, err error) {
	var tables int64
	if err := one(c, "SELECT count(*) FROM sqlite_master WHERE name = '"+schema.Table+"'", &tables); err != nil || tables == 0 {
		return 0, err
	}
	err = one(c, "SELECT coalesce(max(version_id), 0) FROM "+schema.Table, &v)
	return v, err
}

// one reads a single row outside of an act.
func one(c *conn, query string, dest ...any) error {
	r, err := c.query(query, nil)
	if err != nil {
		return err
	}
	return row{r, nil}.Scan(dest...)
}

func (s *Store) migrate(ctx context.Context, conn *conn) error {
	files, all, err := migrations()
	if err != nil {
		return err
	}
	s.want = schema.Want(all)
	if s.have, err = version(conn); err != nil {
		return err
	}
	switch {
	case s.have == 0:
		err = conn.script("BEGIN IMMEDIATE;\n" + schema.Fresh(all, createTable, "1") + "COMMIT;")
	case s.have < s.want && !s.options.Manual:
		err = upgrade(ctx, s.dir, files)
	default:
		return schema.Check(s.have, s.want)
	}
	if err != nil {
		return fmt.Errorf("sqlite: migrate: %w", err)
	}
	s.have = s.want
	return nil
}

// upgrade lets goose bring a database with data up to date, each step in a
// transaction of its own. The folder's lock keeps everybody else out.
func upgrade(ctx context.Context, dir string, files fs.FS) error {
	db, err := sql.Open("sqlite", writeDSN(dir, false))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}
