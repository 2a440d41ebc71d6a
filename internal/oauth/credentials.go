package oauth

import (
	"context"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/token"
)

// credentials is the hook of client_credentials (RFC 6749 section 4.4): a client
// that has proven who it is acts for itself. No person is behind the token, so
// there is no refresh token, no ID token, and no scope about a person (OA-37).
func (f *Flow) credentials(ctx context.Context, c *caller, r Request) (token.Issued, error) {
	if !c.proven {
		return token.Issued{}, ErrUnauthorized.Becausef("a public client")
	}
	scope, err := ownScope(c.Client, r.Form["scope"])
	if err != nil {
		return token.Issued{}, err
	}
	audiences, err := f.audiencesFor(c.Client, r.Resource)
	if err != nil {
		return token.Issued{}, err
	}
	if err := f.tally.count(ctx, c, f.now()); err != nil {
		return token.Issued{}, err
	}
	return f.o.Grants.IssueOwn(ctx, token.OwnBirth{
		Own:       token.Own{Client: string(c.ID), ClientVersion: c.Version, TokenVersion: c.TokenVersion},
		Audiences: audiences, Scope: scope, JKT: c.jkt,
	})
}

// ownScope is what was asked for, or all that the client is registered for and
// is not about a person.
func ownScope(c client.Client, asked string) (string, error) {
	if asked == "" {
		if !slices.ContainsFunc(c.Scopes, personal) {
			return resource.FormatScopes(c.Scopes), nil
		}
		return resource.FormatScopes(slices.DeleteFunc(slices.Clone(c.Scopes), personal)), nil
	}
	scope, err := scopesFor(c, asked)
	if err != nil {
		return "", err
	}
	for name := range strings.SplitSeq(scope, " ") {
		if personal(name) {
			return "", ErrInvalidScope.Becausef("%s is about a person", name)
		}
	}
	return scope, nil
}

// personal are the scopes of OpenID Connect.
func personal(scope string) bool {
	_, ok := resource.Standard(scope)
	return ok
}
