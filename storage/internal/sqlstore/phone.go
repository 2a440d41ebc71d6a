package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/user"
)

type phones set

const phoneColumns = `id, user_id, number, created_at, confirmed_at, used_at`

func scanPhone(row Row) (p phone.Phone, err error) {
	err = row.Scan(bytesOf(p.ID[:]), bytesOf(p.User[:]), &p.Number, timeOf{&p.CreatedAt}, timeOf{&p.ConfirmedAt}, timeOf{&p.UsedAt})
	return p, err
}

func (s phones) Begin(ctx context.Context, p phone.Phone) error {
	return s.e.Write(ctx, func(tx Tx) error {
		if err := lock(ctx, tx, p.User, s.e.Dialect().ForUpdate); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM phones WHERE user_id = $1 AND confirmed_at IS NULL`, raw(p.User)); err != nil {
			return err
		}
		return tx.Queue(ctx, `INSERT INTO phones (`+phoneColumns+`) VALUES ($1, $2, $3, $4, NULL, NULL)`,
			raw(p.ID), raw(p.User), p.Number, at(p.CreatedAt))
	})
}

func (s phones) Pending(ctx context.Context, owner user.ID, id phone.ID, since time.Time) (phone.Phone, error) {
	return one(ctx, s.e, phone.ErrPending, scanPhone, `SELECT `+phoneColumns+` FROM phones
		WHERE id = $1 AND user_id = $2 AND confirmed_at IS NULL AND created_at > $3`, raw(id), raw(owner), at(since))
}

// Confirm waits for births of the account, and they for it (TH-1).
func (s phones) Confirm(ctx context.Context, owner user.ID, id phone.ID, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, owner, s.e.Dialect().ForUpdate); err != nil {
			return err
		}
		var have int
		err := tx.QueryRow(ctx, `SELECT count(*) FROM phones WHERE user_id = $1 AND confirmed_at IS NOT NULL`, raw(owner)).Scan(&have)
		if err == nil && have >= phone.MaxPhones {
			err = phone.ErrTooMany
		}
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE phones SET confirmed_at = $3 WHERE id = $1 AND user_id = $2 AND confirmed_at IS NULL AND created_at > $4`,
			raw(id), raw(owner), at(now), at(now.Add(-phone.PendingLife)))
		if err := exactly(n, err, phone.ErrPending); err != nil {
			return err
		}
		return otherFactors(ctx, tx, owner)
	})
}

func (s phones) Of(ctx context.Context, owner user.ID) ([]phone.Phone, error) {
	return many(ctx, s.e, scanPhone, `SELECT `+phoneColumns+` FROM phones WHERE user_id = $1 AND confirmed_at IS NOT NULL ORDER BY id`, raw(owner))
}

func (s phones) Use(ctx context.Context, owner user.ID, id phone.ID, now time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE phones SET used_at = $3 WHERE id = $1 AND user_id = $2 AND confirmed_at IS NOT NULL`, raw(id), raw(owner), at(now))
		return exactly(n, err, phone.ErrUnknown)
	})
}

func (s phones) Remove(ctx context.Context, owner user.ID, id phone.ID, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM phones WHERE id = $1 AND user_id = $2 AND confirmed_at IS NOT NULL`, raw(id), raw(owner))
		if err := exactly(n, err, phone.ErrUnknown); err != nil {
			return err
		}
		return otherFactors(ctx, tx, owner)
	})
}

// Charge relies on the caller's transaction, or its own, to take back what was
// charged before a cap was met. Counters are charged in the order given, which is
// the same for everybody, so that nobody waits in a circle.
func (s phones) Charge(ctx context.Context, day int64, charges []phone.Charge) error {
	return s.e.Write(ctx, func(tx Tx) error {
		for _, c := range charges {
			if c.Amount > c.Cap {
				return phone.ErrBudget
			}
			n, err := tx.Exec(ctx, `INSERT INTO phone_charges (day, scope, amount) VALUES ($1, $2, $3)
				ON CONFLICT (day, scope) DO UPDATE SET amount = phone_charges.amount + excluded.amount
				WHERE phone_charges.amount + excluded.amount <= $4`, day, text(c.Scope), c.Amount, c.Cap)
			if err := exactly(n, err, phone.ErrBudget); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s phones) Spent(ctx context.Context, day int64, scope string) (int64, error) {
	return one(ctx, s.e, nil, func(row Row) (n int64, err error) {
		err = row.Scan(&n)
		return n, err
	}, `SELECT amount FROM phone_charges WHERE day = $1 AND scope = $2`, day, text(scope))
}

func (s phones) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := deleted(ctx, s.e, `DELETE FROM phones WHERE id IN (
		SELECT id FROM phones WHERE confirmed_at IS NULL AND created_at < $1 ORDER BY created_at LIMIT $2)`, at(before), limit)
	if err != nil {
		return n, err
	}
	m, err := deleted(ctx, s.e, `DELETE FROM phone_charges WHERE (day, scope) IN (
		SELECT day, scope FROM phone_charges WHERE day < $1 ORDER BY day LIMIT $2)`, phone.Day(before), limit)
	return max(n, m), err
}
