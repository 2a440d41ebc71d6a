package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/storage/internal/rewind"
	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// The origin says which database this is: the cluster, its timeline, which a
// failover or a point-in-time restore raises, and the oid of a table, which a
// dump that was put back changes (TH-12, TH-24). A server that does not let us
// see one of the first two leaves it empty, always.
const (
	clusterSQL  = `SELECT system_identifier::text FROM pg_control_system()`
	timelineSQL = `SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END`
	tableSQL    = `SELECT coalesce(to_regclass('instance')::oid::text, '')`
)

func readOrigin(ctx context.Context, c *pgx.Conn) (string, error) {
	var parts [3]string
	for i, sql := range []string{clusterSQL, timelineSQL, tableSQL} {
		err := c.QueryRow(ctx, sql).Scan(&parts[i])
		var pg *pgconn.PgError
		if errors.As(err, &pg) && (pg.Code == "42501" || pg.Code == "42883" || pg.Code == "0A000") {
			continue // not permitted, or not PostgreSQL's own
		}
		if err != nil {
			return "", translate(err)
		}
		if i == 1 && parts[i] == "" {
			return "", unavailable(errStandby)
		}
	}
	return parts[0] + "/" + parts[1] + "/" + parts[2], nil
}

// greet runs on every new connection: the first one to a promoted standby finds
// another timeline, before any request is answered from it.
func (s *Store) greet(ctx context.Context, c *pgx.Conn) error {
	known := s.origin.Load()
	if known == nil {
		return nil // opening
	}
	now, err := readOrigin(ctx, c)
	if err != nil || now == *known {
		return err
	}
	return s.reconcile(ctx, c)
}

// sameServer is greet for connections that a proxy or a host's pool made.
func (s *Store) sameServer(ctx context.Context, c *pgxpool.Conn) error {
	if s.owned && c.Conn().Config().DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		return nil
	}
	return s.greet(ctx, c.Conn())
}

// reconcile compares the server's origin with the one the database was last
// used at. Of several replicas the first to notice a change ends everything.
func (s *Store) reconcile(ctx context.Context, c *pgx.Conn) error {
	now, err := readOrigin(ctx, c)
	if err != nil {
		return err
	}
	a := newAct(c)
	rewound := false
	err = a.run(ctx, func(tx sqlstore.Tx) error {
		var was string
		if err := tx.QueryRow(ctx, "SELECT origin FROM instance FOR UPDATE").Scan(&was); err != nil || was == now {
			return err
		}
		if rewound = was != ""; rewound {
			if err := s.endAll(ctx, a); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "UPDATE instance SET origin = $1", now)
		return err
	})
	if err != nil {
		return err
	}
	if known := s.origin.Swap(&now); rewound || known != nil && *known != now {
		s.restored.Store(true)
		s.revoked([]revocation.Entry{{Kind: revocation.Instance}})
	}
	return nil
}

func (s *Store) endAll(ctx context.Context, a *act) error {
	var micros int64
	if err := a.QueryRow(ctx, clock).Scan(&micros); err != nil {
		return err
	}
	return rewind.End(ctx, a, s.in(a).Audit(), time.UnixMicro(micros).UTC(), "another_server")
}
