package rescue

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/user"
)

// favours are the events by which an account owes who acted: they made it, gave it
// roles, enabled it, or had its factors reset (TH-42); and passkeys, which count as
// late as they came.
var favours = []string{
	user.Created.String(), user.RoleAssigned.String(), user.Enabled.String(),
	reclaim.Requested.String(), reclaim.Approved.String(), passkey.Added.String(), "password.recovery_link_created", "password.given",
}

// standing tells, from the log, since when u administers, and whether u owes the
// requester anything. The log is appended to and never changed, so nobody can
// take back what it says about them.
func (f *Flow) standing(ctx context.Context, u user.User, requester user.ID) (since time.Time, beholden bool, err error) {
	since = u.CreatedAt
	for _, name := range favours {
		err := f.each(ctx, audit.Query{Subject: u.ID.String(), Name: name, Limit: 200}, func(e audit.Event) {
			made := e.Name == user.RoleAssigned.String() && slices.Contains(strings.Fields(e.Details["given"]), rbac.Admin)
			if (made || e.Name == passkey.Added.String()) && e.Time.After(since) {
				since = e.Time
			}
			if !requester.IsZero() && (e.Actor.ID == requester.String() || e.Details["requested_by"] == requester.String()) {
				beholden = true
			}
		})
		if err != nil {
			return since, true, err
		}
	}
	return since, beholden, nil
}

// administered reports whether u is an administrator, or was one within a week: one
// administrator takes the role away alone, and then resets alone what needs two.
func (f *Flow) administered(ctx context.Context, u user.User) (bool, error) {
	since, was := f.now().Add(-approval.Seasoned), slices.Contains(u.Roles, rbac.Admin)
	for _, name := range []audit.Name{user.RoleAssigned, user.RoleRemoved} {
		err := f.each(ctx, audit.Query{Subject: u.ID.String(), Name: name.String(), Limit: 200}, func(e audit.Event) {
			was = was || e.Time.After(since) && slices.Contains(strings.Fields(e.Details["taken"]), rbac.Admin)
		})
		if err != nil {
			return was, err
		}
	}
	return was, nil
}

// each runs fn over all events that q selects.
func (f *Flow) each(ctx context.Context, q audit.Query, fn func(audit.Event)) error {
	for {
		events, err := f.o.Read.Audit().Search(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range events {
			fn(e)
		}
		if len(events) < q.Limit {
			return nil
		}
		q.Before = events[len(events)-1].ID
	}
}
