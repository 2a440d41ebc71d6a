package directory

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/user"
)

// Roles returns every role.
func (f *Flow) Roles(ctx context.Context, by user.Caller) ([]rbac.Role, error) {
	if err := f.allow(ctx, by, "roles.list"); err != nil {
		return nil, err
	}
	return f.o.Read.Roles().All(ctx)
}

// Role returns one role.
func (f *Flow) Role(ctx context.Context, by user.Caller, name string) (rbac.Role, error) {
	if err := f.allow(ctx, by, "roles.get"); err != nil {
		return rbac.Role{}, err
	}
	return f.o.Read.Roles().ByName(ctx, name)
}

// PutRole creates or replaces a role.
func (f *Flow) PutRole(ctx context.Context, by user.Caller, r rbac.Role) (rbac.Role, error) {
	if err := f.allow(ctx, by, "roles.put"); err != nil {
		return r, err
	}
	r, err := r.Clean()
	if err != nil {
		return r, err
	}
	return r, f.o.InTx(ctx, func(tx Tx) error { return f.putRole(ctx, tx, by, r) })
}

func (f *Flow) putRole(ctx context.Context, tx Tx, by user.Caller, r rbac.Role) error {
	now := f.now()
	r.UpdatedAt = now
	ev := by.Event(rbac.Changed, now, user.ID{}).With("role", r.Name)
	old, err := tx.Roles().ByName(ctx, r.Name)
	if errors.Is(err, rbac.ErrUnknown) {
		r.CreatedAt = now
		ev = by.Event(rbac.Created, now, user.ID{}).With("role", r.Name)
	} else if err != nil {
		return err
	} else {
		r.CreatedAt = old.CreatedAt
		if slices.Equal(old.Permissions, r.Permissions) && old.ManagedBy == r.ManagedBy && old.Assurance == r.Assurance {
			return nil
		}
		if old.Assurance != r.Assurance {
			ev = ev.With("assurance", strconv.Itoa(r.Assurance))
		}
	}
	return tx.Roles().Put(ctx, r, ev)
}

// DeleteRole removes a role nobody holds.
func (f *Flow) DeleteRole(ctx context.Context, by user.Caller, name string) error {
	if err := f.allow(ctx, by, "roles.delete"); err != nil {
		return err
	}
	return f.o.Read.Roles().Delete(ctx, name, by.Event(rbac.Deleted, f.now(), user.ID{}).With("role", name))
}

// Organizations returns organisations in order of id.
func (f *Flow) Organizations(ctx context.Context, by user.Caller, after organization.ID, limit int) ([]organization.Organization, error) {
	if err := f.allow(ctx, by, "organizations.list"); err != nil {
		return nil, err
	}
	return f.o.Read.Organizations().List(ctx, after, limit)
}

// Organization finds one by slug or org_….
func (f *Flow) Organization(ctx context.Context, by user.Caller, ref string) (organization.Organization, error) {
	if err := f.allow(ctx, by, "organizations.get"); err != nil {
		return organization.Organization{}, err
	}
	if id, err := organization.ParseID(ref); err == nil {
		return f.o.Read.Organizations().ByID(ctx, id)
	}
	return f.o.Read.Organizations().BySlug(ctx, ref)
}

// CreateOrganization makes an organisation.
func (f *Flow) CreateOrganization(ctx context.Context, by user.Caller, o organization.Organization) (organization.Organization, error) {
	if err := f.allow(ctx, by, "organizations.create"); err != nil {
		return o, err
	}
	o, err := o.Clean()
	if err != nil {
		return o, err
	}
	now := f.now()
	o.ID, o.Revision, o.CreatedAt, o.UpdatedAt = organization.NewID(now), 1, now, now
	return o, f.o.Read.Organizations().Create(ctx, o, by.Event(organization.Created, now, user.ID{}).With("organization", o.ID.String()))
}

// UpdateOrganization replaces slug, name and domains.
func (f *Flow) UpdateOrganization(ctx context.Context, by user.Caller, o organization.Organization) (organization.Organization, error) {
	if err := f.allow(ctx, by, "organizations.update"); err != nil {
		return o, err
	}
	o, err := o.Clean()
	if err != nil {
		return o, err
	}
	o.UpdatedAt = f.now()
	return o, f.o.Read.Organizations().Update(ctx, o, by.Event(organization.Updated, o.UpdatedAt, user.ID{}).With("organization", o.ID.String()))
}

// DeleteOrganization removes an organisation and its memberships.
func (f *Flow) DeleteOrganization(ctx context.Context, by user.Caller, id organization.ID) error {
	if err := f.allow(ctx, by, "organizations.delete"); err != nil {
		return err
	}
	now := f.now()
	return f.o.Read.Organizations().Delete(ctx, id, now, by.Event(organization.Deleted, now, user.ID{}).With("organization", id.String()))
}

// Members returns who belongs to an organisation.
func (f *Flow) Members(ctx context.Context, by user.Caller, id organization.ID, after user.ID, limit int) ([]organization.Membership, error) {
	if err := f.allow(ctx, by, "organizations.members"); err != nil {
		return nil, err
	}
	return f.o.Read.Organizations().Members(ctx, id, after, limit)
}

// SetMember adds an account to an organisation or replaces its roles there. Whom the
// organisation's required sign-in binds by it loses the sessions that began otherwise.
func (f *Flow) SetMember(ctx context.Context, by user.Caller, m organization.Membership) error {
	if err := f.allow(ctx, by, "organizations.members.set"); err != nil {
		return err
	}
	now := f.now()
	m.JoinedAt = now
	return f.o.InTx(ctx, func(tx Tx) error {
		ev := by.Event(organization.MemberAdded, now, m.User).With("organization", m.Organization.String())
		if err := tx.Organizations().SetMember(ctx, m, ev); err != nil {
			return err
		}
		return f.endElsewhere(ctx, tx, by, m.Organization, m.User)
	})
}

// RemoveMember takes an account out of an organisation, and ends the sessions that began
// with its connections. Account and links stay; those open nothing any more.
func (f *Flow) RemoveMember(ctx context.Context, by user.Caller, id organization.ID, member user.ID) error {
	return f.leave(ctx, by, id, member, aside)
}
