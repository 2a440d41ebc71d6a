package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// ErrTooSlow: an act held its transaction open for longer than an act may
// (TH-26). It was undone.
var ErrTooSlow = problem.New(problem.Unavailable, "act_too_slow", "That took too long and was not done. Try again in a moment.").After(time.Second)

var (
	errSpent   = errors.New("postgres: a failed act goes on")
	errOutside = errors.New("postgres: used outside of the function it was given to")
	errStandby = errors.New("postgres: this server is a standby")
)

// translate gives a driver error the name the nouns know it by. Constraint
// violations are answers, faults in our SQL are bugs, whatever else goes wrong
// between us and the server is an outage.
func translate(err error) error {
	if err == nil || problem.Of(err).Kind != problem.Internal {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return sqlstore.ErrNoRows
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return translateCode(pg, err)
	}
	var scan pgx.ScanArgError
	if errors.As(err, &scan) || errors.Is(err, context.Canceled) {
		return err
	}
	return unavailable(err)
}

func translateCode(pg *pgconn.PgError, err error) error {
	switch pg.Code {
	case "23505":
		return fmt.Errorf("%w: %w", sqlstore.ErrUnique, err)
	case "23503", "23001":
		return fmt.Errorf("%w: %w", sqlstore.ErrReference, err)
	case "25006", "57014": // read-only since a failover; cancelled by a timeout
		return unavailable(err)
	}
	switch class := pg.Code[:2]; {
	case class == "23":
		return fmt.Errorf("%w: %w", sqlstore.ErrCheck, err)
	case strings.Contains("08 40 53 54 55 57 58 XX", class):
		return unavailable(err)
	}
	return err
}

// conflict reports whether the transaction lost against another and may win
// when it is run again.
func conflict(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

func unavailable(cause error) error {
	return store.ErrUnavailable.After(time.Second).Because(cause)
}
