package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/apply"
)

type known struct{}

func (known) Env(name string) (string, error) {
	if name == "PW" {
		return "from the environment", nil
	}
	return "", fmt.Errorf("variable %s is not set", name)
}

func (known) File(path string) (string, error) {
	if path == "pw.txt" {
		return "from a file", nil
	}
	return "", fmt.Errorf("open %s: no such file", path)
}

const contract = `
users:
  - email: ada@example.test
    name: Ada Lovelace
    password: correct horse battery staple
    email_verified: true
    roles: [admin]
    organizations: [{slug: acme, roles: [owner]}]
organizations:
  - {slug: acme, name: Acme, domains: [acme.test]}
---
roles:
  - {name: editor, permissions: [posts:read, posts:write]}
`

const contractClients = `
scopes:
  - {name: posts:read, description: Read your posts}
resources:
  - {identifier: https://api.example.test, name: Posts API, scopes: [posts:read], access_token_format: jwt}
clients:
  - client_id: web
    client_name: Demo web app
    client_secret: {value: not-a-real-secret-0123456789abcdef}   # or {file: …} or {env: …}
    token_endpoint_auth_method: client_secret_basic               # none for public clients
    grant_types: [authorization_code, refresh_token]
    response_types: [code]
    redirect_uris: [http://127.0.0.1:3000/callback]
    post_logout_redirect_uris: [http://127.0.0.1:3000/]
    backchannel_logout_uri: http://127.0.0.1:3000/backchannel     # http on loopback: dev only
    id_token_signed_response_alg: EdDSA                           # RS256 when absent
    scope: openid profile email offline_access posts:read
    first_party: false                                            # true: no consent page
    access_token_lifetime: 300
`

func TestContractClients(t *testing.T) {
	f, err := Parse("a.yaml", strings.NewReader(contractClients), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := f.Body()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"scopes":[{"name":"posts:read","description":"Read your posts"}],` +
		`"resources":[{"identifier":"https://api.example.test","name":"Posts API","scopes":["posts:read"],"access_token_format":"jwt","verifiers":null}],` +
		`"clients":[{"client_id":"web","client_name":"Demo web app","token_endpoint_auth_method":"client_secret_basic",` +
		`"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"redirect_uris":["http://127.0.0.1:3000/callback"],` +
		`"post_logout_redirect_uris":["http://127.0.0.1:3000/"],"backchannel_logout_uri":"http://127.0.0.1:3000/backchannel",` +
		`"id_token_signed_response_alg":"EdDSA","scope":"openid profile email offline_access posts:read","first_party":false,"origins":null,"resources":null,` +
		`"access_token_lifetime":300,"client_secret":"not-a-real-secret-0123456789abcdef"}]}`
	if diff := cmp.Diff(want, string(body)); diff != "" {
		t.Error(diff)
	}
	printed, err := json.Marshal(f)
	if err != nil || strings.Contains(fmt.Sprintf("%+v", f)+string(printed), "not-a-real") {
		t.Errorf("a printed file shows a secret: %v", err)
	}
}

func TestContractExample(t *testing.T) {
	f, err := Parse("a.yaml", strings.NewReader(contract), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := f.Body()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"roles":[{"name":"editor","permissions":["posts:read","posts:write"]}],` +
		`"organizations":[{"slug":"acme","name":"Acme","domains":["acme.test"]}],` +
		`"users":[{"email":"ada@example.test","name":"Ada Lovelace","email_verified":true,"roles":["admin"],` +
		`"organizations":[{"slug":"acme","roles":["owner"]}],"password":"correct horse battery staple"}]}`
	if diff := cmp.Diff(want, string(body)); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(fmt.Sprintf("%+v", f), "horse") {
		t.Error("a printed file shows a password")
	}
}

func TestReferences(t *testing.T) {
	for text, want := range map[string]string{
		"{env: PW}": "from the environment", "{file: pw.txt}": "from a file", "{value: typed}": "typed", "typed": "typed",
	} {
		f, err := Parse("a.yaml", strings.NewReader("users: [{email: a@b.test, password: "+text+"}]"), known{})
		if err != nil || f.Users[0].Password.Reveal() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"unknown key", "users:\n  - email: a@b.test\n    nme: A\n", `a.yaml:3:5: unknown key "nme"; the keys here are email, email_verified, name, organizations, password, roles`},
		{"unknown kind", "people: []\n", `a.yaml:1:1: unknown key "people"`},
		{"kind of later", "roles: []\nwebhooks:\n  - name: web\n", "a.yaml:3:3: this kind of resource is not supported by this version yet"},
		{"in second document", "roles: []\n---\nrole: []\n", "a.yaml:3:1"},
		{"repeated key", "roles: []\nroles: []\n", `a.yaml:2:1: key "roles" is written twice`},
		{"alias", "users: &u []\norganizations: *u\n", "a.yaml:2:16: aliases are not allowed"},
		{"number for text", "users: [{email: a@b.test, password: 12345678}]\n", "put quotes around it"},
		{"boolean for text", "users: [{email: a@b.test, name: true}]\n", "put quotes around it"},
		{"unknown key of a client", "clients:\n  - client_id: web\n    redirect_uri: x\n", `a.yaml:3:5: unknown key "redirect_uri"`},
		{"text for number", "clients: [{client_id: web, access_token_lifetime: long}]\n", "want a whole number from 1"},
		{"negative number", "clients: [{client_id: web, access_token_lifetime: -1}]\n", "want a whole number from 1"},
		{"client twice", "clients: [{client_id: web}, {client_id: web}]\n", "client web is declared at a.yaml:1:11 already"},
		{"secret that is not there", "clients: [{client_id: web, client_secret: {env: NOPE}}]\n", "variable NOPE is not set"},
		{"null", "users: [{email: }]\n", "has no value"},
		{"text for list", "roles: [{name: a, permissions: posts}]\n", "want a list"},
		{"text for boolean", "users: [{email: a@b.test, email_verified: 'yes'}]\n", "want true or false"},
		{"missing key", "organizations: [{name: Acme}]\n", "a.yaml:1:17: slug is missing"},
		{"twice, other case", "users: [{email: a@b.test}, {email: A@B.test}]\n", "a.yaml:1:28: user a@b.test is declared at a.yaml:1:9 already"},
		{"membership twice", "users: [{email: a@b.test, organizations: [{slug: x}, {slug: x}]}]\n", "listed twice"},
		{"no address", "users: [{email: ada}]\n", `"ada" is not an e-mail address`},
		{"unset variable", "users: [{email: a@b.test, password: {env: NOPE}}]\n", "variable NOPE is not set"},
		{"two references", "users: [{email: a@b.test, password: {env: A, file: b}}]\n", "one of"},
		{"deep", "users: [[[[[[[[[[[]]]]]]]]]]]\n", "nested too deeply"},
		{"syntax", "users: [\n", "a.yaml:"},
		{"too many documents", strings.Repeat("---\nroles: []\n", 102), "more than 100 documents"},
		{"too large", "# " + strings.Repeat("x", MaxSize), "larger than 8 MiB"},
		{"two faults", "rolez: []\nuserz: []\n", "a.yaml:2:1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Parse("a.yaml", strings.NewReader(tt.text), known{})
			var faults Faults
			if !errors.As(err, &faults) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if !f.Empty() {
				t.Error("a faulty file still wants something")
			}
		})
	}
	if _, err := Parse("a", strings.NewReader("users: [{email: a@b.test, password: {env: PW}}]"), nil); err == nil {
		t.Error("a reference was read without a resolver")
	}
}

func TestSeveralFilesShareKeys(t *testing.T) {
	p := NewParser(nil)
	for _, name := range []string{"a.yaml", "b.yaml"} {
		if err := p.Add(name, strings.NewReader("roles: [{name: editor}]")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.File(); err == nil || err.Error() != "b.yaml:1:9: role editor is declared at a.yaml:1:9 already" {
		t.Errorf("got %v", err)
	}
}

// Whatever Parse takes has keys, each once, and leaves it as the JSON of a File.
func FuzzParse(f *testing.F) {
	f.Add(contract)
	f.Add(contractClients)
	f.Add("a: &a [*a]")
	f.Add("users: [{email: a@b.test, password: {env: PW}}]")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse("f", strings.NewReader(text), known{})
		if err != nil {
			if err.Error() == "" {
				t.Error("a fault without words")
			}
			return
		}
		seen := map[string]bool{}
		for _, r := range file.Roles {
			check(t, seen, string(apply.KindRole)+r.Name, r.Name)
		}
		for _, u := range file.Users {
			check(t, seen, string(apply.KindUser)+u.Email, u.Email)
		}
		for _, c := range file.Clients {
			check(t, seen, string(apply.KindClient)+c.ClientID, c.ClientID)
		}
		if _, err := file.Body(); err != nil {
			t.Error(err)
		}
	})
}

func check(t *testing.T, seen map[string]bool, what, key string) {
	if key == "" || seen[what] {
		t.Errorf("%q: empty or twice", what)
	}
	seen[what] = true
}

// OA-5: keys are written out, as text, or in a file beside; what is empty counts.
func TestMetadata(t *testing.T) {
	const head = "clients:\n  - client_id: web\n    "
	for text, want := range map[string]string{
		"jwks: {keys: [{kty: OKP, crv: Ed25519, x: abc}]}": `{"jwks":{"keys":[{"crv":"Ed25519","kty":"OKP","x":"abc"}]}}`,
		`jwks: '{"keys":[]}'`:                              `{"jwks":{"keys":[]}}`,
		"jwks: {file: keys.json}":                          `{"jwks":{"keys":[1]}}`,
		"jwks_uri: ''":                                     `{"jwks_uri":""}`,
		"contacts: []":                                     `{"contacts":[]}`,
		"default_max_age: 0":                               `{"default_max_age":0}`,
		"require_pushed_authorization_requests: false":     `{"require_pushed_authorization_requests":false}`,
	} {
		f, err := Parse("a.yaml", strings.NewReader(head+text), files{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := json.Marshal(f.Clients[0].Metadata); err != nil || string(got) != want {
			t.Errorf("%s: %s %v", text, got, err)
		}
	}
	for _, text := range []string{"jwks: nonsense", "jwks: {file: missing.json}", "jwks: [1]", "default_max_age: -1", "contacts: x", "jwks: {keys: {1: 2}}"} {
		if _, err := Parse("a.yaml", strings.NewReader(head+text), files{}); err == nil {
			t.Errorf("%s: taken", text)
		}
	}
}

type files struct{ known }

func (files) File(path string) (string, error) {
	if path == "keys.json" {
		return `{"keys":[1]}`, nil
	}
	return "", fmt.Errorf("open %s: no such file", path)
}
