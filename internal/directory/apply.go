package directory

import (
	"context"
	"errors"
	"slices"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/user"
)

// managedByFile marks what a file declared, so that others leave it alone.
const managedByFile = "file"

// ErrUsersInFile: a production server takes no accounts, and no passwords, from files.
var ErrUsersInFile = problem.New(problem.Forbidden, "users_in_file", "This server takes no users from files. Create them one by one, or pass --allow-users knowingly.")

// Apply brings roles, organisations and users to what want declares, in this
// order, and reports every change. A dry run changes nothing. Each resource is
// one transaction: what fails is reported beside it and the rest goes on.
func (f *Flow) Apply(ctx context.Context, by user.Caller, want apply.File, dryRun, allowUsers bool) (apply.Result, error) {
	if err := f.allow(ctx, by, "apply"); err != nil {
		return apply.Result{}, err
	}
	if len(want.Users) > 0 && !allowUsers {
		return apply.Result{}, ErrUsersInFile
	}
	changes, err := apply.Plan(ctx, state{f}, want)
	if err != nil || dryRun {
		return apply.Summarize(changes), err
	}
	for i, c := range changes {
		if c.Error != nil || c.Action == apply.Unchanged {
			continue
		}
		if err := f.carryOut(ctx, by, want, c); err != nil {
			if problem.Of(err).Kind == problem.Internal || ctx.Err() != nil {
				return apply.Summarize(changes), err
			}
			changes[i] = c.Failed(err)
		}
	}
	return apply.Summarize(changes), nil
}

func (f *Flow) carryOut(ctx context.Context, by user.Caller, want apply.File, c apply.Change) error {
	switch c.Kind {
	case apply.KindRole:
		r := want.Roles[c.Index]
		_, err := f.PutRole(ctx, by, rbac.Role{Name: r.Name, Permissions: r.Permissions, ManagedBy: managedByFile})
		return err
	case apply.KindOrganization:
		return f.applyOrganization(ctx, by, want.Organizations[c.Index], c.Action)
	default:
		return f.applyUser(ctx, by, want.Users[c.Index], c.Action)
	}
}

func (f *Flow) applyOrganization(ctx context.Context, by user.Caller, want apply.Organization, a apply.Action) error {
	o := organization.Organization{Slug: want.Slug, Name: want.Name, Domains: want.Domains, ManagedBy: managedByFile}
	if a == apply.Create {
		_, err := f.CreateOrganization(ctx, by, o)
		return err
	}
	old, err := f.o.Read.Organizations().BySlug(ctx, want.Slug)
	if err != nil {
		return err
	}
	o.ID, o.Revision, o.CreatedAt = old.ID, old.Revision, old.CreatedAt
	if o.Name == "" {
		o.Name = old.Name
	}
	_, err = f.UpdateOrganization(ctx, by, o)
	return err
}

// applyUser makes or changes one account. Its password is set only when it is
// made: a file never changes what its owner chose.
func (f *Flow) applyUser(ctx context.Context, by user.Caller, want apply.User, a apply.Action) error {
	if a == apply.Create {
		made, err := f.prepare(ctx, by, NewUser{
			Name: want.Name, Email: want.Email, EmailVerified: want.EmailVerified, Password: want.Password,
			Roles: want.Roles, ManagedBy: managedByFile,
		})
		if err != nil {
			return err
		}
		return f.o.InTx(ctx, func(tx Tx) error {
			if err := f.insert(ctx, tx, by, made); err != nil {
				return err
			}
			return f.applyMemberships(ctx, tx, by, made.user.ID, want.Organizations)
		})
	}
	u, email, err := f.o.Read.Users().ByEmail(ctx, user.EmailKey(want.Email))
	if err != nil {
		return err
	}
	return f.o.InTx(ctx, func(tx Tx) error { return f.changeUser(ctx, tx, by, u, email, want) })
}

func (f *Flow) changeUser(ctx context.Context, tx Tx, by user.Caller, u user.User, email user.Email, want apply.User) error {
	now := f.now()
	if want.Name != "" && want.Name != u.Name {
		p, err := user.Profile{Name: want.Name, Locale: u.Locale, TimeZone: u.TimeZone}.Clean()
		if err != nil {
			return err
		}
		if err := tx.Users().SetProfile(ctx, u.ID, p, 0, now, by.Event(user.Updated, now, u.ID)); err != nil {
			return err
		}
	}
	if want.EmailVerified && !email.Verified() {
		if err := tx.Users().VerifyEmail(ctx, u.ID, email.Key, now, by.Event(user.Verified, now, u.ID)); err != nil {
			return err
		}
	}
	if err := tx.Users().SetRoles(ctx, u.ID, want.Roles, managedByFile, now, by.Event(user.RoleAssigned, now, u.ID)); err != nil {
		return err
	}
	return f.applyMemberships(ctx, tx, by, u.ID, want.Organizations)
}

// applyMemberships makes the declared memberships the only ones.
func (f *Flow) applyMemberships(ctx context.Context, tx Tx, by user.Caller, id user.ID, want []apply.Membership) error {
	now := f.now()
	have, err := tx.Organizations().Of(ctx, id)
	if err != nil {
		return err
	}
	for _, m := range have {
		if slices.ContainsFunc(want, func(w apply.Membership) bool { return w.Slug == m.Slug }) {
			continue
		}
		ev := by.Event(organization.MemberRemoved, now, id).With("organization", m.Organization.String())
		if err := tx.Organizations().RemoveMember(ctx, m.Organization, id, now, ev); err != nil {
			return err
		}
	}
	for _, w := range want {
		o, err := tx.Organizations().BySlug(ctx, w.Slug)
		if err != nil {
			return err
		}
		m := organization.Membership{Organization: o.ID, User: id, Roles: w.Roles, JoinedAt: now}
		ev := by.Event(organization.MemberAdded, now, id).With("organization", o.ID.String())
		if err := tx.Organizations().SetMember(ctx, m, ev); err != nil {
			return err
		}
	}
	return nil
}

// state shows the store to apply.Plan.
type state struct{ f *Flow }

func (s state) Role(ctx context.Context, name string) (apply.RoleState, bool, error) {
	r, err := s.f.o.Read.Roles().ByName(ctx, name)
	if errors.Is(err, rbac.ErrUnknown) {
		return apply.RoleState{}, false, nil
	}
	return apply.RoleState{Permissions: r.Permissions, Managed: r.ManagedBy == managedByFile, BuiltIn: r.BuiltIn}, err == nil, err
}

func (s state) Organization(ctx context.Context, slug string) (apply.OrganizationState, bool, error) {
	o, err := s.f.o.Read.Organizations().BySlug(ctx, slug)
	if errors.Is(err, organization.ErrUnknown) {
		return apply.OrganizationState{}, false, nil
	}
	return apply.OrganizationState{Name: o.Name, Domains: o.Domains, Managed: o.ManagedBy == managedByFile}, err == nil, err
}

func (s state) User(ctx context.Context, email string) (apply.UserState, bool, error) {
	u, e, err := s.f.o.Read.Users().ByEmail(ctx, user.EmailKey(email))
	if errors.Is(err, user.ErrUnknown) {
		return apply.UserState{}, false, nil
	}
	if err != nil {
		return apply.UserState{}, false, err
	}
	out := apply.UserState{Name: u.Name, EmailVerified: e.Verified(), Roles: u.Roles, Managed: u.ManagedBy == managedByFile}
	orgs, err := s.f.o.Read.Organizations().Of(ctx, u.ID)
	for _, m := range orgs {
		out.Organizations = append(out.Organizations, apply.Membership{Slug: m.Slug, Roles: m.Roles})
	}
	return out, err == nil, err
}
