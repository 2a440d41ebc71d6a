package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/user"
)

type approvals set

const approvalColumns = `id, kind, subject, payload, reason, requester, created_at, expires_at, decision, decider, decided_at`

func scanApproval(row Row) (r approval.Request, err error) {
	var kind, decision string
	err = row.Scan(bytesOf(r.ID[:]), &kind, bytesOf(r.Subject[:]), &r.Payload, &r.Reason, bytesOf(r.Requester[:]),
		timeOf{&r.CreatedAt}, timeOf{&r.ExpiresAt}, &decision, bytesOf(r.Decider[:]), timeOf{&r.DecidedAt})
	r.Kind, r.Decision = approval.Kind(kind), approval.Decision(decision)
	return r, err
}

func (s approvals) Put(ctx context.Context, r approval.Request, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if !r.Subject.IsZero() {
			if err := lock(ctx, tx, r.Subject, s.e.Dialect().ForUpdate); err != nil {
				return err
			}
		}
		n, err := number(tx.QueryRow(ctx, `SELECT count(*) FROM approvals WHERE kind = $1 AND (subject = $2 OR subject IS NULL AND $2 IS NULL)
			AND decision = '' AND expires_at > $3`, string(r.Kind), ref(r.Subject), at(r.CreatedAt)))
		if err == nil && n > 0 {
			err = approval.ErrWaiting
		}
		if err != nil {
			return err
		}
		return tx.Queue(ctx, `INSERT INTO approvals (`+approvalColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', NULL, NULL)`,
			raw(r.ID), string(r.Kind), ref(r.Subject), text(r.Payload), text(r.Reason), ref(r.Requester), at(r.CreatedAt), at(r.ExpiresAt))
	})
}

func (s approvals) ByID(ctx context.Context, id approval.ID, now time.Time) (approval.Request, error) {
	return one(ctx, s.e, approval.ErrUnknown, scanApproval, `SELECT `+approvalColumns+` FROM approvals WHERE id = $1 AND decision = '' AND expires_at > $2`, raw(id), at(now))
}

func (s approvals) Waiting(ctx context.Context, now time.Time, after approval.ID, limit int) ([]approval.Request, error) {
	return many(ctx, s.e, scanApproval, `SELECT `+approvalColumns+` FROM approvals
		WHERE decision = '' AND expires_at > $1 AND id > $2 ORDER BY id LIMIT $3`, at(now), raw(after), limit)
}

func (s approvals) Decide(ctx context.Context, id approval.ID, d approval.Decision, by user.ID, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE approvals SET decision = $2, decider = $3, decided_at = $4 WHERE id = $1 AND decision = '' AND expires_at > $4`,
			raw(id), string(d), ref(by), at(now))
		return exactly(n, err, approval.ErrUnknown)
	})
}

func (s approvals) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM approvals WHERE id IN (
		SELECT id FROM approvals WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, at(before), limit)
}
