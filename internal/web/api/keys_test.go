package api_test

import "testing"

// JW-47: keys can be looked at and turned by administrators and the host, and by
// nobody else; no answer has a private part.
func TestKeys(t *testing.T) {
	r := newRig(t)
	r.ready(t)
	r.person(t, "ada@example.org")
	h := r.asHost()
	list := h.must(t, 200, "GET", "/keys", "")
	rows, _ := list.json["data"].([]any)
	if len(rows) != 3 {
		t.Fatalf("keys: %s", list.text)
	}
	for _, row := range rows {
		for _, member := range []string{"sealed", "Sealed", "d", "jwk", "mac"} {
			if _, ok := row.(map[string]any)[member]; ok {
				t.Errorf("shows %s: %s", member, list.text)
			}
		}
	}
	page := h.must(t, 200, "GET", "/keys?limit=2", "")
	if next, _ := page.json["next"].(string); page.json["has_more"] != true || h.must(t, 200, "GET", "/keys?after="+next, "").json["has_more"] != false {
		t.Errorf("a page: %s", page.text)
	}

	next := h.must(t, 200, "POST", "/keys/rotate", `{}`)
	if next.json["state"] != "next" || next.json["use"] != "token" || next.json["algorithm"] != "EdDSA" {
		t.Errorf("rotate: %s", next.text)
	}
	kid, _ := next.json["kid"].(string)
	if gone := h.must(t, 200, "POST", "/keys/"+kid+"/retire", ""); gone.json["state"] != "gone" {
		t.Errorf("retire: %s", gone.text)
	}
	h.refuse(t, 404, "key_unknown", "POST", "/keys/"+kid+"/retire", "")
	h.refuse(t, 422, "bad_key_use", "POST", "/keys/rotate", `{"use":"mail"}`)
	h.refuse(t, 422, "bad_key_algorithm", "POST", "/keys/rotate", `{"algorithm":"none"}`)
	h.refuse(t, 422, "bad_key_algorithm", "POST", "/keys/rotate", `{"use":"feed","algorithm":"RS256"}`)
	now := h.must(t, 200, "POST", "/keys/rotate", `{"emergency":true}`)
	if now.json["state"] != "current" {
		t.Errorf("emergency: %s", now.text)
	}
	kid, _ = now.json["kid"].(string)
	h.refuse(t, 409, "no_successor", "POST", "/keys/"+kid+"/retire", "")
	if got := h.must(t, 200, "POST", "/keys/rotate-master", ""); got.json["rewrapped"] != 0.0 || got.json["master_key"] == "" {
		t.Errorf("rotate master: %s", got.text)
	}

	ada := r.program().signedIn(t, "ada@example.org")
	for path, method := range map[string]string{"/keys": "GET", "/keys/rotate": "POST", "/keys/rotate-master": "POST", "/keys/" + kid + "/retire": "POST"} {
		body := ""
		if path == "/keys/rotate" {
			body = `{}`
		}
		if got := ada.do(t, method, path, body); got.StatusCode != 403 {
			t.Errorf("%s %s as anybody: %d", method, path, got.StatusCode)
		}
		if got := r.program().do(t, method, path, body); got.StatusCode != 401 {
			t.Errorf("%s %s as nobody: %d", method, path, got.StatusCode)
		}
	}
}
