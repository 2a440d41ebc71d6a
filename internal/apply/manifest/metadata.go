package manifest

import (
	"encoding/json"
	"maps"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/mortise-auth/mortise/internal/apply"
)

// metadata are the keys of what else describes a client.
func (d *decoder) metadata(m *apply.Metadata) keys {
	all := keys{"jwks": d.json(&m.JWKS), "default_max_age": d.seconds(&m.DefaultMaxAge), "require_assurance": d.count(&m.Assurance)}
	maps.Copy(all, each(d.optional, map[string]**string{
		"client_uri": &m.ClientURI, "logo_uri": &m.LogoURI, "policy_uri": &m.PolicyURI, "tos_uri": &m.TOSURI,
		"software_id": &m.SoftwareID, "software_version": &m.SoftwareVersion, "jwks_uri": &m.JWKSURI,
		"token_endpoint_auth_signing_alg": &m.AssertionAlg, "subject_type": &m.SubjectType, "sector_identifier_uri": &m.SectorIdentifierURI,
		"userinfo_signed_response_alg": &m.UserInfoAlg, "request_object_signing_alg": &m.RequestObjectAlg,
		"initiate_login_uri": &m.InitiateLoginURI, "frontchannel_logout_uri": &m.FrontchannelLogout,
	}))
	maps.Copy(all, each(d.several, map[string]**[]string{
		"contacts": &m.Contacts, "assertion_audiences": &m.AssertionAudiences, "request_uris": &m.RequestURIs,
		"default_acr_values": &m.DefaultACRs, "authorization_details_types": &m.DetailTypes, "response_modes": &m.ResponseModes,
		"exchange_subjects": &m.ExchangeSubjects, "exchange_audiences": &m.ExchangeAudiences, "exchange_modes": &m.ExchangeModes,
	}))
	maps.Copy(all, each(d.choice, map[string]**bool{
		"require_signed_request_object": &m.RequireSignedRequest, "require_pushed_authorization_requests": &m.RequirePAR,
		"dpop_bound_access_tokens": &m.DPoPBound, "require_auth_time": &m.RequireAuthTime,
		"backchannel_logout_session_required":  &m.BackchannelSessionRequired,
		"frontchannel_logout_session_required": &m.FrontchannelSessionRequired,
		"oauth20_only":                         &m.OAuth20Only, "without_pkce": &m.NoPKCE, "without_partial_consent": &m.NoPartialConsent,
	}))
	return all
}

// each is a reader for every member.
func each[T any](read func(T) reader, members map[string]T) keys {
	out := keys{}
	for name, to := range members {
		out[name] = read(to)
	}
	return out
}

// several is a list that may be empty and still counts.
func (d *decoder) several(to **[]string) reader {
	return func(n *yaml.Node) {
		*to = new([]string)
		d.texts(*to)(n)
	}
}

// seconds reads a whole number from 0.
func (d *decoder) seconds(to **int) reader {
	return func(n *yaml.Node) {
		v, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil || v < 0 {
			d.fault(n, "want a whole number of seconds")
			return
		}
		*to = &v
	}
}

// json reads a JSON object: written out as YAML, as a text, or as {file: path}.
func (d *decoder) json(to *any) reader {
	return func(n *yaml.Node) {
		text := n.Value
		switch {
		case n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Value == "file":
			if text = d.linked(n.Content[1]); text == "" {
				return
			}
		case n.Kind == yaml.MappingNode:
			text = written(n)
		}
		var object map[string]any
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			d.fault(n, "want a JSON object: %v", err)
			return
		}
		*to = object
	}
}

// written is a mapping as JSON, or nothing when it has keys that JSON has not.
func written(n *yaml.Node) string {
	var object map[string]any
	if n.Decode(&object) != nil {
		return ""
	}
	b, err := json.Marshal(object)
	if err != nil {
		return ""
	}
	return string(b)
}

// linked is the text of the file that n names.
func (d *decoder) linked(n *yaml.Node) string {
	path, ok := d.scalar(n)
	if !ok {
		return ""
	}
	if d.resolve == nil {
		d.fault(n, "references are read by the command line only; send the value")
		return ""
	}
	text, err := d.resolve.File(path)
	if err != nil {
		d.fault(n, "%v", err)
		return ""
	}
	return text
}
