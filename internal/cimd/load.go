package cimd

import (
	"context"
	"errors"
	"mime"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/client/document"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/user"
)

// load reads the document and keeps what it says. It returns how long that holds.
func (b *Book) load(ctx context.Context, id client.ID) (time.Duration, error) {
	d, err := b.o.Rates.Take(ctx, ratelimit.All(ratelimit.Key{Limit: ratelimit.DocumentHost, Of: host(string(id))}))
	if err == nil {
		err = d.Err()
	}
	if err != nil {
		return 0, err
	}
	a, err := b.fetch(ctx, string(id))
	if err != nil {
		return 0, err
	}
	c, err := b.client(ctx, id, a.Body)
	if err != nil {
		return 0, err
	}
	if err := client.CheckSector(ctx, b.o.Documents, c); err != nil {
		return 0, ErrInvalid.Because(err)
	}
	return freshness(a.CacheControl), b.keep(ctx, c)
}

// fetch asks for a document, a few at a time.
func (b *Book) fetch(ctx context.Context, address string) (Answer, error) {
	select {
	case b.room <- struct{}{}:
		defer func() { <-b.room }()
	case <-ctx.Done():
		return Answer{}, ErrFetch.Because(ctx.Err())
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	a, err := b.o.Fetch.Fetch(ctx, address, MaxBytes)
	kind, _, _ := mime.ParseMediaType(a.Type)
	switch {
	case err != nil && final(err):
		return a, ErrInvalid.Because(err)
	case err != nil:
		return a, ErrFetch.Because(err)
	case a.Status >= 500 || a.Status == 429:
		return a, ErrFetch.Becausef("status %d", a.Status)
	case a.Status != 200:
		return a, ErrInvalid.Becausef("status %d", a.Status)
	case kind != "application/json" && !strings.HasSuffix(kind, "+json"):
		return a, ErrInvalid.Becausef("content type %q", a.Type)
	}
	return a, nil
}

func final(err error) bool {
	p := problem.Of(err)
	return p.Kind == problem.Unprocessable || p.Kind == problem.Invalid || p.Code == "remote_answer_too_large"
}

func isOutage(err error) bool { return errors.Is(err, ErrFetch) || limited(err) }

// client is what a document describes, as far as the policy lets it.
func (b *Book) client(ctx context.Context, id client.ID, body []byte) (client.Client, error) {
	d, err := document.Parse(body)
	if err != nil {
		return client.Client{}, ErrInvalid.Because(err)
	}
	c := d.Client
	switch {
	case c.ID != id:
		return c, ErrInvalid.Becausef("its client_id is %.200q", c.ID)
	case d.Secret != "" || slices.Contains(d.Server, "client_secret_expires_at"):
		return c, ErrInvalid.Becausef("it has a secret")
	}
	if c.Auth == "" {
		c.Auth = client.AuthNone // the default of RFC 7591 would need a secret
	}
	if c.Auth != client.AuthNone && c.Auth != client.AuthPrivateKeyJWT {
		return c, ErrInvalid.Becausef("token_endpoint_auth_method %.40q", c.Auth)
	}
	if err := b.bound(ctx, &c, d.Scoped); err != nil {
		return c, err
	}
	c.ManagedBy = client.ByDocument
	if c, err = c.Clean(b.o.Addresses); err != nil {
		return c, ErrInvalid.Because(err)
	}
	c.Origins = c.RedirectOrigins()
	return c, nil
}

// bound takes from a client what it may not have. A document is written for every
// server there is, so what one of them does not give is left out; it is invalid
// only when nothing is left.
func (b *Book) bound(ctx context.Context, c *client.Client, scoped bool) error {
	c.RedirectURIs = slices.DeleteFunc(c.RedirectURIs, func(uri string) bool {
		return !b.o.Policy.Redirects(uri) || b.o.Addresses.Redirect(uri, c.Type) != ""
	})
	if len(c.Grants) == 0 {
		c.Grants = []string{client.GrantCode}
	}
	c.Grants = slices.DeleteFunc(c.Grants, func(g string) bool { return !slices.Contains(b.o.Policy.Grants, g) })
	c.Responses = slices.DeleteFunc(c.Responses, func(r string) bool { return r != "code" })
	if len(c.RedirectURIs) == 0 || !slices.Contains(c.Grants, client.GrantCode) {
		return ErrInvalid.Becausef("none of its redirect_uris and grant_types is admitted here")
	}
	known, err := resource.Existing(ctx, b.o.Read.Resources())
	if err != nil {
		return err
	}
	c.Scopes = b.o.Policy.Grant(known, c.Scopes, scoped)
	c.Resources = slices.Clone(b.o.Policy.Resources)
	return nil
}

// keep makes or changes the row of c, when there is something to change.
func (b *Book) keep(ctx context.Context, c client.Client) error {
	now := b.o.Now().UTC().Truncate(time.Microsecond)
	err := b.o.InTx(ctx, func(tx Tx) error {
		old, err := tx.Clients().ByID(ctx, c.ID)
		if errors.Is(err, client.ErrUnknown) {
			return b.create(ctx, tx, c, now)
		}
		if err != nil {
			return err
		}
		next := over(old, c)
		if old.ManagedBy != client.ByDocument || reflect.DeepEqual(next, old) {
			return nil
		}
		next.UpdatedAt = now
		return tx.Clients().Update(ctx, next, event(c, now).With("change", "document"))
	})
	if errors.Is(err, client.ErrStale) || errors.Is(err, client.ErrTaken) {
		return nil // another process read it at the same time
	}
	return err
}

func (b *Book) create(ctx context.Context, tx Tx, c client.Client, now time.Time) error {
	n, err := tx.Registrations().Count(ctx, registration.Document)
	if err != nil {
		return err
	}
	if n >= MaxClients {
		return ErrFull
	}
	c.CreatedAt, c.UpdatedAt = now, now
	if err := tx.Clients().Create(ctx, c, event(c, now)); err != nil {
		return err
	}
	return tx.Registrations().Put(ctx, registration.Registration{Client: string(c.ID), Source: registration.Document, Policy: b.o.Policy, CreatedAt: now})
}

func event(c client.Client, now time.Time) audit.Event {
	ev := user.System().Event(registration.DocumentRead, now, user.ID{}).With("name", c.Name)
	ev.Client = string(c.ID)
	return ev
}

// over is old as the document describes it now. What whoever administers set
// stays: first party, lifetimes, the format of tokens, and whether it is disabled.
func over(old, c client.Client) client.Client {
	old.Name, old.Type, old.Auth, old.Grants, old.Responses, old.Scopes, old.Resources = c.Name, c.Type, c.Auth, c.Grants, c.Responses, c.Scopes, c.Resources
	old.RedirectURIs, old.PostLogoutURIs, old.BackchannelLogout, old.IDTokenAlg = c.RedirectURIs, c.PostLogoutURIs, c.BackchannelLogout, c.IDTokenAlg
	old.Origins, old.Metadata = c.Origins, c.Metadata
	return old
}
