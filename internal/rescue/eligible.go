package rescue

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// eligible asks what TH-42 asks of who approves, and records a refusal.
func (f *Flow) eligible(ctx context.Context, by user.Caller, r approval.Request) error {
	refusal, err := f.refusal(ctx, by, r)
	if err != nil || refusal == nil {
		return err
	}
	ev := about(by.Event(approval.Barred, f.now(), r.Subject).Failed(audit.Blocked, "not_eligible"), r)
	return errors.Join(refusal, f.o.Read.Audit().Append(ctx, ev))
}

// refusal is why by may not approve r, nil when they may.
func (f *Flow) refusal(ctx context.Context, by user.Caller, r approval.Request) (refusal, err error) {
	asks, err := requesting(ctx, f.o.Read, r)
	switch {
	case err != nil:
		return nil, err
	case !asks:
		return approval.ErrRequester, nil
	case host(by):
		return nil, nil
	}
	a := approval.Approver{ID: by.User}
	u, err := f.o.Read.Users().ByID(ctx, by.User)
	if err != nil {
		return nil, err
	}
	if a.Since, a.Beholden, err = f.standing(ctx, u, r.Requester); err != nil {
		return nil, err
	}
	if id, err := session.ParseID(by.Session); err == nil {
		s, err := f.o.Read.Sessions().ByID(ctx, id)
		if err != nil && !errors.Is(err, session.ErrUnknown) {
			return nil, err
		}
		if err == nil && s.User == by.User && s.Live(f.now()) {
			a.SignedIn, a.Methods = s.AuthenticatedAt, s.Methods
		}
	}
	return approval.Eligible(r, a, f.now()), nil
}

// requesting reports whether who asked for r may still ask.
func requesting(ctx context.Context, tx Tx, r approval.Request) (bool, error) {
	if r.Requester.IsZero() { // the host
		return true, nil
	}
	return inRole(ctx, tx, r.Requester)
}

func inRole(ctx context.Context, tx Tx, id user.ID) (bool, error) {
	u, err := tx.Users().ByID(ctx, id)
	if errors.Is(err, user.ErrUnknown) {
		return false, nil
	}
	return err == nil && administers(u), err
}

// inOffice looks again, inside the transaction that decides and after it, at who
// asked and who approves: the role of one may have been taken away meanwhile. Whoever
// takes it from somebody waits, or was waited for.
func inOffice(ctx context.Context, tx Tx, by user.Caller, r approval.Request) error {
	if _, err := tx.Users().Holders(ctx, rbac.Admin); err != nil {
		return err
	}
	asks, err := requesting(ctx, tx, r)
	if err == nil && !asks {
		err = approval.ErrRequester
	}
	if err != nil || host(by) {
		return err
	}
	approves, err := inRole(ctx, tx, by.User)
	if err == nil && !approves {
		err = ErrNotAdmin
	}
	return err
}
