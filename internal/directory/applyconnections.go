package directory

import (
	"context"
	"crypto/subtle"
	"errors"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/secret"
)

// wantedConnection is the connection as it will be, and whether it is there already.
func (f *Flow) wantedConnection(ctx context.Context, tx Tx, w apply.Connection) (federation.Connection, bool, error) {
	c, err := tx.Federation().ByName(ctx, w.ID)
	absent := errors.Is(err, federation.ErrUnknown)
	if err != nil && !absent {
		return c, false, err
	}
	now := f.now()
	if absent {
		c = federation.Connection{ID: federation.NewID(now), Name: w.ID, Kind: federation.Kind(w.Type), Enabled: true, CreatedAt: now}
		c.Organization = w.Organization // for now by its slug: the same file may declare it
	} else if err := keeps(ctx, tx, c, w.ConnectionMembers); err != nil {
		return c, true, err
	}
	c.UpdatedAt = now
	say(&c, w.ConnectionMembers)
	if c, err = c.Clean(f.o.Addresses.Dev); err != nil {
		return c, !absent, err
	}
	c, err = f.withSecret(c, w.Secret)
	return c, !absent, err
}

// keeps wants m to leave what a connection is and whose.
func keeps(ctx context.Context, tx Tx, c federation.Connection, m apply.ConnectionMembers) error {
	owner, err := ownerOf(ctx, tx, c)
	if err != nil {
		return err
	}
	if !m.Keeps(apply.ConnectionMembers{Type: string(c.Kind), Organization: owner}) {
		return apply.ErrConnectionFixed
	}
	return nil
}

// say changes c as m says.
func say(c *federation.Connection, m apply.ConnectionMembers) {
	s := &c.Settings
	told(&c.Label, m.Label)
	told(&c.Enabled, m.Enabled)
	told(&c.Hidden, m.Hidden)
	replace(&s.ClientID, m.ClientID)
	told(&s.Issuer, m.Issuer)
	replaceList(&s.Scopes, m.Scopes)
	replaceList(&s.Algorithms, m.Algorithms)
	told(&s.AuthMethod, m.AuthMethod)
	replaceList(&s.Tenants, m.Tenants)
	told(&s.TeamID, m.TeamID)
	told(&s.KeyID, m.KeyID)
	replaceList(&s.Trust, m.Trust)
	told(&s.KeepTokens, m.KeepTokens)
	told(&s.PassOn, m.PassOn)
	replaceList(&s.Strong, m.Strong)
	if m.Endpoints != nil {
		s.Endpoints = federation.Endpoints(*m.Endpoints)
	}
	if m.Mapping != nil {
		s.Mapping = federation.Mapping(*m.Mapping)
	}
	if p := m.Provision; p != nil {
		s.Provision = federation.Provision{Mode: federation.ProvisionMode(p.Mode), Domains: p.Domains, Organization: p.Organization, Roles: p.Roles}
	}
	if m.Logout != nil {
		s.Logout = federation.LogoutMode(*m.Logout)
	}
}

func told[T any](to, by *T) {
	if by != nil {
		*to = *by
	}
}

// withSecret seals a secret that is given, and checks that what c then has is one
// for it. A method without a secret keeps none.
func (f *Flow) withSecret(c federation.Connection, text secret.Text) (federation.Connection, error) {
	if c.AuthMethod() == federation.AuthNone && text.IsZero() {
		c.Secret = nil
	}
	has := text
	if text.IsZero() {
		var err error
		if has, err = c.OpenSecret(f.o.Keys); err != nil {
			return c, err
		}
	}
	if err := c.CheckSecret(has); err != nil {
		return c, err
	}
	if !text.IsZero() {
		c.Secret = federation.Seal(f.o.Keys, c.ID, text)
	}
	return c, nil
}

// ShowConnection is a connection as files and the API write it: all members, and no
// secret. owner is the slug of the organisation that it is for.
func ShowConnection(c federation.Connection, owner string) apply.ConnectionMembers {
	s, logout := c.Settings, string(c.Settings.Logout)
	e, m := apply.ConnectionEndpoints(s.Endpoints), apply.ConnectionMapping(s.Mapping)
	return apply.ConnectionMembers{
		Type: string(c.Kind), Organization: owner, Label: &c.Label, Enabled: &c.Enabled, Hidden: &c.Hidden, ClientID: s.ClientID, Issuer: &s.Issuer,
		Endpoints: &e, Scopes: s.Scopes, Algorithms: s.Algorithms, AuthMethod: &s.AuthMethod, Tenants: s.Tenants, TeamID: &s.TeamID, KeyID: &s.KeyID,
		Trust: s.Trust, KeepTokens: &s.KeepTokens, PassOn: &s.PassOn, Strong: s.Strong, Mapping: &m,
		Provision: &apply.ConnectionProvision{Mode: string(s.Provision.Mode), Domains: s.Provision.Domains, Organization: s.Provision.Organization, Roles: s.Provision.Roles},
		Logout:    &logout,
	}
}

func (c current) Connection(ctx context.Context, name string) (apply.ConnectionState, bool, error) {
	v, err := c.tx.Federation().ByName(ctx, name)
	if errors.Is(err, federation.ErrUnknown) {
		return apply.ConnectionState{}, false, nil
	}
	if err != nil {
		return apply.ConnectionState{}, false, err
	}
	owner, err := ownerOf(ctx, c.tx, v)
	return apply.ConnectionState{
		Connection: apply.Connection{ID: name, ConnectionMembers: ShowConnection(v, owner)},
		Managed:    v.ManagedBy == byFile,
		HasSecret: func(text secret.Text) bool {
			has, err := v.OpenSecret(c.keys)
			return err == nil && subtle.ConstantTimeCompare([]byte(has.Reveal()), []byte(text.Reveal())) == 1
		},
	}, true, err
}

// plainConnections brings the domains of wanted connections into the form they are
// kept in. What is no domain stays: carrying it out says what is wrong.
func plainConnections(want []apply.Connection) []apply.Connection {
	out := make([]apply.Connection, len(want))
	for i, w := range want {
		out[i] = w
		if w.Trust != nil {
			out[i].Trust = federation.Domains(w.Trust)
		}
		if w.Provision != nil {
			p := *w.Provision
			p.Domains = federation.Domains(p.Domains)
			out[i].Provision = &p
		}
	}
	return out
}
