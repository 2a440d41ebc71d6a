package oidc

import (
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/federation"
)

// template stands for the tenant in the issuer of Microsoft's shared documents.
const template = "{tenantid}"

// isTemplate reports whether issuer is that of a document which Microsoft has for
// all tenants: the connection's own, with the template for common or organizations.
func isTemplate(c federation.Connection, issuer string) bool {
	if c.Kind != federation.Microsoft {
		return false
	}
	front, ok := strings.CutSuffix(c.Issuer(), "/v2.0")
	front, common := strings.CutSuffix(front, "/common")
	front, several := strings.CutSuffix(front, "/organizations")
	front, personal := strings.CutSuffix(front, "/consumers")
	if !ok || !common && !several && !personal {
		return false
	}
	return issuer == front+"/"+template+"/v2.0" || personal && issuer == front+"/"+personalTenant+"/v2.0"
}

// personalTenant is that of accounts which belong to nobody's organisation.
const personalTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"

// isIssuer reports whether the token says that the connection's service made it. Of
// a document for all tenants it is the tenant that the token names, if that may
// answer here.
func isIssuer(c federation.Connection, m metadata, claims map[string]any) bool {
	issuer, tenant := text(claims["iss"]), text(claims["tid"])
	if c.Kind != federation.Microsoft {
		return issuer == c.Issuer() || slices.Contains(aliases(c), issuer)
	}
	if strings.Contains(m.issuer, template) {
		return federation.IsTenant(tenant) && issuer == strings.Replace(m.issuer, template, tenant, 1) && mayAnswer(c, tenant)
	}
	return issuer == m.issuer && (tenant == "" || mayAnswer(c, tenant))
}

// mayAnswer reports whether a tenant may answer for the connection.
func mayAnswer(c federation.Connection, tenant string) bool {
	if len(c.Settings.Tenants) > 0 {
		return slices.Contains(c.Settings.Tenants, tenant)
	}
	switch federation.Tenant(c.Issuer()) {
	case "organizations":
		return tenant != personalTenant
	case "consumers":
		return tenant == personalTenant
	}
	return true
}

// limitedTo reports whether a key that Microsoft limits to an issuer may sign for
// the one in the token.
func limitedTo(issuer string, claims map[string]any) bool {
	return strings.Replace(issuer, template, text(claims["tid"]), 1) == text(claims["iss"])
}

// aliases are the other names of the issuer, which are the service's own only where
// the issuer is.
func aliases(c federation.Connection) []string {
	if preset := c.Kind.Preset(); c.Issuer() == preset.Issuer {
		return preset.Aliases
	}
	return nil
}

// issuerOf is the one name of who made a token that was checked.
func (s *Service) issuerOf(c federation.Connection, claims map[string]any) string {
	if c.Kind == federation.Microsoft {
		return text(claims["iss"])
	}
	return c.Issuer()
}
