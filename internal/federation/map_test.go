package federation_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/federation"
)

func person(t *testing.T, m federation.Mapping, document string) federation.Person {
	t.Helper()
	claims, err := federation.ParseClaims([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	con := federation.Connection{Kind: federation.OAuth2, Settings: federation.Settings{Issuer: "https://a.example", Mapping: m}}
	p, err := con.Person(federation.Statement{Issuer: "https://a.example", Subject: "1", Claims: claims})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Fields come from where the mapping says, and are left out when they are no such
// thing.
func TestPerson(t *testing.T) {
	got := person(t, federation.Mapping{
		Fields: map[string]string{"name": "profile.names.display", "groups": "https://example.org/groups", "locale": "urn:x.y.z", "picture": "a.b.c"},
		Roles:  map[string][]string{"staff": {"reader"}, "root": {"admin", "reader"}, "gone": {"x"}},
	}, `{"profile":{"names":{"display":" Ada  Lovelace "}},"https://example.org/groups":["staff","root",1,"","two\nlines",null],
		"urn:x.y":{"z":"de_AT"},"a":{"b.c":"https://example.org/a.png"},"given_name":1,"family_name":"\u202eevil","email":"a@example.org"}`)
	want := federation.Person{
		Issuer: "https://a.example", Subject: "1", Email: "a@example.org", Name: "Ada Lovelace", Locale: "de-AT", Picture: "https://example.org/a.png",
		Groups: []string{"root", "staff"}, Roles: []string{"admin", "reader"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := person(t, federation.Mapping{}, `{"given_name":"Ada","family_name":"Lovelace","groups":"one","picture":"http://x/y","locale":"!"}`); got.Name != "Ada Lovelace" || got.Groups[0] != "one" || got.Picture != "" || got.Locale != "" {
		t.Errorf("%+v", got)
	}
}

// A subject that is none, and groups that cannot all be read, are refused: roles
// would be wrong.
func TestPersonsThatAreRefused(t *testing.T) {
	con := federation.Connection{Kind: federation.OIDC, Settings: federation.Settings{Issuer: "https://a.example"}}
	many := make([]any, 1001)
	for i := range many {
		many[i] = "g"
	}
	for name, s := range map[string]federation.Statement{
		"no subject":   {Issuer: "i"},
		"no issuer":    {Subject: "1"},
		"long":         {Issuer: "i", Subject: strings.Repeat("x", 256)},
		"two lines":    {Issuer: "i", Subject: "a\nb"},
		"no text":      {Issuer: "i", Subject: "\xff"},
		"zero":         {Issuer: "i", Subject: "a\x00"},
		"endless list": {Issuer: "i", Subject: "1", Claims: map[string]any{"groups": many}},
	} {
		if p, err := con.Person(s); !errors.Is(err, federation.ErrStatement) || p.Subject != "" {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

// A document that says something twice, or more than one thing, says nothing. JW-2
func TestParseClaims(t *testing.T) {
	for _, bad := range []string{
		``, `null`, `[]`, `"x"`, `{} {}`, `{}x`, `{"a":1,"a":1}`, `{"sub":"a","s\u0075b":"b"}`, "\xef\xbb\xbf{}", "{\"a\":\"\xff\"}", `{"a":1`, `{"a" 1}`, `{a:1}`, `{"a":01}`,
		strings.Repeat(`{"a":`, 20) + `1` + strings.Repeat(`}`, 20), `{"a":[` + strings.Repeat(`1,`, 20_000) + `1]}`,
	} {
		if claims, err := federation.ParseClaims([]byte(bad)); err == nil {
			t.Errorf("%.60s: %v", bad, claims)
		}
	}
}
