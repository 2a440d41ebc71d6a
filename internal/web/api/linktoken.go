package api

import (
	"context"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/problem"
)

// linkTokensScope is what an access token needs to be traded for a service's.
const linkTokensScope = "link_tokens"

// errLinkToken: a cookie, another party's app, or an app without the scope.
var errLinkToken = problem.New(problem.Forbidden, "link_token_refused", "Only a first-party app gets the token of another service, with an access token of the person that has the scope link_tokens.")

func (s *surface) linkTokenEndpoint() endpoint {
	return route(s, endpoint{
		Method: "POST", Path: "/me/links/{link}/token", Tag: "My account", Name: "me.links.token", Once: true, Summary: "Get a service's access token",
		Text: "For a first-party app that acts for the person at the service: by an access token with the scope link_tokens, and never by a cookie. " +
			"The connection has to keep tokens. One that is about to end is refreshed first.",
		Errors: []*problem.Error{errLinkToken, federation.ErrLinkUnknown, federate.ErrNoToken, federate.ErrRefreshing, federation.ErrUpstream},
	}, s.linkToken)
}

// MyLink names a link of mine.
type MyLink struct {
	ID string `path:"link" doc:"lnk_…"`
}

// LinkToken is an access token of another service.
type LinkToken struct {
	Connection  string     `json:"connection" doc:"Id of the connection."`
	AccessToken string     `json:"access_token" doc:"For that service, not for us."`
	Scope       string     `json:"scope,omitempty" doc:"As the service told it."`
	ExpiresAt   *time.Time `json:"expires_at,omitempty"`
}

func (s *surface) linkToken(ctx context.Context, c *Call, in MyLink) (LinkToken, error) {
	if !c.Token || !slices.Contains(c.Identity.Scopes(), linkTokensScope) {
		return LinkToken{}, errLinkToken
	}
	ours, err := s.Tokens.FirstParty(ctx, c.Identity.ClientID)
	if err != nil {
		return LinkToken{}, err
	}
	if !ours {
		return LinkToken{}, errLinkToken.Becausef("client %s", c.Identity.ClientID)
	}
	id, err := federation.ParseLinkID(in.ID)
	if err != nil {
		return LinkToken{}, federation.ErrLinkUnknown.Because(err)
	}
	t, err := s.Federation.Token(ctx, c.Caller, id)
	return LinkToken{Connection: t.Connection.Name, AccessToken: t.Access.Reveal(), Scope: t.Scope, ExpiresAt: moment(t.ExpiresAt)}, err
}
