package oauth2

import (
	"context"
	"net/url"

	"github.com/mortise-auth/mortise/internal/federation"
)

// Service signs people in with GitHub and with mapped services. It implements
// federation.Protocol and is safe for concurrent use.
type Service struct{ client *Client }

// New makes a Service.
func New(o Options) *Service { return &Service{NewClient(o)} }

// Begin implements federation.Protocol. It asks nobody.
func (s *Service) Begin(_ context.Context, c federation.Connection, a federation.Ask) (string, federation.Kept, error) {
	params, kept := Authorization(c, a)
	if c.Kind == federation.GitHub {
		set(params, "login", a.LoginHint)
		if a.Prompt == "select_account" {
			params.Set("prompt", a.Prompt)
		}
	} else {
		set(params, "login_hint", a.LoginHint)
		set(params, "prompt", a.Prompt)
	}
	address, err := Address(c.Endpoints().Authorization, params)
	return address, kept, err
}

func set(params url.Values, name, value string) {
	if value != "" {
		params.Set(name, value)
	}
}

// Finish implements federation.Protocol.
func (s *Service) Finish(ctx context.Context, c federation.Connection, k federation.Kept, a federation.Answer) (federation.Statement, error) {
	if k.Issuer != c.Issuer() || !sameServer(a.Issuer, c) {
		return federation.Statement{}, federation.ErrStatement.Becausef("an answer of %.200q", a.Issuer)
	}
	if a.Error != "" {
		return federation.Statement{}, Refusal(a.Error, a.ErrorDescription)
	}
	t, err := s.client.Exchange(ctx, c, server(c), k, a.Code)
	if err != nil {
		return federation.Statement{}, err
	}
	claims, err := s.claims(ctx, c, t)
	if err != nil {
		return federation.Statement{}, err
	}
	path := c.Field(federation.FieldSubject)
	value, _ := federation.Look(claims, path)
	st := federation.Statement{Issuer: c.Issuer(), Subject: federation.SubjectOf(value), Claims: claims}
	if st.Subject == "" {
		return federation.Statement{}, federation.ErrStatement.Becausef("no subject at %q", path)
	}
	if c.Settings.KeepTokens {
		st.Tokens = &t
	}
	return st, nil
}

// sameServer reports whether the answer may come from the service: such services
// announce nothing, so one that says who it is must be at least where we sent the
// browser (RFC 9207, 2.4).
func sameServer(issuer string, c federation.Connection) bool {
	if issuer == "" || issuer == c.Settings.Issuer {
		return true
	}
	said, err := url.Parse(issuer)
	asked, fault := url.Parse(c.Endpoints().Authorization)
	return err == nil && fault == nil && said.Scheme == asked.Scheme && said.Host == asked.Host
}

func server(c federation.Connection) Server {
	method := c.AuthMethod()
	if method == "" {
		method = federation.AuthBasic
	}
	return Server{Issuer: c.Issuer(), Endpoint: c.Endpoints().Token, Method: method}
}

func (s *Service) claims(ctx context.Context, c federation.Connection, t federation.Tokens) (map[string]any, error) {
	header := map[string]string{}
	if c.Kind == federation.GitHub {
		header = gitHubHeader
	}
	v, err := s.client.Get(ctx, c.Endpoints().UserInfo, t.Access, header)
	if err != nil {
		return nil, err
	}
	claims, ok := v.(map[string]any)
	if !ok {
		return nil, federation.ErrUpstream.Becausef("no object")
	}
	if c.Kind == federation.GitHub {
		return claims, s.gitHub(ctx, c, t, claims)
	}
	return claims, nil
}

// Refresh implements federation.Protocol.
func (s *Service) Refresh(ctx context.Context, c federation.Connection, t federation.Tokens) (federation.Tokens, error) {
	return s.client.Refresh(ctx, c, server(c), t)
}

// Revoke implements federation.Protocol, for services that were given an endpoint
// of RFC 7009.
func (s *Service) Revoke(ctx context.Context, c federation.Connection, t federation.Tokens) error {
	to := server(c)
	if to.Endpoint = c.Endpoints().Revocation; to.Endpoint == "" {
		return nil
	}
	if err := s.client.Revoke(ctx, c, to, t.Refresh, "refresh_token"); err != nil {
		return err
	}
	return s.client.Revoke(ctx, c, to, t.Access, "access_token")
}

// Logout implements federation.Protocol: there is an address if one was given.
func (s *Service) Logout(_ context.Context, c federation.Connection, _ federation.Leave) (string, error) {
	return c.Endpoints().EndSession, nil
}

// Ended implements federation.Protocol: such services sign nothing.
func (s *Service) Ended(context.Context, federation.Connection, string) (federation.Ended, error) {
	return federation.Ended{}, federation.ErrStatement.Becausef("no such tokens")
}

var _ federation.Protocol = (*Service)(nil)
