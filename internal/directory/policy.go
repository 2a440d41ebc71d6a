package directory

import (
	"context"
	"strconv"
	"time"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/user"
)

// Policy returns what is asked of every sign-in.
func (f *Flow) Policy(ctx context.Context, by user.Caller) (policy.Policy, error) {
	if err := f.allow(ctx, by, "policy.get"); err != nil {
		return policy.Policy{}, err
	}
	return f.o.Read.Policy().Get(ctx)
}

// PutPolicy replaces it. A change ends every remembered device. policy.ErrStale when
// p.Revision is not 0 and not the current one.
func (f *Flow) PutPolicy(ctx context.Context, by user.Caller, p policy.Policy) (policy.Policy, error) {
	if err := f.allow(ctx, by, "policy.put"); err != nil {
		return p, err
	}
	p, err := p.Clean()
	if err != nil {
		return p, err
	}
	err = f.o.InTx(ctx, func(tx Tx) error { return f.putPolicy(ctx, tx, by, p) })
	if err != nil {
		return p, err
	}
	return f.o.Read.Policy().Get(ctx)
}

func (f *Flow) putPolicy(ctx context.Context, tx Tx, by user.Caller, p policy.Policy) error {
	old, err := tx.Policy().Get(ctx)
	if err != nil || old.Same(p) {
		return err
	}
	p.UpdatedAt = f.now()
	ev := by.Event(policy.Changed, p.UpdatedAt, user.ID{}).With("assurance", strconv.Itoa(p.Assurance)).
		With("grace_days", strconv.Itoa(days(p.Grace))).With("remember_days", strconv.Itoa(days(p.Remember)))
	return tx.Policy().Put(ctx, p, ev)
}

func days(d time.Duration) int { return int(d / policy.Day) }

// applyPolicy brings about what a file says of the policy; what it leaves out stays.
func (f *Flow) applyPolicy(ctx context.Context, by user.Caller, w apply.Policy) error {
	return f.o.InTx(ctx, func(tx Tx) error {
		p, err := tx.Policy().Get(ctx)
		if err != nil {
			return err
		}
		if p, err = wantedPolicy(p, w); err != nil {
			return err
		}
		return f.putPolicy(ctx, tx, by, p)
	})
}

func wantedPolicy(p policy.Policy, w apply.Policy) (policy.Policy, error) {
	if w.Assurance != nil {
		p.Assurance = *w.Assurance
	}
	for to, of := range map[*time.Duration]*int{&p.Grace: w.GraceDays, &p.Remember: w.RememberDays} {
		if of != nil {
			*to = time.Duration(max(-1, min(*of, 10_000))) * policy.Day
		}
	}
	p.ManagedBy = byFile
	return p.Clean()
}

// Policy answers what apply.Plan asks.
func (c current) Policy(ctx context.Context) (apply.PolicyState, error) {
	p, err := c.tx.Policy().Get(ctx)
	return apply.PolicyState{Assurance: p.Assurance, GraceDays: days(p.Grace), RememberDays: days(p.Remember), Managed: p.ManagedBy == byFile}, err
}

// Devices returns the remembered devices of an account.
func (f *Flow) Devices(ctx context.Context, by user.Caller, of user.ID) ([]trust.Device, error) {
	if err := f.allow(ctx, by, "users.devices"); err != nil {
		return nil, err
	}
	return f.o.Read.Trust().Of(ctx, of, f.now())
}

// ForgetDevice ends one: trust.ErrUnknown.
func (f *Flow) ForgetDevice(ctx context.Context, by user.Caller, of user.ID, id trust.ID) error {
	if err := f.allow(ctx, by, "users.devices.forget"); err != nil {
		return err
	}
	return f.o.Read.Trust().Forget(ctx, of, id, by.Event(trust.Forgotten, f.now(), of).With("device_id", id.String()))
}
