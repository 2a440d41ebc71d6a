package oidc

import (
	"context"

	"github.com/mortise-auth/mortise/internal/federation"
)

// complete adds to the claims of an ID token what only UserInfo knows, if the
// connection needs it. Nothing that the ID token says is replaced. An address and
// whether it was checked come from one and the same answer.
func (s *Service) complete(ctx context.Context, c federation.Connection, m metadata, t federation.Tokens, st federation.Statement) error {
	if m.userInfo == "" || !c.Kind.Preset().UserInfo || !lacks(c, st.Claims) {
		return nil
	}
	v, err := s.client.Get(ctx, m.userInfo, t.Access, nil)
	if err != nil {
		return err
	}
	more, ok := v.(map[string]any)
	if !ok || more["sub"] != st.Subject { // OA-113
		return federation.ErrStatement.Because(errUserInfo)
	}
	if _, said := st.Claims["email"]; said && more["email"] != st.Claims["email"] {
		delete(more, "email_verified")
	}
	for name, value := range more {
		if _, said := st.Claims[name]; !said && !reserved(name) {
			st.Claims[name] = value
		}
	}
	return nil
}

// lacks reports whether the claims miss something that the connection reads.
func lacks(c federation.Connection, claims map[string]any) bool {
	needed := []string{federation.FieldEmail, federation.FieldEmailVerified, federation.FieldName}
	for field := range c.Settings.Mapping.Fields {
		needed = append(needed, field)
	}
	if len(c.Settings.Mapping.Roles) > 0 {
		needed = append(needed, federation.FieldGroups)
	}
	for _, field := range needed {
		if _, there := federation.Look(claims, c.Field(field)); !there {
			return true
		}
	}
	return false
}

// reserved are claims of an ID token about itself, which UserInfo has no say in.
func reserved(name string) bool {
	switch name {
	case "iss", "sub", "aud", "exp", "iat", "nbf", "nonce", "azp", "acr", "amr", "auth_time", "sid", "at_hash", "c_hash", "jti", "tid", "hd", "xms_edov":
		return true
	}
	return false
}
