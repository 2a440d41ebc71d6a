package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

type proofs set

const proofColumns = `id, purpose, user_id, key, link, flow, code, attempts, user_version, password_version, payload, created_at, expires_at, used_at`

func scanProof(row Row) (p proof.Proof, err error) {
	var purpose string
	err = row.Scan(bytesOf(p.ID[:]), &purpose, bytesOf(p.User[:]), &p.Key, bytesOf(p.Link[:]), bytesOf(p.Flow[:]), &p.Code, &p.Attempts,
		&p.UserVersion, &p.PasswordVersion, &p.Payload, timeOf{&p.CreatedAt}, timeOf{&p.ExpiresAt}, timeOf{&p.UsedAt})
	p.Purpose = proof.Purpose(purpose)
	return p, err
}

// Put spends the proofs that p replaces. An undo link is replaced only by one to
// the same address: changing the address twice must not silence the first
// owner (TH-43).
func (s proofs) Put(ctx context.Context, p proof.Proof) error {
	return s.e.Write(ctx, func(tx Tx) error {
		if !p.User.IsZero() {
			if err := lock(ctx, tx, p.User, s.e.Dialect().ForUpdate); err != nil {
				return err
			}
		}
		if err := replaceProofs(ctx, tx, p); err != nil {
			return err
		}
		return insertProof(ctx, tx, p)
	})
}

func replaceProofs(ctx context.Context, tx Tx, p proof.Proof) error {
	if p.Purpose == proof.SignIn || p.Purpose == proof.Enter {
		return nil // whoever else asks for a code must not spend the owner's
	}
	sql, args := `user_id = $3 AND key = $4`, []any{at(p.CreatedAt), string(p.Purpose), raw(p.User), text(p.Key)}
	switch {
	case p.User.IsZero():
		sql, args = `user_id IS NULL AND key = $3`, append(args[:2], text(p.Key))
	case p.Purpose == proof.Recover:
		sql, args = `user_id = $3`, args[:3]
	}
	_, err := tx.Exec(ctx, `UPDATE proofs SET used_at = $1 WHERE purpose = $2 AND used_at IS NULL AND `+sql, args...)
	return err
}

// insertProof lets the later of two concurrent sign-ups for one address, which
// have no account to wait at, take the earlier one's row.
func insertProof(ctx context.Context, tx Tx, p proof.Proof) error {
	_, err := tx.Exec(ctx, `INSERT INTO proofs (`+proofColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, NULL)
		ON CONFLICT (key, purpose) WHERE user_id IS NULL AND used_at IS NULL DO UPDATE SET
			id = excluded.id, link = excluded.link, flow = excluded.flow, code = excluded.code, attempts = excluded.attempts,
			payload = excluded.payload, created_at = excluded.created_at, expires_at = excluded.expires_at`,
		raw(p.ID), string(p.Purpose), ref(p.User), text(p.Key), seal(p.Link), seal(p.Flow), octets(p.Code), p.Attempts,
		p.UserVersion, p.PasswordVersion, octets(p.Payload), at(p.CreatedAt), at(p.ExpiresAt))
	return err
}

func (s proofs) ByLink(ctx context.Context, purpose proof.Purpose, d secret.Digest) (proof.Proof, error) {
	return s.by(ctx, "link", purpose, d)
}

func (s proofs) ByFlow(ctx context.Context, purpose proof.Purpose, d secret.Digest) (proof.Proof, error) {
	return s.by(ctx, "flow", purpose, d)
}

func (s proofs) by(ctx context.Context, column string, purpose proof.Purpose, d secret.Digest) (proof.Proof, error) {
	return one(ctx, s.e, proof.ErrExpired, scanProof,
		`SELECT `+proofColumns+` FROM proofs WHERE `+column+` = $1 AND purpose = $2`, seal(d), string(purpose))
}

func (s proofs) Attempt(ctx context.Context, id proof.ID, now time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE proofs SET attempts = attempts + 1
			WHERE id = $1 AND used_at IS NULL AND expires_at > $2 AND attempts < $3`, raw(id), at(now), proof.MaxAttempts)
		return exactly(n, err, proof.ErrExpired)
	})
}

// Spend holds the account's row while it compares versions, and for the act
// that follows (TH-1).
func (s proofs) Spend(ctx context.Context, id proof.ID, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if how := s.e.Dialect().ForUpdate; how != "" {
			_, err := number(tx.QueryRow(ctx, `SELECT version FROM users WHERE id = (SELECT user_id FROM proofs WHERE id = $1) `+how, raw(id)))
			if err = otherwise(err, nil); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, `UPDATE proofs SET used_at = $2 WHERE id = $1 AND used_at IS NULL AND expires_at > $2
			AND (user_id IS NULL OR EXISTS (
				SELECT 1 FROM users u LEFT JOIN passwords w ON w.user_id = u.id
				WHERE u.id = proofs.user_id AND (proofs.user_version = 0 OR u.version = proofs.user_version)
				AND (proofs.password_version = 0 OR w.version = proofs.password_version)))`,
			raw(id), at(now))
		return exactly(n, err, proof.ErrExpired)
	})
}

func (s proofs) Pending(ctx context.Context, owner user.ID, purpose proof.Purpose, now time.Time) ([]proof.Proof, error) {
	return many(ctx, s.e, scanProof, `SELECT `+proofColumns+` FROM proofs
		WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 ORDER BY id`, raw(owner), string(purpose), at(now))
}

func (s proofs) Cancel(ctx context.Context, owner user.ID, purpose proof.Purpose, key string, now time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `UPDATE proofs SET used_at = $4 WHERE user_id = $1 AND purpose = $2 AND key = $3 AND used_at IS NULL`,
			raw(owner), string(purpose), text(key), at(now))
	})
}

// spendProofs spends what an account has been mailed for these purposes.
func spendProofs(ctx context.Context, tx Tx, owner user.ID, now time.Time, purposes ...proof.Purpose) error {
	for _, p := range purposes {
		err := tx.Queue(ctx, `UPDATE proofs SET used_at = $1 WHERE user_id = $2 AND purpose = $3 AND used_at IS NULL`,
			at(now), raw(owner), string(p))
		if err != nil {
			return err
		}
	}
	return nil
}

func (s proofs) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM proofs WHERE id IN (
		SELECT id FROM proofs WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, at(before), limit)
}
