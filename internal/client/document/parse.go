package document

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/client"
)

const (
	maxMembers = 100
	maxScopes  = 100
)

// Document is a client metadata document: the client it describes, and the
// members that are about the request.
type Document struct {
	Client client.Client // not cleaned; without ID unless one is given
	Secret string        // client_secret: only an update may say it
	Named  bool          // there is a client_id
	Scoped bool          // there is a scope

	// Server lists members that the server says and a client must not (RFC 7592
	// section 2.2).
	Server []string
}

// encrypted are members that ask for encryption, which there is none of.
var encrypted = []string{
	"id_token_encrypted_response_alg", "id_token_encrypted_response_enc", "userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc",
	"request_object_encryption_alg", "request_object_encryption_enc", "introspection_encrypted_response_alg", "authorization_encrypted_response_alg",
}

// Parse reads a document: ErrMetadata, ErrRedirect, ErrStatement, ErrUnapproved.
func Parse(body []byte) (Document, error) {
	members, err := object(body)
	if err != nil {
		return Document{}, err
	}
	if err := refused(members); err != nil {
		return Document{}, err
	}
	var d Document
	r := reader{members: members}
	c := &d.Client
	var id, scope, auth, kind string
	r.read("client_id", &id)
	r.read("client_secret", &d.Secret)
	r.read("client_name", &c.Name)
	r.read("application_type", &kind)
	r.read("token_endpoint_auth_method", &auth)
	r.read("grant_types", &c.Grants)
	r.read("response_types", &c.Responses)
	r.read("redirect_uris", &c.RedirectURIs)
	r.read("post_logout_redirect_uris", &c.PostLogoutURIs)
	r.read("backchannel_logout_uri", &c.BackchannelLogout)
	r.read("id_token_signed_response_alg", &c.IDTokenAlg)
	r.read("scope", &scope)
	if r.err != nil {
		return Document{}, r.err
	}
	c.ID, c.Type, c.Auth, d.Named, d.Scoped = client.ID(id), client.Type(kind), client.Auth(auth), id != "", scope != ""
	if c.Scopes = strings.Fields(scope); len(c.Scopes) > maxScopes {
		return Document{}, at("scope", "There are too many scopes.")
	}
	if c.Metadata, err = metadata(members); err != nil {
		return Document{}, err
	}
	c.Type = typeOf(*c)
	for _, name := range []string{"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"} {
		if _, said := members[name]; said {
			d.Server = append(d.Server, name)
		}
	}
	return d, nil
}

// metadata takes the members that a client may say about itself.
func metadata(members map[string]json.RawMessage) (client.Metadata, error) {
	said := map[string]json.RawMessage{}
	for _, name := range described {
		if v, ok := members[name]; ok {
			said[name] = v
		}
	}
	m, err := client.Metadata{}.Over(said)
	if err != nil {
		return m, ErrMetadata.Because(err)
	}
	return m, nil
}

// described are the registered members of client.Metadata.
var described = []string{
	"client_uri", "logo_uri", "policy_uri", "tos_uri", "contacts", "software_id", "software_version", "jwks", "jwks_uri",
	"token_endpoint_auth_signing_alg", "subject_type", "sector_identifier_uri", "userinfo_signed_response_alg", "request_object_signing_alg",
	"request_uris", "require_signed_request_object", "require_pushed_authorization_requests", "dpop_bound_access_tokens", "default_max_age",
	"require_auth_time", "default_acr_values", "initiate_login_uri", "backchannel_logout_session_required", "frontchannel_logout_uri",
	"frontchannel_logout_session_required", "authorization_details_types", "response_modes",
}

// typeOf is the application_type. A client that leaves it out and redirects to
// where only a native one may is one: the tools that do so mean that, and as web
// clients they would be refused.
func typeOf(c client.Client) client.Type {
	if c.Type != "" || !slices.ContainsFunc(c.RedirectURIs, func(s string) bool { return !strings.HasPrefix(s, "https://") }) {
		return c.Type
	}
	return client.Native
}

// refused says no to what cannot be given.
func refused(members map[string]json.RawMessage) error {
	if v, said := members["software_statement"]; said {
		var text string
		if json.Unmarshal(v, &text) != nil || strings.Count(text, ".") != 2 {
			return ErrStatement
		}
		return ErrUnapproved
	}
	for _, name := range encrypted {
		if v, said := members[name]; said && string(v) != `""` {
			return at(name, "Nothing is encrypted here. Leave it out.")
		}
	}
	if string(members["tls_client_certificate_bound_access_tokens"]) == "true" {
		return at("tls_client_certificate_bound_access_tokens", "Tokens are not bound to certificates here. Use dpop_bound_access_tokens.")
	}
	return nil
}

// object reads the members of one JSON object, each of which is there once. Those
// that are null are left out.
func object(body []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(body) {
		return nil, ErrMetadata.Becausef("not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, ErrMetadata.Becausef("not a JSON object: %v", err)
	}
	members := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, ErrMetadata.Becausef("malformed: %v", err)
		}
		if _, twice := members[name]; twice {
			return nil, at("", "A member is there twice.")
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, ErrMetadata.Because(err)
		}
		if members[name] = v; len(members) > maxMembers {
			return nil, ErrMetadata.Becausef("more than %d members", maxMembers)
		}
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return nil, ErrMetadata.Because(err)
	}
	if d.More() {
		return nil, ErrMetadata.Becausef("more than one JSON value")
	}
	for name, v := range members {
		if string(v) == "null" {
			delete(members, name)
		}
	}
	return members, nil
}

// reader reads members until one is wrong.
type reader struct {
	members map[string]json.RawMessage
	err     error
}

func (r *reader) read(name string, to any) {
	v, said := r.members[name]
	if !said || r.err != nil {
		return
	}
	if json.Unmarshal(v, to) == nil {
		if list, ok := to.(*[]string); ok && len(*list) == 0 {
			*list = nil // as if it were not there
		}
		return
	}
	if name == "redirect_uris" {
		r.err = ErrRedirect
		return
	}
	r.err = at(name, "It has a value of another type.")
}
