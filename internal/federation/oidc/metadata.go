package oidc

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/federation"
)

// metadata is what is used of a discovery document (OpenID Connect Discovery 1.0, 3).
type metadata struct {
	issuer                         string
	authorization, token, userInfo string
	jwks, endSession, revocation   string
	scopes, methods, algorithms    []string
	announcesIssuer                bool // RFC 9207
}

// parseMetadata reads a discovery document; whose it is, is for check to say.
func parseMetadata(body []byte) (metadata, error) {
	claims, err := federation.ParseClaims(body)
	if err != nil {
		return metadata{}, federation.ErrUpstream.Because(err)
	}
	m := metadata{
		issuer: text(claims["issuer"]), authorization: text(claims["authorization_endpoint"]), token: text(claims["token_endpoint"]),
		userInfo: text(claims["userinfo_endpoint"]), jwks: text(claims["jwks_uri"]), endSession: text(claims["end_session_endpoint"]),
		revocation: text(claims["revocation_endpoint"]), scopes: texts(claims["scopes_supported"]),
		methods: texts(claims["token_endpoint_auth_methods_supported"]), algorithms: texts(claims["id_token_signing_alg_values_supported"]),
		announcesIssuer: claims["authorization_response_iss_parameter_supported"] == true,
	}
	if m.issuer == "" || m.authorization == "" || m.token == "" || m.jwks == "" {
		return metadata{}, federation.ErrUpstream.Becausef("a discovery document that lacks issuer or endpoints")
	}
	return m, nil
}

// check compares the document with the connection it was fetched for (OA-112). The
// endpoints are where we go with secrets, so they are https, or what the issuer is.
func (m *metadata) check(c federation.Connection) error {
	if m.issuer != c.Issuer() && !isTemplate(c, m.issuer) {
		return federation.ErrStatement.Becausef("the discovery document is of %.200q", m.issuer)
	}
	plain := strings.HasPrefix(c.Issuer(), "http://")
	for _, one := range []string{m.authorization, m.token, m.userInfo, m.jwks, m.endSession, m.revocation} {
		u, err := url.Parse(one)
		if one != "" && (err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && (!plain || u.Scheme != "http")) {
			return federation.ErrStatement.Becausef("an endpoint at %.200q", one)
		}
	}
	return nil
}

// method is how we prove who we are: as the connection says, or as the service
// announces.
func (m *metadata) method(c federation.Connection) string {
	switch method := c.AuthMethod(); {
	case method != "":
		return method
	case len(m.methods) > 0 && !slices.Contains(m.methods, federation.AuthBasic) && slices.Contains(m.methods, federation.AuthPost):
		return federation.AuthPost
	}
	return federation.AuthBasic
}

// metadata is the discovery document of c.
func (s *Service) metadata(ctx context.Context, c federation.Connection) (metadata, error) {
	m, err := s.discovered.get(ctx, strings.TrimSuffix(c.Issuer(), "/")+"/.well-known/openid-configuration")
	if err != nil {
		return metadata{}, err
	}
	return m, m.check(c)
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, one := range list {
		if s, ok := one.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
