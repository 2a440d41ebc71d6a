package document

import (
	"encoding/json"
	"strings"

	"github.com/mortise-auth/mortise/internal/client"
)

// Members describe c as registered, everything that was filled in included (RFC
// 7591 section 3.2.1). Nothing secret is among them.
func Members(c client.Client) map[string]json.RawMessage {
	all := c.Metadata.Members()
	out := map[string]json.RawMessage{}
	for _, name := range described {
		if v, ok := all[name]; ok {
			out[name] = v
		}
	}
	core := map[string]any{
		"client_id": c.ID, "client_name": c.Name, "application_type": c.Type, "token_endpoint_auth_method": c.Auth,
		"grant_types": listed(c.Grants), "response_types": listed(c.Responses), "redirect_uris": listed(c.RedirectURIs),
		"id_token_signed_response_alg": c.IDTokenAlg, "scope": joined(c.Scopes),
	}
	if len(c.PostLogoutURIs) > 0 {
		core["post_logout_redirect_uris"] = c.PostLogoutURIs
	}
	if c.BackchannelLogout != "" {
		core["backchannel_logout_uri"] = c.BackchannelLogout
	}
	for name, v := range core {
		if b, err := json.Marshal(v); err == nil { // texts and lists of them cannot fail
			out[name] = b
		}
	}
	return out
}

func listed(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func joined(scopes []string) string { return strings.Join(scopes, " ") }
