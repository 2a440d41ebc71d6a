package sqlstore

import (
	"context"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/user"
)

const linkColumns = `id, connection_id, issuer, subject, user_id, email, verified, session, tokens, born, owns, created_at, used_at`

const selectLink = `SELECT ` + linkColumns + ` FROM links WHERE `

func scanLink(row Row) (l federation.Link, err error) {
	var issuer, subject, session []byte
	err = row.Scan(bytesOf(l.ID[:]), bytesOf(l.Connection[:]), &issuer, &subject, bytesOf(l.User[:]), &l.Email, truthOf{&l.Verified},
		&session, (*[]byte)(&l.Tokens), truthOf{&l.Born}, listOf{&l.Owns}, timeOf{&l.CreatedAt}, timeOf{&l.UsedAt})
	l.Issuer, l.Subject, l.Session = string(issuer), string(subject), string(session)
	return l, err
}

// session over there is an argument; none is NULL.
func sessionThere(sid string) any {
	if sid == "" {
		return nil
	}
	return []byte(sid)
}

// Link takes the account for itself, so that what Unlink counts stays so. Another way
// in is another account to a browser that was remembered.
func (s connections) Link(ctx context.Context, l federation.Link, connectionVersion, userVersion int64, ev audit.Event) error {
	if err := l.Check(); err != nil {
		return err
	}
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, l.User, s.e.Dialect().ForUpdate); err != nil {
			return otherwiseIs(err, user.ErrUnknown, federation.ErrBirth)
		}
		current, err := number(tx.QueryRow(ctx, `SELECT count(*) FROM users WHERE id = $1 AND version = $2 AND state = 'active'`, raw(l.User), userVersion))
		if err != nil {
			return err
		}
		if current == 0 {
			return federation.ErrBirth
		}
		version, err := s.hold(ctx, tx, l.Connection, s.e.Dialect().ForShare)
		if err != nil {
			return err
		}
		if version != connectionVersion {
			return federation.ErrUnknown
		}
		n, err := tx.Exec(ctx, `INSERT INTO links (`+linkColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			ON CONFLICT (connection_id, issuer, subject) DO NOTHING`,
			raw(l.ID), raw(l.Connection), []byte(l.Issuer), []byte(l.Subject), raw(l.User), text(l.Email), l.Verified,
			sessionThere(l.Session), octets(l.Tokens), l.Born, text(words(l.Owns)), at(l.CreatedAt), at(l.UsedAt))
		if err = exactly(n, err, federation.ErrLinkTaken); err != nil {
			return err
		}
		return noTrust(ctx, tx, l.User)
	})
}

func (s connections) Linked(ctx context.Context, connection federation.ID, issuer, subject string) (federation.Link, error) {
	return one(ctx, s.e, federation.ErrLinkUnknown, scanLink, selectLink+`connection_id = $1 AND issuer = $2 AND subject = $3`,
		raw(connection), []byte(issuer), []byte(subject))
}

func (s connections) LinksOf(ctx context.Context, owner user.ID) ([]federation.Link, error) {
	return many(ctx, s.e, scanLink, selectLink+`user_id = $1 ORDER BY created_at, id`, raw(owner))
}

func (s connections) Use(ctx context.Context, l federation.Link) error {
	if err := l.Check(); err != nil {
		return err
	}
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE links SET email = $2, verified = $3, session = $4, tokens = COALESCE($5, tokens), used_at = $6, owns = $7
			WHERE id = $1 AND user_id = $8 AND connection_id = $9 AND issuer = $10 AND subject = $11`,
			raw(l.ID), text(l.Email), l.Verified, sessionThere(l.Session), octets(l.Tokens), at(l.UsedAt), text(words(l.Owns)),
			raw(l.User), raw(l.Connection), []byte(l.Issuer), []byte(l.Subject))
		return exactly(n, err, federation.ErrLinkUnknown)
	})
}

func (s connections) Keep(ctx context.Context, id federation.LinkID, old, tokens federation.Sealed) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE links SET tokens = $3 WHERE id = $1 AND tokens = $2`, raw(id), octets(old), octets(tokens))
		return exactly(n, err, federation.ErrStale)
	})
}

func (s connections) Unlink(ctx context.Context, owner user.ID, id federation.LinkID, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, owner, s.e.Dialect().ForUpdate); err != nil {
			return otherwiseIs(err, user.ErrUnknown, federation.ErrLinkUnknown)
		}
		n, err := tx.Exec(ctx, `DELETE FROM links WHERE id = $1 AND user_id = $2`, raw(id), raw(owner))
		if err = exactly(n, err, federation.ErrLinkUnknown); err != nil {
			return err
		}
		left, err := waysIn(ctx, tx, owner)
		if err == nil && left == 0 {
			err = federation.ErrLastWay
		}
		if err != nil {
			return err
		}
		return noTrust(ctx, tx, owner)
	})
}

// waysIn counts what opens an account by itself. A link counts while its
// connection is on.
func waysIn(ctx context.Context, tx Tx, owner user.ID) (int64, error) {
	return number(tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM passkeys WHERE user_id = $1)
		+ (SELECT count(*) FROM passwords WHERE user_id = $1 AND hash <> '')
		+ (SELECT count(*) FROM links l JOIN connections c ON c.id = l.connection_id WHERE l.user_id = $1 AND c.enabled = 1)`, raw(owner)))
}

func (s connections) LinksBySession(ctx context.Context, connection federation.ID, issuer, subject, session string) ([]federation.Link, error) {
	switch {
	case session == "" && subject == "":
		return nil, nil
	case session == "":
		return many(ctx, s.e, scanLink, selectLink+`connection_id = $1 AND issuer = $2 AND subject = $3`, raw(connection), []byte(issuer), []byte(subject))
	case subject == "":
		return many(ctx, s.e, scanLink, selectLink+`connection_id = $1 AND issuer = $2 AND session = $3 ORDER BY id`, raw(connection), []byte(issuer), []byte(session))
	}
	return many(ctx, s.e, scanLink, selectLink+`connection_id = $1 AND issuer = $2 AND session = $3 AND subject = $4`,
		raw(connection), []byte(issuer), []byte(session), []byte(subject))
}
