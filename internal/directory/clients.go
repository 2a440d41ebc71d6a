package directory

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// KeepSecret is how long the former secret of a client lives on after a
// rotation, unless said otherwise; MaxKeepSecret the longest that may be said.
const (
	KeepSecret    = 24 * time.Hour
	MaxKeepSecret = 90 * 24 * time.Hour
)

// clientEvent is an event about a client.
func (f *Flow) clientEvent(by user.Caller, n audit.Name, id client.ID, now time.Time) audit.Event {
	ev := by.Event(n, now, user.ID{})
	ev.Client = string(id)
	return ev
}

// Clients returns clients in order of client_id.
func (f *Flow) Clients(ctx context.Context, by user.Caller, after client.ID, limit int) ([]client.Client, error) {
	if err := f.allow(ctx, by, "clients.list"); err != nil {
		return nil, err
	}
	return f.o.Read.Clients().List(ctx, after, limit)
}

// Client returns one client.
func (f *Flow) Client(ctx context.Context, by user.Caller, id client.ID) (client.Client, error) {
	if err := f.allow(ctx, by, "clients.get"); err != nil {
		return client.Client{}, err
	}
	return f.o.Read.Clients().ByID(ctx, id)
}

// CreateClient makes a client, with a name of our making if it has none. One
// whose method has a secret gets the chosen secret, or one that is made and returned to be
// shown this once.
func (f *Flow) CreateClient(ctx context.Context, by user.Caller, c client.Client, chosen secret.Text) (client.Client, secret.Text, error) {
	if err := f.allow(ctx, by, "clients.create"); err != nil {
		return c, secret.Text{}, err
	}
	now := f.now()
	if c.ID == "" {
		c.ID = client.NewID(now)
	}
	c, err := f.accepted(ctx, c)
	if err != nil {
		return c, secret.Text{}, err
	}
	c.CreatedAt, c.UpdatedAt = now, now
	var shown secret.Text
	if c.HasSecret() {
		if chosen.IsZero() {
			shown = client.NewSecret()
			chosen = shown
		}
		if c.Secret, err = f.secretOf(c.ID, chosen, now); err != nil {
			return c, secret.Text{}, err
		}
	} else if !chosen.IsZero() {
		return c, secret.Text{}, client.ErrPublic
	}
	ev := f.clientEvent(by, client.Created, c.ID, now).With("name", c.Name)
	if err := f.o.Read.Clients().Create(ctx, c, ev); err != nil {
		return c, secret.Text{}, err
	}
	made, err := f.o.Read.Clients().ByID(ctx, c.ID)
	return made, shown, err
}

// accepted is c in canonical form, its documents looked at.
func (f *Flow) accepted(ctx context.Context, c client.Client) (client.Client, error) {
	c, err := c.Clean(f.o.Addresses)
	if err != nil {
		return c, err
	}
	return c, client.CheckSector(ctx, f.o.Documents, c)
}

// secretOf is what is kept of a secret somebody chose or we made.
func (f *Flow) secretOf(id client.ID, text secret.Text, now time.Time) (client.Secret, error) {
	if err := client.CheckSecret(text); err != nil {
		return client.Secret{}, err
	}
	return client.Secret{Digest: client.Digest(f.o.Keys, id, text), CreatedAt: now}, nil
}

// UpdateClient replaces what describes a client, as it was read: client.ErrStale
// when somebody else was quicker.
func (f *Flow) UpdateClient(ctx context.Context, by user.Caller, c client.Client) (client.Client, error) {
	if err := f.allow(ctx, by, "clients.update"); err != nil {
		return c, err
	}
	c, err := f.accepted(ctx, c)
	if err != nil {
		return c, err
	}
	c.UpdatedAt = f.now()
	if err := f.o.Read.Clients().Update(ctx, c, f.clientEvent(by, client.Updated, c.ID, c.UpdatedAt)); err != nil {
		return c, err
	}
	return f.o.Read.Clients().ByID(ctx, c.ID)
}

// RotateSecret gives a client a new secret, which is returned to be shown this
// once. The one before opens for keep longer. After a compromise it does not,
// and everything minted for the client is dead.
func (f *Flow) RotateSecret(ctx context.Context, by user.Caller, id client.ID, keep time.Duration, compromised bool) (client.Client, secret.Text, error) {
	if err := f.allow(ctx, by, "clients.rotate_secret"); err != nil {
		return client.Client{}, secret.Text{}, err
	}
	text := client.NewSecret()
	if err := f.rotate(ctx, f.o.Read, by, id, text, keep, compromised); err != nil {
		return client.Client{}, secret.Text{}, err
	}
	c, err := f.o.Read.Clients().ByID(ctx, id)
	return c, text, err
}

func (f *Flow) rotate(ctx context.Context, tx Tx, by user.Caller, id client.ID, text secret.Text, keep time.Duration, compromised bool) error {
	now := f.now()
	s, err := f.secretOf(id, text, now)
	if err != nil {
		return err
	}
	name, until := client.SecretRotated, now.Add(min(keep, MaxKeepSecret))
	if compromised {
		name, until = client.SecretCompromised, time.Time{}
	}
	return tx.Clients().Rotate(ctx, id, s, until, compromised, now, f.clientEvent(by, name, id, now))
}

// DisableClient ends everything minted for a client and lets it get nothing more.
func (f *Flow) DisableClient(ctx context.Context, by user.Caller, id client.ID) error {
	if err := f.allow(ctx, by, "clients.disable"); err != nil {
		return err
	}
	now := f.now()
	return f.o.Read.Clients().SetDisabled(ctx, id, true, now, f.clientEvent(by, client.Disabled, id, now))
}

// EnableClient lets a disabled client start again. What died stays dead.
func (f *Flow) EnableClient(ctx context.Context, by user.Caller, id client.ID) error {
	if err := f.allow(ctx, by, "clients.enable"); err != nil {
		return err
	}
	now := f.now()
	return f.o.Read.Clients().SetDisabled(ctx, id, false, now, f.clientEvent(by, client.Enabled, id, now))
}

// DeleteClient deletes a client for good; everything minted for it is dead.
func (f *Flow) DeleteClient(ctx context.Context, by user.Caller, id client.ID) error {
	if err := f.allow(ctx, by, "clients.delete"); err != nil {
		return err
	}
	now := f.now()
	return f.o.Read.Clients().Delete(ctx, id, now, f.clientEvent(by, client.Deleted, id, now))
}
