package api_test

import "testing"

// What nobody made or changed has no time of that.
func TestNeverChanged(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ready(t)
	h := r.asHost()
	if got := h.must(t, 200, "GET", "/policy", ""); got.json["assurance"] != 1.0 || got.json["updated_at"] != nil {
		t.Errorf("%s", got.text)
	}
	if got := h.must(t, 200, "PATCH", "/policy", `{"grace_days":14}`); got.json["updated_at"] == nil {
		t.Errorf("changed: %s", got.text)
	}
	if admin := first(t, h.must(t, 200, "GET", "/roles", "")); admin["name"] != "admin" || admin["created_at"] != nil || admin["updated_at"] != nil {
		t.Errorf("%v", admin)
	}
	if got := h.must(t, 200, "PUT", "/roles/admin", `{"permissions":[],"assurance":2}`); got.json["created_at"] != nil || got.json["updated_at"] == nil {
		t.Errorf("changed: %s", got.text)
	}
}
