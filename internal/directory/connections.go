package directory

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/user"
)

func (f *Flow) connectionEvent(by user.Caller, n audit.Name, c federation.Connection) audit.Event {
	return by.Event(n, f.now(), user.ID{}).With("connection", c.Name).With("connection_id", c.ID.String())
}

// Connections returns connections in order of name.
func (f *Flow) Connections(ctx context.Context, by user.Caller, after string, limit int) ([]federation.Connection, error) {
	if err := f.allow(ctx, by, "connections.list"); err != nil {
		return nil, err
	}
	return f.o.Read.Federation().List(ctx, after, limit)
}

// Connection returns one connection, by name.
func (f *Flow) Connection(ctx context.Context, by user.Caller, name string) (federation.Connection, error) {
	if err := f.allow(ctx, by, "connections.get"); err != nil {
		return federation.Connection{}, err
	}
	return f.o.Read.Federation().ByName(ctx, name)
}

// CreateConnection makes a connection. It is on, unless w says otherwise.
func (f *Flow) CreateConnection(ctx context.Context, by user.Caller, w apply.Connection) (federation.Connection, error) {
	if err := f.allow(ctx, by, "connections.create"); err != nil {
		return federation.Connection{}, err
	}
	return f.changeConnection(ctx, by, w.ID, func(tx Tx) error {
		_, err := tx.Federation().ByName(ctx, w.ID)
		if err == nil {
			return federation.ErrTaken
		}
		if !errors.Is(err, federation.ErrUnknown) {
			return err
		}
		return f.putConnection(ctx, tx, by, w, "")
	})
}

// UpdateConnection changes what w says and leaves the rest. One that a file declares
// is only turned on and off here (apply.ErrConnectionManaged). With a version it is
// changed as it was read: federation.ErrStale when somebody else was quicker.
func (f *Flow) UpdateConnection(ctx context.Context, by user.Caller, w apply.Connection, version int64) (federation.Connection, error) {
	if err := f.allow(ctx, by, "connections.update"); err != nil {
		return federation.Connection{}, err
	}
	return f.changeConnection(ctx, by, w.ID, func(tx Tx) error {
		c, err := tx.Federation().ByName(ctx, w.ID)
		switch {
		case err != nil:
			return err
		case version != 0 && version != c.Version:
			return federation.ErrStale
		case c.ManagedBy != "" && !w.OnlySwitches():
			return apply.ErrConnectionManaged
		}
		return f.putConnection(ctx, tx, by, w, c.ManagedBy)
	})
}

func (f *Flow) changeConnection(ctx context.Context, by user.Caller, name string, change func(Tx) error) (federation.Connection, error) {
	if err := f.o.InTx(ctx, change); err != nil {
		return federation.Connection{}, err
	}
	return f.o.Read.Federation().ByName(ctx, name)
}

func (f *Flow) applyConnection(ctx context.Context, by user.Caller, w apply.Connection) error {
	return f.o.InTx(ctx, func(tx Tx) error { return f.putConnection(ctx, tx, by, w, byFile) })
}

// putConnection creates or changes a connection as w says.
func (f *Flow) putConnection(ctx context.Context, tx Tx, by user.Caller, w apply.Connection, managedBy string) error {
	c, there, err := f.wantedConnection(ctx, tx, w)
	if err != nil {
		return err
	}
	if err := refersTo(ctx, tx, c); err != nil {
		return err
	}
	c.ManagedBy = managedBy
	if there {
		return tx.Federation().Update(ctx, c, f.connectionEvent(by, federation.Updated, c))
	}
	if c.Organization != "" {
		o, err := tx.Organizations().BySlug(ctx, c.Organization)
		if err != nil {
			return err
		}
		c.Organization = o.ID.String()
	}
	return tx.Federation().Create(ctx, c, f.connectionEvent(by, federation.Created, c).With("type", string(c.Kind)))
}

// refersTo wants the roles and the organisation that c gives to exist.
func refersTo(ctx context.Context, tx Tx, c federation.Connection) error {
	roles := append([]string(nil), c.Settings.Provision.Roles...)
	for _, given := range c.Settings.Mapping.Roles {
		roles = append(roles, given...)
	}
	for _, name := range roles {
		if _, err := tx.Roles().ByName(ctx, name); err != nil {
			return err
		}
	}
	if slug := c.Settings.Provision.Organization; slug != "" {
		if _, err := tx.Organizations().BySlug(ctx, slug); err != nil {
			return err
		}
	}
	return nil
}

// DeleteConnection deletes a connection and its links, and ends what was born of
// them: also one that a file declares, which the file would make anew.
func (f *Flow) DeleteConnection(ctx context.Context, by user.Caller, name string) error {
	c, err := f.Connection(ctx, by, name)
	if err != nil {
		return err
	}
	return f.o.Read.Federation().Delete(ctx, c.ID, f.now(), f.connectionEvent(by, federation.Deleted, c))
}

// PreviewConnection is the person that claims would bring. It asks nobody and
// stores nothing.
func (f *Flow) PreviewConnection(ctx context.Context, by user.Caller, name string, claims map[string]any) (federation.Person, error) {
	c, err := f.Connection(ctx, by, name)
	if err != nil {
		return federation.Person{}, err
	}
	subject, _ := federation.Look(claims, c.Field(federation.FieldSubject))
	return c.Person(federation.Statement{Issuer: c.Issuer(), Subject: federation.SubjectOf(subject), Claims: claims})
}

// TestConnection returns the path at which an administrator's browser goes once
// around with a connection, also one that is off, and sees whom that would bring.
func (f *Flow) TestConnection(ctx context.Context, by user.Caller, name string) (path string, until time.Time, err error) {
	c, err := f.Connection(ctx, by, name)
	if err != nil {
		return "", time.Time{}, err
	}
	path, until = f.o.Trial(c)
	return path, until, nil
}

// ownerOf is the slug of the organisation that a connection is for.
func ownerOf(ctx context.Context, tx Tx, c federation.Connection) (string, error) {
	if c.Organization == "" {
		return "", nil
	}
	id, err := organization.ParseID(c.Organization)
	if err != nil {
		return "", err
	}
	o, err := tx.Organizations().ByID(ctx, id)
	return o.Slug, err
}
