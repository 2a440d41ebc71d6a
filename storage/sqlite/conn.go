package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strconv"
	"strings"

	"modernc.org/sqlite"

	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// conn is one connection with its prepared statements. It is used without
// database/sql, whose pool and locks cost more than the statement of a look-up,
// and without cancellable contexts, which cost a goroutine each: statements are
// short, and contexts are asked between them.
type conn struct {
	raw   driver.Conn
	stmts map[string]*stmt
	args  []driver.NamedValue // reused
	open  *rows               // being read; at most one
}

// stmt is a prepared statement, and which argument each of its parameters is.
type stmt struct {
	driver.Stmt
	order []int
}

// maxStmts bounds the cache. The texts are constants, so it is never reached.
const maxStmts = 512

func dial(dsn string) (*conn, error) {
	raw, err := new(sqlite.Driver).Open(dsn)
	if err != nil {
		return nil, translate(err)
	}
	return &conn{raw: raw, stmts: make(map[string]*stmt)}, nil
}

func (c *conn) close() error {
	for _, s := range c.stmts {
		s.Close()
	}
	c.stmts = nil
	return c.raw.Close()
}

// reset closes rows that were left open.
func (c *conn) reset() {
	if c.open != nil {
		c.open.Close()
	}
}

// script runs statements without parameters, uncached.
func (c *conn) script(sql string) error {
	_, err := c.raw.(driver.ExecerContext).ExecContext(context.Background(), sql, nil)
	return translate(err)
}

var errRowsOpen = errors.New("sqlite: rows of the last statement are still open")

func (c *conn) prepare(sql string) (*stmt, error) {
	if c.open != nil {
		return nil, errRowsOpen
	}
	if s, ok := c.stmts[sql]; ok {
		return s, nil
	}
	if len(c.stmts) >= maxStmts {
		for text, s := range c.stmts {
			s.Close()
			delete(c.stmts, text)
		}
	}
	text, order := unnamed(sql)
	raw, err := c.raw.Prepare(text)
	if err != nil {
		return nil, translate(err)
	}
	s := &stmt{raw, order}
	c.stmts[sql] = s
	return s, nil
}

// unnamed is sql with parameters that have no names, and which argument each is: the
// driver asks for the name of every one, every time, which costs more than binding it.
func unnamed(sql string) (string, []int) {
	var out strings.Builder
	var order []int
	for {
		before, after, more := strings.Cut(sql, "$")
		out.WriteString(before)
		if !more {
			return out.String(), order
		}
		end := 0
		for end < len(after) && '0' <= after[end] && after[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(after[:end])
		if err != nil { // it is no parameter
			out.WriteByte('$')
		} else {
			out.WriteByte('?')
			order = append(order, n-1)
		}
		sql = after[end:]
	}
}

var errArguments = errors.New("sqlite: a statement with other parameters than arguments")

func (c *conn) bind(order []int, args []any) ([]driver.NamedValue, error) {
	c.args = c.args[:0]
	for i, n := range order {
		if n < 0 || n >= len(args) {
			return nil, errArguments
		}
		v, err := value(args[n])
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return c.args, nil
}

// value is a as SQLite stores it.
func value(a any) (driver.Value, error) {
	switch v := a.(type) {
	case nil, int64, string:
		return v, nil
	case []byte:
		if v == nil {
			return nil, nil // a typed nil would become an empty blob
		}
		return v, nil
	case int:
		return int64(v), nil
	case bool:
		return truth(v), nil
	}
	v, err := driver.DefaultParameterConverter.ConvertValue(a)
	if b, ok := v.(bool); ok {
		return truth(b), err
	}
	return v, err
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (c *conn) exec(sql string, args []any) (int64, error) {
	s, err := c.prepare(sql)
	if err != nil {
		return 0, err
	}
	values, err := c.bind(s.order, args)
	if err != nil {
		return 0, err
	}
	res, err := s.Stmt.(driver.StmtExecContext).ExecContext(context.Background(), values)
	if err != nil {
		return 0, translate(err)
	}
	return res.RowsAffected()
}

func (c *conn) query(sql string, args []any) (*rows, error) {
	s, err := c.prepare(sql)
	if err != nil {
		return nil, err
	}
	values, err := c.bind(s.order, args)
	if err != nil {
		return nil, err
	}
	r, err := s.Stmt.(driver.StmtQueryContext).QueryContext(context.Background(), values)
	if err != nil {
		return nil, translate(err)
	}
	c.open = &rows{conn: c, raw: r, values: make([]driver.Value, len(r.Columns()))}
	return c.open, nil
}

// rows implements sqlstore.Rows.
type rows struct {
	conn   *conn
	raw    driver.Rows
	values []driver.Value
	err    error
	ctx    context.Context // asked between rows; nil when it cannot end
}

func (r *rows) Next() bool {
	if r.err != nil || r.raw == nil {
		return false
	}
	if r.ctx != nil && r.ctx.Err() != nil {
		r.err = r.ctx.Err()
		return false
	}
	err := r.raw.Next(r.values)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = translate(err)
	}
	return err == nil
}

func (r *rows) Scan(dest ...any) error { return scan(r.values, dest) }

func (r *rows) Err() error { return r.err }

func (r *rows) Close() error {
	if r.raw == nil {
		return nil
	}
	err := r.raw.Close()
	r.raw, r.conn.open = nil, nil
	return translate(err)
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
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return sqlstore.ErrNoRows
	}
	return r.rows.Scan(dest...)
}
