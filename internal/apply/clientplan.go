package apply

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
)

// ScopeState is a scope as it is.
type ScopeState struct {
	Description string
	Managed     bool
	BuiltIn     bool
}

// ResourceState is a resource as it is.
type ResourceState struct {
	Resource
	Managed bool
}

// ClientState is a client as it is, its Secret left out.
type ClientState struct {
	Client
	Managed bool
	// HasSecret reports whether a text is the client's current secret; with the
	// empty text whether it has one at all. nil: it has none.
	HasSecret func(secret.Text) bool
}

var (
	// ErrScopeUnknown: a resource or client is given a scope that neither exists nor is declared.
	ErrScopeUnknown = problem.New(problem.Unprocessable, "apply_scope_unknown", "A scope that is given here does not exist. Declare it under scopes, or check its name.")
	// ErrScopeBuiltIn: a file declares a scope of OpenID Connect.
	ErrScopeBuiltIn = problem.New(problem.Conflict, "apply_scope_built_in", "This scope is built in: it can be given to clients but not declared. Remove it from scopes.")
	// ErrResourceUnknown: a client may ask for a resource that neither exists nor is declared.
	ErrResourceUnknown = problem.New(problem.Unprocessable, "apply_resource_unknown", "A resource named here does not exist. Declare it under resources, or check its identifier.")
	// ErrSecretMissing: a confidential client would have no secret.
	ErrSecretMissing = problem.New(problem.Unprocessable, "apply_client_secret_missing", "This client needs a client_secret. Write it as {env: NAME} or {file: path}, or make the client public with token_endpoint_auth_method none.")
	// ErrSecretUnused: a client that has no secret is given one.
	ErrSecretUnused = problem.New(problem.Unprocessable, "apply_client_secret_unused", "This client has no secret, being public or having keys. Remove client_secret, or choose client_secret_basic or client_secret_post as token_endpoint_auth_method.")
)

func (p *planner) scope(i int, s Scope) {
	if p.err != nil {
		return
	}
	var now ScopeState
	var ok bool
	if now, ok, p.err = p.current.Scope(p.ctx, s.Name); p.err != nil {
		return
	}
	c := Change{Kind: KindScope, Key: s.Name, Index: i}
	c.text("description", now.Description, s.Description)
	if now.BuiltIn {
		c = c.Failed(ErrScopeBuiltIn)
	}
	p.add(c, ok, now.Managed)
}

func (p *planner) resource(i int, r Resource) {
	if p.err != nil {
		return
	}
	var now ResourceState
	var ok bool
	if now, ok, p.err = p.current.Resource(p.ctx, r.Identifier); p.err != nil {
		return
	}
	c := Change{Kind: KindResource, Key: r.Identifier, Index: i}
	c.text("name", now.Name, r.Name)
	c.list("scopes", now.Scopes, r.Scopes)
	c.text("access_token_format", now.TokenFormat, r.TokenFormat)
	c.number("access_token_lifetime", now.TokenLifetime, r.TokenLifetime)
	c.text("access_token_signing_alg", now.Algorithm, r.Algorithm)
	c.list("verifiers", now.Verifiers, r.Verifiers)
	if r.DetailTypes != nil {
		c.text("authorization_details_types", inOrder(now.DetailTypes), inOrder(r.DetailTypes))
	}
	if !p.scopesExist(r.Scopes) {
		c = c.Failed(ErrScopeUnknown)
	}
	p.add(c, ok, now.Managed)
}

func (p *planner) client(i int, w Client) {
	if p.err != nil {
		return
	}
	var now ClientState
	var ok bool
	if now, ok, p.err = p.current.Client(p.ctx, w.ClientID); p.err != nil {
		return
	}
	c := Change{Kind: KindClient, Key: w.ClientID, Index: i}
	c.client(now.Client, w)
	has := now.HasSecret
	if has == nil {
		has = func(secret.Text) bool { return false }
	}
	if !w.Secret.IsZero() && !has(w.Secret) {
		c.Fields = append(c.Fields, Field{"client_secret", nil, secret.Redacted})
	}
	if err := p.clientFault(now.Client, w, has(secret.Text{})); err != nil {
		c = c.Failed(err)
	}
	p.add(c, ok, now.Managed)
}

// client notes every member that changes but the secret.
func (c *Change) client(now, w Client) {
	c.text("client_name", now.Name, w.Name)
	c.text("token_endpoint_auth_method", now.AuthMethod, w.AuthMethod)
	c.text("application_type", now.Type, w.Type)
	c.list("grant_types", now.GrantTypes, w.GrantTypes)
	c.list("response_types", now.ResponseTypes, w.ResponseTypes)
	c.list("redirect_uris", now.RedirectURIs, w.RedirectURIs)
	c.list("post_logout_redirect_uris", now.PostLogoutURIs, w.PostLogoutURIs)
	c.text("backchannel_logout_uri", now.BackchannelLogout, w.BackchannelLogout)
	c.text("id_token_signed_response_alg", now.IDTokenAlg, w.IDTokenAlg)
	if w.Scope != nil {
		c.list("scope", names(now.Scope), names(w.Scope))
	}
	if before := now.FirstParty != nil && *now.FirstParty; w.FirstParty != nil && *w.FirstParty != before {
		c.Fields = append(c.Fields, Field{"first_party", before, *w.FirstParty})
	}
	c.text("profile", now.Profile, w.Profile)
	c.list("origins", now.Origins, w.Origins)
	c.list("resources", now.Resources, w.Resources)
	c.text("access_token_format", now.TokenFormat, w.TokenFormat)
	c.number("access_token_lifetime", now.TokenLifetime, w.TokenLifetime)
	c.number("refresh_token_idle_lifetime", now.RefreshIdle, w.RefreshIdle)
	c.number("refresh_token_lifetime", now.RefreshLife, w.RefreshLife)
	c.members(now.Metadata.Members(), w.Metadata.Members())
}

// clientFault is the first thing that keeps w from being brought about.
func (p *planner) clientFault(now, w Client, hasSecret bool) error {
	method := authMethod
	for _, m := range []string{now.AuthMethod, w.AuthMethod} {
		if m != "" {
			method = m
		}
	}
	switch {
	case !secretive(method) && !w.Secret.IsZero():
		return ErrSecretUnused
	case secretive(method) && w.Secret.IsZero() && !hasSecret:
		return ErrSecretMissing
	case !p.scopesExist(names(w.Scope)):
		return ErrScopeUnknown
	}
	for _, identifier := range w.Resources {
		if !p.resourceExists(identifier) {
			return ErrResourceUnknown.Becausef("%q", identifier)
		}
	}
	return nil
}

func (p *planner) scopesExist(list []string) bool {
	for _, name := range list {
		if p.err != nil || slices.ContainsFunc(p.want.Scopes, func(s Scope) bool { return s.Name == name }) {
			continue
		}
		var ok bool
		if _, ok, p.err = p.current.Scope(p.ctx, name); !ok && p.err == nil {
			return false
		}
	}
	return true
}

func (p *planner) resourceExists(identifier string) bool {
	if slices.ContainsFunc(p.want.Resources, func(r Resource) bool { return r.Identifier == identifier }) || p.err != nil {
		return true
	}
	var ok bool
	_, ok, p.err = p.current.Resource(p.ctx, identifier)
	return ok
}

// names are the parts of a scope member; never nil.
func names(scope *string) []string {
	if scope == nil {
		return []string{}
	}
	return append([]string{}, strings.Fields(*scope)...)
}

func (c *Change) number(name string, from, to int) {
	if to != 0 && to != from {
		c.Fields = append(c.Fields, Field{name, from, to})
	}
}

// inOrder writes JSON in one form, whatever it was read into, so that equal things
// are equal texts.
func inOrder(v any) string {
	if v == nil {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	var plain any
	if err := json.Unmarshal(b, &plain); err != nil {
		return ""
	}
	b, _ = json.Marshal(plain) // it was just read
	return string(b)
}
