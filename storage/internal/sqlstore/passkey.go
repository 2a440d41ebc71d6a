package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/user"
)

type passkeys set

const passkeyColumns = `id, user_id, credential, public_key, algorithm, rp_id, model, transports, attestation, attested, discoverable,
	backup_eligible, backed_up, sign_count, name, suspect_at, created_at, used_at`

const selectPasskey = `SELECT ` + passkeyColumns + ` FROM passkeys WHERE `

func scanPasskey(row Row) (p passkey.Passkey, err error) {
	var count int64
	err = row.Scan(bytesOf(p.ID[:]), bytesOf(p.User[:]), &p.Credential, &p.PublicKey, &p.Algorithm, &p.RPID, bytesOf(p.Model[:]),
		listOf{&p.Transports}, &p.Attestation, truthOf{&p.Attested}, truthOf{&p.Discoverable},
		truthOf{&p.BackupEligible}, truthOf{&p.BackedUp}, &count, &p.Name,
		timeOf{&p.SuspectAt}, timeOf{&p.CreatedAt}, timeOf{&p.UsedAt})
	p.Count = uint32(count)
	return p, err
}

// Insert takes the account for itself, so that what it counts stays so.
func (s passkeys) Insert(ctx context.Context, p passkey.Passkey, version int64, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, p.User, s.e.Dialect().ForUpdate); err != nil {
			return otherwiseIs(err, user.ErrUnknown, passkey.ErrBirth)
		}
		have, err := number(tx.QueryRow(ctx, `SELECT count(*) FROM passkeys WHERE user_id = $1`, raw(p.User)))
		if err != nil {
			return err
		}
		if have >= passkey.MaxPerPerson {
			return passkey.ErrMany
		}
		current, err := number(tx.QueryRow(ctx, `SELECT count(*) FROM users WHERE id = $1 AND version = $2 AND state = 'active'`, raw(p.User), version))
		if err != nil {
			return err
		}
		if current == 0 {
			return passkey.ErrBirth
		}
		n, err := tx.Exec(ctx, `INSERT INTO passkeys (`+passkeyColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT (credential) DO NOTHING`,
			raw(p.ID), raw(p.User), p.Credential, p.PublicKey, p.Algorithm, text(p.RPID), raw(p.Model), words(p.Transports), text(p.Attestation),
			p.Attested, p.Discoverable, p.BackupEligible, p.BackedUp, int64(p.Count), text(p.Name),
			at(p.SuspectAt), at(p.CreatedAt), at(p.UsedAt))
		if err = exactly(n, err, passkey.ErrTaken); err != nil {
			return err
		}
		return otherFactors(ctx, tx, p.User)
	})
}

func (s passkeys) Of(ctx context.Context, owner user.ID) ([]passkey.Passkey, error) {
	return many(ctx, s.e, scanPasskey, selectPasskey+`user_id = $1 ORDER BY created_at, id`, raw(owner))
}

func (s passkeys) ByCredential(ctx context.Context, credential []byte) (passkey.Passkey, error) {
	return one(ctx, s.e, passkey.ErrUnknown, scanPasskey, selectPasskey+`credential = $1`, credential)
}

// Use judges the counter by what the row says under its lock: two proofs at once
// are one after the other. The greater count stays, so that a copy goes on being
// noticed.
func (s passkeys) Use(ctx context.Context, u passkey.Use) error {
	return s.e.Write(ctx, func(tx Tx) error {
		// Nearly always the counter went on, or counts nothing, and nothing was lost.
		n, err := tx.Exec(ctx, `UPDATE passkeys SET sign_count = $2, backed_up = $3, used_at = $4 WHERE id = $1
			AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0)) AND backed_up <= $3`,
			raw(u.ID), int64(u.Count), u.BackedUp, at(u.At))
		if err != nil || n == 1 {
			return err
		}
		return s.useOdd(ctx, tx, u)
	})
}

// useOdd is Use of what is to be recorded, or refused.
func (s passkeys) useOdd(ctx context.Context, tx Tx, u passkey.Use) error {
	var (
		count  int64
		backed bool
	)
	err := tx.QueryRow(ctx, `SELECT sign_count, backed_up FROM passkeys WHERE id = $1 `+s.e.Dialect().ForUpdate, raw(u.ID)).Scan(&count, truthOf{&backed})
	if errors.Is(err, ErrNoRows) {
		return passkey.ErrUnknown
	}
	if err != nil {
		return err
	}
	back := (count != 0 || u.Count != 0) && int64(u.Count) <= count
	if back && u.Strict {
		return passkey.ErrCounter
	}
	suspect := any(nil)
	if back {
		suspect = at(u.At)
		if err := record(ctx, tx, u.Event(passkey.CounterBack)); err != nil {
			return err
		}
	}
	if backed && !u.BackedUp {
		if err := record(ctx, tx, u.Event(passkey.BackupLost)); err != nil {
			return err
		}
	}
	n, err := tx.Exec(ctx, `UPDATE passkeys SET sign_count = $2, backed_up = $3, used_at = $4, suspect_at = COALESCE($5, suspect_at) WHERE id = $1`,
		raw(u.ID), max(count, int64(u.Count)), u.BackedUp, at(u.At), suspect)
	return exactly(n, err, passkey.ErrUnknown)
}

func (s passkeys) Rename(ctx context.Context, owner user.ID, id passkey.ID, name string, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE passkeys SET name = $3 WHERE id = $1 AND user_id = $2`, raw(id), raw(owner), text(name))
		return exactly(n, err, passkey.ErrUnknown)
	})
}

func (s passkeys) Remove(ctx context.Context, owner user.ID, id passkey.ID, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, owner, s.e.Dialect().ForUpdate); err != nil {
			return otherwiseIs(err, user.ErrUnknown, passkey.ErrUnknown)
		}
		n, err := tx.Exec(ctx, `DELETE FROM passkeys WHERE id = $1 AND user_id = $2`, raw(id), raw(owner))
		if err = exactly(n, err, passkey.ErrUnknown); err != nil {
			return err
		}
		left, err := waysIn(ctx, tx, owner)
		if err == nil && left == 0 {
			return passkey.ErrLast
		}
		if err != nil {
			return err
		}
		return otherFactors(ctx, tx, owner)
	})
}

func (s passkeys) Spend(ctx context.Context, digest [32]byte, until time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO passkey_challenges (digest, kept_until) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING`, digest[:], at(until))
		return exactly(n, err, passkey.ErrChallenge)
	})
}

func (s passkeys) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM passkey_challenges WHERE digest IN (
		SELECT digest FROM passkey_challenges WHERE kept_until < $1 ORDER BY kept_until LIMIT $2)`, at(before), limit)
}

func (s passkeys) Domains(ctx context.Context) ([]string, error) {
	return many(ctx, s.e, func(row Row) (d string, err error) { return d, row.Scan(&d) }, `SELECT DISTINCT rp_id FROM passkeys ORDER BY rp_id`)
}
