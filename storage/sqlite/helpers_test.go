package sqlite

import (
	"context"
	"fmt"
	"testing"

	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

func open(t *testing.T, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// put is an act of two rows: a setting, and the event that reports it.
func put(s *Store, key string) error {
	return s.Write(context.Background(), func(tx sqlstore.Tx) error { return putIn(tx, key) })
}

func putIn(tx sqlstore.Tx, key string) error {
	ctx := context.Background()
	if _, err := tx.Exec(ctx, "INSERT INTO settings (key, value) VALUES ($1, '')", key); err != nil {
		return err
	}
	return event(tx, key)
}

func event(tx sqlstore.Tx, subject string) error {
	n, _ := tx.Sequence(sqlstore.Events)
	return tx.Queue(context.Background(), `INSERT INTO audit_events (id, at, sequence, name, severity, outcome, reason,
		actor_type, actor_id, subject, session, client, ip, user_agent, place, request_id, details)
		VALUES ($1, 1, $2, 'test', 'info', 'success', '', 'system', '', $3, '', '', '', '', '', '', '{}')`,
		eventID(n), n, subject)
}

// query returns the first column of all rows.
func query(t *testing.T, s *Store, sql string) (all []string) {
	t.Helper()
	err := s.Read(t.Context(), func(q sqlstore.Querier) error {
		rows, err := q.Query(t.Context(), sql)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				return err
			}
			all = append(all, text)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// whole checks that acts and their events match and that the events' numbers
// have no gap above first (TH-23, TH-26).
func whole(t *testing.T, s *Store) {
	t.Helper()
	if odd := query(t, s, `SELECT key FROM settings WHERE key NOT IN (SELECT subject FROM audit_events)
		UNION SELECT subject FROM audit_events WHERE name = 'test' AND subject NOT IN (SELECT key FROM settings)`); len(odd) > 0 {
		t.Errorf("acts without event or events without act: %q", odd)
	}
	got := query(t, s, "SELECT count(*) || ' ' || coalesce(max(sequence), 0) || ' ' || (SELECT number FROM heads WHERE name = 'audit') FROM audit_events")
	var rows, top, head int64
	if _, err := fmt.Sscan(got[0], &rows, &top, &head); err != nil || rows != top || top != head {
		t.Errorf("events, highest number, head = %s; want all the same", got[0])
	}
}
