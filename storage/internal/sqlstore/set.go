package sqlstore

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/assertion"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/decision"
	"github.com/mortise-auth/mortise/internal/devicecode"
	"github.com/mortise-auth/mortise/internal/dpop"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/idempotency"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/ticket"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/user"
)

// NewSet returns every noun's store on e, which is a whole database or one
// transaction. It costs nothing and is as safe for concurrent use as e.
func NewSet(e Engine) store.Set { return set{e} }

type set struct{ e Engine }

func (s set) Users() user.Store                 { return users(s) }
func (s set) Passwords() password.Store         { return passwords(s) }
func (s set) Sessions() session.Store           { return sessions(s) }
func (s set) Proofs() proof.Store               { return proofs(s) }
func (s set) Roles() rbac.Store                 { return roles(s) }
func (s set) Organizations() organization.Store { return organizations(s) }
func (s set) Clients() client.Store             { return clients(s) }
func (s set) Codes() authcode.Store             { return authcodes(s) }
func (s set) Tokens() token.Store               { return tokens(s) }
func (s set) Consents() consent.Store           { return consents(s) }
func (s set) Resources() resource.Store         { return resources(s) }
func (s set) Lockouts() lockout.Store           { return lockouts(s) }
func (s set) Mail() mail.Store                  { return outbox(s) }
func (s set) Audit() audit.Store                { return events(s) }
func (s set) Revocations() revocation.Store     { return revocations(s) }
func (s set) Keys() keyring.Store               { return keys(s) }
func (s set) SigningKeys() signing.Store        { return signingKeys(s) }
func (s set) Instance() instance.Store          { return facts(s) }
func (s set) Idempotency() idempotency.Store    { return idempotencies(s) }
func (s set) Policy() policy.Store              { return policies(s) }
func (s set) Trust() trust.Store                { return trusts(s) }
func (s set) Decisions() decision.Store         { return decisions(s) }
func (s set) Sites() site.Store                 { return sites(s) }
func (s set) Tickets() ticket.Store             { return tickets(s) }
func (s set) Assertions() assertion.Store       { return assertions(s) }
func (s set) AuthRequests() authreq.Store       { return authRequests(s) }
func (s set) Logouts() logout.Store             { return logouts(s) }
func (s set) Registrations() registration.Store { return registrations(s) }
func (s set) DeviceCodes() devicecode.Store     { return deviceCodes(s) }
func (s set) Challenges() challenge.Store       { return challenges(s) }
func (s set) TOTP() totp.Store                  { return totps(s) }
func (s set) Recovery() recovery.Store          { return recoveries(s) }
func (s set) DPoP() dpop.Store                  { return usedProofs(s) }
func (s set) Passkeys() passkey.Store           { return passkeys(s) }
func (s set) Phones() phone.Store               { return phones(s) }
func (s set) Federation() federation.Store      { return connections(s) }
func (s set) Reclaims() reclaim.Store           { return reclaims(s) }
func (s set) Approvals() approval.Store         { return approvals(s) }

// change runs fn as one act and writes ev with it: both are kept or neither
// (AU-40). It is how every act that takes an event ends.
func change(ctx context.Context, e Engine, ev audit.Event, fn func(Tx) error) error {
	row := eventRow(ev)
	return e.Write(ctx, func(tx Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return row.add(ctx, tx)
	})
}

// one reads a single row with scan; no row is the error absent.
func one[T any](ctx context.Context, e Engine, absent error, scan func(Row) (T, error), sql string, args ...any) (v T, err error) {
	err = e.Read(ctx, func(q Querier) error {
		v, err = scan(q.QueryRow(ctx, sql, args...))
		return otherwise(err, absent)
	})
	return v, err
}

// many reads all rows with scan.
func many[T any](ctx context.Context, e Engine, scan func(Row) (T, error), sql string, args ...any) (all []T, err error) {
	err = e.Read(ctx, func(q Querier) error {
		all, err = collect(ctx, q, scan, sql, args...)
		return err
	})
	return all, err
}

func collect[T any](ctx context.Context, q Querier, scan func(Row) (T, error), sql string, args ...any) (all []T, err error) {
	err = each(ctx, q, func(row Row) error {
		v, err := scan(row)
		if err == nil {
			all = append(all, v)
		}
		return err
	}, sql, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// each is collect without its type, so that the program has it once.
func each(ctx context.Context, q Querier, fn func(Row) error, sql string, args ...any) (err error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// otherwise says absent where a query found nothing.
func otherwise(err, absent error) error {
	if errors.Is(err, ErrNoRows) {
		return absent
	}
	return err
}

// exactly turns a statement that should have hit a row and hit none into absent.
func exactly(n int64, err, absent error) error {
	if err == nil && n == 0 {
		return absent
	}
	return err
}

// deleted is the body of every Sweep: one statement that forgets rows.
func deleted(ctx context.Context, e Engine, sql string, args ...any) (int, error) {
	var n int64
	err := e.Write(ctx, func(tx Tx) (err error) {
		n, err = tx.Exec(ctx, sql, args...)
		return err
	})
	return int(n), err
}

// otherwiseIs replaces one sentinel by another.
func otherwiseIs(err, is, instead error) error {
	if errors.Is(err, is) {
		return instead
	}
	return err
}
