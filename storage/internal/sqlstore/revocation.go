package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/user"
)

type revocations set

// revoke adds an entry to the act tx: the row that other processes will read,
// and the word to this one (TH-10). Sessions, grants and tokens of an account go
// through revokeOne.
func revoke(ctx context.Context, tx Tx, kind revocation.Kind, value [16]byte, version int64, now time.Time) error {
	return publish(ctx, tx, revocation.Entry{Kind: kind, Value: value, Version: version, At: now}, user.ID{})
}

// publish completes an entry by how long it is of use and to whom, and writes it.
func publish(ctx context.Context, tx Tx, e revocation.Entry, owner user.ID) (err error) {
	e.Until, e.Audiences = e.At, []string{}
	if e.Published() {
		if e.Until, err = lastBreath(ctx, tx, e); err != nil {
			return err
		}
		if e.Audiences, err = audiences(ctx, tx, e); err != nil {
			return err
		}
	}
	return writeEntry(ctx, tx, e, owner)
}

// lastBreath is when the last token that e concerns has expired on every clock
// (TH-15). What a key signed stays void.
func lastBreath(ctx context.Context, tx Tx, e revocation.Entry) (time.Time, error) {
	if e.Kind == revocation.Key {
		return time.Time{}, nil
	}
	life, err := number(tx.QueryRow(ctx, `SELECT token_life FROM instance`))
	return e.At.Add(time.Duration(life)*time.Microsecond + 2*revocation.Leeway), err
}

func writeEntry(ctx context.Context, tx Tx, e revocation.Entry, owner user.ID) error {
	var number any
	if n, ok := tx.Sequence(Revocations); ok {
		number, e.Number = n, n
	}
	tx.Revoke(e)
	return tx.Queue(ctx, `INSERT INTO revocations (number, kind, value, version, at, until, audiences, owner) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		number, string(e.Kind), raw(e.Value), e.Version, at(e.At), at(e.Until), audienceText(e.Audiences), ref(owner))
}

func audienceText(list []string) string {
	if list == nil {
		return ""
	}
	return words(list)
}

// revokeOne adds an entry for one session, grant or token of owner. An account
// beyond its budget loses all its tokens instead, with one entry for all that
// were alive (TH-17); it stays so until that entry has had its time.
func revokeOne(ctx context.Context, tx Tx, kind revocation.Kind, value [16]byte, owner user.ID, now time.Time) error {
	within, err := withinBudget(ctx, tx, owner, now)
	if err != nil {
		return err
	}
	if within {
		return publish(ctx, tx, revocation.Entry{Kind: kind, Value: value, At: now}, owner)
	}
	version, err := raiseTokens(ctx, tx, owner)
	if errors.Is(err, ErrNoRows) { // the account went, with an entry of its own
		return nil
	}
	if err != nil {
		return err
	}
	if err := tx.Queue(ctx, `DELETE FROM revocations WHERE owner = $1`, raw(owner)); err != nil {
		return err
	}
	return publish(ctx, tx, revocation.Entry{Kind: revocation.Refresh, Value: owner, Version: version, At: now}, owner)
}

// withinBudget reports whether owner, an account or a client, may have one more
// single entry alive.
func withinBudget(ctx context.Context, tx Tx, owner [16]byte, now time.Time) (bool, error) {
	alive, err := number(tx.QueryRow(ctx, `SELECT COALESCE(SUM(CASE WHEN kind = 'refresh' OR kind = 'sub' THEN CAST($3 AS BIGINT) ELSE 1 END), 0) FROM revocations
		WHERE owner = $1 AND until > $2`, raw(owner), at(now), revocation.Budget))
	return alive < revocation.Budget, err
}

// demote tells that an account lost authority: its tokens die, its sessions stay.
func demote(ctx context.Context, tx Tx, id user.ID, now time.Time) error {
	version, err := raiseTokens(ctx, tx, id)
	if err != nil {
		return otherwise(err, user.ErrUnknown)
	}
	return revoke(ctx, tx, revocation.Refresh, id, version, now)
}

// tokenVersion is the version that tokens of an account carry, and nextToken the
// one after it.
const (
	tokenVersion = `(SELECT CASE WHEN token_version < token_floor THEN token_floor ELSE token_version END FROM instance)`
	nextToken    = `(` + tokenVersion + ` + 1)`
)

func raiseTokens(ctx context.Context, tx Tx, id user.ID) (int64, error) {
	return number(tx.QueryRow(ctx, `UPDATE users SET token_version = `+nextToken+` WHERE id = $1 RETURNING token_version`, raw(id)))
}

// RaiseFloor moves every account's token version above all that were ever
// issued, and kills every token issued before. Versions rise by one per act and
// so stay below the clock's microseconds, also those of commits that were lost
// (TH-12).
func RaiseFloor(ctx context.Context, tx Tx, now time.Time) error {
	floor, err := number(tx.QueryRow(ctx, `UPDATE instance SET token_floor = (SELECT MAX(version) FROM (
		SELECT CAST($1 AS BIGINT) AS version
		UNION ALL SELECT token_floor + 1 FROM instance
		UNION ALL SELECT COALESCE(MAX(token_version), 0) + 1 FROM users WHERE token_version > 1) AS above) RETURNING token_floor`, now.UnixMicro()))
	if err != nil {
		return err
	}
	return revoke(ctx, tx, revocation.Instance, [16]byte{}, floor, now)
}

// refresh tells of accounts whose roles, memberships or names changed; lost says
// that authority went with it. The query selects their ids; its last parameter
// is a limit.
func refresh(ctx context.Context, tx Tx, lost bool, now time.Time, sql string, args ...any) error {
	ids, err := collect(ctx, tx, scanID, sql, append(args, revocation.Wide+1)...)
	switch {
	case err != nil:
		return err
	case len(ids) <= revocation.Wide:
		return refreshEach(ctx, tx, lost, now, ids)
	case lost:
		return RaiseFloor(ctx, tx, now)
	}
	return revoke(ctx, tx, revocation.Instance, [16]byte{}, 0, now)
}

func refreshEach(ctx context.Context, tx Tx, lost bool, now time.Time, ids [][16]byte) (err error) {
	for _, id := range ids {
		if lost {
			err = demote(ctx, tx, id, now)
		} else {
			err = revoke(ctx, tx, revocation.Refresh, id, 0, now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func scanID(row Row) (id [16]byte, err error) {
	err = row.Scan(bytesOf(id[:]))
	return id, err
}

func (s revocations) Put(ctx context.Context, entries ...revocation.Entry) error {
	return s.e.Write(ctx, func(tx Tx) error {
		for _, e := range entries {
			if err := publish(ctx, tx, e, user.ID{}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s revocations) Outlast(ctx context.Context, life time.Duration) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `UPDATE instance SET token_life = $1 WHERE token_life < $1`, life.Microseconds())
	})
}

func (s revocations) Rewound(ctx context.Context, old, fresh string, now time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE instance SET epoch = $2 WHERE epoch = $1`, old, fresh)
		if err != nil || n == 0 {
			return err
		}
		return RaiseFloor(ctx, tx, now)
	})
}

func (s revocations) Head(ctx context.Context) (number int64, epoch string, err error) {
	if err := s.e.Number(ctx); err != nil {
		return 0, "", err
	}
	err = s.e.Read(ctx, func(q Querier) error {
		return q.QueryRow(ctx, `SELECT h.number, i.epoch FROM heads h CROSS JOIN instance i WHERE h.name = $1`, string(Revocations)).Scan(&number, &epoch)
	})
	return number, epoch, err
}

const entryColumns = `number, kind, value, version, at, until, audiences`

func (s revocations) Since(ctx context.Context, number int64, limit int) ([]revocation.Entry, error) {
	if err := s.e.Number(ctx); err != nil {
		return nil, err
	}
	return many(ctx, s.e, scanEntry,
		`SELECT `+entryColumns+` FROM revocations WHERE number > $1 ORDER BY number LIMIT $2`, number, limit)
}

func scanEntry(row Row) (e revocation.Entry, err error) {
	err = row.Scan(entryFields(&e)...)
	return e, err
}

func entryFields(e *revocation.Entry) []any {
	return []any{
		&e.Number,
		kindOf{&e.Kind},
		bytesOf(e.Value[:]), &e.Version,
		timeOf{&e.At},
		timeOf{&e.Until},
		audiencesOf{&e.Audiences},
	}
}

// page is how many entries a snapshot hands out at once.
const page = 1000

// Snapshot is one statement, so that it sees one state of the store however long
// it is read (TH-15). The join yields the head also when nothing lives.
func (s revocations) Snapshot(ctx context.Context, now time.Time, fn func(int64, string, []revocation.Entry) error) error {
	if err := s.e.Number(ctx); err != nil {
		return err
	}
	return s.e.Read(ctx, func(q Querier) (err error) {
		rows, err := q.Query(ctx, `SELECT h.number, i.epoch, COALESCE(r.number, 0), COALESCE(r.kind, ''), r.value, COALESCE(r.version, 0),
			r.at, r.until, COALESCE(r.audiences, '[]')
			FROM heads h CROSS JOIN instance i LEFT JOIN revocations r
			ON r.number <= h.number AND (r.until IS NULL OR r.until > $1) AND r.audiences <> '[]'
			WHERE h.name = $2`, at(now), string(Revocations))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		return pages(rows, fn)
	})
}

func pages(rows Rows, fn func(int64, string, []revocation.Entry) error) error {
	var head int64
	var epoch string
	entries := make([]revocation.Entry, 0, page)
	for rows.Next() {
		var e revocation.Entry
		if err := rows.Scan(append([]any{&head, &epoch}, entryFields(&e)...)...); err != nil {
			return err
		}
		if e.Kind == "" {
			continue
		}
		if entries = append(entries, e); len(entries) == page {
			if err := fn(head, epoch, entries); err != nil {
				return err
			}
			entries = entries[:0]
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return fn(head, epoch, entries)
}

func (s revocations) Swept(ctx context.Context) (n int64, err error) {
	err = s.e.Read(ctx, func(q Querier) error {
		n, err = number(q.QueryRow(ctx, `SELECT number FROM heads WHERE name = 'swept'`))
		return err
	})
	return n, err
}

// Sweep leaves unnumbered rows alone: nobody has read them yet.
func (s revocations) Sweep(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = s.e.Write(ctx, func(tx Tx) error {
		gone, err := collect(ctx, tx, scanNumber, `DELETE FROM revocations WHERE id IN (
			SELECT id FROM revocations WHERE until < $1 AND number IS NOT NULL ORDER BY until LIMIT $2) RETURNING number`, at(before), limit)
		if n = len(gone); err != nil || n == 0 {
			return err
		}
		highest := gone[0]
		for _, number := range gone {
			highest = max(highest, number)
		}
		return tx.Queue(ctx, `UPDATE heads SET number = $1 WHERE name = 'swept' AND number < $1`, highest)
	})
	return n, err
}

func scanNumber(row Row) (int64, error) { return number(row) }

// kindOf fills a kind, audiencesOf a list whose absence is not its emptiness.
type (
	kindOf      struct{ k *revocation.Kind }
	audiencesOf struct{ list *[]string }
)

func (dst kindOf) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("want a kind, got %T", src)
	}
	*dst.k = revocation.Kind(s)
	return nil
}

func (dst audiencesOf) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("want a JSON text, got %T", src)
	}
	*dst.list = nil
	if s == "" {
		return nil
	}
	return json.Unmarshal([]byte(s), dst.list)
}
