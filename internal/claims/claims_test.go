package claims

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var ada = Person{Name: `Ada "L" <&>`, Locale: "en-GB", TimeZone: "Europe/London", UpdatedAt: time.Unix(1700000000, 5), Email: "ada@example.test", EmailVerified: true}

func told(t *testing.T, p Place, who Person) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := json.Unmarshal([]byte(`{"sub":"x"`+string(p.Append(nil, &who))+`}`), &out); err != nil {
		t.Fatal(err)
	}
	delete(out, "sub")
	return out
}

// OA-97: only claims of granted scopes; absent rather than null or empty.
func TestScopes(t *testing.T) {
	profile := map[string]any{"name": ada.Name, "locale": "en-GB", "zoneinfo": "Europe/London", "updated_at": 1700000000.0}
	email := map[string]any{"email": "ada@example.test", "email_verified": true}
	for scope, want := range map[string]map[string]any{
		"openid": {}, "": {}, "openid profile": profile, "email openid": email, "openid emails profiles address phone": {},
	} {
		if diff := cmp.Diff(want, told(t, Place{Scope: scope}, ada)); diff != "" {
			t.Errorf("%q: %s", scope, diff)
		}
	}
	if got := told(t, Place{Scope: "openid profile email"}, Person{}); len(got) != 0 {
		t.Errorf("of nobody: %v", got)
	}
	if got := told(t, Place{Scope: "email"}, Person{Email: "a@b.test"}); got["email_verified"] != false {
		t.Errorf("not verified: %v", got)
	}
}

func TestAskedByName(t *testing.T) {
	r, err := Parse(`{"userinfo":{"email":{"essential":true},"name":null,"given_name":null},"id_token":{"acr":{"values":["2","1"]},"sub":{"value":"usr_1"}},"x":[1]}`)
	if err != nil {
		t.Fatal(err)
	}
	p := Place{Scope: "openid", Asked: r.UserInfo, May: func(scope string) bool { return scope == "email" }}
	if diff := cmp.Diff(map[string]any{"email": "ada@example.test"}, told(t, p, ada)); diff != "" {
		t.Error(diff)
	}
	want := []Line{{"email", json.RawMessage(`"ada@example.test"`), ByClaims, "email"}}
	if diff := cmp.Diff(want, p.Lines(&ada)); diff != "" {
		t.Error(diff)
	}
	p.May = nil
	if got := told(t, p, ada); len(got) != 0 {
		t.Errorf("nobody said it may: %v", got)
	}
	if acr, ok := r.InIDToken("acr"); !ok || !slices.Equal(acr.Values, []string{"2", "1"}) || acr.Essential {
		t.Errorf("%+v", acr)
	}
	if sub, ok := r.InIDToken("sub"); !ok || !slices.Equal(sub.Values, []string{"usr_1"}) {
		t.Errorf("%+v", sub)
	}
	if diff := cmp.Diff([]string{"email", "profile"}, r.Scopes()); diff != "" {
		t.Error(diff)
	}
	left := r.Within(func(scope string) bool { return scope == "profile" })
	if len(left.UserInfo) != 1 || left.UserInfo[0].Name != "name" || len(left.IDToken) != 2 {
		t.Errorf("%+v", left)
	}
}

func TestBadParameters(t *testing.T) {
	for _, text := range []string{
		"[]", "null", "1", `"x"`, "{", `{"userinfo":[]}`, `{"userinfo":{"email":1}}`, `{"userinfo":{"email":{"essential":"yes"}}}`,
		`{"userinfo":{"email":{"values":"x"}}}`, `{"userinfo":{},"userinfo":{}}`, `{"userinfo":{"email":null,"email":null}}`, "{} x",
		`{"x":"` + strings.Repeat("x", MaxRequest) + `"}`,
	} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%.40s is taken", text)
		}
	}
	for _, text := range []string{"", "{}", `{"userinfo":null}`, `{"id_token":{"auth_time":{"essential":true},"unknown":{"value":{"a":[1]}}}}`} {
		if _, err := Parse(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzParse: whatever is taken says the same when it is written and read again, and
// never puts anything but JSON into a token.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"userinfo":{"email":{"essential":true,"values":["a","b"]}},"id_token":{"name":null}}`, `{"id_token":{"acr":{"value":"1"}}}`, "[", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(string(r.JSON()))
		if err != nil {
			t.Fatal(err)
		}
		for _, all := range [][]Asked{r.UserInfo, r.IDToken, again.UserInfo, again.IDToken} {
			slices.SortFunc(all, func(a, b Asked) int { return strings.Compare(a.Name, b.Name) })
		}
		if diff := cmp.Diff(r, again); diff != "" {
			t.Fatal(diff)
		}
		told(t, Place{Asked: r.UserInfo, May: func(string) bool { return true }}, ada)
	})
}
