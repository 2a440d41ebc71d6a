package client

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// Metadata is what else describes a client, in the members of RFC 7591, OpenID
// registration, RFC 9101, 9126, 9396, 9449 and the logout specifications. It is
// kept as one JSON object of those names; what is zero is not in it. The members
// without a registered name are said to be ours.
type Metadata struct {
	ClientURI       string   `json:"client_uri,omitempty"`
	LogoURI         string   `json:"logo_uri,omitempty"`
	PolicyURI       string   `json:"policy_uri,omitempty"`
	TOSURI          string   `json:"tos_uri,omitempty"`
	Contacts        []string `json:"contacts,omitempty"`
	SoftwareID      string   `json:"software_id,omitempty"`
	SoftwareVersion string   `json:"software_version,omitempty"`

	JWKS               json.RawMessage `json:"jwks,omitempty"` // public keys only
	JWKSURI            string          `json:"jwks_uri,omitempty"`
	AssertionAlg       string          `json:"token_endpoint_auth_signing_alg,omitempty"` // empty: any of AssertionAlgorithms
	AssertionAudiences []string        `json:"assertion_audiences,omitempty"`             // ours: admitted beside the issuer (OA-32)

	SubjectType         string `json:"subject_type,omitempty"` // Public or Pairwise
	SectorIdentifierURI string `json:"sector_identifier_uri,omitempty"`
	UserInfoAlg         string `json:"userinfo_signed_response_alg,omitempty"` // empty: plain JSON

	RequestObjectAlg     string   `json:"request_object_signing_alg,omitempty"` // empty: any of RequestAlgorithms; none only if it says so
	RequestURIs          []string `json:"request_uris,omitempty"`               // exact, but for a fragment
	RequireSignedRequest bool     `json:"require_signed_request_object,omitempty"`
	RequirePAR           bool     `json:"require_pushed_authorization_requests,omitempty"`
	DPoPBound            bool     `json:"dpop_bound_access_tokens,omitempty"`

	DefaultMaxAge    *int     `json:"default_max_age,omitempty"` // seconds
	RequireAuthTime  bool     `json:"require_auth_time,omitempty"`
	DefaultACRs      []string `json:"default_acr_values,omitempty"` // in order of preference
	InitiateLoginURI string   `json:"initiate_login_uri,omitempty"`
	Assurance        int      `json:"require_assurance,omitempty"` // ours: that people sign in to it with; 0: it asks for nothing

	BackchannelSessionRequired  bool   `json:"backchannel_logout_session_required,omitempty"`
	FrontchannelLogout          string `json:"frontchannel_logout_uri,omitempty"`
	FrontchannelSessionRequired bool   `json:"frontchannel_logout_session_required,omitempty"`

	DetailTypes      []string `json:"authorization_details_types,omitempty"`
	ResponseModes    []string `json:"response_modes,omitempty"`          // empty: query and form_post
	OAuth20Only      bool     `json:"oauth20_only,omitempty"`            // ours: redirect_uri is required at the token endpoint (OA-35)
	NoPKCE           bool     `json:"without_pkce,omitempty"`            // ours: confidential clients only (OA-12)
	NoPartialConsent bool     `json:"without_partial_consent,omitempty"` // ours: scopes are agreed to all or not at all

	// Of token exchange (OA-62), ours: whose tokens the client may bring, for which
	// APIs it gets others, and as whom.
	ExchangeSubjects  []string `json:"exchange_subjects,omitempty"` // OwnSubjects, ReceivedSubjects
	ExchangeAudiences []string `json:"exchange_audiences,omitempty"`
	ExchangeModes     []string `json:"exchange_modes,omitempty"` // Delegation, Impersonation
}

// The subject types there are.
const (
	PublicSubject   = "public"
	PairwiseSubject = "pairwise"
)

// What a client may be allowed in token exchange.
const (
	OwnSubjects      = "own"           // tokens that were issued to the client
	ReceivedSubjects = "received"      // tokens for an API that the client is a verifier of
	Delegation       = "delegation"    // the new token says who acts
	Impersonation    = "impersonation" // it does not
)

// Pairwise reports whether the client is told a name of the person that no other
// sector is told.
func (m Metadata) Pairwise() bool { return m.SubjectType == PairwiseSubject }

// Members are m as the JSON object that is kept, member by member.
func (m Metadata) Members() map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	b, err := json.Marshal(m)
	if err == nil { // an unparsable key set is refused by Clean
		_ = json.Unmarshal(b, &out) // what was just written can be read
	}
	return out
}

// Over returns m with the members given; null takes one away. Members that there
// are not, and values of another type, are ErrMetadata.
func (m Metadata) Over(members map[string]json.RawMessage) (Metadata, error) {
	if len(members) == 0 {
		return m, nil
	}
	all := m.Members()
	for name, other := range map[string]string{"jwks": "jwks_uri", "jwks_uri": "jwks"} { // each takes the other's place
		if _, given := members[name]; given {
			delete(all, other)
		}
	}
	maps.Copy(all, members)
	b, err := json.Marshal(all)
	if err != nil {
		return m, ErrMetadata.Because(err)
	}
	return ParseMetadata(b)
}

// ParseMetadata reads what was kept, or ErrMetadata.
func ParseMetadata(object []byte) (Metadata, error) {
	var m Metadata
	d := json.NewDecoder(bytes.NewReader(object))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return Metadata{}, ErrMetadata.Because(err)
	}
	return m, nil
}

// canonical sorts the lists whose order means nothing, and makes what is empty nil.
func (m Metadata) canonical() Metadata {
	if m.SubjectType == "" {
		m.SubjectType = PublicSubject
	}
	for _, list := range []*[]string{&m.Contacts, &m.RequestURIs, &m.AssertionAudiences, &m.DetailTypes, &m.ResponseModes, &m.ExchangeSubjects, &m.ExchangeAudiences, &m.ExchangeModes} {
		*list = set(*list)
	}
	if m.DefaultACRs = slices.Clone(m.DefaultACRs); len(m.DefaultACRs) == 0 {
		m.DefaultACRs = nil
	}
	for _, alg := range []*string{&m.AssertionAlg, &m.UserInfoAlg, &m.RequestObjectAlg} {
		if *alg == "Ed25519" { // its name of RFC 9864
			*alg = "EdDSA"
		}
	}
	var tight bytes.Buffer
	if json.Compact(&tight, m.JWKS) == nil {
		m.JWKS = tight.Bytes()
	}
	if len(m.JWKS) == 0 || string(m.JWKS) == "null" {
		m.JWKS = nil
	}
	return m
}
