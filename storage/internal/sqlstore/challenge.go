package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

type challenges set

const challengeColumns = `id, user_id, flow, key, methods, user_version, password_version, failures, notice, enrol, origin, attempts, created_at, expires_at`

func scanChallenge(row Row) (c challenge.Challenge, err error) {
	err = row.Scan(bytesOf(c.ID[:]), bytesOf(c.User[:]), bytesOf(c.Flow[:]), &c.Key, listOf{&c.Methods}, &c.UserVersion, &c.PasswordVersion,
		&c.Failures, bytesOf(c.Notice[:]), truthOf{&c.Enrol}, &c.Origin, &c.Attempts, timeOf{&c.CreatedAt}, timeOf{&c.ExpiresAt})
	return c, err
}

func (s challenges) Put(ctx context.Context, c challenge.Challenge) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `INSERT INTO challenges (`+challengeColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
			raw(c.ID), raw(c.User), c.Flow[:], text(c.Key), words(c.Methods), c.UserVersion, c.PasswordVersion, c.Failures, ref(c.Notice),
			c.Enrol, text(c.Origin), c.Attempts, at(c.CreatedAt), at(c.ExpiresAt))
	})
}

func (s challenges) ByFlow(ctx context.Context, flow secret.Digest, now time.Time) (challenge.Challenge, error) {
	return one(ctx, s.e, challenge.ErrOver, scanChallenge, `SELECT `+challengeColumns+` FROM challenges
		WHERE flow = $1 AND used_at IS NULL AND expires_at > $2`, flow[:], at(now))
}

func (s challenges) Attempt(ctx context.Context, id challenge.ID, now time.Time) error {
	return s.spend(ctx, `UPDATE challenges SET attempts = attempts + 1
		WHERE id = $1 AND used_at IS NULL AND expires_at > $2 AND attempts < $3`, raw(id), at(now), challenge.MaxAttempts)
}

func (s challenges) Spend(ctx context.Context, id challenge.ID, now time.Time) error {
	return s.spend(ctx, `UPDATE challenges SET used_at = $2 WHERE id = $1 AND used_at IS NULL AND expires_at > $2`, raw(id), at(now))
}

// spend runs one conditional statement that must hit a row.
func (s challenges) spend(ctx context.Context, sql string, args ...any) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, sql, args...)
		return exactly(n, err, challenge.ErrOver)
	})
}

// Guess counts in one statement, so that of many tries at once none is lost.
func (s challenges) Guess(ctx context.Context, owner user.ID, method string, most int, now time.Time) (n int, err error) {
	err = s.e.Write(ctx, func(tx Tx) error {
		counted, err := number(tx.QueryRow(ctx, `INSERT INTO second_failures (user_id, method, failures, last_at) SELECT id, $2, 1, $3 FROM users WHERE id = $1
			ON CONFLICT (user_id, method) DO UPDATE SET failures = second_failures.failures + 1, last_at = excluded.last_at
			WHERE second_failures.failures < $4 RETURNING failures`, raw(owner), text(method), at(now), most))
		n = int(counted)
		return otherwise(err, challenge.ErrGuesses)
	})
	return n, err
}

func (s challenges) Forgive(ctx context.Context, owner user.ID) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `DELETE FROM second_failures WHERE user_id = $1`, raw(owner))
	})
}

func (s challenges) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM challenges WHERE id IN (
		SELECT id FROM challenges WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, at(before), limit)
}
