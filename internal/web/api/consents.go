package api

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) consentTable() []endpoint {
	const text = "Newest first: one for each app that is not first-party. Taking one back ends the app's grants and every token minted from them."
	gone := []*problem.Error{consent.ErrNone}
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/me/consents", Tag: "My account", Name: "me.consents.list", Summary: "List what I allowed apps to do", Text: text}, s.consents),
		route(s, endpoint{Method: "DELETE", Path: "/me/consents/{client}", Tag: "My account", Name: "me.consents.withdraw", Summary: "Take back what an app may do", Errors: gone}, s.withdraw),
		route(s, endpoint{Method: "GET", Path: "/users/{user}/consents", Access: web.Admin, Tag: "Users", Name: "users.consents.list", Summary: "List what a user allowed apps to do", Text: text, Errors: []*problem.Error{user.ErrUnknown}}, s.userConsents),
		route(s, endpoint{
			Method: "DELETE", Path: "/users/{user}/consents/{client}", Access: web.Admin, Tag: "Users", Name: "users.consents.withdraw", Summary: "Take back what a user allowed an app to do",
			Errors: append([]*problem.Error{user.ErrUnknown}, gone...),
		}, s.userWithdraw),
	}
}

// Consent is what an account agreed that an app may do.
type Consent struct {
	ClientID   string       `json:"client_id"`
	App        string       `json:"app" doc:"What the client is called."`
	Scopes     []GrantScope `json:"scopes"`
	Audiences  []string     `json:"audiences" doc:"The APIs its tokens may be for."`
	CreatedAt  time.Time    `json:"created_at"`
	UpdatedAt  time.Time    `json:"updated_at" doc:"When more was agreed to."`
	LastUsedAt *time.Time   `json:"last_used_at,omitempty" doc:"When the app last got tokens; absent: it is not signed in."`
}

func showConsent(a account.Allowed) Consent {
	out := Consent{ClientID: a.Client, App: a.Name, Scopes: []GrantScope{}, Audiences: listed(a.Audiences), CreatedAt: a.CreatedAt.UTC(), UpdatedAt: a.UpdatedAt.UTC()}
	for _, scope := range a.Scopes {
		out.Scopes = append(out.Scopes, GrantScope{scope.Name, scope.Description})
	}
	if used := a.LastUsed.UTC(); !a.LastUsed.IsZero() {
		out.LastUsedAt = &used
	}
	return out
}

func consentCursor(a account.Allowed) string { return a.Client }

func (s *surface) consents(ctx context.Context, c *Call, in PageRequest) (List[Consent], error) {
	all, err := s.Account.Consents(ctx, c.Caller)
	if err != nil {
		return List[Consent]{}, err
	}
	return paged(s, c, rest(all, in.After, consentCursor), size(in.Limit), consentCursor, showConsent), nil
}

// ConsentRef names an app by its client_id.
type ConsentRef struct {
	Client string `path:"client" doc:"The client_id, escaped where it is an address."`
}

func (s *surface) withdraw(ctx context.Context, c *Call, in ConsentRef) (none, error) {
	_, err := s.Account.Withdraw(ctx, c.Caller, in.Client)
	return none{}, err
}

func (s *surface) userConsents(ctx context.Context, c *Call, in UserPage) (List[Consent], error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return List[Consent]{}, err
	}
	all, err := s.Account.ConsentsOf(ctx, u.ID)
	if err != nil {
		return List[Consent]{}, err
	}
	return paged(s, c, rest(all, in.After, consentCursor), size(in.Limit), consentCursor, showConsent), nil
}

// UserConsent names an app of a user.
type UserConsent struct {
	User   string `path:"user" doc:"usr_… or an e-mail address."`
	Client string `path:"client" doc:"The client_id, escaped where it is an address."`
}

func (s *surface) userWithdraw(ctx context.Context, c *Call, in UserConsent) (none, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return none{}, err
	}
	_, err = s.Directory.Withdraw(ctx, c.Caller, u.ID, in.Client)
	return none{}, err
}
