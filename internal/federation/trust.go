package federation

import (
	"encoding/json"
	"slices"
	"strings"
)

// Tenant and domains of Microsoft's accounts for anybody.
const (
	personalTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"
	relayDomain    = "privaterelay.appleid.com"
)

var (
	googleDomains   = []string{"gmail.com", "googlemail.com"}
	personalDomains = []string{"outlook.com", "hotmail.com", "live.com", "msn.com"}
)

// Trusts reports whether the service may vouch for addresses of domain, which is in
// ASCII and lower case, about the person of s (TH-40). That the service says it
// checked this address is asked beside it: see Person.
//
//   - Google runs gmail.com, and a Workspace domain when the person is of it (hd).
//   - Microsoft passes on what any tenant's administrator wrote. It vouches for an
//     address when it says that the tenant owns its domain (xms_edov), for its own
//     domains of personal accounts, and for trusted_domains of a single tenant. It
//     never does so by the bare claim email of an app that every tenant may use.
//   - GitHub and Apple check each address themselves; a GitHub that somebody runs
//     at home may not.
//   - Everybody else vouches for trusted_domains only.
//
// trusted_domains takes the place of the kind's own rule. "*" is every domain, but
// not for the connection of an organisation, which is believed about its own
// domains only: that they are still verified is for the caller to ask.
func (c Connection) Trusts(domain string, s Statement) bool {
	if domain == "" {
		return false
	}
	listed := slices.Contains(c.Settings.Trust, domain) || c.Organization == "" && slices.Contains(c.Settings.Trust, "*")
	if len(c.Settings.Trust) > 0 && !listed {
		return false
	}
	switch c.rules() {
	case Microsoft:
		return c.microsoftOwns(domain, s, listed)
	case Apple:
		private := truth(s.Claims["is_private_email"])
		return private == (domain == relayDomain) && (listed || c.Organization == "")
	case Google:
		return listed || slices.Contains(googleDomains, domain) || hosted(s) == domain
	case GitHub:
		return listed || c.Organization == "" && c.Issuer() == gitHubIssuer && c.Endpoints() == GitHub.Preset().Endpoints
	}
	return listed
}

// rules is the kind whose rules c goes by: Google is Google, whatever a file calls it.
func (c Connection) rules() Kind {
	if c.Kind == OIDC && c.Issuer() == googleIssuer {
		return Google
	}
	return c.Kind
}

func hosted(s Statement) string {
	hd, _ := s.Claims["hd"].(string)
	return strings.ToLower(hd)
}

func (c Connection) microsoftOwns(domain string, s Statement, listed bool) bool {
	tenant, _ := s.Claims["tid"].(string)
	if tenant == personalTenant {
		return slices.Contains(personalDomains, domain)
	}
	return truth(s.Claims["xms_edov"]) || listed && c.SingleTenant()
}

// SingleTenant reports whether a connection with Microsoft hears one tenant only.
func (c Connection) SingleTenant() bool {
	if len(c.Settings.Tenants) > 0 {
		return len(c.Settings.Tenants) == 1 && c.Settings.Tenants[0] != personalTenant
	}
	tenant := Tenant(c.Issuer())
	return IsTenant(tenant) && tenant != personalTenant
}

// truth reads a boolean that some services write as a text or a number.
func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v == "true" || v == "1"
	case json.Number:
		return v == "1"
	}
	return false
}
