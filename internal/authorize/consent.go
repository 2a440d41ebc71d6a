package authorize

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// due reports whether a person has to agree, and what they agreed to before.
// First-party clients never ask. Where nobody knows who is behind a client, it
// asks every time (OA-22).
func (f *Flow) due(ctx context.Context, r *request, u user.ID) (bool, consent.Consent, error) {
	if r.client.FirstParty {
		return false, consent.Consent{}, nil
	}
	had, err := f.o.Consents.Get(ctx, u, string(r.client.ID))
	if err != nil && !errors.Is(err, consent.ErrNone) {
		return true, had, err
	}
	again := r.prompt.consent || !assured(r.client, r.redirect)
	return again || !had.Covers(r.asks(), r.audiences, r.digests()), had, nil
}

// assured reports whether the response can only reach the client: a public one at
// a loopback port or a scheme of its own may be any program on the machine.
func assured(c client.Client, redirect string) bool {
	if c.SelfRegistered() {
		return false
	}
	if !c.Public() {
		return true
	}
	u, err := url.Parse(redirect)
	if err != nil {
		return false
	}
	name := u.Hostname()
	return u.Scheme == "https" && name != "localhost" && name != "127.0.0.1" && name != "::1"
}

// turn finds the request whose page this is, when it is its turn (OA-24).
func (f *Flow) turn(ctx context.Context, handle string, v Visit) (*kept, session.Session, error) {
	k, err := f.parked(ctx, handle, v)
	if err != nil {
		return nil, session.Session{}, err
	}
	s, live, err := f.step(ctx, k, v)
	switch {
	case err != nil && !errors.Is(err, ErrLogin):
		return nil, live, err
	case err != nil || s.Kind != Consent: // Next says what to do instead
		return nil, live, ErrSkipped.Because(err)
	}
	return k, live, nil
}

// Least is the assurance that the client of a parked request asks of whoever signs in
// for it; 0: it asks for nothing, or there is no such request. Next asks for it again:
// this only lets one sign-in do.
func (f *Flow) Least(ctx context.Context, handle string, v Visit) int {
	k, err := f.parked(ctx, handle, v)
	if err != nil {
		return 0
	}
	return k.client.Assurance
}

// View describes the page on which a person agrees. ErrSkipped when something else
// has to happen first, or nothing has; errors otherwise as of Next.
func (f *Flow) View(ctx context.Context, handle string, v Visit) (Page, error) {
	k, live, err := f.turn(ctx, handle, v)
	if err != nil {
		return Page{}, err
	}
	_, had, err := f.due(ctx, k.request, live.User)
	if err != nil {
		return Page{}, err
	}
	p := Page{Handle: handle, Client: present(k.request), Offline: k.offline(), Partial: k.partial()}
	if p.Offline {
		p.Life = k.client.RefreshLife
	}
	for _, name := range k.asks() {
		line := Scope{Name: name, Description: name, Required: k.required(name), New: !slices.Contains(had.Scopes, name)}
		if known, err := f.scope(ctx, name); err != nil {
			return p, err
		} else if known.Description != "" {
			line.Description = known.Description
		}
		p.Scopes = append(p.Scopes, line)
	}
	for i := range k.details {
		d := &k.details[i]
		p.Details = append(p.Details, Detail{Type: d.kind.Type, Name: d.kind.Description, Fields: d.fields, New: !slices.Contains(had.Details, d.digest())})
	}
	p.Resources, err = f.resources(ctx, k.audiences)
	return p, err
}

func (f *Flow) scope(ctx context.Context, name string) (resource.Scope, error) {
	if s, ok := resource.Standard(name); ok {
		return s, nil
	}
	s, err := f.o.Scopes.Scope(ctx, name)
	if errors.Is(err, resource.ErrScopeUnknown) {
		return resource.Scope{Name: name}, nil
	}
	return s, err
}

func (f *Flow) resources(ctx context.Context, identifiers []string) ([]Resource, error) {
	var all []Resource
	for _, identifier := range identifiers {
		line := Resource{Identifier: identifier, Name: identifier}
		known, err := f.o.Registry.Resource(ctx, identifier)
		switch {
		case err == nil:
			line.Name = known.Name
		case !errors.Is(err, resource.ErrUnknown):
			return nil, err
		}
		all = append(all, line)
	}
	return all, nil
}

func present(r *request) Client {
	c := r.client
	return Client{
		ID: string(c.ID), Name: c.Name, URI: c.ClientURI, Logo: c.LogoURI, Policy: c.PolicyURI, Terms: c.TOSURI,
		Host: HostOf(r.redirect), SelfRegistered: c.SelfRegistered(),
	}
}

// HostOf is where an address leads, for people: its host, or its scheme when an
// app on the device opens it.
func HostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || !strings.HasPrefix(u.Scheme, "http") {
		scheme, _, _ := strings.Cut(address, ":")
		return scheme
	}
	return u.Host
}

func (r *request) partial() bool {
	return !r.client.NoPartialConsent && slices.ContainsFunc(r.asks(), func(s string) bool { return !r.required(s) })
}

// required: an app that signs people in is nothing without their name for it.
func (r *request) required(scope string) bool { return r.client.NoPartialConsent || scope == "openid" }

// Approve ends a request with what was agreed to, and remembers it. Of any number
// of answers to one page one counts; the others are authreq.ErrOver.
func (f *Flow) Approve(ctx context.Context, handle string, v Visit, chosen Choice) (Response, error) {
	k, live, err := f.turn(ctx, handle, v)
	if err != nil {
		return Response{}, err
	}
	return f.finish(ctx, k, live, v, chosen, true)
}

// Deny ends a request with access_denied. It may be answered at any step.
func (f *Flow) Deny(ctx context.Context, handle string, v Visit) (Response, error) {
	k, err := f.parked(ctx, handle, v)
	if err != nil {
		return Response{}, err
	}
	if err := f.complete(ctx, k); err != nil {
		return Response{}, err
	}
	f.recordDenial(ctx, k, v)
	r := k.respond([][2]string{{"error", ErrDenied.Code}, {"error_description", describe(ErrDenied.Public)}}, f.o.Issuer)
	return r, nil
}

func (f *Flow) recordDenial(ctx context.Context, k *kept, v Visit) {
	actor, subject, in := audit.Actor{Type: audit.ActorAnonymous}, "", ""
	if v.Who != nil {
		subject, in = v.Who.User.String(), v.Who.Session.String()
		actor = audit.Actor{Type: audit.ActorUser, ID: subject}
	}
	ev := audit.New(consent.Denied, f.now(), actor, v.Source, subject).InSession(in)
	ev.Client = string(k.client.ID)
	if err := f.o.Record(ctx, ev); err != nil {
		f.o.Log.Warn("a denial was not recorded", "client", k.client.ID, "error", err)
	}
}
