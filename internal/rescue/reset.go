package rescue

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/user"
)

// allow decides whether by may administer, and records a refusal.
func (f *Flow) allow(ctx context.Context, by user.Caller, act string) error {
	if host(by) {
		return nil
	}
	if by.Actor.Type == audit.ActorUser {
		u, err := f.o.Read.Users().ByID(ctx, by.User)
		if err != nil && !errors.Is(err, user.ErrUnknown) {
			return err
		}
		if err == nil && administers(u) {
			return nil
		}
	}
	ev := by.Event(approval.Barred, f.now(), by.User).Failed(audit.Blocked, "not_admin").With("act", act)
	if err := f.o.Read.Audit().Append(ctx, ev); err != nil {
		return err
	}
	return ErrNotAdmin
}

func host(by user.Caller) bool { return by.Actor.Type == audit.ActorHost }

// Request asks for new factors for somebody, in the name of an administrator or the
// host; reason is for whoever approves, and for the log. Where the policy lets one
// administrator do it, it is done at once, but for administrators never.
// ErrResetOff, ErrNothingLost, ErrUnreachable, approval.ErrWaiting, ErrAlone;
// reclaim.ErrRunning where one was mailed a link already.
func (f *Flow) Request(ctx context.Context, by user.Caller, of user.ID, reason string) (approval.Request, error) {
	if err := f.allow(ctx, by, "reset"); err != nil {
		return approval.Request{}, err
	}
	if !host(by) { // every one is mailed to all administrators
		if err := f.take(ctx, ratelimit.Key{Limit: ratelimit.ChangeAccount, Of: by.User.String()}); err != nil {
			return approval.Request{}, err
		}
	}
	policy, err := f.Policy(ctx)
	if err != nil {
		return approval.Request{}, err
	}
	if policy.Reset == reclaim.ByNobody {
		return approval.Request{}, ErrResetOff
	}
	u, err := f.resettable(ctx, of)
	if err != nil {
		return approval.Request{}, err
	}
	r, err := f.request(by, approval.Reset, of, "", reason)
	if err != nil {
		return r, err
	}
	boss, err := f.administered(ctx, u)
	if err != nil {
		return r, err
	}
	if policy.Reset == reclaim.ByOne && !boss && by.User != of {
		return f.alone(ctx, by, r)
	}
	return r, f.put(ctx, by, r, reclaim.Requested)
}

// resettable is an account that may be given new factors by mail.
func (f *Flow) resettable(ctx context.Context, of user.ID) (user.User, error) {
	u, err := f.o.Read.Users().ByID(ctx, of)
	if err != nil {
		return u, err
	}
	if u.State != user.Active {
		return u, user.ErrInactive
	}
	level, err := f.level(ctx, f.o.Read, of)
	if err == nil && level < 2 {
		err = ErrNothingLost
	}
	if err != nil {
		return u, err
	}
	address, err := primary(ctx, f.o.Read, of)
	if err == nil && address == "" {
		err = ErrUnreachable
	}
	return u, err
}

// Promote asks to make somebody an administrator. ErrAdminAlready,
// approval.ErrWaiting, ErrAlone.
func (f *Flow) Promote(ctx context.Context, by user.Caller, who user.ID, reason string) (approval.Request, error) {
	if err := f.allow(ctx, by, "promote"); err != nil {
		return approval.Request{}, err
	}
	u, err := f.o.Read.Users().ByID(ctx, who)
	if err != nil {
		return approval.Request{}, err
	}
	if slices.Contains(u.Roles, rbac.Admin) {
		return approval.Request{}, ErrAdminAlready
	}
	r, err := f.request(by, approval.Promote, who, "", reason)
	if err != nil {
		return r, err
	}
	return r, f.put(ctx, by, r, approval.Asked)
}

// SetPolicy changes the policy: at once for the host; by administrators once a
// second one approved. done tells which.
func (f *Flow) SetPolicy(ctx context.Context, by user.Caller, p reclaim.Policy, reason string) (r approval.Request, done bool, err error) {
	if err := f.allow(ctx, by, "policy"); err != nil {
		return r, false, err
	}
	if err := p.Check(); err != nil {
		return r, false, err
	}
	if host(by) {
		return r, true, f.o.InTx(ctx, func(tx Tx) error { return f.rule(ctx, tx, by, p.String()) })
	}
	if r, err = f.request(by, approval.Policy, user.ID{}, p.String(), reason); err != nil {
		return r, false, err
	}
	return r, false, f.put(ctx, by, r, approval.Asked)
}

func (f *Flow) rule(ctx context.Context, tx Tx, by user.Caller, policy string) error {
	if _, err := tx.Instance().PutSetting(ctx, reclaim.Setting, policy, false); err != nil {
		return err
	}
	return tx.Audit().Append(ctx, by.Event(reclaim.Ruled, f.now(), user.ID{}).With("policy", policy))
}

func (f *Flow) request(by user.Caller, kind approval.Kind, about user.ID, payload, reason string) (approval.Request, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || len(reason) > approval.MaxReason || strings.ContainsFunc(reason, unicode.IsControl) {
		return approval.Request{}, approval.ErrReason
	}
	now := f.now()
	return approval.Request{
		ID: approval.NewID(now), Kind: kind, Subject: about, Payload: payload, Reason: reason, Requester: by.User,
		CreatedAt: now, ExpiresAt: now.Add(approval.Life),
	}, nil
}

// put keeps a request and calls the other administrators.
func (f *Flow) put(ctx context.Context, by user.Caller, r approval.Request, name audit.Name) error {
	ev := about(by.Event(name, r.CreatedAt, r.Subject), r)
	return f.mailing(ctx, func(tx Tx) error {
		n, err := tx.Users().Holders(ctx, rbac.Admin)
		if err != nil {
			return err
		}
		if others := n - 1; !host(by) && others < 1 {
			return approval.ErrAlone
		}
		if err := tx.Approvals().Put(ctx, r, ev); err != nil {
			return err
		}
		return f.call(ctx, tx, mail.ApprovalWaiting, mail.Data{Path: DecidePath(r.ID)}, r.Subject, by.User)
	})
}

func about(ev audit.Event, r approval.Request) audit.Event {
	return ev.With("request", r.ID.String()).With("kind", string(r.Kind)).With("reason", r.Reason)
}

// Requests returns those that wait for a decision.
func (f *Flow) Requests(ctx context.Context, by user.Caller, limit int) ([]approval.Request, error) {
	if err := f.allow(ctx, by, "approvals.list"); err != nil {
		return nil, err
	}
	return f.o.Read.Approvals().Waiting(ctx, f.now(), approval.ID{}, limit)
}

// Claims returns the live claims of all accounts.
func (f *Flow) Claims(ctx context.Context, by user.Caller, limit int) ([]reclaim.Claim, error) {
	if err := f.allow(ctx, by, "recoveries.list"); err != nil {
		return nil, err
	}
	return f.o.Read.Reclaims().Running(ctx, reclaim.ID{}, limit)
}

// Approve does what a request asks for, if by may decide it (TH-42): approval.ErrSelf,
// ErrNew, ErrBeholden, ErrWeak, ErrRequester say why not. The host may decide
// everything that an administrator, or itself, asks for.
func (f *Flow) Approve(ctx context.Context, by user.Caller, id approval.ID) (approval.Request, error) {
	if err := f.allow(ctx, by, "approve"); err != nil {
		return approval.Request{}, err
	}
	r, err := f.o.Read.Approvals().ByID(ctx, id, f.now())
	if err != nil {
		return r, err
	}
	if err := f.eligible(ctx, by, r); err != nil {
		return r, err
	}
	policy, err := f.Policy(ctx)
	if err != nil {
		return r, err
	}
	if r.Kind == approval.Reset && policy.Reset == reclaim.ByNobody { // since it was asked for
		return r, ErrResetOff
	}
	err = f.mailing(ctx, func(tx Tx) error {
		if err := f.decide(ctx, tx, by, r); err != nil {
			return err
		}
		return inOffice(ctx, tx, by, r)
	})
	if err != nil {
		return r, err
	}
	f.textOf(ctx, by, r)
	return r, nil
}

// alone carries a request out in the name of one administrator, unless the link of
// another one lives: whoever asks twice would kill it. reclaim.ErrRunning.
func (f *Flow) alone(ctx context.Context, by user.Caller, r approval.Request) (approval.Request, error) {
	r.Decision, r.Decider, r.DecidedAt = approval.Approved, by.User, r.CreatedAt
	err := f.mailing(ctx, func(tx Tx) error {
		if err := tx.Approvals().Put(ctx, r, about(by.Event(reclaim.Requested, r.CreatedAt, r.Subject), r)); err != nil {
			return err
		}
		c, err := tx.Reclaims().Live(ctx, r.Subject) // Put has the account to itself
		if err == nil && c.Kind == reclaim.Reset {
			err = reclaim.ErrRunning
		}
		if err != nil && !errors.Is(err, reclaim.ErrNone) {
			return err
		}
		if err := f.decide(ctx, tx, by, r); err != nil {
			return err
		}
		return inOffice(ctx, tx, by, r)
	})
	if err != nil {
		return r, err
	}
	f.textOf(ctx, by, r)
	return r, nil
}

func (f *Flow) decide(ctx context.Context, tx Tx, by user.Caller, r approval.Request) error {
	now := f.now()
	ev := about(by.Event(approval.Decided, now, r.Subject), r).With("decision", string(approval.Approved)).With("requested_by", name(r.Requester))
	if err := tx.Approvals().Decide(ctx, r.ID, approval.Approved, by.User, now, ev); err != nil {
		return err
	}
	if err := f.answer(ctx, tx, by, r, mail.ApprovalGranted); err != nil {
		return err
	}
	switch r.Kind {
	case approval.Reset:
		return f.reset(ctx, tx, by, r)
	case approval.Promote:
		return f.promote(ctx, tx, by, r)
	default:
		return f.rule(ctx, tx, by, r.Payload)
	}
}

// name is who asked or decided, for the log.
func name(id user.ID) string {
	if id.IsZero() {
		return "host"
	}
	return id.String()
}

func (f *Flow) promote(ctx context.Context, tx Tx, by user.Caller, r approval.Request) error {
	u, err := tx.Users().ByID(ctx, r.Subject)
	if err != nil {
		return err
	}
	now := f.now()
	roles := append(slices.Clone(u.Roles), rbac.Admin)
	ev := by.Event(user.RoleAssigned, now, u.ID).With("given", rbac.Admin).With("requested_by", name(r.Requester))
	return tx.Users().SetRoles(ctx, u.ID, roles, u.ManagedBy, now, ev)
}

// reset begins a claim that is due at once. Its secret goes to the account's own
// address: neither administrator ever holds it.
func (f *Flow) reset(ctx context.Context, tx Tx, by user.Caller, r approval.Request) error {
	now := f.now()
	c, err := f.claim(ctx, tx, r.Subject, reclaim.Reset, now)
	if err != nil {
		return err
	}
	c.Vouched = name(r.Requester) + " " + name(by.User)
	c.DueAt, c.NextAt, c.ExpiresAt = now, now, now.Add(reclaim.Open)
	if c.Address, err = primary(ctx, tx, c.User); err != nil {
		return err
	}
	if c.Address == "" {
		return ErrUnreachable
	}
	ev := about(by.Event(reclaim.Approved, now, c.User), r).With("claim", c.ID.String()).With("vouched", c.Vouched).With("requested_by", name(r.Requester))
	if err := tx.Reclaims().Begin(ctx, c, ev); err != nil {
		return err
	}
	if err := f.ready(ctx, tx, by, c); err != nil {
		return err
	}
	return f.announce(ctx, tx, c, by)
}

// Deny ends a request in the name of an administrator or the host, and tells who asked;
// they take it back themselves, too. Whom it is about does not: that session may be a
// thief's (TH-43).
func (f *Flow) Deny(ctx context.Context, by user.Caller, id approval.ID) error {
	if err := f.allow(ctx, by, "deny"); err != nil {
		return err
	}
	now := f.now()
	r, err := f.o.Read.Approvals().ByID(ctx, id, now)
	if err != nil {
		return err
	}
	if !host(by) {
		if err := approval.Deniable(r, by.User); err != nil {
			return err
		}
	}
	ev := about(by.Event(approval.Decided, now, r.Subject), r).With("decision", string(approval.Denied)).With("requested_by", name(r.Requester))
	return f.mailing(ctx, func(tx Tx) error {
		if err := tx.Approvals().Decide(ctx, id, approval.Denied, by.User, now, ev); err != nil {
			return err
		}
		return f.answer(ctx, tx, by, r, mail.ApprovalDenied)
	})
}

// DenyClaim ends a live claim to somebody else's account and tells every address of
// it. One's own is stopped by proof only: see Stop. reclaim.ErrNone, approval.ErrSelf.
func (f *Flow) DenyClaim(ctx context.Context, by user.Caller, id reclaim.ID) error {
	if err := f.allow(ctx, by, "deny"); err != nil {
		return err
	}
	c, err := f.o.Read.Reclaims().ByID(ctx, id)
	if err != nil {
		return err
	}
	if !host(by) && by.User == c.User {
		return approval.ErrSelf
	}
	now := f.now()
	return f.mailing(ctx, func(tx Tx) error {
		if err := tx.Reclaims().End(ctx, id, reclaim.Denied, now, by.Event(reclaim.Refused, now, c.User).With("claim", id.String())); err != nil {
			return err
		}
		return f.tell(ctx, tx, c, user.System(), mail.RecoveryEnded, mail.Data{})
	})
}
