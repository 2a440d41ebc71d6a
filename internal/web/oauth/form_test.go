package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/client"
)

// OA-30 OA-31: whatever is sent, a parameter has one value or the request is
// refused, values are text, and credentials come by one method.
func FuzzForm(f *testing.F) {
	for _, seed := range [][2]string{
		{"grant_type=refresh_token&refresh_token=x&client_id=a", ""},
		{"client_id=a&client_secret=b", ""},
		{"client_id=a", "Basic YTpi"},
		{"client_id=b", "Basic YTpi"},
		{"client_secret=b", "Basic YTpi"},
		{"a=1&a=2", "basic YSUzQWI6Yys="},
		{"resource=a&resource=&resource=b&scope=%ff", "Basic !"},
		{"a;b=c&%zz", "Bearer x"},
		{strings.Repeat("a&", 70), "Basic"},
		{"client_assertion=a.eyJzdWIiOiJhIn0.c&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer", ""},
		{"client_assertion=a.b.c&client_secret=x", ""},
		{"client_assertion_type=x", "Basic YTpi"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, body, header string) {
		single, resources, err := parse(body)
		if err != nil {
			if single != nil || resources != nil {
				t.Fatal("a refusal with values")
			}
			return
		}
		values, err := url.ParseQuery(body)
		if err != nil {
			t.Fatalf("%q is taken: %v", body, err)
		}
		for name, v := range single {
			if len(values[name]) != 1 || values[name][0] != v || v == "" || name == "resource" || !utf8.ValidString(v) || strings.Contains(v, "\x00") {
				t.Fatalf("%q: %q is %q", body, name, v)
			}
		}
		for _, v := range resources {
			if v == "" {
				t.Fatalf("%q: an empty resource", body)
			}
		}
		r := &http.Request{Header: http.Header{}}
		if header != "" {
			r.Header["Authorization"] = []string{header}
		}
		c, err := credentials(r, single)
		if err != nil {
			return
		}
		posted := single["client_secret"] != ""
		switch c.Method {
		case client.AuthBasic:
			if header == "" || posted || single["client_id"] != "" && single["client_id"] != c.ID {
				t.Fatalf("%q, %q: %+v", body, header, c)
			}
		case client.AuthPost:
			if header != "" || !posted || c.ID != single["client_id"] {
				t.Fatalf("%q, %q: %+v", body, header, c)
			}
		case client.AuthPrivateKeyJWT:
			if header != "" || posted || single["client_id"] != "" && single["client_id"] != c.ID || !c.Secret.IsZero() {
				t.Fatalf("%q, %q: %+v", body, header, c)
			}
		case client.AuthNone:
			if header != "" || posted || !c.Secret.IsZero() {
				t.Fatalf("%q, %q: %+v", body, header, c)
			}
		default:
			t.Fatalf("%+v", c)
		}
	})
}

// OA-26: a description has only the characters it may have, whatever is described.
func TestDescription(t *testing.T) {
	t.Parallel()
	if got := describe("a \"b\" \\ c\r\nd\x00é–✓ '"); got != "a b  cd '" {
		t.Errorf("%q", got)
	}
}
