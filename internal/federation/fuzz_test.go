package federation_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/federation"
)

// Whatever a service says and however it is mapped, a person is bounded, clean and
// the same each time, and an address counts only where the connection is trusted.
// TH-40
func FuzzMapping(f *testing.F) {
	f.Add("oidc", "1", `{"email":"a@example.org","email_verified":true,"name":"A","groups":["x"]}`, "email", "name", "example.org")
	f.Add("google", "1", `{"email":"a@gmail.com","email_verified":"true","hd":"gmail.com"}`, "", "", "")
	f.Add("microsoft", "1", `{"email":"a@example.org","tid":"9188040d-6c67-4c5b-b112-36a304b66dad","xms_edov":1}`, "", "profile.x.name", "*")
	f.Add("apple", "1", `{"email":"a@privaterelay.appleid.com","email_verified":"true","is_private_email":"true"}`, "", "", "")
	f.Add("oauth2", "1", `{"https://example.org/mail":"a@example.org","a":{"b.c":{"d":"Name"}}}`, "https://example.org/mail", "a.b.c.d", "*")
	f.Add("github", "1", `{"email":"a@b.example","email_verified":true,"groups":"one","locale":"de_DE","picture":"https://x/y"}`, "", "", "")
	f.Fuzz(func(t *testing.T, kind, subject, document, email, name, trust string) {
		claims, err := federation.ParseClaims([]byte(document))
		if err != nil {
			return
		}
		c := federation.Connection{Name: "c", Kind: federation.Kind(kind), Settings: federation.Settings{ClientID: "c", Issuer: "https://issuer.example"}}
		c.Settings.Mapping.Fields = map[string]string{federation.FieldEmail: email, federation.FieldName: name}
		if trust != "" {
			c.Settings.Trust = []string{trust}
		}
		s := federation.Statement{Issuer: "https://issuer.example", Subject: subject, Claims: claims}
		p, err := c.Person(s)
		if err != nil {
			if !reflect.DeepEqual(p, federation.Person{}) {
				t.Fatal("a person with an error")
			}
			return
		}
		for _, text := range append([]string{p.Subject, p.Name, p.GivenName, p.FamilyName, p.Email, p.Locale, p.Picture}, p.Groups...) {
			if !utf8.ValidString(text) || len(text) > 2048 {
				t.Fatalf("%q is taken", text)
			}
			for _, r := range text {
				if r < ' ' || r == 0x7f {
					t.Fatalf("%q is taken", text)
				}
			}
		}
		if again, err := c.Person(s); err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("%+v, then %+v, %v", p, again, err)
		}
		untrusted := c
		untrusted.Kind, untrusted.Settings.Trust = federation.OIDC, nil
		if q, err := untrusted.Person(s); err == nil && q.Verified {
			t.Fatalf("%+v counts without trust", q)
		}
		if p.Verified && p.Email == "" {
			t.Fatal("no address counts")
		}
	})
}

// A document is read as encoding/json reads it, or refused.
func FuzzClaims(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":{"b":[1,"x",null,true]}}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `[1]`, `{"a":1}x`, "{\"a\":\"\xff\"}", `{"a":"\ud800"}`, `{"a":1e999}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		claims, err := federation.ParseClaims(document)
		if err != nil {
			return
		}
		var want map[string]any
		d := json.NewDecoder(bytes.NewReader(document))
		d.UseNumber()
		if err := d.Decode(&want); err != nil || !reflect.DeepEqual(want, claims) {
			t.Fatalf("%q: %v, want %v, %v", document, claims, want, err)
		}
	})
}

// Whatever a connection holds, one that is clean stays as it is.
func FuzzClean(f *testing.F) {
	f.Add("google", `{"client_id":"x"}`, true)
	f.Add("oidc", `{"client_id":"x","issuer":"https://a.example/b","scopes":["openid","a"],"trusted_domains":["Example.ORG","*"]}`, false)
	f.Add("microsoft", `{"client_id":"x","issuer":"https://login.microsoftonline.com/common/v2.0","tenants":["72f988bf-86f1-41af-91ab-2d7cd011db47"]}`, false)
	f.Add("apple", `{"client_id":"x","team_id":"ABCDEFGHIJ","key_id":"ABCDEFGHIJ"}`, false)
	f.Add("oauth2", `{"client_id":"x","endpoints":{"authorization":"https://a/b","token":"https://a/c","userinfo":"https://a/d"},"mapping":{"fields":{"subject":"a.b"}}}`, false)
	f.Fuzz(func(t *testing.T, kind, settings string, dev bool) {
		c := federation.Connection{Name: "x", Kind: federation.Kind(kind)}
		if json.Unmarshal([]byte(settings), &c.Settings) != nil {
			return
		}
		clean, err := c.Clean(dev)
		if err != nil {
			return
		}
		again, err := clean.Clean(dev)
		if err != nil || !reflect.DeepEqual(again, clean) {
			t.Fatalf("%+v becomes %+v: %v", clean, again, err)
		}
		if clean.Issuer() == "" || clean.Title() == "" {
			t.Fatalf("%+v has no issuer or title", clean)
		}
	})
}
