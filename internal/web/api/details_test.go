package api_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const payments = `[{"type":"payment","description":"Pay from your account","fields":[` +
	`{"name":"creditor","description":"To","kind":"text","required":true},` +
	`{"name":"amount","description":"Amount","kind":"object","required":true,"fields":[{"name":"value","description":"value","kind":"number"}]}]}]`

// OA-76: the types of authorization_details of an API come out as they went in, stay
// when they are not named, and go as a whole.
func TestDetailTypes(t *testing.T) {
	h := newRig(t).asHost()
	api := "/resources/" + url.PathEscape("https://bank.example.org")
	made := h.must(t, 201, "POST", "/resources", `{"identifier":"https://bank.example.org","authorization_details_types":`+payments+`}`)
	if !strings.Contains(made.text, `"authorization_details_types":`+payments) {
		t.Errorf("made: %s", made.text)
	}
	h.must(t, 200, "PATCH", api, `{"name":"Bank"}`)
	if d := cmp.Diff(made.json["authorization_details_types"], h.must(t, 200, "GET", api, "").json["authorization_details_types"]); d != "" {
		t.Error(d)
	}
	if got := h.must(t, 200, "PATCH", api, `{"authorization_details_types":[]}`); !strings.Contains(got.text, `"authorization_details_types":[]`) {
		t.Errorf("taken away: %s", got.text)
	}
	for body, code := range map[string]string{
		`[{"type":"a b","description":"x","fields":[{"name":"f","description":"x","kind":"text"}]}]`:             "bad_authorization_details_type",
		`[{"type":"a","description":"","fields":[{"name":"f","description":"x","kind":"text"}]}]`:                "bad_authorization_details_type",
		`[{"type":"a","description":"x","fields":[]}]`:                                                           "bad_authorization_details_type",
		`[{"type":"a","description":"x","fields":[{"name":"type","description":"x","kind":"text"}]}]`:            "bad_authorization_details_type",
		`[{"type":"a","description":"x","fields":[{"name":"f","description":"x","kind":"text","fields":[]}]}]`:   "bad_authorization_details_type",
		`[{"type":"a","description":"x","fields":[{"name":"f","description":"x","kind":"object"}]}]`:             "bad_authorization_details_type",
		`[{"type":"a","description":"x","fields":[{"name":"f","description":"x","kind":"date"}]}]`:               "invalid_members",
		`[{"type":"a","description":"x","fields":[{"name":"f","description":"x","kind":"text","secret":true}]}]`: "invalid_members",
		`[{"type":"a","description":"x"}]`: "invalid_members",
		`[{"type":"a","description":"x","fields":[{"name":"f","description":"x","kind":"object","fields":[{"name":"g","description":"x"}]}]}]`: "invalid_members",
		`null`: "invalid_members",
	} {
		h.refuse(t, 422, code, "PATCH", api, `{"authorization_details_types":`+body+`}`)
	}
}
