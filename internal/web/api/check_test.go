package api

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/problem"
)

func TestDecodeNamesWhatIsWrong(t *testing.T) {
	for _, tc := range []struct {
		name, body, code string
		pointers         []string
	}{
		{"right", `{"identifier":"a","password":"b"}`, "", nil},
		{"unknown", `{"identifier":"a","password":"b","passwort":1,"a/b~":{"x":[1]}}`, "invalid_members", []string{"/a~1b~0", "/passwort"}},
		{"other case", `{"Identifier":"a","password":"b"}`, "invalid_members", []string{"/Identifier"}},
		{"not one of", `{"identifier":"a","password":"b","deliver":"pigeon"}`, "invalid_members", []string{"/deliver"}},
		{"twice", `{"identifier":"a","identifier":"c","password":"b"}`, "invalid_members", []string{"/identifier"}},
		{"wrong type", `{"identifier":1,"password":{"x":1},"code":[true]}`, "invalid_members", []string{"/code", "/identifier", "/password"}},
		{"null", `{"identifier":null,"password":"b"}`, "invalid_members", []string{"/identifier"}},
		{"not an object", `["a"]`, "invalid_members", []string{""}},
		{"two values", `{"identifier":"a","password":"b"}{}`, "malformed_json", nil},
		{"cut off", `{"identifier":"a"`, "malformed_json", nil},
		{"trailing comma", `{"identifier":"a",}`, "malformed_json", nil},
		{"not UTF-8", "{\"identifier\":\"\xff\",\"password\":\"b\"}", "malformed_json", nil},
		{"lone surrogate", `{"identifier":"a","password":"\ud83d"}`, "malformed_json", nil},
		{"low half first", `{"identifier":"a","password":"\ude00\ud83d"}`, "malformed_json", nil},
		{"pair", `{"identifier":"a","password":"\ud83d\ude00"}`, "", nil},
		{"escaped backslash", `{"identifier":"a","password":"\\ud83d"}`, "", nil},
		{"deep", `{"identifier":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `}`, "malformed_json", nil},
		{"empty", ``, "malformed_json", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var in SignInRequest
			err := decode([]byte(tc.body), &in)
			if tc.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			p := problem.Of(err)
			if p == nil || p.Code != tc.code {
				t.Fatalf("got %v, want %s", err, tc.code)
			}
			var got []string
			for _, f := range p.Fields {
				got = append(got, f.Pointer)
			}
			slices.Sort(got)
			if !slices.Equal(got, tc.pointers) {
				t.Errorf("named %q, want %q", got, tc.pointers)
			}
		})
	}
}

// A declarative file says "leave it" by null, as its own encoder does.
func TestDeclaredListsMayBeNull(t *testing.T) {
	var in ApplyRequest
	if err := decode([]byte(`{"users":[{"email":"a@example.org","roles":null,"organizations":null}]}`), &in); err != nil {
		t.Fatal(err)
	}
	if in.Users[0].Roles != nil {
		t.Error("null is not nil")
	}
	if err := decode([]byte(`{"users":[{"email":null}]}`), &in); err == nil {
		t.Error("an address is null")
	}
}

// Whatever is taken is JSON that any other decoder reads in the same way.
func FuzzDecode(f *testing.F) {
	all := described().endpoints
	for _, e := range all {
		if e.Example != "" {
			f.Add([]byte(e.Example))
		}
	}
	f.Add([]byte(`{"a":{"a":[null,1e400,"\ud800"]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, e := range all {
			if !e.shape().body {
				continue
			}
			err := e.accepts(body)
			var p *problem.Error
			if err != nil && !errors.As(err, &p) {
				t.Fatalf("an error without words: %v", err)
			}
			if err == nil && (!json.Valid(body) || !utf8.Valid(body)) {
				t.Fatalf("taken: %q", body)
			}
			if p != nil && len(p.Fields) > maxFaults {
				t.Fatalf("%d faults", len(p.Fields))
			}
		}
	})
}

func TestDecodeNamesWhatIsMissing(t *testing.T) {
	var in AddEmailRequest
	p := problem.Of(decode([]byte(`{"current_password":"b"}`), &in))
	if p == nil || p.Code != "invalid_members" || len(p.Fields) != 1 || p.Fields[0].Pointer != "/email" {
		t.Errorf("%+v", p)
	}
}
