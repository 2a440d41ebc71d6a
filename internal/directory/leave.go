package directory

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// Deprovisioner is the seam for whoever knows that somebody left: a directory that
// speaks SCIM, or the signal of a service upstream. Flow is one.
type Deprovisioner interface {
	// Leave takes an account out of an organisation for good: membership, links of its
	// connections, though they be the last way in, and the sessions that began with
	// them. An account that was made for one of these links, and that neither
	// administers the instance nor belongs to another organisation, is suspended with
	// all that was born of it. organization.ErrNotMember.
	Leave(ctx context.Context, by user.Caller, id organization.ID, member user.ID) error
}

var _ Deprovisioner = (*Flow)(nil)

// Leave implements Deprovisioner.
func (f *Flow) Leave(ctx context.Context, by user.Caller, id organization.ID, member user.ID) error {
	return f.leave(ctx, by, id, member, gone)
}

// farness is how far somebody leaves.
type farness bool

const (
	// aside: the links stay and open nothing any more, so that coming back is not for
	// a sign-in to say.
	aside farness = false
	gone  farness = true
)

// leave is one act: somebody who signs in meanwhile is in before it, and out after it.
func (f *Flow) leave(ctx context.Context, by user.Caller, id organization.ID, member user.ID, far farness) error {
	if err := f.allow(ctx, by, "organizations.members.remove"); err != nil {
		return err
	}
	return f.o.InTx(ctx, func(tx Tx) error {
		now := f.now()
		ev := by.Event(organization.MemberRemoved, now, member).With("organization", id.String())
		if err := tx.Organizations().RemoveMember(ctx, id, member, now, ev); err != nil {
			return err
		}
		born, err := f.leaveLinks(ctx, tx, by, id, member, far)
		if err != nil || !born || far != gone {
			return err
		}
		return f.orphaned(ctx, tx, by, member)
	})
}

// leaveLinks ends what began with an account's links of the connections of an
// organisation, and tells whether the account was made for one of them.
func (f *Flow) leaveLinks(ctx context.Context, tx Tx, by user.Caller, id organization.ID, member user.ID, far farness) (born bool, err error) {
	links, err := tx.Federation().LinksOf(ctx, member)
	if err != nil {
		return false, err
	}
	for _, l := range links {
		c, err := tx.Federation().ByID(ctx, l.Connection)
		if errors.Is(err, federation.ErrUnknown) || err == nil && c.Organization != id.String() {
			continue
		}
		if err != nil {
			return false, err
		}
		born = born || l.Born
		if err := f.endBegan(ctx, tx, by, l); err != nil {
			return false, err
		}
		if far != gone {
			continue
		}
		ev := by.Event(federation.LinkGone, f.now(), l.User).With("connection", c.Name).With("link", l.ID.String())
		if err := tx.Federation().Cut(ctx, l.User, l.ID, ev); err != nil {
			return false, err
		}
	}
	return born, nil
}

func (f *Flow) endBegan(ctx context.Context, tx Tx, by user.Caller, l federation.Link) error {
	all, err := tx.Federation().Began(ctx, federation.There{Connection: l.Connection, Issuer: l.Issuer, Subject: l.Subject}, f.now(), mostSessions)
	if err != nil {
		return err
	}
	for _, b := range all {
		if err := f.endSession(ctx, tx, by, b.User, session.ID(b.Session), session.Unlinked); err != nil {
			return err
		}
	}
	return nil
}

// mostSessions is how many sessions end in one act: more than any account has.
const mostSessions = 200

// orphaned suspends an account that was an organisation's only.
func (f *Flow) orphaned(ctx context.Context, tx Tx, by user.Caller, member user.ID) error {
	u, err := tx.Users().ByID(ctx, member)
	if err != nil || u.State != user.Active || slices.Contains(u.Roles, rbac.Admin) {
		return err
	}
	of, err := tx.Organizations().Of(ctx, member)
	if err != nil || len(of) > 0 {
		return err
	}
	now := f.now()
	return tx.Users().SetState(ctx, member, user.Active, user.Suspended, time.Time{}, now, by.Event(user.Disabled, now, member))
}
