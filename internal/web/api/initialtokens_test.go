package api_test

import (
	"strings"
	"testing"
	"time"
)

// OA-70: initial access tokens are made by whoever administers, and shown once.
func TestInitialTokens(t *testing.T) {
	r := newRig(t)
	h := r.asHost()
	made := h.must(t, 201, "POST", "/initial-access-tokens", `{"name":"Partners","max_clients":3,"lifetime":3600,"redirect_hosts":["*.example.org"],"scopes":["openid"]}`)
	id, text := made.json["id"].(string), made.json["initial_access_token"].(string)
	if !strings.HasPrefix(id, "iat_") || !strings.HasPrefix(text, "mrt_iat_") || made.json["max_clients"] != 3.0 || made.json["clients"] != 0.0 {
		t.Errorf("made: %s", made.text)
	}
	r.clock.Advance(time.Second)
	second := h.must(t, 201, "POST", "/initial-access-tokens", `{}`)
	for _, path := range []string{"/initial-access-tokens", "/initial-access-tokens/" + id, "/initial-access-tokens?limit=1"} {
		if got := h.must(t, 200, "GET", path, ""); strings.Contains(got.text, "mrt_iat_") || !strings.Contains(got.text, `"*.example.org"`) {
			t.Errorf("%s: %s", path, got.text)
		}
	}
	if got := h.must(t, 200, "GET", "/initial-access-tokens?after="+id, ""); !strings.Contains(got.text, second.json["id"].(string)) || strings.Contains(got.text, id) {
		t.Errorf("%s", got.text)
	}
	h.refuse(t, 422, "bad_initial_token_life", "POST", "/initial-access-tokens", `{"lifetime":1}`)
	h.refuse(t, 422, "bad_initial_token_uses", "POST", "/initial-access-tokens", `{"max_clients":-1}`)
	h.refuse(t, 422, "bad_registration_policy", "POST", "/initial-access-tokens", `{"redirect_hosts":["https://example.org/"]}`)
	h.must(t, 204, "DELETE", "/initial-access-tokens/"+id, "")
	for _, gone := range []string{id, "nonsense"} {
		h.refuse(t, 404, "initial_token_unknown", "GET", "/initial-access-tokens/"+gone, "")
		h.refuse(t, 404, "initial_token_unknown", "DELETE", "/initial-access-tokens/"+gone, "")
	}
	if got := h.must(t, 200, "GET", "/events?limit=100", ""); strings.Contains(got.text, text) || !strings.Contains(got.text, "registration.token_created") || !strings.Contains(got.text, "registration.token_deleted") {
		t.Errorf("events: %s", got.text)
	}
	r.person(t, "kim@example.org")
	r.browser().signedIn(t, "kim@example.org").must(t, 403, "POST", "/initial-access-tokens", "{}")
	r.program().must(t, 401, "GET", "/initial-access-tokens", "")
}
