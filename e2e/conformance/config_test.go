package conformance

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestConformanceConfigOP(t *testing.T) {
	t.Attr("plan", "oidcc-config-certification-test-plan")
	plan(t, variant{}, []module{{"oidcc-discovery-endpoint-verification", discovery}})
}

// member is what one member of the document must be.
type member struct {
	name, kind string // text, texts, flag, https
	required   bool
}

// members are those of OpenID Connect Discovery, RFC 8414 and the specifications
// that added to the registry. What is not among them is a warning.
var members = []member{
	{"issuer", "https", true}, {"authorization_endpoint", "https", true}, {"token_endpoint", "https", true}, {"userinfo_endpoint", "https", true},
	{"jwks_uri", "https", true}, {"registration_endpoint", "https", false}, {"scopes_supported", "texts", true}, {"response_types_supported", "texts", true},
	{"response_modes_supported", "texts", false}, {"grant_types_supported", "texts", false}, {"acr_values_supported", "texts", false},
	{"subject_types_supported", "texts", true}, {"id_token_signing_alg_values_supported", "texts", true}, {"userinfo_signing_alg_values_supported", "texts", false},
	{"request_object_signing_alg_values_supported", "texts", false}, {"token_endpoint_auth_methods_supported", "texts", false},
	{"token_endpoint_auth_signing_alg_values_supported", "texts", false}, {"display_values_supported", "texts", false}, {"claim_types_supported", "texts", false},
	{"claims_supported", "texts", false}, {"service_documentation", "text", false}, {"claims_locales_supported", "texts", false}, {"ui_locales_supported", "texts", false},
	{"claims_parameter_supported", "flag", false}, {"request_parameter_supported", "flag", false}, {"request_uri_parameter_supported", "flag", false},
	{"require_request_uri_registration", "flag", false}, {"op_policy_uri", "text", false}, {"op_tos_uri", "text", false}, {"prompt_values_supported", "texts", false},
	{"revocation_endpoint", "https", false}, {"revocation_endpoint_auth_methods_supported", "texts", false}, {"revocation_endpoint_auth_signing_alg_values_supported", "texts", false},
	{"introspection_endpoint", "https", false}, {"introspection_endpoint_auth_methods_supported", "texts", false}, {"introspection_endpoint_auth_signing_alg_values_supported", "texts", false},
	{"code_challenge_methods_supported", "texts", false}, {"pushed_authorization_request_endpoint", "https", false}, {"require_pushed_authorization_requests", "flag", false},
	{"device_authorization_endpoint", "https", false}, {"end_session_endpoint", "https", false}, {"authorization_response_iss_parameter_supported", "flag", false},
	{"backchannel_logout_supported", "flag", false}, {"backchannel_logout_session_supported", "flag", false}, {"frontchannel_logout_supported", "flag", false},
	{"frontchannel_logout_session_supported", "flag", false}, {"dpop_signing_alg_values_supported", "texts", false}, {"authorization_details_types_supported", "texts", false},
	{"require_signed_request_object", "flag", false}, {"tls_client_certificate_bound_access_tokens", "flag", false}, {"client_id_metadata_document_supported", "flag", false},
	{"protected_resources", "texts", false},
}

func discovery(m *run) {
	doc := m.discovery()
	m.schema(doc)
	if u, err := url.Parse(text(doc, "issuer")); err != nil || text(doc, "issuer") != m.issuer || u.Scheme != "https" || u.RawQuery+u.Fragment != "" || u.User != nil {
		m.Errorf("the issuer is %v", doc["issuer"])
	}
	for name, wants := range map[string][]string{
		"response_types_supported": {"code"}, "id_token_signing_alg_values_supported": {"RS256"}, "scopes_supported": {"openid"},
		"grant_types_supported": {"authorization_code"}, "request_object_signing_alg_values_supported": {"RS256"}, "code_challenge_methods_supported": {"S256"},
	} {
		for _, want := range wants {
			if !has(doc, name, want) {
				m.Errorf("%s has no %s: %v", name, want, doc[name])
			}
		}
	}
	for _, s := range list(doc, "subject_types_supported") {
		if s != "public" && s != "pairwise" {
			m.Errorf("subject type %q", s)
		}
	}
	for _, s := range list(doc, "scopes_supported") {
		if !regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]+$`).MatchString(s) {
			m.Errorf("scope %q", s)
		}
	}
	for _, tag := range append(list(doc, "ui_locales_supported"), list(doc, "claims_locales_supported")...) {
		if !regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$`).MatchString(tag) {
			m.Errorf("locale %q", tag)
		}
	}
	m.keys()
	if _, ok := doc["claims_supported"]; !ok {
		m.warn("claims_supported is not there")
	}
	m.other()
}

// schema checks the type of each member.
func (m *run) schema(doc map[string]any) {
	m.Helper()
	known := map[string]bool{}
	for _, want := range members {
		known[want.name] = true
		v, there := doc[want.name]
		if !there {
			if want.required {
				m.Errorf("%s is missing", want.name)
			}
			continue
		}
		s, isText := v.(string)
		_, isFlag := v.(bool)
		all, isList := v.([]any)
		good := map[string]bool{
			"text": isText && s != "", "flag": isFlag, "texts": isList && len(all) > 0 && len(list(doc, want.name)) == len(all), "https": strings.HasPrefix(s, "https://"),
		}[want.kind]
		if !good {
			m.Errorf("%s is %v", want.name, v)
		}
	}
	var others []string
	for name := range doc {
		if !known[name] {
			others = append(others, name)
		}
	}
	if slices.Sort(others); len(others) > 0 {
		m.warn("members that nobody registered: %s", strings.Join(others, ", "))
	}
}

// other wants the same document at the name of RFC 8414.
func (m *run) other() {
	m.Helper()
	a := m.get(m.issuer + "/.well-known/oauth-authorization-server")
	if a.status != http.StatusOK || text(a.object(), "issuer") != m.issuer {
		m.Errorf("oauth-authorization-server: %d", a.status)
	}
}

// dynamicDiscovery adds the sets of OpenID Connect Core section 15.2.
func dynamicDiscovery(m *run) {
	discovery(m)
	doc := m.discovery()
	if m.discovered("registration_endpoint"); !has(doc, "response_types_supported", "id_token") || !has(doc, "grant_types_supported", "implicit") {
		m.Errorf("%v, %v", doc["response_types_supported"], doc["grant_types_supported"])
	}
	if !has(doc, "response_types_supported", "id_token token") {
		m.warn("response_types_supported has no id_token token: OAuth 2.1 took it out; the Foundation's own module fails for this alone")
	}
}
