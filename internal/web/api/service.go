package api

import (
	"context"

	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) serviceEndpoint(tag string) endpoint {
	return route(s, endpoint{
		Method: "POST", Path: "/signin/service", Access: web.Anyone, Tag: tag, Name: "signin.service", Once: true, Summary: "Sign in with another service",
		Text: "For a first-party client with sign-in pages of its own. Open the address in the person's browser. They come back to page with federated in the " +
			"query: send it to /signin with the flow, which nobody else has, and the same client_id, once and within five minutes. Or with error in the " +
			"query, the code of a problem: with link_required, an account has their address and has to be proven on our own sign-in page.",
		Example: `{"connection": "google", "client_id": "phone", "page": "com.example.app:/signed-in"}`,
		Errors:  []*problem.Error{federation.ErrUnknown, oauth.ErrNotFirstParty, oauth.ErrOrigin, oauth.ErrPage},
		Admits:  s.admits,
	}, s.leaveForService)
}

// ServiceRequest asks for the way to another service.
type ServiceRequest struct {
	Connection string `json:"connection" doc:"Id of the connection."`
	ClientID   string `json:"client_id" doc:"The app that signs the person in."`
	Page       string `json:"page" doc:"Where the browser comes back to: one of the app's redirect_uris, or a page of one of its origins."`
	LoginHint  string `json:"login_hint,omitempty" doc:"Who they probably are, for the service."`
	From       string `query:"client_id" doc:"Of a page of another origin: its client, as in the body."`
}

// ServiceStart is the way to another service.
type ServiceStart struct {
	Address   string `json:"address" doc:"To open in the person's browser, not in a view inside the app."`
	ExpiresIn int64  `json:"expires_in" doc:"Seconds."`
	Flow      string `json:"flow,omitempty" doc:"Secret to send along with federated, for programs. Browsers have it in a cookie."`
}

func (s *surface) leaveForService(ctx context.Context, c *Call, in ServiceRequest) (ServiceStart, error) {
	if in.From != "" && in.From != in.ClientID {
		return ServiceStart{}, errTwoClients
	}
	origin := c.http.Header.Get("Origin")
	if s.Tokens.Trusts(ctx, in.ClientID, origin) {
		s.share(c, origin)
	}
	d, err := s.Tokens.Deliver(ctx, oauth.FirstParty{Client: in.ClientID, Origin: origin})
	if err != nil {
		return ServiceStart{}, err
	}
	if err := d.Leads(in.Page); err != nil {
		return ServiceStart{}, err
	}
	left, err := s.Federation.ForProgram(ctx, federate.Program{Connection: in.Connection, Client: in.ClientID, Page: in.Page, LoginHint: in.LoginHint})
	if err != nil {
		return ServiceStart{}, err
	}
	step := s.goOn(c, left.Flow, federate.ProgramLife)
	return ServiceStart{Address: left.Address, ExpiresIn: int64(federate.AttemptLife.Seconds()), Flow: step.Flow}, nil
}

// vouched is whom a service vouched for, to the program that asked for it.
func (s *surface) vouched(c *Call, in SignInRequest) (signin.Response, error) {
	if !in.Password.IsZero() || in.Passkey != nil || in.mailed() || in.second() || !in.Code.IsZero() {
		return signin.Response{}, errMembers.WithFields(problem.Field{Pointer: "/federated", Code: "unknown_member", Message: "An answer of another service goes without other proofs."})
	}
	v, err := s.Federation.RedeemFor(c.http.Context(), in.ClientID, s.flow(c, federate.FlowPurpose, in.Flow), in.Federated)
	return signin.Response{Federated: v}, err
}
