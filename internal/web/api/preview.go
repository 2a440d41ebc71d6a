package api

import (
	"context"
	"encoding/json"

	"github.com/mortise-auth/mortise/internal/oauth"
)

// PreviewRequest asks what a client would be told of a person.
type PreviewRequest struct {
	Client   string    `path:"client" doc:"Its client_id."`
	User     string    `json:"user" doc:"usr_… or an e-mail address."`
	Scope    *string   `json:"scope,omitempty" doc:"Separated by spaces. Absent: all that the client is registered for."`
	Resource *[]string `json:"resource,omitempty" doc:"Identifiers of APIs. Absent: all that the client has."`
}

// Preview is what tokens would say. It is no token.
type Preview struct {
	Scope  string         `json:"scope"`
	Format string         `json:"access_token_format" enum:"jwt,opaque" doc:"opaque: the claims of the access token are what introspection tells."`
	Claims []PreviewClaim `json:"claims"`
}

// PreviewClaim is one claim.
type PreviewClaim struct {
	In      string          `json:"in" enum:"id_token,access_token,userinfo"`
	Claim   string          `json:"claim"`
	Value   json.RawMessage `json:"value,omitempty" doc:"Absent when it is made with the token, such as times."`
	Because string          `json:"because"`
}

func (s *surface) previewClient(ctx context.Context, c *Call, in PreviewRequest) (Preview, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return Preview{}, err
	}
	r := oauth.PreviewRequest{Client: in.Client, User: u}
	replace(&r.Scope, in.Scope)
	replace(&r.Resource, in.Resource)
	p, err := s.Tokens.Preview(ctx, r)
	if err != nil {
		return Preview{}, err
	}
	out := Preview{Scope: p.Scope, Format: "jwt", Claims: make([]PreviewClaim, 0, len(p.Lines))}
	if p.Opaque {
		out.Format = "opaque"
	}
	for _, l := range p.Lines {
		out.Claims = append(out.Claims, PreviewClaim{l.In, l.Name, l.Value, l.Because})
	}
	return out, nil
}
