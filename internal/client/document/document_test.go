package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/problem"
)

// OA-70: what is said is read, what nobody knows is ignored, and what cannot be
// had is refused.
func TestParse(t *testing.T) {
	d, err := Parse([]byte(` {"redirect_uris":["https://a.example/cb"],"client_name":"A","client_name#de":"Ä","grant_types":["authorization_code"],
		"scope":"openid  email","jwks_uri":"https://a.example/keys","first_party":true,"without_pkce":true,"profile":"fapi2","client_secret":null,
		"registration_client_uri":"x","contacts":["a@a.example"]} `))
	if err != nil {
		t.Fatal(err)
	}
	c := d.Client
	if c.Name != "A" || c.FirstParty || c.NoPKCE || c.Profile != "" || c.JWKSURI == "" || !d.Scoped || d.Named || d.Secret != "" ||
		!slices.Equal(c.Scopes, []string{"openid", "email"}) || !slices.Equal(d.Server, []string{"registration_client_uri"}) {
		t.Errorf("%+v", d)
	}
	for body, want := range map[string]error{
		"":                               ErrMetadata,
		"[]":                             ErrMetadata,
		"{}x":                            ErrMetadata,
		`{"a":1,"a":1}`:                  ErrMetadata,
		`{"client_name":{}}`:             ErrMetadata,
		"{\"client_name\":\"\xff\"}":     ErrMetadata,
		`{"redirect_uris":{}}`:           ErrRedirect,
		`{"redirect_uris":[1]}`:          ErrRedirect,
		`{"contacts":"x"}`:               ErrMetadata,
		`{"default_max_age":"1"}`:        ErrMetadata,
		`{"software_statement":"x"}`:     ErrStatement,
		`{"software_statement":["x"]}`:   ErrStatement,
		`{"software_statement":"a.b.c"}`: ErrUnapproved,
		`{"userinfo_encrypted_response_alg":"RSA-OAEP"}`:              ErrMetadata,
		`{"scope":"` + strings.Repeat("a ", maxScopes+1) + `"}`:       ErrMetadata,
		`{` + strings.Repeat(`"x":1,`, maxMembers+1) + `"y":1}`:       ErrMetadata,
		`{"a":` + strings.Repeat("[", 20000) + `}`:                    ErrMetadata,
		`{"tls_client_certificate_bound_access_tokens": true, "b":1}`: ErrMetadata,
	} {
		if _, err := Parse([]byte(body)); !errors.Is(err, want) {
			t.Errorf("%.80s: %v, want %v", body, err, want)
		}
	}
}

// A client that redirects to where only a native one may is one, unless it says.
func TestTypeOf(t *testing.T) {
	for body, want := range map[string]client.Type{
		`{"redirect_uris":["https://a.example/"]}`:                             "",
		`{"redirect_uris":["https://a.example/","http://localhost:1/"]}`:       client.Native,
		`{"redirect_uris":["com.example.app:/cb"]}`:                            client.Native,
		`{"redirect_uris":["http://localhost:1/"],"application_type":"web"}`:   client.Web,
		`{"redirect_uris":["https://a.example/"],"application_type":"native"}`: client.Native,
		`{}`: "",
	} {
		if d, err := Parse([]byte(body)); err != nil || d.Client.Type != want {
			t.Errorf("%s: %q, %v", body, d.Client.Type, err)
		}
	}
}

// Every member of the metadata is either one that programs may say or one of ours.
func TestDescribedIsComplete(t *testing.T) {
	ours := []string{"assertion_audiences", "oauth20_only", "without_pkce", "without_partial_consent", "exchange_subjects", "exchange_audiences", "exchange_modes", "require_assurance"}
	kind := reflect.TypeFor[client.Metadata]()
	for i := range kind.NumField() {
		name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
		if slices.Contains(described, name) == slices.Contains(ours, name) {
			t.Errorf("%s is both or neither", name)
		}
	}
}

// The errors of checking a client are the registered ones.
func TestRegistered(t *testing.T) {
	for err, want := range map[error]error{
		client.ErrBadRedirect: ErrRedirect, client.ErrBadGrants: ErrMetadata, client.ErrBadKeys: ErrMetadata, client.ErrTaken: ErrMetadata,
		ErrStatement: ErrStatement, client.ErrStale: client.ErrStale, nil: nil,
	} {
		if got := Registered(err); !errors.Is(got, want) {
			t.Errorf("%v: %v, want %v", err, got, want)
		}
	}
}

// OA-3 OA-70: whatever is sent, what is taken is a client that describes itself
// back the same, and what is refused is refused by a registered error.
func FuzzMetadata(f *testing.F) {
	for _, seed := range []string{
		`{"redirect_uris":["https://a.example/cb"]}`,
		`{"redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"none","scope":"openid","client_id":"https://a.example/c"}`,
		`{"redirect_uris":["https://a.example/cb"],"grant_types":["authorization_code","implicit"],"response_types":["code id_token"],"default_max_age":1,"contacts":["a@b.example"],"request_uris":["https://a.example/r#x"]}`,
		`{"grant_types":["client_credentials"],"response_types":[],"jwks":{"keys":[]},"token_endpoint_auth_method":"private_key_jwt"}`,
		`{"software_statement":"a.b.c"}`, `{"a":1,"a":2}`, `[`, `{"logo_uri":"http://x"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := Parse(body)
		if err != nil {
			registered(t, err)
			return
		}
		c := d.Client
		c.ID, c.ManagedBy = "cli_x", client.ByRegistration
		if c, err = c.Clean(client.Addresses{}); err != nil {
			registered(t, Registered(err))
			return
		}
		if c.FirstParty || c.NoPKCE || c.OAuth20Only || len(c.Resources) > 0 || len(c.Origins) > 0 {
			t.Fatalf("%s: it gave itself what is not its own: %+v", body, c)
		}
		said, err := json.Marshal(Members(c))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(said, []byte(`"client_secret"`)) {
			t.Fatalf("%s", said)
		}
		back, err := Parse(said)
		if err != nil {
			t.Fatalf("%s becomes %s: %v", body, said, err)
		}
		again := back.Client
		again.ManagedBy = c.ManagedBy
		if again, err = again.Clean(client.Addresses{}); err != nil || !reflect.DeepEqual(again, c) {
			t.Fatalf("%s becomes %+v, and that %+v: %v", body, c, again, err)
		}
	})
}

func registered(t *testing.T, err error) {
	t.Helper()
	for _, known := range []error{ErrMetadata, ErrRedirect, ErrStatement, ErrUnapproved} {
		if errors.Is(err, known) {
			return
		}
	}
	t.Fatalf("%v (%v) is no registered error", err, problem.Of(err).Code)
}
