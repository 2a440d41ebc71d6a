package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/secret"
)

type registrations set

const initialColumns = `id, name, digest, policy, uses, max_uses, created_at, expires_at`

func scanInitial(row Row) (t registration.Token, err error) {
	var uses, most int64
	err = row.Scan(bytesOf(t.ID[:]), &t.Name, bytesOf(t.Digest[:]), policyOf{&t.Policy}, &uses, &most, timeOf{&t.CreatedAt}, timeOf{&t.ExpiresAt})
	t.Uses, t.MaxUses = int(uses), int(most)
	return t, err
}

// policyOf fills a policy from JSON.
type policyOf struct{ p *registration.Policy }

func (dst policyOf) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("want a JSON text, got %T", src)
	}
	return json.Unmarshal([]byte(s), dst.p)
}

func admission(p registration.Policy) string {
	b, _ := json.Marshal(p) // lists of strings cannot fail
	return text(string(b))
}

func (s registrations) CreateToken(ctx context.Context, t registration.Token, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO initial_tokens (`+initialColumns+`) VALUES ($1, $2, $3, $4, 0, $5, $6, $7)`,
			raw(t.ID), text(t.Name), t.Digest[:], admission(t.Policy), int64(t.MaxUses), at(t.CreatedAt), at(t.ExpiresAt))
		return err
	})
}

func (s registrations) DeleteToken(ctx context.Context, id registration.ID, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM initial_tokens WHERE id = $1`, raw(id))
		return exactly(n, err, registration.ErrUnknown)
	})
}

func (s registrations) Token(ctx context.Context, id registration.ID) (registration.Token, error) {
	return one(ctx, s.e, registration.ErrUnknown, scanInitial, `SELECT `+initialColumns+` FROM initial_tokens WHERE id = $1`, raw(id))
}

func (s registrations) Tokens(ctx context.Context, after registration.ID, limit int) ([]registration.Token, error) {
	return many(ctx, s.e, scanInitial, `SELECT `+initialColumns+` FROM initial_tokens WHERE id > $1 ORDER BY id LIMIT $2`, raw(after), bounded(limit))
}

func (s registrations) Live(ctx context.Context, d secret.Digest, now time.Time) (registration.Token, error) {
	return one(ctx, s.e, registration.ErrToken, scanInitial, `SELECT `+initialColumns+` FROM initial_tokens WHERE digest = $1 AND uses < max_uses AND expires_at > $2`,
		d[:], at(now))
}

func (s registrations) Spend(ctx context.Context, d secret.Digest, now time.Time) (t registration.Token, err error) {
	err = s.e.Write(ctx, func(tx Tx) (err error) {
		t, err = scanInitial(tx.QueryRow(ctx, `UPDATE initial_tokens SET uses = uses + 1 WHERE digest = $1 AND uses < max_uses AND expires_at > $2
			RETURNING `+initialColumns, d[:], at(now)))
		return otherwise(err, registration.ErrToken)
	})
	return t, err
}

func (s registrations) SweepTokens(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM initial_tokens WHERE id IN (
		SELECT id FROM initial_tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, at(before), limit)
}

func (s registrations) Put(ctx context.Context, r registration.Registration) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `INSERT INTO registrations (client_id, source, digest, initial_id, policy, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			text(r.Client), string(r.Source), seal(r.Digest), ref(r.Initial), admission(r.Policy), at(r.CreatedAt))
	})
}

func (s registrations) ByClient(ctx context.Context, client string) (registration.Registration, error) {
	return one(ctx, s.e, registration.ErrUnknown, func(row Row) (r registration.Registration, err error) {
		err = row.Scan(&r.Client, nameOf[registration.Source]{&r.Source}, bytesOf(r.Digest[:]), bytesOf(r.Initial[:]), policyOf{&r.Policy}, timeOf{&r.CreatedAt})
		return r, err
	}, `SELECT client_id, source, digest, initial_id, policy, created_at FROM registrations WHERE client_id = $1`, text(client))
}

// Idle waits out the refresh tokens of a client too: they need it to be there.
func (s registrations) Idle(ctx context.Context, before, now time.Time, limit int) ([]string, error) {
	return many(ctx, s.e, func(row Row) (id string, err error) { err = row.Scan(&id); return id, err },
		`SELECT r.client_id FROM registrations r JOIN clients c ON c.client_id = r.client_id
		WHERE r.initial_id IS NULL AND r.created_at < $1 AND (c.last_used_at IS NULL OR c.last_used_at < $1) AND c.managed_by <> 'file'
		AND (c.last_used_at IS NULL OR c.last_used_at + c.refresh_idle * 1000000 < $2)
		ORDER BY r.created_at LIMIT $3`, at(before), at(now), bounded(limit))
}

func (s registrations) Count(ctx context.Context, from registration.Source) (n int64, err error) {
	return one(ctx, s.e, nil, func(row Row) (n int64, err error) { err = row.Scan(&n); return n, err },
		`SELECT count(*) FROM registrations WHERE source = $1`, string(from))
}
