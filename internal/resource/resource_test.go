package resource

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestIdentifier(t *testing.T) {
	for text, want := range map[string]bool{
		"https://api.example.org": true, "https://api.example.org/v1?x=1": true, "urn:example:posts": true, "http://localhost:4000": true,
		"": false, "api": false, "/v1": false, "https://api.example.org#": false, "https://api.example.org/#x": false, "https://u@api.example.org": false,
		"https://api.example.org/a b": false, "HTTPS://api.example.org": false, "https:///x": false, "https://bücher.example": false,
		"https://api.example.org/" + strings.Repeat("a", 255): false,
	} {
		if err := CheckIdentifier(text); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// JW-34: no access token lives longer than a quarter of an hour.
func TestCleanResource(t *testing.T) {
	r, err := Resource{Identifier: "https://api.example.org", Scopes: []string{"b", "a", "b"}}.Clean()
	if err != nil || r.TokenFormat != JWT || r.Algorithm != "EdDSA" || r.TokenLifetime != DefaultLifetime || r.Name != r.Identifier || !slices.Equal(r.Scopes, []string{"a", "b"}) {
		t.Errorf("%+v %v", r, err)
	}
	for name, tt := range map[string]struct {
		want error
		r    Resource
	}{
		"identifier": {ErrIdentifier, Resource{Identifier: "api"}},
		"format":     {ErrFormat, Resource{TokenFormat: "saml"}},
		"algorithm":  {ErrFormat, Resource{Algorithm: "none"}},
		"short":      {ErrLifetime, Resource{TokenLifetime: MinLifetime - time.Second}},
		"long":       {ErrLifetime, Resource{TokenLifetime: MaxLifetime + time.Second}},
		"scope":      {ErrBadScope, Resource{Scopes: []string{"a b"}}},
		"many":       {ErrTooMany, Resource{}},
	} {
		if tt.r.Identifier == "" {
			tt.r.Identifier = "https://api.example.org"
		}
		if name == "many" {
			for i := range 201 {
				tt.r.Verifiers = append(tt.r.Verifiers, strings.Repeat("v", i+1))
			}
		}
		if _, err := tt.r.Clean(); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestScopes(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil, "openid": {"openid"}, "b a b": {"b", "a"}, "posts:read https://x/y": {"posts:read", "https://x/y"},
	} {
		if got, err := ParseScopes(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	for _, text := range []string{" ", " a", "a ", "a  b", "a\tb", "a\nb", `a"b`, `a\b`, "ü", "a\x00", "a\x7f", strings.Repeat("a", 129), strings.Repeat("a ", 3000) + "a"} {
		if _, err := ParseScopes(text); !errors.Is(err, ErrBadScope) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, s := range StandardScopes() {
		if _, err := s.Clean(); !errors.Is(err, ErrScopeBuiltIn) || s.Description == "" {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
	if !slices.IsSortedFunc(StandardScopes(), func(a, b Scope) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("not in order")
	}
	if _, err := (Scope{Name: "posts:read", Description: "Read\x00"}).Clean(); !errors.Is(err, ErrBadScope) {
		t.Error("a description holds anything")
	}
}

// What is written is read back, in the same order.
func TestScopesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[!#-\[\]-~]{1,20}`), 0, 20, rapid.ID).Draw(t, "names")
		got, err := ParseScopes(FormatScopes(names))
		if err != nil || !slices.Equal(got, names) {
			t.Fatalf("%q: %q %v", names, got, err)
		}
	})
}

func FuzzScopes(f *testing.F) {
	for _, seed := range []string{"openid profile", "", " ", "a  b", `a"b`, "a\x00b", "ü"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names, err := ParseScopes(text)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, n := range names {
			if !ValidScope(n) || seen[n] || strings.ContainsAny(n, " \"\\\x00\n") {
				t.Fatalf("%q holds %q", text, n)
			}
			seen[n] = true
		}
		again, err := ParseScopes(FormatScopes(names))
		if err != nil || !slices.Equal(again, names) {
			t.Fatalf("%q: %q, then %q: %v", text, names, again, err)
		}
	})
}

func FuzzIdentifier(f *testing.F) {
	for _, seed := range []string{"https://api.example.org", "urn:a:b", "https://a#", "https://a@b", "x:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if CheckIdentifier(text) != nil {
			return
		}
		u, err := url.Parse(text)
		if err != nil || !u.IsAbs() || u.String() != text || u.User != nil || strings.ContainsAny(text, "# \n\"") {
			t.Fatalf("%q", text)
		}
	})
}
