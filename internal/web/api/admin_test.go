package api_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestPages(t *testing.T) {
	r := newRig(t)
	for i := range 5 {
		r.person(t, fmt.Sprintf("p%d@example.org", i))
	}
	h, path, seen := r.asHost(), "/users?limit=2&count=true", map[string]bool{}
	for range 3 {
		got := h.must(t, 200, "GET", path, "")
		for _, row := range got.json["data"].([]any) {
			seen[row.(map[string]any)["id"].(string)] = true
		}
		if got.json["total"] != 5.0 {
			t.Errorf("total %v", got.json["total"])
		}
		next, more := got.json["next"].(string)
		if more != got.json["has_more"].(bool) || more != strings.Contains(got.Header.Get("Link"), "after="+next+"&count=true&limit=2>; rel=\"next\"") {
			t.Errorf("page %s with Link %q", got.text, got.Header.Get("Link"))
		}
		path = "/users?limit=2&count=true&after=" + next
	}
	if len(seen) != 5 {
		t.Errorf("saw %d of 5", len(seen))
	}
	for _, list := range []string{"/events", "/roles", "/users/p0@example.org/events", "/users/p0@example.org/sessions", "/organizations"} {
		h.must(t, 200, "GET", list+"?limit=1", "")
	}
	h.refuse(t, 400, "invalid_parameters", "GET", "/events?after=nonsense", "")
}

func TestIfMatch(t *testing.T) {
	r := newRig(t)
	r.person(t, "kim@example.org")
	b := r.browser().signedIn(t, "kim@example.org")
	tag := b.must(t, 200, "GET", "/me", "").Header.Get("ETag")
	got := b.with("If-Match", tag).must(t, 200, "PATCH", "/me", `{"name":"Kim K"}`)
	if got.json["name"] != "Kim K" || got.Header.Get("ETag") == tag {
		t.Errorf("changed: %s, tag %q", got.text, got.Header.Get("ETag"))
	}
	b.with("If-Match", tag).refuse(t, 412, "account_changed", "PATCH", "/me", `{"name":"late"}`)
	b.with("If-Match", "W/"+tag).refuse(t, 400, "bad_if_match", "PATCH", "/me", `{"name":"late"}`)
	b.must(t, 200, "PATCH", "/me", `{"time_zone":"Europe/Berlin"}`)
	if got := b.must(t, 200, "GET", "/me", ""); got.json["name"] != "Kim K" || got.json["time_zone"] != "Europe/Berlin" {
		t.Errorf("me: %s", got.text)
	}
	r.asHost().with("If-Match", tag).refuse(t, 412, "account_changed", "PATCH", "/users/kim@example.org", `{"name":"late"}`)
}

func TestUsersRolesOrganizations(t *testing.T) {
	r := newRig(t)
	h := r.asHost()
	h.must(t, 200, "PUT", "/roles/editor", `{"permissions":["posts:write","posts:read"]}`)
	h.refuse(t, 409, "role_built_in", "PUT", "/roles/admin", `{"permissions":["posts:read"]}`)
	h.must(t, 201, "POST", "/users", `{"email":"ada@example.org","name":"Ada","email_verified":true,"roles":["editor"],"password":"`+right+`"}`)
	h.refuse(t, 404, "role_unknown", "PUT", "/users/ada@example.org/roles", `{"roles":["nobody"]}`)
	h.refuse(t, 409, "role_in_use", "DELETE", "/roles/editor", "")
	h.must(t, 200, "PUT", "/users/ada@example.org/roles", `{"roles":[]}`)
	h.must(t, 204, "DELETE", "/roles/editor", "")
	h.must(t, 201, "POST", "/organizations", `{"slug":"acme","domains":["acme.test"]}`)
	h.must(t, 200, "PATCH", "/organizations/acme", `{"name":"Acme Ltd"}`)
	h.must(t, 200, "PUT", "/organizations/acme/members/ada@example.org", `{"roles":[]}`)
	if got := h.must(t, 200, "GET", "/organizations/acme/members", ""); !strings.Contains(got.text, `"email":"ada@example.org"`) {
		t.Errorf("members: %s", got.text)
	}
	h.must(t, 204, "DELETE", "/organizations/acme/members/ada@example.org", "")
	h.must(t, 204, "DELETE", "/organizations/acme", "")
	ada := r.browser().signedIn(t, "ada@example.org")
	h.must(t, 200, "GET", "/users/ada@example.org/sessions", "")
	if got := h.must(t, 200, "POST", "/users/ada@example.org/end-sessions", ""); got.json["ended"] != 1.0 {
		t.Errorf("ended: %s", got.text)
	}
	ada.refuse(t, 401, "session_ended", "GET", "/me", "")
	h.must(t, 200, "GET", "/users/ada@example.org/export", "")
	h.must(t, 200, "POST", "/users/ada@example.org/disable", "")
	h.must(t, 200, "POST", "/users/ada@example.org/enable", "")
	h.must(t, 204, "DELETE", "/users/ada@example.org", "")
	h.refuse(t, 404, "user_unknown", "GET", "/users/ada@example.org", "")
}

func TestMyDevicesAndAddresses(t *testing.T) {
	r := newRig(t).working(t)
	r.person(t, "kim@example.org")
	a, b := r.browser().signedIn(t, "kim@example.org"), r.browser().signedIn(t, "kim@example.org")
	list := a.must(t, 200, "GET", "/me/sessions", "").json["data"].([]any)
	if len(list) != 2 {
		t.Fatalf("sessions: %v", list)
	}
	if got := a.must(t, 200, "POST", "/me/sessions/end-others", ""); got.json["ended"] != 1.0 {
		t.Errorf("ended: %s", got.text)
	}
	b.refuse(t, 401, "session_ended", "GET", "/me", "")
	if events := a.must(t, 200, "GET", "/me/events", "").json["data"].([]any); len(events) < 3 {
		t.Errorf("events: %v", events)
	}
	a.must(t, 202, "POST", "/me/emails", `{"email":"home@example.org","current_password":"`+right+`"}`)
	mail, err := r.box.Next(t.Context(), "home@example.org")
	if err != nil {
		t.Fatal(err)
	}
	a.must(t, 200, "POST", "/verify", `{"purpose":"address","code":"`+mail.Code+`"}`)
	a.must(t, 204, "POST", "/me/emails/home@example.org/primary", `{"current_password":"`+right+`"}`)
	if got := a.must(t, 200, "GET", "/me", ""); got.json["email"] != "home@example.org" {
		t.Errorf("me: %s", got.text)
	}
	a.must(t, 204, "DELETE", "/me/emails/kim@example.org", `{"current_password":"`+right+`"}`)
	if got := a.must(t, 200, "GET", "/me/emails", ""); len(got.json["data"].([]any)) != 1 {
		t.Errorf("emails: %s", got.text)
	}
}

// "This was not me" ends everything, this session too, and leads to a new password.
func TestReport(t *testing.T) {
	r := newRig(t).working(t)
	r.person(t, "kim@example.org")
	a, b := r.program().signedIn(t, "kim@example.org"), r.browser().signedIn(t, "kim@example.org")
	a.must(t, 400, "POST", "/me/events/nonsense/report", "")
	event := a.must(t, 200, "GET", "/me/events", "").json["data"].([]any)[0].(map[string]any)["id"].(string)
	step := a.must(t, 200, "POST", "/me/events/"+event+"/report", "")
	a.refuse(t, 401, "not_signed_in", "GET", "/me", "")
	b.refuse(t, 401, "session_ended", "GET", "/me", "")
	a.refuse(t, 401, "credentials_wrong", "POST", "/signin", signInBody)
	code := ""
	for code == "" {
		letter, err := r.box.Next(t.Context(), "kim@example.org")
		if err != nil {
			t.Fatal(err)
		}
		code = letter.Code
	}
	a.must(t, 200, "POST", "/recover", `{"code":"`+code+`","flow":"`+step.json["flow"].(string)+`","new_password":"nine purple umbrellas sing"}`)
}

func TestApply(t *testing.T) {
	r := newRig(t)
	h := r.asHost()
	const file = `{"roles":[{"name":"editor","permissions":["posts:write"]}],"organizations":[{"slug":"acme","domains":null}],
		"users":[{"email":"ada@example.org","password":"` + right + `","email_verified":true,"roles":["admin","editor"],"organizations":[{"slug":"acme","roles":["editor"]}]}]}`
	h.refuse(t, 403, "users_in_file", "POST", "/apply", file)
	if got := h.must(t, 200, "POST", "/apply?dry_run=true&allow_users=true", file); got.json["applied"] != 3.0 || strings.Contains(got.text, right) {
		t.Errorf("plan: %s", got.text)
	}
	h.refuse(t, 404, "user_unknown", "GET", "/users/ada@example.org", "")
	if got := h.must(t, 200, "POST", "/apply?allow_users=true", file); got.json["applied"] != 3.0 || got.json["failed"] != 0.0 {
		t.Errorf("applied: %s", got.text)
	}
	if got := h.must(t, 200, "POST", "/apply?allow_users=true", file); got.json["applied"] != 0.0 {
		t.Errorf("again: %s", got.text)
	}
	// What a file leaves out stays.
	h.must(t, 200, "POST", "/apply?allow_users=true", `{"users":[{"email":"ada@example.org","name":"Ada","roles":null}],"roles":[{"name":"editor"}]}`)
	ada := h.must(t, 200, "GET", "/users/ada@example.org", "")
	if fmt.Sprint(ada.json["roles"]) != "[admin editor]" || ada.json["name"] != "Ada" || ada.json["managed_by"] != "file" {
		t.Errorf("ada: %s", ada.text)
	}
	if got := h.must(t, 200, "GET", "/roles/editor", ""); fmt.Sprint(got.json["permissions"]) != "[posts:write]" {
		t.Errorf("editor: %s", got.text)
	}
	if got := h.must(t, 200, "GET", "/organizations/acme/members", ""); len(got.json["data"].([]any)) != 1 {
		t.Errorf("members: %s", got.text)
	}
	// TH-35: an administrator from a file ends the first run.
	h.refuse(t, 404, "setup_done", "POST", "/setup", "")
	// One resource fails by itself.
	got := h.must(t, 200, "POST", "/apply", `{"roles":[{"name":"BAD","permissions":[]},{"name":"good","permissions":[]}]}`)
	if got.json["applied"] != 1.0 || got.json["failed"] != 1.0 {
		t.Errorf("partly: %s", got.text)
	}
	r.browser().signedIn(t, "ada@example.org")
}
