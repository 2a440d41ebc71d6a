package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/session"
)

// Bear reads the link's row in the same statement: one that is gone bears nothing.
func (s connections) Bear(ctx context.Context, id federation.SessionID, o federation.Origin) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO session_links (session_id, link_id, sid, acr, amr) SELECT $1, id, $3, $4, $5 FROM links WHERE id = $2`,
			raw(id), raw(o.Link), sessionThere(o.Session), text(o.ACR), text(words(o.AMR)))
		if errors.Is(err, ErrReference) {
			return federation.ErrLinkUnknown.Because(err)
		}
		return exactly(n, err, federation.ErrLinkUnknown)
	})
}

func (s connections) Origin(ctx context.Context, id federation.SessionID) (federation.Origin, error) {
	return one(ctx, s.e, federation.ErrLinkUnknown, func(row Row) (o federation.Origin, err error) {
		var sid []byte
		err = row.Scan(bytesOf(o.Link[:]), &sid, &o.ACR, listOf{&o.AMR})
		o.Session = string(sid)
		return o, err
	}, `SELECT link_id, sid, acr, amr FROM session_links WHERE session_id = $1`, raw(id))
}

const beganColumns = `SELECT s.id, s.user_id, l.id FROM session_links b JOIN links l ON l.id = b.link_id JOIN sessions s ON s.id = b.session_id WHERE `

func scanBegan(row Row) (b federation.Began, err error) {
	err = row.Scan(bytesOf(b.Session[:]), bytesOf(b.User[:]), bytesOf(b.Link[:]))
	return b, err
}

// Began asks by what is indexed: the subject's link, else the session over there.
func (s connections) Began(ctx context.Context, t federation.There, now time.Time, limit int) ([]federation.Began, error) {
	const live = ` AND s.ended_at IS NULL AND s.lapses_at > $4 ORDER BY s.id LIMIT $5`
	from := []any{raw(t.Connection), []byte(t.Issuer)}
	switch {
	case t.Subject == "" && t.Session == "":
		return nil, nil
	case t.Subject == "":
		return many(ctx, s.e, scanBegan, beganColumns+`l.connection_id = $1 AND l.issuer = $2 AND b.sid = $3`+live,
			append(from, []byte(t.Session), at(now), bounded(limit))...)
	case t.Session == "":
		return many(ctx, s.e, scanBegan, beganColumns+`l.connection_id = $1 AND l.issuer = $2 AND l.subject = $3`+live,
			append(from, []byte(t.Subject), at(now), bounded(limit))...)
	}
	return many(ctx, s.e, scanBegan, beganColumns+`l.connection_id = $1 AND l.issuer = $2 AND l.subject = $3 AND b.sid = $6`+live,
		append(from, []byte(t.Subject), at(now), bounded(limit), []byte(t.Session))...)
}

// endBegan ends the sessions that began with links of a connection, before these go.
func endBegan(ctx context.Context, tx Tx, id federation.ID, now time.Time) error {
	all, err := collect(ctx, tx, scanBegan, beganColumns+`l.connection_id = $1 AND s.ended_at IS NULL`, raw(id))
	if err != nil {
		return err
	}
	for _, b := range all {
		if err := endOne(ctx, tx, b.User, b.Session, session.Unlinked, now); err != nil {
			return err
		}
	}
	return nil
}
