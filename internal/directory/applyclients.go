package directory

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// plan compares want with what is, and looks at what scopes, resources and
// clients would become: a plan says what apply would refuse.
func (f *Flow) plan(ctx context.Context, want apply.File) ([]apply.Change, error) {
	changes, err := apply.Plan(ctx, f.current(f.o.Read), want)
	if err != nil {
		return nil, err
	}
	for i, c := range changes {
		if c.Error != nil {
			continue
		}
		err := f.acceptable(ctx, want, c)
		if problem.Of(err) != nil && problem.Of(err).Kind == problem.Internal {
			return nil, err
		}
		if err != nil {
			changes[i] = c.Failed(err)
		}
	}
	return changes, nil
}

func (f *Flow) acceptable(ctx context.Context, want apply.File, c apply.Change) (err error) {
	switch c.Kind {
	case apply.KindPolicy:
		_, err = wantedPolicy(policy.Policy{Assurance: policy.Least}, *want.Policy)
	case apply.KindScope:
		_, err = f.wantedScope(want.Scopes[c.Index])
	case apply.KindResource:
		_, _, err = f.wantedResource(ctx, f.o.Read, want.Resources[c.Index])
	case apply.KindConnection:
		_, _, err = f.wantedConnection(ctx, f.o.Read, want.Connections[c.Index])
	case apply.KindClient:
		w := want.Clients[c.Index]
		if err = f.acceptableClient(ctx, w, c.Action); err == nil && !w.Secret.IsZero() {
			err = client.CheckSecret(w.Secret)
		}
	}
	return err
}

func (f *Flow) wantedScope(w apply.Scope) (resource.Scope, error) {
	return resource.Scope{Name: w.Name, Description: w.Description, ManagedBy: byFile}.Clean()
}

func (f *Flow) applyScope(ctx context.Context, by user.Caller, w apply.Scope) error {
	s, err := f.wantedScope(w)
	if err != nil {
		return err
	}
	return f.o.InTx(ctx, func(tx Tx) error {
		next := s
		if old, err := tx.Resources().Scope(ctx, s.Name); err == nil && w.Description == "" {
			next.Description = old.Description
		}
		return f.putScope(ctx, tx, by, &next)
	})
}

// wantedResource is the resource as it will be, and whether it is there already.
func (f *Flow) wantedResource(ctx context.Context, tx Tx, w apply.Resource) (resource.Resource, bool, error) {
	r, err := tx.Resources().ByIdentifier(ctx, w.Identifier)
	absent := errors.Is(err, resource.ErrUnknown)
	if err != nil && !absent {
		return r, false, err
	}
	r.Identifier, r.ManagedBy, r.UpdatedAt = w.Identifier, byFile, f.now()
	replace(&r.Name, w.Name)
	replace(&r.TokenFormat, resource.Format(w.TokenFormat))
	replace(&r.Algorithm, w.Algorithm)
	replaceList(&r.Scopes, w.Scopes)
	replaceList(&r.Verifiers, w.Verifiers)
	lifetime(&r.TokenLifetime, w.TokenLifetime)
	if w.DetailTypes != nil {
		if r.DetailTypes, err = detailTypes(w.DetailTypes); err != nil {
			return r, !absent, err
		}
	}
	r, err = r.Clean()
	return r, !absent, err
}

// detailTypes reads the types of authorization_details that a file declares.
func detailTypes(declared any) (types []resource.DetailType, err error) {
	b, err := json.Marshal(declared)
	if err != nil {
		return nil, resource.ErrDetailType.Because(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&types); err != nil {
		return nil, resource.ErrDetailType.Because(err)
	}
	return types, nil
}

func (f *Flow) applyResource(ctx context.Context, by user.Caller, w apply.Resource) error {
	return f.o.InTx(ctx, func(tx Tx) error {
		r, there, err := f.wantedResource(ctx, tx, w)
		if err != nil {
			return err
		}
		if there {
			return tx.Resources().Update(ctx, r, f.resourceEvent(by, resource.Updated, r.Identifier))
		}
		r.CreatedAt = r.UpdatedAt
		return tx.Resources().Create(ctx, r, f.resourceEvent(by, resource.Created, r.Identifier))
	})
}

// wantedClient is the client as it will be, and whether it is there already.
func (f *Flow) wantedClient(ctx context.Context, tx Tx, w apply.Client) (client.Client, bool, error) {
	id, err := client.ParseID(w.ClientID)
	if err != nil {
		return client.Client{}, false, err
	}
	c, err := tx.Clients().ByID(ctx, id)
	absent := errors.Is(err, client.ErrUnknown)
	if err != nil && !absent {
		return c, false, err
	}
	c.ID, c.ManagedBy, c.UpdatedAt = id, byFile, f.now()
	replace(&c.Name, w.Name)
	replace(&c.Auth, client.Auth(w.AuthMethod))
	replace(&c.Type, client.Type(w.Type))
	replace(&c.Profile, client.Profile(w.Profile))
	replace(&c.BackchannelLogout, w.BackchannelLogout)
	replace(&c.IDTokenAlg, w.IDTokenAlg)
	replace(&c.TokenFormat, w.TokenFormat)
	replaceList(&c.Grants, w.GrantTypes)
	replaceList(&c.Responses, w.ResponseTypes)
	replaceList(&c.RedirectURIs, w.RedirectURIs)
	replaceList(&c.PostLogoutURIs, w.PostLogoutURIs)
	replaceList(&c.Origins, w.Origins)
	replaceList(&c.Resources, w.Resources)
	lifetime(&c.TokenLifetime, w.TokenLifetime)
	lifetime(&c.RefreshIdle, w.RefreshIdle)
	lifetime(&c.RefreshLife, w.RefreshLife)
	if c.Metadata, err = c.Metadata.Over(w.Metadata.Members()); err != nil {
		return c, !absent, err
	}
	if w.FirstParty != nil {
		c.FirstParty = *w.FirstParty
	}
	if w.Scope != nil {
		if c.Scopes, err = resource.ParseScopes(*w.Scope); err != nil {
			return c, !absent, err
		}
	}
	// An empty list would come out as the default, and differ the next time too.
	if w.GrantTypes != nil && len(w.GrantTypes) == 0 || w.ResponseTypes != nil && len(w.ResponseTypes) == 0 && slices.Contains(c.Grants, client.GrantCode) {
		return c, !absent, client.ErrBadGrants
	}
	c, err = c.Clean(f.o.Addresses)
	return c, !absent, err
}

// acceptableClient also looks at the documents of a client that changes. It is
// asked outside transactions: those documents are on other machines.
func (f *Flow) acceptableClient(ctx context.Context, w apply.Client, action apply.Action) error {
	c, _, err := f.wantedClient(ctx, f.o.Read, w)
	if err != nil || action == apply.Unchanged {
		return err
	}
	return client.CheckSector(ctx, f.o.Documents, c)
}

func (f *Flow) applyClient(ctx context.Context, by user.Caller, w apply.Client, change apply.Change) error {
	return f.o.InTx(ctx, func(tx Tx) error {
		c, there, err := f.wantedClient(ctx, tx, w)
		if err != nil {
			return err
		}
		if there {
			return f.changeClient(ctx, tx, by, c, w.Secret, change)
		}
		c.CreatedAt = c.UpdatedAt
		if c.HasSecret() {
			if c.Secret, err = f.secretOf(c.ID, w.Secret, c.UpdatedAt); err != nil {
				return err
			}
		}
		return tx.Clients().Create(ctx, c, f.clientEvent(by, client.Created, c.ID, c.UpdatedAt).With("name", c.Name))
	})
}

// changeClient writes what the plan found different. A secret that was changed
// in the file is a rotation: the one before opens for a while.
func (f *Flow) changeClient(ctx context.Context, tx Tx, by user.Caller, c client.Client, text secret.Text, change apply.Change) error {
	isSecret := func(m apply.Field) bool { return m.Name == "client_secret" }
	if !slices.ContainsFunc(change.Fields, isSecret) || len(change.Fields) > 1 {
		if err := tx.Clients().Update(ctx, c, f.clientEvent(by, client.Updated, c.ID, c.UpdatedAt)); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(change.Fields, isSecret) {
		return f.rotate(ctx, tx, by, c.ID, text, KeepSecret, false)
	}
	return nil
}

// described is what a client has in the form of a file. Both have the same members.
func described(m client.Metadata) (out apply.Metadata) {
	if b, err := json.Marshal(m); err == nil {
		_ = json.Unmarshal(b, &out) // a test holds the two against each other
	}
	return out
}

func replace[T ~string](to *T, value T) {
	if value != "" {
		*to = value
	}
}

func replaceList(to *[]string, list []string) {
	if list != nil {
		*to = list
	}
}

func lifetime(to *time.Duration, seconds int) {
	if seconds != 0 {
		*to = time.Duration(seconds) * time.Second
	}
}

func (c current) Scope(ctx context.Context, name string) (apply.ScopeState, bool, error) {
	if s, ok := resource.Standard(name); ok {
		return apply.ScopeState{Description: s.Description, BuiltIn: true}, true, nil
	}
	s, err := c.tx.Resources().Scope(ctx, name)
	if errors.Is(err, resource.ErrScopeUnknown) {
		return apply.ScopeState{}, false, nil
	}
	return apply.ScopeState{Description: s.Description, Managed: s.ManagedBy == byFile}, err == nil, err
}

func (c current) Resource(ctx context.Context, identifier string) (apply.ResourceState, bool, error) {
	r, err := c.tx.Resources().ByIdentifier(ctx, identifier)
	if errors.Is(err, resource.ErrUnknown) {
		return apply.ResourceState{}, false, nil
	}
	var types any
	if len(r.DetailTypes) > 0 {
		types = r.DetailTypes
	}
	return apply.ResourceState{Managed: r.ManagedBy == byFile, Resource: apply.Resource{
		DetailTypes: types,
		Identifier:  r.Identifier, Name: r.Name, Scopes: r.Scopes, TokenFormat: string(r.TokenFormat),
		TokenLifetime: int(r.TokenLifetime / time.Second), Algorithm: r.Algorithm, Verifiers: r.Verifiers,
	}}, err == nil, err
}

func (c current) Client(ctx context.Context, id string) (apply.ClientState, bool, error) {
	v, err := c.tx.Clients().ByID(ctx, client.ID(id))
	if errors.Is(err, client.ErrUnknown) {
		return apply.ClientState{}, false, nil
	}
	scope := resource.FormatScopes(v.Scopes)
	return apply.ClientState{
		Managed: v.ManagedBy == byFile,
		Client: apply.Client{
			ClientID: id, Name: v.Name, AuthMethod: string(v.Auth), Type: string(v.Type), GrantTypes: v.Grants, ResponseTypes: v.Responses,
			RedirectURIs: v.RedirectURIs, PostLogoutURIs: v.PostLogoutURIs, BackchannelLogout: v.BackchannelLogout, IDTokenAlg: v.IDTokenAlg,
			Scope: &scope, FirstParty: &v.FirstParty, Profile: string(v.Profile), Origins: v.Origins, Resources: v.Resources,
			TokenFormat: v.TokenFormat, TokenLifetime: int(v.TokenLifetime / time.Second),
			RefreshIdle: int(v.RefreshIdle / time.Second), RefreshLife: int(v.RefreshLife / time.Second), Metadata: described(v.Metadata),
		},
		HasSecret: func(text secret.Text) bool {
			if text.IsZero() {
				return !v.Secret.Digest.IsZero()
			}
			return v.Secret.Digest.Equal(client.Digest(c.keys, v.ID, text))
		},
	}, err == nil, err
}
