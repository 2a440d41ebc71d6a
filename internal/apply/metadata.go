package apply

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
)

// Metadata is what else can be said about a client; see client.Metadata. nil
// means: leave it as it is.
type Metadata struct {
	ClientURI       *string   `json:"client_uri,omitempty" format:"uri"`
	LogoURI         *string   `json:"logo_uri,omitempty" format:"uri"`
	PolicyURI       *string   `json:"policy_uri,omitempty" format:"uri"`
	TOSURI          *string   `json:"tos_uri,omitempty" format:"uri"`
	Contacts        *[]string `json:"contacts,omitempty" doc:"Email addresses of its makers."`
	SoftwareID      *string   `json:"software_id,omitempty"`
	SoftwareVersion *string   `json:"software_version,omitempty"`

	JWKS               any       `json:"jwks,omitempty" doc:"Its public keys, a JSON Web Key Set; takes the place of jwks_uri."`
	JWKSURI            *string   `json:"jwks_uri,omitempty" format:"uri" doc:"Where its public keys are; takes the place of jwks."`
	AssertionAlg       *string   `json:"token_endpoint_auth_signing_alg,omitempty" doc:"Of its assertions: PS256, ES256, EdDSA or RS256; empty: any of them."`
	AssertionAudiences *[]string `json:"assertion_audiences,omitempty" doc:"Audiences of assertions that are admitted beside the issuer, for old libraries: the token endpoint, say."`

	SubjectType         *string `json:"subject_type,omitempty" enum:"public,pairwise"`
	SectorIdentifierURI *string `json:"sector_identifier_uri,omitempty" format:"uri" doc:"Of a JSON array of all redirect_uris, which gives pairwise subjects their sector."`
	UserInfoAlg         *string `json:"userinfo_signed_response_alg,omitempty" doc:"PS256, ES256, EdDSA or RS256; empty: plain JSON."`

	RequestObjectAlg     *string   `json:"request_object_signing_alg,omitempty" doc:"PS256, ES256, EdDSA or RS256; none for unsigned ones; empty: any signature."`
	RequestURIs          *[]string `json:"request_uris,omitempty" doc:"Where its request objects are, exactly."`
	RequireSignedRequest *bool     `json:"require_signed_request_object,omitempty"`
	RequirePAR           *bool     `json:"require_pushed_authorization_requests,omitempty"`
	DPoPBound            *bool     `json:"dpop_bound_access_tokens,omitempty"`

	DefaultMaxAge    *int      `json:"default_max_age,omitempty" doc:"Seconds since the sign-in, after which it is repeated."`
	RequireAuthTime  *bool     `json:"require_auth_time,omitempty"`
	DefaultACRs      *[]string `json:"default_acr_values,omitempty" doc:"In order of preference."`
	Assurance        *int      `json:"require_assurance,omitempty" doc:"That people sign in to it with: 1, 2 or 3; 0: it asks for nothing."`
	InitiateLoginURI *string   `json:"initiate_login_uri,omitempty" format:"uri"`

	BackchannelSessionRequired  *bool   `json:"backchannel_logout_session_required,omitempty"`
	FrontchannelLogout          *string `json:"frontchannel_logout_uri,omitempty" format:"uri"`
	FrontchannelSessionRequired *bool   `json:"frontchannel_logout_session_required,omitempty"`

	DetailTypes      *[]string `json:"authorization_details_types,omitempty"`
	ResponseModes    *[]string `json:"response_modes,omitempty" doc:"query, form_post and fragment; empty: the first two."`
	OAuth20Only      *bool     `json:"oauth20_only,omitempty" doc:"An old client: redirect_uri is required at the token endpoint."`
	NoPKCE           *bool     `json:"without_pkce,omitempty" doc:"An old client that cannot send a code_challenge. Confidential clients only."`
	NoPartialConsent *bool     `json:"without_partial_consent,omitempty" doc:"People agree to all scopes or to none."`

	ExchangeSubjects  *[]string `json:"exchange_subjects,omitempty" doc:"Tokens it may exchange: own for those issued to it, received for those that APIs it verifies for have got."`
	ExchangeAudiences *[]string `json:"exchange_audiences,omitempty" doc:"APIs it may exchange tokens for."`
	ExchangeModes     *[]string `json:"exchange_modes,omitempty" doc:"delegation: the new token says who acts; impersonation: it does not."`
}

// Members are the members that are given, by their names.
func (m Metadata) Members() map[string]json.RawMessage {
	var out map[string]json.RawMessage
	if b, err := json.Marshal(m); err == nil {
		_ = json.Unmarshal(b, &out) // what was just written can be read
	}
	return out
}

// members notes which members of w are not as they are now.
func (c *Change) members(now, w map[string]json.RawMessage) {
	for _, name := range slices.Sorted(maps.Keys(w)) {
		before, after := meaning(name, now[name]), meaning(name, w[name])
		if !reflect.DeepEqual(before, after) {
			c.Fields = append(c.Fields, Field{name, before, after})
		}
	}
}

// meaning is a value in the form it is kept in: nothing for what is empty, and
// lists in order, but for the one whose order says something.
func meaning(name string, raw json.RawMessage) any {
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		if name != "default_acr_values" {
			list = sorted(list)
		}
		if len(list) == 0 {
			return nil
		}
		return list
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&value) != nil || value == false || value == "" || name == "require_assurance" && value == json.Number("0") {
		return nil
	}
	return value
}
