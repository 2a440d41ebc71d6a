package directory

import (
	"context"
	"errors"
	"slices"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// byFile marks what a declarative file manages.
const byFile = "file"

// ErrUsersInFile: a production server takes no accounts, and no passwords, from files.
var ErrUsersInFile = problem.New(problem.Forbidden, "users_in_file", "This server takes no users from files. Create them one by one, or pass --allow-users knowingly.")

// Apply brings everything a file names to the wanted state and tells what became
// of each. Every resource is one transaction: it is brought about as a
// whole or not at all, and its failure does not undo the others. A dry run writes
// nothing.
func (f *Flow) Apply(ctx context.Context, by user.Caller, want apply.File, dryRun, allowUsers bool) (apply.Result, error) {
	if err := f.allow(ctx, by, "apply"); err != nil {
		return apply.Result{}, err
	}
	if len(want.Users) > 0 && !allowUsers {
		return apply.Result{}, ErrUsersInFile
	}
	want.Sites, want.Connections = plainSites(want.Sites), plainConnections(want.Connections)
	changes, err := f.plan(ctx, want)
	if err != nil {
		return apply.Result{}, err
	}
	for i, c := range changes {
		if dryRun || c.Error != nil || c.Action == apply.Unchanged {
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
		return f.applyRole(ctx, by, want.Roles[c.Index])
	case apply.KindOrganization:
		return f.applyOrganization(ctx, by, want.Organizations[c.Index])
	case apply.KindScope:
		return f.applyScope(ctx, by, want.Scopes[c.Index])
	case apply.KindResource:
		return f.applyResource(ctx, by, want.Resources[c.Index])
	case apply.KindClient:
		return f.applyClient(ctx, by, want.Clients[c.Index], c)
	case apply.KindPolicy:
		return f.applyPolicy(ctx, by, *want.Policy)
	case apply.KindSite:
		return f.applySite(ctx, by, want.Sites[c.Index])
	case apply.KindConnection:
		return f.applyConnection(ctx, by, want.Connections[c.Index])
	default:
		return f.applyUser(ctx, by, want.Users[c.Index])
	}
}

func (f *Flow) applyRole(ctx context.Context, by user.Caller, w apply.Role) error {
	r := rbac.Role{Name: w.Name, Permissions: w.Permissions, ManagedBy: byFile}
	if w.Assurance != nil {
		r.Assurance = *w.Assurance
	}
	r, err := r.Clean()
	if err != nil {
		return err
	}
	return f.o.InTx(ctx, func(tx Tx) error {
		if old, err := tx.Roles().ByName(ctx, r.Name); err == nil {
			if w.Permissions == nil {
				r.Permissions = old.Permissions
			}
			if w.Assurance == nil {
				r.Assurance = old.Assurance
			}
			if old.BuiltIn {
				r.ManagedBy = old.ManagedBy
			}
		}
		return f.putRole(ctx, tx, by, r)
	})
}

func (f *Flow) applyOrganization(ctx context.Context, by user.Caller, w apply.Organization) error {
	return f.o.InTx(ctx, func(tx Tx) error {
		old, err := tx.Organizations().BySlug(ctx, w.Slug)
		absent := errors.Is(err, organization.ErrUnknown)
		if err != nil && !absent {
			return err
		}
		o, now := old, f.now()
		o.Slug, o.ManagedBy, o.UpdatedAt = w.Slug, byFile, now
		if w.Name != "" {
			o.Name = w.Name
		}
		if w.Domains != nil {
			o.Domains = w.Domains
		}
		if o, err = o.Clean(); err != nil {
			return err
		}
		if !absent {
			return tx.Organizations().Update(ctx, o, by.Event(organization.Updated, now, user.ID{}).With("organization", o.ID.String()))
		}
		o.ID, o.Revision, o.CreatedAt = organization.NewID(now), 1, now
		return tx.Organizations().Create(ctx, o, by.Event(organization.Created, now, user.ID{}).With("organization", o.ID.String()))
	})
}

// applyUser makes the account or changes it. Checking and hashing a password
// come before the transaction, and only for an account that is not there yet.
func (f *Flow) applyUser(ctx context.Context, by user.Caller, w apply.User) error {
	u, _, err := f.o.Read.Users().ByEmail(ctx, user.EmailKey(w.Email))
	if err == nil {
		return f.o.InTx(ctx, func(tx Tx) error { return f.changeUser(ctx, tx, by, u.ID, w) })
	}
	if !errors.Is(err, user.ErrUnknown) {
		return err
	}
	if err := loneAdmin(by, nil, w.Roles); err != nil {
		return err
	}
	made, err := f.prepare(ctx, by, NewUser{
		Name: w.Name, Email: w.Email, EmailVerified: w.EmailVerified, Password: w.Password, Roles: w.Roles, ManagedBy: byFile,
	})
	if err != nil {
		return err
	}
	return f.o.InTx(ctx, func(tx Tx) error {
		if err := f.insert(ctx, tx, by, made); err != nil {
			return err
		}
		if err := f.settle(ctx, tx, by, made.user.ID, w.Roles); err != nil {
			return err
		}
		return f.memberships(ctx, tx, by, made.user.ID, w)
	})
}

// settle ends the first run when the host declares an administrator: in the
// transaction that makes them, and for ever (TH-35).
func (f *Flow) settle(ctx context.Context, tx Tx, by user.Caller, id user.ID, roles []string) error {
	host := by.Actor.Type == audit.ActorHost || by.Actor.Type == audit.ActorSystem
	if !host || !slices.Contains(roles, rbac.Admin) {
		return nil
	}
	now := f.now()
	err := tx.Instance().CompleteSetup(ctx, secret.Digest{}, now, by.Event(instance.SetupCompleted, now, id))
	if errors.Is(err, instance.ErrSetupDone) {
		return nil
	}
	return err
}

func (f *Flow) changeUser(ctx context.Context, tx Tx, by user.Caller, id user.ID, w apply.User) error {
	u, err := tx.Users().ByID(ctx, id)
	if err != nil {
		return err
	}
	now := f.now()
	if w.Name != "" && w.Name != u.Name {
		p, err := user.Profile{Name: w.Name, Locale: u.Locale, TimeZone: u.TimeZone}.Clean()
		if err != nil {
			return err
		}
		if err := tx.Users().SetProfile(ctx, id, p, u.Revision, now, by.Event(user.Updated, now, id)); err != nil {
			return err
		}
	}
	if err := f.vouch(ctx, tx, by, id, w); err != nil {
		return err
	}
	roles := w.Roles
	if roles == nil {
		roles = u.Roles
	}
	if err := loneAdmin(by, u.Roles, roles); err != nil {
		return err
	}
	if err := tx.Users().SetRoles(ctx, id, roles, byFile, now, f.rolesEvent(by, u, roles, now)); err != nil {
		return err
	}
	if err := keepAdmin(ctx, tx, by); err != nil {
		return err
	}
	if err := f.settle(ctx, tx, by, id, roles); err != nil {
		return err
	}
	return f.memberships(ctx, tx, by, id, w)
}

// vouch marks the declared address as verified, when the file says so.
func (f *Flow) vouch(ctx context.Context, tx Tx, by user.Caller, id user.ID, w apply.User) error {
	if !w.EmailVerified {
		return nil
	}
	key := user.EmailKey(w.Email)
	emails, err := tx.Users().Emails(ctx, id)
	if err != nil {
		return err
	}
	for _, e := range emails {
		if e.Key == key && !e.Verified() {
			if err := reclaim.Frozen(ctx, tx.Reclaims(), id); err != nil {
				return err
			}
			return tx.Users().VerifyEmail(ctx, id, key, f.now(), by.Event(user.Verified, f.now(), id))
		}
	}
	return nil
}

// memberships makes the account's organisations exactly those that w names,
// unless w names none at all.
func (f *Flow) memberships(ctx context.Context, tx Tx, by user.Caller, id user.ID, w apply.User) error {
	if w.Organizations == nil {
		return nil
	}
	now := f.now()
	have, err := tx.Organizations().Of(ctx, id)
	if err != nil {
		return err
	}
	since := map[string]organization.Membership{}
	for _, m := range have {
		since[m.Slug] = m
	}
	for _, m := range w.Organizations {
		o, err := tx.Organizations().BySlug(ctx, m.Slug)
		if err != nil {
			return err
		}
		next := organization.Membership{Organization: o.ID, User: id, Roles: m.Roles, JoinedAt: now}
		name := organization.MemberAdded
		if old, ok := since[m.Slug]; ok {
			next.JoinedAt, name = old.JoinedAt, organization.MemberChanged
			delete(since, m.Slug)
		}
		if err := tx.Organizations().SetMember(ctx, next, by.Event(name, now, id).With("organization", o.ID.String())); err != nil {
			return err
		}
		if err := f.endElsewhere(ctx, tx, by, o.ID, id); err != nil {
			return err
		}
	}
	for _, gone := range since {
		ev := by.Event(organization.MemberRemoved, now, id).With("organization", gone.Organization.String())
		if err := tx.Organizations().RemoveMember(ctx, gone.Organization, id, now, ev); err != nil {
			return err
		}
	}
	return nil
}

// current answers what apply.Plan asks from the store.
type current struct {
	tx   Tx
	keys proof.Keys
}

func (f *Flow) current(tx Tx) current { return current{tx, f.o.Keys} }

func (c current) Role(ctx context.Context, name string) (apply.RoleState, bool, error) {
	r, err := c.tx.Roles().ByName(ctx, name)
	if errors.Is(err, rbac.ErrUnknown) {
		return apply.RoleState{}, false, nil
	}
	return apply.RoleState{Permissions: r.Permissions, Assurance: r.Assurance, Managed: r.ManagedBy == byFile, BuiltIn: r.BuiltIn}, err == nil, err
}

func (c current) Organization(ctx context.Context, slug string) (apply.OrganizationState, bool, error) {
	o, err := c.tx.Organizations().BySlug(ctx, slug)
	if errors.Is(err, organization.ErrUnknown) {
		return apply.OrganizationState{}, false, nil
	}
	return apply.OrganizationState{Name: o.Name, Domains: o.Domains, Managed: o.ManagedBy == byFile}, err == nil, err
}

func (c current) User(ctx context.Context, email string) (apply.UserState, bool, error) {
	u, e, err := c.tx.Users().ByEmail(ctx, user.EmailKey(email))
	if errors.Is(err, user.ErrUnknown) {
		return apply.UserState{}, false, nil
	}
	if err != nil {
		return apply.UserState{}, false, err
	}
	out := apply.UserState{Name: u.Name, EmailVerified: e.Verified(), Roles: u.Roles, Managed: u.ManagedBy == byFile}
	have, err := c.tx.Organizations().Of(ctx, u.ID)
	for _, m := range have {
		out.Organizations = append(out.Organizations, apply.Membership{Slug: m.Slug, Roles: m.Roles})
	}
	return out, true, err
}
