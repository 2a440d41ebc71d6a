package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/storage/internal/bound"
	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// Options say how to open a folder. The zero Options are right for production.
type Options struct {
	// Manual refuses a database that needs a migration (store.ErrOlderSchema)
	// instead of migrating it. A fresh one is made either way.
	Manual bool
	// Readers is how many reads run at once; 0: two per core, at most 16.
	Readers int
	// volatile leaves out what only matters after a power cut.
	volatile bool
}

// Store is an open data folder. It implements store.Store and is safe for
// concurrent use.
type Store struct {
	store.Set
	dir      string
	options  Options
	lock     *os.File
	mark     *mark
	writer   *writer
	readers  *readers
	hooks    []func([]revocation.Entry)
	have     int64
	want     int64
	restored bool
	closing  sync.Once
	closed   error
	cleanup  func() error // before the files are closed: SQLite copies no log into one that is gone
}

var (
	_ store.Store     = (*Store)(nil)
	_ sqlstore.Engine = (*Store)(nil)
)

// file is the database in its folder.
const file = "mortise.db"

// Open opens the database in folder dir, making both when they do not exist,
// and holds the folder until Close. Errors: store.ErrLocked, store.ErrNewerSchema,
// store.ErrOlderSchema (Manual only), store.ErrUnavailable. When the database
// turns out to be a restored one, everything alive in it has ended by the time
// Open returns, and Restored tells.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	s := &Store{dir: dir, options: o, cleanup: func() error { return nil }}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.release())
	}
	return s, nil
}

// Memory opens a database for development and tests in a temporary folder that
// Close removes. It survives a crash of the process, not one of the machine.
func Memory(ctx context.Context, o Options) (*Store, error) {
	dir, err := os.MkdirTemp("", "mortise-")
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	o.volatile = true
	s, err := openCopy(ctx, dir, o)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.cleanup = func() error { return os.RemoveAll(dir) }
	return s, nil
}

// openCopy opens a folder that starts with the schema already in place.
func openCopy(ctx context.Context, dir string, o Options) (*Store, error) {
	image, err := blank()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, file), image, 0o600); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	return Open(ctx, dir, o)
}

// blank is a database with today's schema and nothing in it. Making one takes
// longer than everything else that opening does, so it is made once.
var blank = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "mortise-")
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	defer os.RemoveAll(dir)
	conn, err := dial(writeDSN(dir, true))
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir}
	if err := errors.Join(s.migrate(context.Background(), conn), conn.close()); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, file))
})

func (s *Store) open(ctx context.Context) error {
	if err := makeFolder(s.dir); err != nil {
		return fmt.Errorf("sqlite: data folder: %w", err)
	}
	var err error
	if s.lock, err = lockFolder(s.dir); err != nil {
		return err
	}
	if s.mark, err = openMark(s.dir, s.options.volatile); err != nil {
		return fmt.Errorf("sqlite: epoch file: %w", err)
	}
	s.readers = newReaders(readDSN(s.dir), s.options.readers())
	if logged(s.dir) {
		s.readers.warm()
	}
	conn, err := dial(writeDSN(s.dir, s.options.volatile))
	if err != nil {
		return err
	}
	if err := s.begin(ctx, conn); err != nil {
		if s.writer == nil {
			conn.close()
		}
		return err
	}
	return nil
}

// begin brings the schema up to date, finds out what this database is, and
// starts the writer; the restore of TH-24 is its first act.
func (s *Store) begin(ctx context.Context, conn *conn) error {
	if err := s.migrate(ctx, conn); err != nil {
		return err
	}
	id, err := s.identify(conn)
	if err != nil {
		return err
	}
	why, err := s.mark.rewound(id.origin, id.heads)
	if err != nil {
		return err
	}
	s.writer = newWriter(conn, s.mark, id.heads)
	s.Set = sqlstore.NewSet(s)
	if why != "" {
		return s.rewind(ctx, id, why)
	}
	return nil
}

func (o Options) readers() int {
	if o.Readers > 0 {
		return o.Readers
	}
	return min(2*runtime.GOMAXPROCS(0), 16)
}

// makeFolder makes the folder and an empty database file that only their owner
// may enter; SQLite gives its other files the database's mode.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// logged reports whether there is a database with a write-ahead log: two connections
// may open one at once, while nobody else may be there when it gets its log.
func logged(dir string) bool {
	f, err := os.Open(filepath.Join(dir, file))
	if err != nil {
		return false
	}
	defer f.Close()
	var versions [2]byte // of the file format, to write and to read
	_, err = f.ReadAt(versions[:], 18)
	return err == nil && versions == [2]byte{2, 2}
}

// Read implements sqlstore.Engine.
func (s *Store) Read(ctx context.Context, fn func(sqlstore.Querier) error) error {
	return s.readers.read(ctx, fn)
}

// Write implements sqlstore.Engine.
func (s *Store) Write(ctx context.Context, fn func(sqlstore.Tx) error) error {
	source := store.Source(ctx)
	var err error
	for range patience {
		if err = s.submit(ctx, newAct(s.writer, fn), source); !errors.Is(err, ErrTooSlow) {
			break
		}
	}
	return err
}

// patience is how often an act is tried that was cut off. On a machine whose
// cores are all busy an honest one may be, without having done anything but wait
// for its turn.
const patience = 3

func (s *Store) submit(ctx context.Context, a *act, source string) error {
	if err := s.writer.queue.push(a, source); err != nil {
		return err
	}
	if err := a.await(ctx); err != nil {
		return err
	}
	if len(a.entries) > 0 {
		for _, f := range s.hooks {
			f(a.entries)
		}
	}
	return nil
}

// InTx implements store.Store. fn runs on the writer's goroutine, while all
// others wait; what it panics with goes on in the caller.
func (s *Store) InTx(ctx context.Context, fn func(store.Set) error) error {
	return s.Write(ctx, func(tx sqlstore.Tx) error {
		return fn(sqlstore.NewSet(bound.Engine{Act: tx.(*act)}))
	})
}

// Number implements sqlstore.Engine: acts number their own rows here.
func (s *Store) Number(context.Context) error { return nil }

// Dialect implements sqlstore.Engine: one writer needs no locks.
func (s *Store) Dialect() sqlstore.Dialect { return sqlstore.Dialect{} }

// OnRevoke implements store.Store.
func (s *Store) OnRevoke(f func([]revocation.Entry)) { s.hooks = append(s.hooks, f) }

// Now implements store.Store: it is the machine's clock, in milliseconds.
func (s *Store) Now(ctx context.Context) (now time.Time, err error) {
	err = s.Read(ctx, func(q sqlstore.Querier) error {
		now, err = clock(ctx, q)
		return err
	})
	return now, err
}

func clock(ctx context.Context, q sqlstore.Querier) (time.Time, error) {
	var ms int64
	err := q.QueryRow(ctx, "SELECT CAST(round(unixepoch('subsec') * 1000) AS INTEGER)").Scan(&ms)
	return time.UnixMilli(ms).UTC(), err
}

// Schema implements store.Store.
func (s *Store) Schema(context.Context) (have, want int64, err error) { return s.have, s.want, nil }

// Restored implements store.Store.
func (s *Store) Restored() bool { return s.restored }

// Health implements store.Store. It writes one page.
func (s *Store) Health(ctx context.Context) error {
	if err := s.writer.broken(); err != nil {
		return err
	}
	if _, err := s.Now(ctx); err != nil {
		return err
	}
	return s.Write(ctx, func(tx sqlstore.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE heads SET number = number")
		return err
	})
}

// Engine implements store.Store.
func (s *Store) Engine() string { return "sqlite" }

// Close implements store.Store. Acts that wait are still done.
func (s *Store) Close() error {
	s.closing.Do(func() { s.closed = errors.Join(s.cleanup(), s.release()) })
	return s.closed
}

func (s *Store) release() error {
	var errs []error
	if s.readers != nil {
		s.readers.close()
	}
	if s.writer != nil {
		s.writer.stop()
		errs = append(errs, s.writer.conn.close())
	}
	if s.mark != nil {
		errs = append(errs, s.mark.file.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
