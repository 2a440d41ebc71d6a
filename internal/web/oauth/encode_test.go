package oauth

import (
	"encoding/json"
	"testing"
)

// What is written by hand says what encoding/json would, byte for byte.
func TestAnswersAreWhatTheirTagsSay(t *testing.T) {
	odd := "a\"b\\c\x00<>&\u2028é\xff"
	for _, c := range []struct {
		got  []byte
		want any
	}{
		{
			(&Answer{AccessToken: "a", TokenType: "Bearer", ExpiresIn: 600, RefreshToken: "r", IDToken: "i", Scope: odd}).append(nil),
			Answer{AccessToken: "a", TokenType: "Bearer", ExpiresIn: 600, RefreshToken: "r", IDToken: "i", Scope: odd},
		},
		{(&Answer{}).append(nil), Answer{}},
		{(&Introspected{}).append(nil), Introspected{}},
		{full(odd).append(nil), *full(odd)},
		{(&Introspected{Active: true, Audience: Audience{"one"}}).append(nil), Introspected{Active: true, Audience: Audience{"one"}}},
	} {
		want, err := json.Marshal(c.want)
		if err != nil || string(c.got) != string(want) {
			t.Errorf("%s, want %s, %v", c.got, want, err)
		}
	}
}

func full(text string) *Introspected {
	return &Introspected{
		Active: true, TokenType: "Bearer", Issuer: text, Subject: "s", ClientID: "c", Audience: Audience{"a", text}, Scope: "openid",
		Expiry: 3, IssuedAt: 1, NotBefore: 2, AuthTime: -1, ID: "j", Session: "ses", Grant: "grt", ACR: "1", AMR: []string{"pwd", text},
		Roles: []string{"r"}, Org: []Membership{{ID: "o", Slug: "s", Roles: []string{"r"}}, {}},
	}
}

// OA-10: each parameter once, but for resource; empty ones are absent.
func TestForm(t *testing.T) {
	single, resources, err := parse("&a=1&b=&resource=x&c=%C3%A9+%26&&resource=y&d")
	if err != nil || len(single) != 2 || single["a"] != "1" || single["c"] != "é &" || len(resources) != 2 || resources[1] != "y" {
		t.Errorf("%v %v %v", single, resources, err)
	}
	for _, bad := range []string{"a=1&a=2", "a=1&a=", "a=&a=", "a=%zz", "%zz=1", "a=1;b=2", "a=%00", "a=%ff", "resource=%00"} {
		if _, _, err := parse(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
