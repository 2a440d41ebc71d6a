package api

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/inspect"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) tokenTable() []endpoint {
	return []endpoint{
		route(s, endpoint{
			Method: "POST", Path: "/tokens/inspect", Access: web.Admin, Tag: "Tokens", Name: "tokens.inspect", Summary: "Explain one token",
			Text: "Whose it is, of which session and grant, which key signed it, and what makes it invalid now. Any text may be asked about. " +
				"Nothing is used up: a refresh token stays what it is. Apps ask at /oauth2/introspect instead.",
			Example: `{"token": "mrt_rt_…"}`,
		}, s.inspectToken),
	}
}

// InspectRequest carries a token in the body, where nobody logs it.
type InspectRequest struct {
	Token secret.Text `json:"token" doc:"An access token or a refresh token."`
}

// InspectedToken is what is known of a token.
type InspectedToken struct {
	Kind     inspect.Kind      `json:"kind" enum:"access_token,opaque_access_token,refresh_token,unknown"`
	Valid    bool              `json:"valid"`
	Findings []inspect.Finding `json:"findings" doc:"Why it is not valid, worst first."`

	Subject   string     `json:"sub,omitempty"`
	Email     string     `json:"email,omitempty" doc:"Primary address of the account."`
	ClientID  string     `json:"client_id,omitempty"`
	Audience  []string   `json:"aud,omitempty"`
	Scope     string     `json:"scope,omitempty"`
	ID        string     `json:"jti,omitempty"`
	IssuedAt  *time.Time `json:"issued_at,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`

	Key      string `json:"kid,omitempty" doc:"The key that signed it."`
	KeyState string `json:"key_state,omitempty" doc:"next, current, retiring or gone."`

	Grant        string     `json:"grant,omitempty"`
	GrantedAt    *time.Time `json:"granted_at,omitempty"`
	GrantEndedAt *time.Time `json:"grant_ended_at,omitempty"`
	GrantCause   string     `json:"grant_cause,omitempty" doc:"Why the grant ended, such as theft or signed_out."`
	Generation   int64      `json:"generation,omitempty" doc:"How many refresh tokens of the grant there had been."`
	Sender       string     `json:"sender,omitempty" doc:"What the refresh token is bound to: none, client, jkt or x5t."`

	Session        string     `json:"session,omitempty"`
	Device         string     `json:"device,omitempty" doc:"User agent of the session."`
	SessionEndedAt *time.Time `json:"session_ended_at,omitempty"`
	SessionCause   string     `json:"session_cause,omitempty"`
}

func (s *surface) inspectToken(ctx context.Context, _ *Call, in InspectRequest) (InspectedToken, error) {
	r, err := s.Inspect(ctx, in.Token.Reveal())
	if err != nil {
		return InspectedToken{}, err
	}
	out := InspectedToken{
		Kind: r.Kind, Valid: r.Valid, Findings: r.Findings, Subject: r.Subject, Email: r.Email, ClientID: r.ClientID, Audience: r.Audience,
		Scope: r.Scope, ID: r.ID, IssuedAt: moment(r.IssuedAt), ExpiresAt: moment(r.ExpiresAt), Key: r.Key, KeyState: r.KeyState,
		Grant: r.Grant, GrantedAt: moment(r.GrantedAt), GrantEndedAt: moment(r.GrantEndedAt), GrantCause: r.GrantCause,
		Generation: r.Generation, Sender: r.Sender, Session: r.Session, Device: r.Device,
		SessionEndedAt: moment(r.SessionEndedAt), SessionCause: r.SessionCause,
	}
	if out.Findings == nil {
		out.Findings = []inspect.Finding{}
	}
	return out, nil
}
