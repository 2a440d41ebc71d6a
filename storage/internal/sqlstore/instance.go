package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/secret"
)

// facts keeps the one row of instance, and the small things beside it.
type facts set

func (s facts) Facts(ctx context.Context) (f instance.Facts, err error) {
	err = s.e.Read(ctx, func(q Querier) error {
		return q.QueryRow(ctx, `SELECT id, epoch, dev, setup_done_at, created_at FROM instance`).
			Scan(bytesOf(f.ID[:]), &f.Epoch, truthOf{&f.Dev}, timeOf{&f.SetupDone}, timeOf{&f.CreatedAt})
	})
	return f, err
}

func (s facts) MarkDev(ctx context.Context) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `UPDATE instance SET dev = 1 WHERE dev = 0`)
	})
}

func (s facts) Setup(ctx context.Context) (v instance.Setup, err error) {
	err = s.e.Read(ctx, func(q Querier) error {
		var done time.Time
		err := q.QueryRow(ctx, `SELECT setup_code, setup_expires_at, setup_wrong, setup_browser, setup_done_at FROM instance`).
			Scan(bytesOf(v.Code[:]), timeOf{&v.ExpiresAt}, &v.Wrong, bytesOf(v.Browser[:]), timeOf{&done})
		if err == nil && !done.IsZero() {
			v, err = instance.Setup{}, instance.ErrSetupDone
		}
		return err
	})
	return v, err
}

func (s facts) OpenSetup(ctx context.Context, code secret.Digest, expires time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE instance SET setup_code = $1, setup_expires_at = $2, setup_wrong = 0, setup_browser = NULL
			WHERE setup_done_at IS NULL`, seal(code), at(expires))
		return exactly(n, err, instance.ErrSetupDone)
	})
}

// openSetup is the condition under which a code may still be tried.
const openSetup = `setup_done_at IS NULL AND setup_browser IS NULL AND setup_expires_at > $2 AND setup_wrong < $3`

// TakeSetup is two conditional statements, of which one takes effect: the first
// takes a code that fits, the second counts one that does not. The count and its
// event are kept although the caller gets an error, so it is no error of the act.
func (s facts) TakeSetup(ctx context.Context, code, browser secret.Digest, now time.Time, ev audit.Event) error {
	var outcome error
	err := s.e.Write(ctx, func(tx Tx) error {
		outcome = nil
		n, err := tx.Exec(ctx, `UPDATE instance SET setup_browser = $4 WHERE setup_code = $1 AND `+openSetup,
			seal(code), at(now), instance.MaxWrong, seal(browser))
		if err != nil || n == 1 {
			return err
		}
		n, err = tx.Exec(ctx, `UPDATE instance SET setup_wrong = setup_wrong + 1 WHERE setup_code <> $1 AND `+openSetup,
			seal(code), at(now), instance.MaxWrong)
		if err != nil || n == 0 {
			outcome = s.closed(ctx, tx)
			return err
		}
		outcome = instance.ErrSetupCode
		wrong := audit.New(instance.SetupWrongCode, now, ev.Actor, ev.Source, ev.Subject)
		return record(ctx, tx, wrong.Failed(audit.Failure, instance.ErrSetupCode.Code))
	})
	if err != nil {
		return err
	}
	return outcome
}

func (s facts) CompleteSetup(ctx context.Context, browser secret.Digest, now time.Time, ev audit.Event) error {
	sql := `UPDATE instance SET setup_done_at = $1, setup_code = NULL, setup_browser = NULL WHERE setup_done_at IS NULL`
	args := []any{at(now)}
	if !browser.IsZero() {
		sql, args = sql+` AND setup_browser = $2`, append(args, seal(browser))
	}
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, sql, args...)
		if err == nil && n == 0 {
			return s.closed(ctx, tx)
		}
		return err
	})
}

// closed says why setup cannot go on.
func (s facts) closed(ctx context.Context, tx Tx) error {
	done, err := number(tx.QueryRow(ctx, `SELECT COUNT(*) FROM instance WHERE setup_done_at IS NOT NULL`))
	switch {
	case err != nil:
		return err
	case done > 0:
		return instance.ErrSetupDone
	}
	return instance.ErrSetupClosed
}
