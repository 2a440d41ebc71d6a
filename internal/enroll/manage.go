package enroll

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/client/document"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/secret"
)

// opened finds the client whose registration access token was presented (OA-72).
// An unknown client, another's token and a client that is whoever administers' now
// are one refusal.
func (f *Flow) opened(ctx context.Context, id string, r Request) (client.Client, registration.Registration, error) {
	digest := registration.AccessDigest(r.Bearer, f.o.Instance)
	record, err := f.o.Read.Registrations().ByClient(ctx, id)
	if err != nil && !errors.Is(err, registration.ErrUnknown) {
		return client.Client{}, record, err
	}
	if digest.IsZero() || err != nil || !record.Digest.Equal(digest) {
		return client.Client{}, record, f.refuse(ctx, r.Source, id, errors.New("not the client's registration access token"))
	}
	c, err := f.o.Read.Clients().ByID(ctx, client.ID(id))
	switch {
	case errors.Is(err, client.ErrUnknown), err == nil && c.ManagedBy != client.ByRegistration:
		return c, record, f.refuse(ctx, r.Source, id, errors.New("not a client that looks after itself"))
	case err == nil && c.Disabled:
		return c, record, ErrDisabled
	}
	return c, record, err
}

// Read returns the client as it is registered: registration.ErrToken, ErrDisabled.
func (f *Flow) Read(ctx context.Context, id string, r Request) (Registered, error) {
	c, _, err := f.opened(ctx, id, r)
	return Registered{Client: c}, err
}

// Update replaces what describes the client by a metadata document, which names
// it (RFC 7592 section 2.2). A client that comes to need a secret gets one; the one
// it has stays.
func (f *Flow) Update(ctx context.Context, id string, r Request) (Registered, error) {
	old, record, err := f.opened(ctx, id, r)
	if err != nil {
		return Registered{}, err
	}
	now := f.now()
	d, err := document.Parse(r.Body)
	if err == nil {
		err = f.update(old, d, now)
	}
	if err != nil {
		return Registered{}, err
	}
	next, err := f.checked(ctx, replaced(old, d.Client), record.Policy.Over(f.o.Policy), d.Scoped)
	if err != nil {
		return Registered{}, document.Registered(err)
	}
	next.UpdatedAt = now
	out := Registered{Client: next}
	var kept client.Secret
	if next.HasSecret() && !old.HasSecret() {
		out.Secret, kept = f.newSecret(next.ID, now)
	}
	by := f.event(registration.Changed, next.ID, audit.ActorClient, r.Source, now)
	err = f.o.InTx(ctx, func(tx Tx) error {
		if err := tx.Clients().Update(ctx, next, by); err != nil || out.Secret.IsZero() {
			return err
		}
		rotated := f.event(client.SecretRotated, next.ID, audit.ActorClient, r.Source, now)
		return tx.Clients().Rotate(ctx, next.ID, kept, time.Time{}, false, now, rotated)
	})
	return out, document.Registered(err)
}

// update checks the members of a document that are about the request.
func (f *Flow) update(old client.Client, d document.Document, now time.Time) error {
	switch {
	case d.Client.ID != old.ID:
		return document.NotAllowed("client_id", "It must be there and be the client's own.")
	case len(d.Server) > 0:
		return document.NotAllowed(d.Server[0], "Only the server says this. Leave it out.")
	case d.Secret == "":
		return nil
	}
	if !old.HasSecret() || !old.Opens(client.Digest(f.o.Keys, old.ID, secret.NewText(d.Secret)), now) {
		return document.NotAllowed("client_secret", "It is not the client's. A client cannot choose its secret; leave it out.")
	}
	return nil
}

// replaced is old as c describes it. What whoever administers set stays.
func replaced(old, c client.Client) client.Client {
	c.ID, c.ManagedBy, c.Revision, c.Version, c.CreatedAt = old.ID, old.ManagedBy, old.Revision, old.Version, old.CreatedAt
	c.FirstParty, c.Profile, c.TokenFormat, c.TokenLifetime = old.FirstParty, old.Profile, old.TokenFormat, old.TokenLifetime
	c.RefreshIdle, c.RefreshLife = old.RefreshIdle, old.RefreshLife
	c.Secret, c.FormerSecret, c.LastUsedAt = old.Secret, old.FormerSecret, old.LastUsedAt
	return c
}

// Delete deletes the client; everything minted for it is dead.
func (f *Flow) Delete(ctx context.Context, id string, r Request) error {
	c, _, err := f.opened(ctx, id, r)
	if err != nil {
		return err
	}
	now := f.now()
	return f.o.Read.Clients().Delete(ctx, c.ID, now, f.event(registration.Withdrawn, c.ID, audit.ActorClient, r.Source, now))
}
