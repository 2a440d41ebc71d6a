package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
)

type connections set

const connectionColumns = `id, name, label, kind, enabled, hidden, organization_id, settings, secret, managed_by, version, created_at, updated_at`

func scanConnection(row Row) (c federation.Connection, err error) {
	var settings string
	err = row.Scan(bytesOf(c.ID[:]), &c.Name, &c.Label, nameOf[federation.Kind]{&c.Kind}, truthOf{&c.Enabled}, truthOf{&c.Hidden},
		organizationOf{&c.Organization}, &settings, (*[]byte)(&c.Secret), &c.ManagedBy, &c.Version, timeOf{&c.CreatedAt}, timeOf{&c.UpdatedAt})
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal([]byte(settings), &c.Settings)
}

// scanButton fills what a button needs.
func scanButton(row Row) (c federation.Connection, err error) {
	c.Enabled = true
	err = row.Scan(bytesOf(c.ID[:]), &c.Name, &c.Label, nameOf[federation.Kind]{&c.Kind}, &c.ManagedBy, &c.Version, timeOf{&c.CreatedAt}, timeOf{&c.UpdatedAt})
	return c, err
}

// organizationOf fills the written form of an id; NULL is none.
type organizationOf struct{ written *string }

func (dst organizationOf) Scan(src any) error {
	*dst.written = ""
	if src == nil {
		return nil
	}
	var id organization.ID
	err := bytesOf(id[:]).Scan(src)
	*dst.written = id.String()
	return err
}

// described are the arguments that both Create and Update write, in order.
func (s connections) described(c federation.Connection) ([]any, error) {
	var org organization.ID
	if c.Organization != "" {
		var err error
		if org, err = organization.ParseID(c.Organization); err != nil {
			return nil, organization.ErrUnknown.Because(err)
		}
	}
	settings, err := json.Marshal(c.Settings)
	return []any{
		raw(c.ID), text(c.Name), text(c.Label), string(c.Kind), c.Enabled, c.Hidden, ref(org), text(string(settings)), octets(c.Secret), c.ManagedBy, at(c.UpdatedAt),
	}, err
}

// Create counts versions from 1.
func (s connections) Create(ctx context.Context, c federation.Connection, ev audit.Event) error {
	args, err := s.described(c)
	if err != nil {
		return err
	}
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO connections (id, name, label, kind, enabled, hidden, organization_id, settings, secret, managed_by, updated_at, version, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12) ON CONFLICT (name) DO NOTHING`, append(args, at(c.CreatedAt))...)
		return exactly(n, otherwiseIs(err, ErrReference, organization.ErrUnknown), federation.ErrTaken)
	})
}

// Update waits for links that are being made, and they for it.
func (s connections) Update(ctx context.Context, c federation.Connection, ev audit.Event) error {
	args, err := s.described(c)
	if err != nil {
		return err
	}
	return change(ctx, s.e, ev, func(tx Tx) error {
		version, err := s.hold(ctx, tx, c.ID, s.e.Dialect().ForUpdate)
		if err != nil {
			return err
		}
		if version != c.Version {
			return federation.ErrStale
		}
		_, err = tx.Exec(ctx, `UPDATE connections SET name = $2, label = $3, kind = $4, enabled = $5, hidden = $6, organization_id = $7, settings = $8,
			secret = $9, managed_by = $10, updated_at = $11, version = version + 1 WHERE id = $1`, args...)
		if errors.Is(err, ErrUnique) {
			return federation.ErrTaken.Because(err)
		}
		return otherwiseIs(err, ErrReference, organization.ErrUnknown)
	})
}

func (s connections) Delete(ctx context.Context, id federation.ID, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := endBegan(ctx, tx, id, now); err != nil {
			return err
		}
		// its links go with it, and each was a way in: see noTrust
		if err := tx.Queue(ctx, `DELETE FROM trusted_devices WHERE user_id IN (SELECT user_id FROM links WHERE connection_id = $1)`, raw(id)); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `DELETE FROM connections WHERE id = $1`, raw(id))
		return exactly(n, err, federation.ErrUnknown)
	})
}

// hold locks the connection's row to the end of the act.
func (s connections) hold(ctx context.Context, tx Tx, id federation.ID, how string) (version int64, err error) {
	version, err = number(tx.QueryRow(ctx, `SELECT version FROM connections WHERE id = $1 `+how, raw(id)))
	return version, otherwise(err, federation.ErrUnknown)
}

func (s connections) ByID(ctx context.Context, id federation.ID) (federation.Connection, error) {
	return one(ctx, s.e, federation.ErrUnknown, scanConnection, `SELECT `+connectionColumns+` FROM connections WHERE id = $1`, raw(id))
}

func (s connections) ByName(ctx context.Context, name string) (federation.Connection, error) {
	return one(ctx, s.e, federation.ErrUnknown, scanConnection, `SELECT `+connectionColumns+` FROM connections WHERE name = $1`, text(name))
}

func (s connections) List(ctx context.Context, after string, limit int) ([]federation.Connection, error) {
	return many(ctx, s.e, scanConnection, `SELECT `+connectionColumns+` FROM connections WHERE name > $1 ORDER BY name LIMIT $2`, text(after), bounded(limit))
}

func (s connections) Buttons(ctx context.Context, limit int) ([]federation.Connection, error) {
	return many(ctx, s.e, scanButton, `SELECT id, name, label, kind, managed_by, version, created_at, updated_at FROM connections
		WHERE enabled = 1 AND hidden = 0 AND organization_id IS NULL ORDER BY name LIMIT $1`, bounded(limit))
}

func (s connections) Spend(ctx context.Context, digest [32]byte, until time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO federation_attempts (digest, kept_until) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING`, digest[:], at(until))
		return exactly(n, err, federation.ErrAttempt)
	})
}

func (s connections) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM federation_attempts WHERE digest IN (
		SELECT digest FROM federation_attempts WHERE kept_until < $1 ORDER BY kept_until LIMIT $2)`, at(before), limit)
}
