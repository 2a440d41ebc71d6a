package enroll

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/client/document"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
)

// Request is one to register a client, or to change one.
type Request struct {
	Bearer string // the token presented; empty: none
	Body   []byte
	Source audit.Source
}

// Register makes a client of a metadata document: registration.ErrToken, or one of
// the errors of package document.
func (f *Flow) Register(ctx context.Context, r Request) (Registered, error) {
	digest, token, err := f.admitted(ctx, r)
	if err != nil {
		return Registered{}, err
	}
	d, err := document.Parse(r.Body)
	if err != nil {
		return Registered{}, err
	}
	now := f.now()
	c := d.Client
	c.ID, c.ManagedBy, c.CreatedAt, c.UpdatedAt = client.NewID(now), client.ByRegistration, now, now
	if c, err = f.checked(ctx, c, token.Policy.Over(f.o.Policy), d.Scoped); err != nil {
		return Registered{}, document.Registered(err)
	}
	out := Registered{Client: c, Token: secret.NewCredential(secret.RegistrationToken)}
	if c.HasSecret() {
		out.Secret, c.Secret = f.newSecret(c.ID, now)
	}
	record := registration.Registration{
		Client: string(c.ID), Source: registration.Dynamic, Digest: out.Token.Digest(f.o.Instance), Initial: token.ID, Policy: token.Policy, CreatedAt: now,
	}
	ev := f.event(registration.Registered, c.ID, audit.ActorAnonymous, r.Source, now).With("name", c.Name)
	if !token.ID.IsZero() {
		ev = ev.With("initial_token", token.ID.String())
	}
	err = f.o.InTx(ctx, func(tx Tx) error {
		if !digest.IsZero() {
			if _, err := tx.Registrations().Spend(ctx, digest, now); err != nil {
				return err
			}
		}
		if err := tx.Clients().Create(ctx, c, ev); err != nil {
			return err
		}
		return tx.Registrations().Put(ctx, record)
	})
	return out, document.Registered(err)
}

// admitted finds the initial access token of a request. Whoever presents one is
// held to it, also where none is needed.
func (f *Flow) admitted(ctx context.Context, r Request) (secret.Digest, registration.Token, error) {
	if r.Bearer == "" && f.o.Mode == Open {
		return secret.Digest{}, registration.Token{}, nil
	}
	digest := registration.InitialDigest(r.Bearer, f.o.Instance)
	if r.Bearer == "" || digest.IsZero() {
		return digest, registration.Token{}, f.refuse(ctx, r.Source, "", errors.New("no initial access token"))
	}
	t, err := f.o.Read.Registrations().Live(ctx, digest, f.now())
	if errors.Is(err, registration.ErrToken) {
		err = f.refuse(ctx, r.Source, "", err)
	}
	return digest, t, err
}

// checked is c in canonical form, within the policy, its documents looked at.
func (f *Flow) checked(ctx context.Context, c client.Client, p registration.Policy, scoped bool) (client.Client, error) {
	existing, err := resource.Existing(ctx, f.o.Read.Resources())
	if err != nil {
		return c, err
	}
	asked := len(c.Scopes)
	c.Scopes, c.Resources = p.Grant(existing, c.Scopes, scoped), slices.Clone(p.Resources)
	if asked > 0 && len(c.Scopes) == 0 {
		return c, document.NotAllowed("scope", "None of these scopes is given to clients that register themselves.")
	}
	if c.Auth == client.AuthPrivateKeyJWT && len(p.AssertionAudiences) > 0 {
		c.AssertionAudiences = slices.Clone(p.AssertionAudiences)
	}
	if c, err = c.Clean(f.o.Addresses); err != nil {
		return c, err
	}
	if err := within(c, p); err != nil {
		return c, err
	}
	c.NoPKCE = p.WithoutPKCE && !c.Public()
	c.Origins = c.RedirectOrigins()
	return c, client.CheckSector(ctx, f.o.Documents, c)
}

// within refuses what the policy does not allow.
func within(c client.Client, p registration.Policy) error {
	for _, uri := range c.RedirectURIs {
		if !p.Redirects(uri) {
			return document.ErrRedirect.Becausef("%.200q is not of a host that the policy allows", uri)
		}
	}
	for _, g := range c.Grants {
		if !slices.Contains(p.Grants, g) {
			return document.NotAllowed("grant_types", "Clients that register themselves do not get "+g+" here.")
		}
	}
	if !slices.Contains(p.AuthMethods, string(c.Auth)) {
		return document.NotAllowed("token_endpoint_auth_method", "Clients that register themselves do not use "+string(c.Auth)+" here.")
	}
	return nil
}

// newSecret makes a client secret, and what is kept of it.
func (f *Flow) newSecret(id client.ID, now time.Time) (secret.Text, client.Secret) {
	text := client.NewSecret()
	return text, client.Secret{Digest: client.Digest(f.o.Keys, id, text), CreatedAt: now}
}
