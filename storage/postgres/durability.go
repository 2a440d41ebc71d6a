package postgres

import (
	"context"

	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// Durability implements store.Replicated, as the settings are for this user and
// database. Every role may count the standbys.
func (s *Store) Durability(ctx context.Context) (d store.Durability, err error) {
	err = s.Read(ctx, func(q sqlstore.Querier) error {
		var fsync string
		row := q.QueryRow(ctx, `SELECT current_setting('fsync'), current_setting('synchronous_commit'),
			current_setting('synchronous_standby_names'), (SELECT count(*) FROM pg_stat_replication)`)
		err := row.Scan(&fsync, &d.SynchronousCommit, &d.StandbyNames, &d.Standbys)
		d.Fsync = fsync == "on"
		return err
	})
	return d, err
}
