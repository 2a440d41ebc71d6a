package api

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

// Federation is the flow of signing in with other services; see federate.Flow.
type Federation interface {
	Home(ctx context.Context, identifier string) (federation.Connection, error)
	ForProgram(ctx context.Context, p federate.Program) (federate.Departure, error)
	RedeemFor(ctx context.Context, client string, flow secret.Token, text string) (*federation.Vouched, error)
	LinksOf(ctx context.Context, owner user.ID) ([]federate.Linked, error)
	Unlink(ctx context.Context, by user.Caller, current federate.Proof, id federation.LinkID, lang string) error
	Token(ctx context.Context, by user.Caller, id federation.LinkID) (federate.Token, error)
	Remove(ctx context.Context, by user.Caller, of user.ID, id federation.LinkID, lang string) error
}

func (s *surface) linkTable() []endpoint {
	gone := []*problem.Error{federation.ErrLinkUnknown, federation.ErrLastWay}
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/me/links", Tag: "My account", Name: "me.links.list", Summary: "List the services I sign in with"}, s.myLinks),
		route(s, endpoint{
			Method: "DELETE", Path: "/me/links/{link}", Tag: "My account", Name: "me.links.remove", Summary: "Unlink a service",
			Text:    "My other sessions that began with it end. The only way into an account stays.",
			Example: `{"current_password": "correct horse battery staple"}`, Errors: append(append(gone, signin.ErrSecond), confirming...),
		}, s.removeMyLink),
		s.linkTokenEndpoint(),
		route(s, endpoint{Method: "GET", Path: "/users/{user}/links", Access: web.Admin, Tag: "Users", Name: "users.links.list", Summary: "List the services a user signs in with", Errors: []*problem.Error{user.ErrUnknown}}, s.userLinks),
		route(s, endpoint{
			Method: "DELETE", Path: "/users/{user}/links/{link}", Access: web.Admin, Tag: "Users", Name: "users.links.remove", Summary: "Unlink a service from a user",
			Text: "Sessions that began with it end.", Errors: append([]*problem.Error{user.ErrUnknown}, gone...),
		}, s.removeUserLink),
	}
}

// Link is a service that an account can be entered by.
type Link struct {
	ID         string     `json:"id" doc:"lnk_…"`
	Connection string     `json:"connection" doc:"Id of the connection."`
	Service    string     `json:"service" doc:"What it is called."`
	Issuer     string     `json:"issuer"`
	Subject    string     `json:"subject" doc:"Theirs, in that service."`
	Email      string     `json:"email,omitempty" doc:"As the service last told it."`
	CreatedAt  time.Time  `json:"created_at"`
	UsedAt     *time.Time `json:"used_at,omitempty"`
}

// LinkList is all links of an account.
type LinkList struct {
	Data []Link `json:"data"`
}

func (s *surface) links(ctx context.Context, of user.ID) (LinkList, error) {
	all, err := s.Federation.LinksOf(ctx, of)
	out := LinkList{Data: []Link{}}
	for _, l := range all {
		out.Data = append(out.Data, Link{
			ID: l.ID.String(), Connection: l.Connection.Name, Service: l.Connection.Title(), Issuer: l.Issuer, Subject: l.Subject, Email: l.Email,
			CreatedAt: l.CreatedAt, UsedAt: moment(l.UsedAt),
		})
	}
	return out, err
}

func (s *surface) myLinks(ctx context.Context, c *Call, _ struct{}) (LinkList, error) {
	return s.links(ctx, c.Caller.User)
}

// LinkRemoval names a link, with the proof that it is theirs to remove.
type LinkRemoval struct {
	ID string `path:"link" doc:"lnk_…"`
	StepUp
}

func (s *surface) removeMyLink(ctx context.Context, c *Call, in LinkRemoval) (none, error) {
	id, err := federation.ParseLinkID(in.ID)
	if err != nil {
		return none{}, federation.ErrLinkUnknown.Because(err)
	}
	return none{}, s.Federation.Unlink(ctx, c.Caller, federate.Proof(in.proof()), id, s.lang(c))
}

// linkOwner names a user.
type linkOwner struct {
	User string `path:"user" doc:"usr_… or an e-mail address."`
}

func (s *surface) userLinks(ctx context.Context, c *Call, in linkOwner) (LinkList, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return LinkList{Data: []Link{}}, err
	}
	return s.links(ctx, u.ID)
}

// UserLink names a link of a user.
type UserLink struct {
	User string `path:"user" doc:"usr_… or an e-mail address."`
	Link string `path:"link" doc:"lnk_…"`
}

func (s *surface) removeUserLink(ctx context.Context, c *Call, in UserLink) (none, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return none{}, err
	}
	id, err := federation.ParseLinkID(in.Link)
	if err != nil {
		return none{}, federation.ErrLinkUnknown.Because(err)
	}
	return none{}, s.Federation.Remove(ctx, c.Caller, u.ID, id, s.lang(c))
}
