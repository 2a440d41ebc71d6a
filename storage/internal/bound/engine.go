// Package bound is the engine that a transaction's stores run on: their acts
// join the transaction.
package bound

import (
	"context"

	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// Act is a transaction under way.
type Act interface {
	sqlstore.Tx
	// Wrote counts the statements so far that changed a row.
	Wrote() int
	// Doom makes the whole transaction fail with err, whatever its function returns.
	Doom(err error)
}

// Engine implements sqlstore.Engine inside one transaction.
type Engine struct {
	Act Act
	In  sqlstore.Dialect
}

func (e Engine) Read(_ context.Context, fn func(sqlstore.Querier) error) error { return fn(e.Act) }

// Write joins. An act that fails half-way dooms the transaction: the caller may
// swallow a refusal, but not one that left rows behind.
func (e Engine) Write(_ context.Context, fn func(sqlstore.Tx) error) error {
	before := e.Act.Wrote()
	err := fn(e.Act)
	if err != nil && e.Act.Wrote() != before {
		e.Act.Doom(err)
	}
	return err
}

// Number does nothing: what is not committed has no number.
func (e Engine) Number(context.Context) error { return nil }

func (e Engine) Dialect() sqlstore.Dialect { return e.In }
