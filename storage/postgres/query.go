package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// plain turns truths into numbers, which is how both engines keep them.
func plain(args []any) []any {
	for i, a := range args {
		if b, ok := a.(bool); ok {
			args[i] = int64(0)
			if b {
				args[i] = int64(1)
			}
		}
	}
	return args
}

// rows implements sqlstore.Rows.
type rows struct {
	raw   pgx.Rows
	act   *act             // nil outside of a transaction
	batch pgx.BatchResults // the pipeline they came through, or nil
	err   error
}

func (r *rows) Next() bool { return r.raw.Next() }

func (r *rows) Scan(dest ...any) error { return translate(r.raw.Scan(dest...)) }

func (r *rows) Err() error {
	if r.err == nil {
		r.note(r.raw.Err())
	}
	return r.err
}

func (r *rows) Close() error {
	r.raw.Close()
	r.note(r.raw.Err())
	if r.batch != nil {
		r.note(r.batch.Close())
		r.batch = nil
	}
	return r.err
}

func (r *rows) note(err error) {
	if err == nil || r.err != nil {
		return
	}
	if r.act != nil {
		r.err = r.act.spoil(err)
	} else {
		r.err = translate(err)
	}
}

// row implements sqlstore.Row.
type row struct {
	rows sqlstore.Rows
	err  error
}

func (r row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	found := r.rows.Next()
	var err error
	if found {
		err = r.rows.Scan(dest...)
	}
	if closed := r.rows.Close(); closed != nil {
		return closed
	}
	if !found {
		return sqlstore.ErrNoRows
	}
	return err
}

// view lends a connection to one function that reads. Its statements run under
// the bounded context that the connection was lent for: the function's own may
// have no end, and a connection that swallows everything has none either (TH-11).
type view struct {
	conn *pgxpool.Conn
	ctx  context.Context //nolint:containedctx // of one call: the loan
}

func (v *view) Exec(_ context.Context, sql string, args ...any) (int64, error) {
	if v.conn == nil {
		return 0, errOutside
	}
	tag, err := v.conn.Exec(v.ctx, sql, plain(args)...)
	return tag.RowsAffected(), translate(err)
}

func (v *view) Query(_ context.Context, sql string, args ...any) (sqlstore.Rows, error) {
	if v.conn == nil {
		return nil, errOutside
	}
	r, err := v.conn.Query(v.ctx, sql, plain(args)...)
	if err != nil {
		return nil, translate(err)
	}
	return &rows{raw: r}, nil
}

func (v *view) QueryRow(ctx context.Context, sql string, args ...any) sqlstore.Row {
	r, err := v.Query(ctx, sql, args...)
	return row{r, err}
}
