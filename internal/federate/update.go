package federate

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/user"
)

// update brings an account up to date with what its service says: the fields that the
// service owns, and the roles that the mapping gives and takes. It happens before the
// session: what was taken over there counts though the sign-in fails here. An account
// that may not act is left alone; the pipeline refuses it. No address changes here,
// whatever the service says of it: that takes a proof of its own, and is frozen while
// somebody gets back into the account (TH-43).
func (f *Flow) update(ctx context.Context, by user.Caller, c federation.Connection, l federation.Link, p federation.Person) error {
	u, err := f.o.Read.Users().ByID(ctx, l.User)
	if err != nil || u.State != user.Active {
		return err
	}
	if err := f.entitled(ctx, c, p, u); err != nil {
		return err
	}
	if l.Born {
		if err := f.updateProfile(ctx, by, c, u, p); err != nil {
			return err
		}
	}
	if len(c.Settings.Mapping.Roles) == 0 {
		return nil
	}
	return f.o.InTx(ctx, func(tx Tx) error {
		home, err := f.home(ctx, c)
		if err != nil || home.IsZero() {
			return errors.Join(err, f.updateRoles(ctx, tx, by, c, u.ID, p))
		}
		return f.updateMember(ctx, tx, by, c, home, u.ID, p)
	})
}

// updateProfile writes only what differs. Who changed the account at the same moment
// wins; the next sign-in will do it.
func (f *Flow) updateProfile(ctx context.Context, by user.Caller, c federation.Connection, u user.User, p federation.Person) error {
	want := user.Profile{Name: u.Name, Locale: u.Locale, TimeZone: u.TimeZone}
	for _, field := range c.Owns(p) {
		switch field {
		case federation.FieldName:
			want.Name = p.Name
		case federation.FieldLocale:
			want.Locale = p.Locale
		}
	}
	if want.Name == u.Name && want.Locale == u.Locale {
		return nil
	}
	now := f.now()
	err := f.o.Read.Users().SetProfile(ctx, u.ID, want, u.Revision, now, about(by, Updated, now, u.ID, c))
	if errors.Is(err, user.ErrStale) {
		return nil
	}
	return err
}

// given are the roles that someone has after a sign-in: those that no rule of the
// mapping names stay.
func given(has []string, ruled map[string]bool, now []string) []string {
	out := slices.DeleteFunc(slices.Clone(has), func(name string) bool { return ruled[name] && !slices.Contains(now, name) })
	out = append(out, now...)
	slices.Sort(out)
	return slices.Compact(out)
}

// ruled are the roles that some rule of c's mapping names.
func ruled(c federation.Connection) map[string]bool {
	names := map[string]bool{}
	for _, roles := range c.Settings.Mapping.Roles {
		for _, name := range roles {
			names[name] = true
		}
	}
	return names
}

func (f *Flow) updateRoles(ctx context.Context, tx Tx, by user.Caller, c federation.Connection, id user.ID, p federation.Person) error {
	u, err := tx.Users().ByID(ctx, id)
	if err != nil {
		return err
	}
	now, err := f.known(ctx, tx, c, p.Roles)
	if err != nil {
		return err
	}
	// Whoever administers the instance is not for a service to say (TH-42): Clean
	// refuses such a rule, and one that got past it has no effect.
	rules := ruled(c)
	delete(rules, rbac.Admin)
	roles := given(u.Roles, rules, without(now, []string{rbac.Admin}))
	if slices.Equal(roles, u.Roles) {
		return nil
	}
	at := f.now()
	ev := about(by, roleChange(u.Roles, roles), at, id, c).With("given", strings.Join(without(roles, u.Roles), " ")).With("taken", strings.Join(without(u.Roles, roles), " "))
	return tx.Users().SetRoles(ctx, id, roles, u.ManagedBy, at, ev)
}

func (f *Flow) updateMember(ctx context.Context, tx Tx, by user.Caller, c federation.Connection, home organization.ID, id user.ID, p federation.Person) error {
	all, err := tx.Organizations().Of(ctx, id)
	i := slices.IndexFunc(all, func(m organization.Membership) bool { return m.Organization == home })
	if err != nil || i < 0 {
		return err // they left: coming back is not for a sign-in to say
	}
	now, err := f.known(ctx, tx, c, p.Roles)
	if err != nil {
		return err
	}
	roles := given(all[i].Roles, ruled(c), now)
	if slices.Equal(roles, all[i].Roles) {
		return nil
	}
	at := f.now()
	ev := about(by, organization.MemberChanged, at, id, c).With("organization", home.String()).
		With("given", strings.Join(without(roles, all[i].Roles), " ")).With("taken", strings.Join(without(all[i].Roles, roles), " "))
	m := all[i]
	m.Roles = roles
	return tx.Organizations().SetMember(ctx, m, ev)
}

func roleChange(before, after []string) audit.Name {
	if len(without(after, before)) == 0 {
		return user.RoleRemoved
	}
	return user.RoleAssigned
}

// without is what of list is not in other.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// Owned tells which fields of an account's profile come from a service, and from
// which: they are changed there.
func (f *Flow) Owned(ctx context.Context, owner user.ID) (map[string]string, error) {
	links, err := f.o.Read.Federation().LinksOf(ctx, owner)
	if err != nil {
		return nil, err
	}
	var owned map[string]string
	for _, l := range links {
		if !l.Born || len(l.Owns) == 0 {
			continue
		}
		c, err := f.o.Read.Federation().ByID(ctx, l.Connection)
		if errors.Is(err, federation.ErrUnknown) || err == nil && !c.Enabled {
			continue
		}
		if err != nil {
			return nil, err
		}
		if owned == nil {
			owned = make(map[string]string, len(l.Owns))
		}
		for _, field := range l.Owns {
			owned[field] = c.Title()
		}
	}
	return owned, nil
}
