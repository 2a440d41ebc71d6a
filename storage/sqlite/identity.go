package sqlite

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/storage/internal/bound"
	"github.com/mortise-auth/mortise/storage/internal/rewind"
	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// identity is what a database says of itself.
type identity struct {
	origin, epoch string
	heads         heads
}

// identify reads who this database is; a fresh one is told, and marked.
func (s *Store) identify(c *conn) (identity, error) {
	id, err := readIdentity(c)
	if !errors.Is(err, sqlstore.ErrNoRows) {
		return id, err
	}
	id.origin, id.epoch = newOrigin(), rewind.NewEpoch()
	// The mark first: a crash between the two leaves a database without an
	// identity, which is simply fresh.
	if err := s.mark.renew(id.origin, id.epoch, id.heads); err != nil {
		return id, err
	}
	instance := make([]byte, 16)
	secret.Fill(instance)
	_, err = c.exec(`INSERT INTO instance (id, epoch, origin, created_at)
		VALUES ($1, $2, $3, CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000)`, []any{instance, id.epoch, id.origin})
	return id, err
}

func readIdentity(c *conn) (id identity, err error) {
	const number = "(SELECT number FROM heads WHERE name = '"
	err = one(c, "SELECT origin, epoch, "+number+"audit'), "+number+"revocation') FROM instance",
		&id.origin, &id.epoch, &id.heads.events, &id.heads.revocations)
	return id, err
}

// rewind ends what a restored database would revive, as its first act. Numbers
// go on above all that were given out, as far as the mark knows, so that none
// ever names two things.
func (s *Store) rewind(ctx context.Context, id identity, why string) error {
	if f := s.mark.facts; f.origin == id.origin {
		s.writer.skip(f.heads)
	}
	id.origin = newOrigin()
	a := newAct(s.writer, func(tx sqlstore.Tx) error {
		now, err := clock(ctx, tx)
		if err != nil {
			return err
		}
		set := sqlstore.NewSet(bound.Engine{Act: tx.(*act)})
		if err := rewind.End(ctx, tx, set.Audit(), now, why); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE instance SET origin = $1", id.origin); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "SELECT epoch FROM instance").Scan(&id.epoch)
	})
	a.unhurried = true
	if err := s.submit(context.WithoutCancel(ctx), a, ""); err != nil {
		return err
	}
	s.restored = true
	return s.mark.renew(id.origin, id.epoch, s.writer.kept)
}
