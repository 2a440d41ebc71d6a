// Package rewind ends what a restored or failed-over store would revive (TH-24).
//
// A store that lost commits does not know what was ended in them. So everything
// that was alive in it ends: sessions, grants, mailed proofs, ways back in, requests that wait for approval, an open setup code, signing keys, and,
// because every account's version moves above all that were ever given out,
// whatever else was born of an account (TH-12). The outbox is left alone: at
// worst a person gets a mail twice. Credential and role changes after the backup
// are lost; the audit event says so.
package rewind

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

const lost = "The database was put back to an earlier state. Everybody was signed out. Password, address, role and membership changes made after that state are lost; check them."

// NewEpoch makes a value that no epoch ever had.
func NewEpoch() string {
	b := make([]byte, 16)
	secret.Fill(b)
	return hex.EncodeToString(b)
}

// End ends everything, in the transaction tx, whose audit store is events.
//
// Versions jump to the microseconds of now: they rise by one per act, so they
// fall behind the clock by more than they gain on it, and a later restore of the
// same backup starts above what was given out after this one. why is a stable
// word for how the restore was noticed.
func End(ctx context.Context, tx sqlstore.Tx, events audit.Store, now time.Time, why string) error {
	at := now.UnixMicro()
	for _, do := range []struct {
		sql  string
		args []any
	}{
		{"UPDATE instance SET epoch = $1, setup_code = NULL, setup_browser = NULL, setup_expires_at = NULL", []any{NewEpoch()}},
		{"UPDATE users SET version = CASE WHEN version < $1 THEN $1 ELSE version + 1 END, revision = revision + 1", []any{at}},
		{"UPDATE passwords SET version = CASE WHEN version < $1 THEN $1 ELSE version + 1 END", []any{at}},
		{"UPDATE sessions SET ended_at = $1, cause = $2 WHERE ended_at IS NULL", []any{at, string(session.Restored)}},
		{"UPDATE grants SET ended_at = $1, cause = $2, successor = NULL WHERE ended_at IS NULL", []any{at, string(token.Restored)}},
		{"UPDATE proofs SET used_at = $1 WHERE used_at IS NULL", []any{at}},
		{"DELETE FROM trusted_devices", nil},
		{"UPDATE reclaims SET ended_at = $1, outcome = $2 WHERE ended_at IS NULL", []any{at, string(reclaim.Lapsed)}},
		{"UPDATE approvals SET decision = $2, decided_at = $1 WHERE decision = ''", []any{at, string(approval.Denied)}},
	} {
		if _, err := tx.Exec(ctx, do.sql, do.args...); err != nil {
			return err
		}
	}
	if err := sqlstore.ReplaceSigningKeys(ctx, tx, now); err != nil {
		return err
	}
	if err := sqlstore.RaiseFloor(ctx, tx, now); err != nil {
		return err
	}
	ev := audit.New(instance.Restored, now, audit.Actor{Type: audit.ActorSystem}, audit.Source{}, "").
		With("notice", lost).With("noticed_by", why)
	return events.Append(ctx, ev)
}
