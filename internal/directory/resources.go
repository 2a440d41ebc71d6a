package directory

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/user"
)

func (f *Flow) resourceEvent(by user.Caller, n audit.Name, identifier string) audit.Event {
	return by.Event(n, f.now(), user.ID{}).With("resource", identifier)
}

// Resources returns resources in order of identifier.
func (f *Flow) Resources(ctx context.Context, by user.Caller, after string, limit int) ([]resource.Resource, error) {
	if err := f.allow(ctx, by, "resources.list"); err != nil {
		return nil, err
	}
	return f.o.Read.Resources().List(ctx, after, limit)
}

// Resource returns one resource.
func (f *Flow) Resource(ctx context.Context, by user.Caller, identifier string) (resource.Resource, error) {
	if err := f.allow(ctx, by, "resources.get"); err != nil {
		return resource.Resource{}, err
	}
	return f.o.Read.Resources().ByIdentifier(ctx, identifier)
}

// CreateResource makes a resource.
func (f *Flow) CreateResource(ctx context.Context, by user.Caller, r resource.Resource) (resource.Resource, error) {
	if err := f.allow(ctx, by, "resources.create"); err != nil {
		return r, err
	}
	r, err := r.Clean()
	if err != nil {
		return r, err
	}
	r.CreatedAt = f.now()
	r.UpdatedAt = r.CreatedAt
	if err := f.o.Read.Resources().Create(ctx, r, f.resourceEvent(by, resource.Created, r.Identifier)); err != nil {
		return r, err
	}
	return f.o.Read.Resources().ByIdentifier(ctx, r.Identifier)
}

// UpdateResource replaces a resource, as it was read: resource.ErrStale when
// somebody else was quicker.
func (f *Flow) UpdateResource(ctx context.Context, by user.Caller, r resource.Resource) (resource.Resource, error) {
	if err := f.allow(ctx, by, "resources.update"); err != nil {
		return r, err
	}
	r, err := r.Clean()
	if err != nil {
		return r, err
	}
	r.UpdatedAt = f.now()
	if err := f.o.Read.Resources().Update(ctx, r, f.resourceEvent(by, resource.Updated, r.Identifier)); err != nil {
		return r, err
	}
	return f.o.Read.Resources().ByIdentifier(ctx, r.Identifier)
}

// DeleteResource deletes a resource that no client may ask for.
func (f *Flow) DeleteResource(ctx context.Context, by user.Caller, identifier string) error {
	if err := f.allow(ctx, by, "resources.delete"); err != nil {
		return err
	}
	return f.o.Read.Resources().Delete(ctx, identifier, f.now(), f.resourceEvent(by, resource.Deleted, identifier))
}

// Scopes returns every scope in order of name, the built-in ones too.
func (f *Flow) Scopes(ctx context.Context, by user.Caller) ([]resource.Scope, error) {
	if err := f.allow(ctx, by, "scopes.list"); err != nil {
		return nil, err
	}
	kept, err := f.o.Read.Resources().Scopes(ctx)
	all := append(resource.StandardScopes(), kept...)
	slices.SortFunc(all, func(a, b resource.Scope) int { return strings.Compare(a.Name, b.Name) })
	return all, err
}

// PutScope creates a scope or changes its description. One that a file declares
// stays with its file.
func (f *Flow) PutScope(ctx context.Context, by user.Caller, s resource.Scope) (resource.Scope, error) {
	if err := f.allow(ctx, by, "scopes.put"); err != nil {
		return s, err
	}
	s, err := s.Clean()
	if err != nil {
		return s, err
	}
	err = f.o.InTx(ctx, func(tx Tx) error {
		if old, err := tx.Resources().Scope(ctx, s.Name); err == nil {
			s.ManagedBy = old.ManagedBy
		}
		return f.putScope(ctx, tx, by, &s)
	})
	return s, err
}

func (f *Flow) putScope(ctx context.Context, tx Tx, by user.Caller, s *resource.Scope) error {
	now, name := f.now(), resource.ScopeChanged
	s.UpdatedAt = now
	old, err := tx.Resources().Scope(ctx, s.Name)
	switch {
	case errors.Is(err, resource.ErrScopeUnknown):
		s.CreatedAt, name = now, resource.ScopeCreated
	case err != nil:
		return err
	case old.Description == s.Description && old.ManagedBy == s.ManagedBy:
		*s = old
		return nil
	default:
		s.CreatedAt = old.CreatedAt
	}
	return tx.Resources().PutScope(ctx, *s, by.Event(name, now, user.ID{}).With("scope", s.Name))
}

// DeleteScope deletes a scope that no client and no resource has.
func (f *Flow) DeleteScope(ctx context.Context, by user.Caller, name string) error {
	if err := f.allow(ctx, by, "scopes.delete"); err != nil {
		return err
	}
	if _, ok := resource.Standard(name); ok {
		return resource.ErrScopeBuiltIn
	}
	return f.o.Read.Resources().DeleteScope(ctx, name, by.Event(resource.ScopeDeleted, f.now(), user.ID{}).With("scope", name))
}
