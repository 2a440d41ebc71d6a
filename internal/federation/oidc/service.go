package oidc

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/federation/oauth2"
)

// Options of a Service. All are required.
type Options = oauth2.Options

// Service signs people in with OpenID providers. It implements federation.Protocol
// and is safe for concurrent use.
type Service struct {
	client     *oauth2.Client
	now        func() time.Time
	discovered *documents[metadata]
	keys       *documents[keySet]
}

// New makes a Service. It fetches nothing.
func New(o Options) *Service {
	return &Service{
		client: oauth2.NewClient(o), now: o.Now,
		discovered: newDocuments(o.HTTP, o.Now, parseMetadata), keys: newDocuments(o.HTTP, o.Now, parseKeySet),
	}
}

var _ federation.Protocol = (*Service)(nil)

// Begin implements federation.Protocol (OA-110).
func (s *Service) Begin(ctx context.Context, c federation.Connection, a federation.Ask) (string, federation.Kept, error) {
	m, err := s.metadata(ctx, c)
	if err != nil {
		return "", federation.Kept{}, err
	}
	params, kept := oauth2.Authorization(c, a)
	kept.Nonce = oauth2.Nonce()
	params.Set("nonce", kept.Nonce)
	set(params, "login_hint", a.LoginHint)
	set(params, "prompt", a.Prompt)
	set(params, "acr_values", strings.Join(a.ACRValues, " "))
	set(params, "ui_locales", strings.Join(a.Locales, " "))
	if preset := c.Kind.Preset(); preset.FormPost {
		params.Set("response_mode", "form_post")
	} else if a.MaxAge != nil && preset.Freshness {
		age := a.MaxAge.Truncate(time.Second)
		kept.MaxAge = &age
		params.Set("max_age", strconv.FormatInt(int64(age/time.Second), 10))
	}
	hint(params, c, a.DomainHints)
	keeping(params, c, m)
	address, err := oauth2.Address(m.authorization, params)
	return address, kept, err
}

func set(params url.Values, name, value string) {
	if value != "" {
		params.Set(name, value)
	}
}

// hint tells where the person is likely to belong.
func hint(params url.Values, c federation.Connection, domains []string) {
	if len(domains) == 0 {
		return
	}
	switch c.Kind {
	case federation.Google:
		if params.Set("hd", domains[0]); len(domains) > 1 {
			params.Set("hd", "*")
		}
	case federation.Microsoft:
		params.Set("domain_hint", domains[0])
	}
}

// keeping asks for a refresh token, in the way of the service, when tokens are kept.
func keeping(params url.Values, c federation.Connection, m metadata) {
	scopes := c.Scopes()
	switch {
	case !c.Settings.KeepTokens:
	case c.Kind == federation.Google:
		params.Set("access_type", "offline")
	case slices.Contains(m.scopes, "offline_access") && !slices.Contains(scopes, "offline_access"):
		params.Set("scope", strings.Join(scopes, " ")+" offline_access")
	}
}

// Finish implements federation.Protocol (OA-111, OA-113).
func (s *Service) Finish(ctx context.Context, c federation.Connection, k federation.Kept, a federation.Answer) (federation.Statement, error) {
	m, err := s.metadata(ctx, c)
	if err != nil {
		return federation.Statement{}, err
	}
	if err := judge(c, m, k, a); err != nil {
		return federation.Statement{}, err
	}
	t, err := s.client.Exchange(ctx, c, s.server(c, m), k, a.Code)
	if err != nil {
		return federation.Statement{}, err
	}
	st, err := s.idToken(ctx, c, m, k, t, a.Code)
	if err != nil {
		return federation.Statement{}, err
	}
	if err := s.complete(ctx, c, m, t, st); err != nil {
		return federation.Statement{}, err
	}
	if c.Kind == federation.Apple {
		appleName(st.Claims, a.User)
	}
	st.Tokens = kept(c, t)
	return st, nil
}

// judge looks at what the browser brought before anything is sent to anybody: whose
// answer it is (RFC 9207), and whether it is an error.
func judge(c federation.Connection, m metadata, k federation.Kept, a federation.Answer) error {
	if k.Issuer != c.Issuer() {
		return federation.ErrStatement.Becausef("the attempt began with %.200q", k.Issuer)
	}
	switch {
	case a.Issuer == "" && m.announcesIssuer:
		return federation.ErrStatement.Becausef("an answer without the iss that the service announces")
	case a.Issuer != "" && !answers(c, m, a.Issuer):
		return federation.ErrStatement.Becausef("an answer of %.200q", a.Issuer)
	case a.Error != "":
		return oauth2.Refusal(a.Error, a.ErrorDescription)
	}
	return nil
}

// answers reports whether issuer may be that of an answer to c.
func answers(c federation.Connection, m metadata, issuer string) bool {
	if issuer == m.issuer || slices.Contains(aliases(c), issuer) {
		return true
	}
	tenant := federation.Tenant(issuer)
	return isTemplate(c, m.issuer) && federation.IsTenant(tenant) && strings.Replace(m.issuer, template, tenant, 1) == issuer && mayAnswer(c, tenant)
}

func (s *Service) server(c federation.Connection, m metadata) oauth2.Server {
	return oauth2.Server{Issuer: m.issuer, Endpoint: m.token, Method: m.method(c)}
}

// kept are the tokens that the connection has a use for.
func kept(c federation.Connection, t federation.Tokens) *federation.Tokens {
	switch {
	case c.Settings.KeepTokens:
		return &t
	case c.Settings.Logout != federation.LogoutLocal:
		return &federation.Tokens{ID: t.ID}
	}
	return nil
}
