package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/decision"
)

type decisions set

// Put replaces the record of a code that is met a second time: codes are short,
// and the later refusal is the one somebody asks about.
func (s decisions) Put(ctx context.Context, records []decision.Record) error {
	return s.e.Write(ctx, func(tx Tx) error {
		for _, r := range records {
			checks, err := json.Marshal(r.Checks)
			if err != nil {
				return err
			}
			err = tx.Queue(ctx, `INSERT INTO decisions (code, at, refusal, reason, checks, method, route, request_id, ip, user_agent, subject, session, client, credential)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
				ON CONFLICT (code) DO UPDATE SET at = excluded.at, refusal = excluded.refusal, reason = excluded.reason, checks = excluded.checks,
				method = excluded.method, route = excluded.route, request_id = excluded.request_id, ip = excluded.ip, user_agent = excluded.user_agent,
				subject = excluded.subject, session = excluded.session, client = excluded.client, credential = excluded.credential`,
				r.Code, at(r.At), r.Refusal, text(r.Reason), text(string(checks)), text(r.Method), text(r.Route), r.RequestID, text(r.IP), text(r.UserAgent),
				text(r.Subject), text(r.Session), text(r.Client), r.Credential)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (s decisions) ByCode(ctx context.Context, code string) (decision.Record, error) {
	return one(ctx, s.e, decision.ErrUnknown, scanDecision, `SELECT code, at, refusal, reason, checks, method, route, request_id, ip, user_agent,
		subject, session, client, credential FROM decisions WHERE code = $1`, code)
}

func scanDecision(row Row) (r decision.Record, err error) {
	var checks string
	err = row.Scan(&r.Code, timeOf{&r.At}, &r.Refusal, &r.Reason, &checks, &r.Method, &r.Route, &r.RequestID, &r.IP, &r.UserAgent,
		&r.Subject, &r.Session, &r.Client, &r.Credential)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(checks), &r.Checks); err != nil {
		return r, fmt.Errorf("checks of %s: %w", r.Code, err)
	}
	return r, nil
}

func (s decisions) Sweep(ctx context.Context, before time.Time, most, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM decisions WHERE code IN (
		SELECT code FROM decisions WHERE at < $1 OR at < (SELECT at FROM decisions ORDER BY at DESC LIMIT 1 OFFSET $2)
		ORDER BY at LIMIT $3)`, at(before), most-1, limit)
}
