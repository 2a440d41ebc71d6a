package api_test

import (
	"testing"
)

// What clients were not told of is for administrators, and can be sent again.
func TestLogouts(t *testing.T) {
	h := newRig(t).asHost()
	if got := h.must(t, 200, "GET", "/logouts", ""); got.json["has_more"] != false {
		t.Errorf("%s", got.text)
	}
	h.refuse(t, 404, "logout_unknown", "POST", "/logouts/lgo_01jz0000000000000000000000/retry", "")
	h.refuse(t, 404, "logout_unknown", "POST", "/logouts/nothing/retry", "")
}
