package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mortise-auth/mortise/internal/audit"
)

type events set

// record adds ev to the act tx. Nothing here or elsewhere changes a row of
// audit_events afterwards, but the engine that numbers it once (AU-41).
func record(ctx context.Context, tx Tx, ev audit.Event) error { return eventRow(ev).add(ctx, tx) }

// event is the row of an event. An act that others wait for has it made before.
type event [17]any

func eventRow(ev audit.Event) *event {
	details := []byte("{}")
	if len(ev.Details) > 0 {
		details, _ = json.Marshal(ev.Details) // a map of strings cannot fail
	}
	return &event{
		nil, raw(ev.ID), at(ev.Time), ev.Name, string(ev.Severity), string(ev.Outcome), text(ev.Reason),
		string(ev.Actor.Type), ev.Actor.ID, ev.Subject, ev.Session, text(ev.Client),
		text(ev.Source.IP), text(ev.Source.UserAgent), text(ev.Source.Place), text(ev.Source.RequestID), string(details),
	}
}

func (e *event) add(ctx context.Context, tx Tx) error {
	if n, ok := tx.Sequence(Events); ok {
		e[0] = n
	}
	return tx.Queue(ctx, `INSERT INTO audit_events (sequence, id, at, name, severity, outcome, reason, actor_type, actor_id,
		subject, session, client, ip, user_agent, place, request_id, details)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`, e[:]...)
}

func (s events) Append(ctx context.Context, ev audit.Event) error {
	return change(ctx, s.e, ev, func(Tx) error { return nil })
}

// Search numbers what is committed first, so that events have the places they
// keep: what a page shows never moves to another. Only inside a transaction are
// there events without numbers, its own; they come first.
func (s events) Search(ctx context.Context, q audit.Query) ([]audit.Event, error) {
	if err := s.e.Number(ctx); err != nil {
		return nil, err
	}
	var where []string
	var args []any
	and := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	if !q.ID.IsZero() {
		and("id = $%d", raw(q.ID))
	}
	if q.Subject != "" {
		and("subject = $%d", text(q.Subject))
	}
	if q.Name != "" {
		and("name = $%d", text(q.Name))
	}
	if len(where) == 0 {
		and("stream = $%d", string(Events)) // which has an index in order
	}
	if !q.Before.IsZero() {
		and("sequence < (SELECT COALESCE(b.sequence, 9223372036854775807) FROM audit_events b WHERE b.id = $%d)", raw(q.Before))
	}
	sql := `SELECT id, at, COALESCE(sequence, 0), name, severity, outcome, reason, actor_type, actor_id,
		subject, session, client, ip, user_agent, place, request_id, details FROM audit_events`
	args = append(args, bounded(q.Limit))
	return many(ctx, s.e, scanEvent, sql+" WHERE "+strings.Join(where, " AND ")+fmt.Sprintf(" ORDER BY sequence DESC, id DESC LIMIT $%d", len(args)), args...)
}

func scanEvent(row Row) (e audit.Event, err error) {
	var severity, outcome, actor, details string
	err = row.Scan(bytesOf(e.ID[:]), timeOf{&e.Time}, &e.Sequence, &e.Name, &severity, &outcome, &e.Reason, &actor, &e.Actor.ID,
		&e.Subject, &e.Session, &e.Client, &e.Source.IP, &e.Source.UserAgent, &e.Source.Place, &e.Source.RequestID, &details)
	if err != nil {
		return e, err
	}
	e.Severity, e.Outcome, e.Actor.Type = audit.Severity(severity), audit.Outcome(outcome), audit.ActorType(actor)
	if details == "{}" {
		return e, nil
	}
	return e, json.Unmarshal([]byte(details), &e.Details)
}

// bounded keeps the size of a page between 1 and 200.
func bounded(limit int) int { return min(max(limit, 1), 200) }
