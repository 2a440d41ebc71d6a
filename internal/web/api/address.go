package api

import (
	"context"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
)

func (s *surface) addressTable() []endpoint {
	const tag = "My account"
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/me/emails", Tag: tag, Name: "me.emails.list", Summary: "List my addresses", Text: "The primary one first, those that wait to be confirmed last."}, s.emails),
		route(s, endpoint{
			Method: "POST", Path: "/me/emails", Tag: tag, Name: "me.emails.add", Status: http.StatusAccepted, Once: true, Summary: "Add an address",
			Text:    "A mail goes to it. The address counts once its link or code comes back by /verify.",
			Example: `{"email": "ada@home.example.test", "current_password": "correct horse battery staple"}`,
			Errors:  append([]*problem.Error{account.ErrInput}, confirming...),
		}, s.addEmail),
		route(s, endpoint{
			Method: "DELETE", Path: "/me/emails/{address}", Tag: tag, Name: "me.emails.remove", Summary: "Remove an address",
			Text:    "The address is told, with a link that undoes it.",
			Example: `{"current_password": "correct horse battery staple"}`,
			Errors:  append([]*problem.Error{user.ErrEmailUnknown, user.ErrLastEmail, organization.ErrSSOAddress}, confirming...),
		}, s.removeEmail),
		route(s, endpoint{
			Method: "POST", Path: "/me/emails/{address}/primary", Tag: tag, Name: "me.emails.primary", Summary: "Make an address the primary one",
			Text:    "The old one is told, with a link that undoes it.",
			Example: `{"current_password": "correct horse battery staple"}`,
			Errors:  append([]*problem.Error{user.ErrEmailUnknown, user.ErrEmailUnverified}, confirming...),
		}, s.primaryEmail),
		route(s, endpoint{
			Method: "POST", Path: "/me/emails/{address}/resend", Tag: tag, Name: "me.emails.resend", Status: http.StatusAccepted, Once: true,
			Summary: "Mail the confirmation again", Errors: []*problem.Error{user.ErrEmailUnknown},
		}, s.resendEmail),
	}
}

// Email is an address of an account.
type Email struct {
	Address    string     `json:"address"`
	Primary    bool       `json:"primary"`
	Verified   bool       `json:"verified"`
	VerifiedAt *time.Time `json:"verified_at,omitempty"`
	CreatedAt  *time.Time `json:"created_at,omitempty"`
	Waiting    bool       `json:"waiting" doc:"It was mailed to and did not answer yet."`
	ExpiresAt  *time.Time `json:"expires_at,omitempty" doc:"Until when a waiting address may answer."`
}

func showEmail(e user.Email) Email {
	return Email{Address: e.Address, Primary: e.Primary, Verified: e.Verified(), VerifiedAt: moment(e.VerifiedAt), CreatedAt: moment(e.CreatedAt)}
}

func (s *surface) emails(ctx context.Context, c *Call, _ struct{}) (List[Email], error) {
	have, waiting, err := s.Account.Emails(ctx, c.Caller)
	if err != nil {
		return List[Email]{}, err
	}
	out := List[Email]{Data: []Email{}}
	for _, e := range have {
		out.Data = append(out.Data, showEmail(e))
	}
	for _, p := range waiting {
		out.Data = append(out.Data, Email{Address: p.Address, Waiting: true, ExpiresAt: moment(p.ExpiresAt)})
	}
	return out, nil
}

// AddEmailRequest adds an address.
type AddEmailRequest struct {
	Email string `json:"email"`
	StepUp
}

func (s *surface) addEmail(ctx context.Context, c *Call, in AddEmailRequest) (Step, error) {
	flow, err := s.Account.AddEmail(ctx, c.Caller, account.Proof(in.proof()), in.Email, s.lang(c))
	if err != nil {
		return Step{}, err
	}
	return s.goOn(c, flow, account.AddressLife), nil
}

// AddressRequest is about one address.
type AddressRequest struct {
	Address string `path:"address"`
	StepUp
}

func (s *surface) removeEmail(ctx context.Context, c *Call, in AddressRequest) (none, error) {
	return none{}, s.Account.RemoveEmail(ctx, c.Caller, account.Proof(in.proof()), user.EmailKey(in.Address), s.lang(c))
}

func (s *surface) primaryEmail(ctx context.Context, c *Call, in AddressRequest) (none, error) {
	return none{}, s.Account.MakePrimary(ctx, c.Caller, account.Proof(in.proof()), user.EmailKey(in.Address), s.lang(c))
}

// ResendRequest names the address to mail to.
type ResendRequest struct {
	Address string `path:"address"`
}

func (s *surface) resendEmail(ctx context.Context, c *Call, in ResendRequest) (Step, error) {
	flow, err := s.Account.ResendEmail(ctx, c.Caller, user.EmailKey(in.Address), s.lang(c))
	if err != nil {
		return Step{}, err
	}
	return s.goOn(c, flow, account.AddressLife), nil
}
