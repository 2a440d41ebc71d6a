package authorize

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/resource"
)

const offline = "offline_access"

// checkScope takes what the client is registered for, in the order asked; asking
// for nothing asks for all of it. What can have no effect is left out, as OpenID
// Core 11 wants: offline_access of a client that gets no refresh tokens.
func (f *Flow) checkScope(_ context.Context, r *request, p Params) error {
	asked, err := resource.ParseScopes(one(p, "scope"))
	if err != nil {
		return ErrInvalidScope.Because(err)
	}
	if len(asked) == 0 {
		asked = r.client.Scopes
	}
	for _, name := range asked {
		if !r.client.MayAsk(name) {
			if idle(name) && slices.Contains(asked, "openid") {
				continue
			}
			return ErrInvalidScope.Comparing(strings.Join(r.client.Scopes, " "), name)
		}
		if name == offline && (!r.hasCode() || !r.client.May(client.GrantRefresh)) {
			continue
		}
		r.scopes = append(r.scopes, name)
	}
	if r.hasIDToken() && !slices.Contains(r.scopes, "openid") {
		return ErrInvalidScope.Becausef("an ID token without openid")
	}
	return nil
}

// idle reports whether a scope of OpenID Connect has no effect here: accounts have
// neither. Core 3.1.2.1 wants such ones ignored.
func idle(name string) bool { return name == "address" || name == "phone" }

func (r *request) offline() bool { return slices.Contains(r.scopes, offline) }

// checkAudience takes resources that the client is registered for (RFC 8707);
// asking for none asks for all of them. A token for our own API is for nothing
// else: whoever is shown it could use it on the account; and only first-party
// clients may have one.
func (f *Flow) checkAudience(ctx context.Context, r *request, p Params) error {
	const most = 16
	asked := p["resource"]
	if len(asked) > most {
		return ErrInvalidTarget.Becausef("%d resources", len(asked))
	}
	for _, name := range asked {
		own := name == f.o.Issuer
		if own && (!r.client.FirstParty || len(asked) > 1) || !own && !slices.Contains(r.client.Resources, name) {
			return ErrInvalidTarget.Comparing(strings.Join(r.client.Resources, " "), name)
		}
		if own {
			continue
		}
		if _, err := f.o.Registry.Resource(ctx, name); errors.Is(err, resource.ErrUnknown) {
			return ErrInvalidTarget.Because(err)
		} else if err != nil {
			return err
		}
	}
	r.audiences = unique(asked)
	if len(asked) == 0 {
		r.audiences = r.client.Resources
	}
	return nil
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
