package api_test

import (
	"strings"
	"testing"
)

const wiki = `{"name":"Wiki","identity":{"audience":"https://wiki.internal","personal":true},"rules":[
	{"paths":["/public/*"],"methods":["get","HEAD"],"networks":["10.1.2.3/8"],"action":"allow"},
	{"action":"require","roles":["editor"],"organization":"acme","organization_roles":["owner"],"assurance":2,"fresh_within":"15m"}]}`

// The life of a protected host, and who may lead it.
func TestSites(t *testing.T) {
	r := newRig(t)
	h := r.asHost()
	h.refuse(t, 404, "site_unknown", "GET", "/sites/app.example.org", "")
	h.refuse(t, 404, "site_unknown", "DELETE", "/sites/app.example.org", "")
	made := h.must(t, 200, "PUT", "/sites/APP.example.org", wiki)
	if made.json["host"] != "app.example.org" || made.json["managed_by"] != nil {
		t.Errorf("made: %s", made.text)
	}
	for _, want := range []string{`"methods":["GET","HEAD"]`, `"networks":["10.0.0.0/8"]`, `"fresh_within":"15m0s"`, `"personal":true`, `"organization_roles":["owner"]`, `"assurance":2`} {
		if got := h.must(t, 200, "GET", "/sites/app.example.org", ""); !strings.Contains(got.text, want) {
			t.Errorf("lacks %s: %s", want, got.text)
		}
	}
	changed := h.must(t, 200, "PUT", "/sites/app.example.org", `{"rules":[{"action":"deny"}]}`)
	if changed.json["identity"] != nil || changed.json["name"] != "Wiki" || changed.json["created_at"] != made.json["created_at"] {
		t.Errorf("changed: %s", changed.text)
	}
	h.must(t, 200, "PUT", "/sites/b.example.org", `{"rules":[]}`)
	if got := h.must(t, 200, "GET", "/sites?limit=1", ""); !strings.Contains(got.text, "app.example.org") || strings.Contains(got.text, "b.example.org") {
		t.Errorf("a page of one: %s", got.text)
	}
	if got := h.must(t, 200, "GET", "/sites?after=app.example.org", ""); strings.Contains(got.text, "app.example.org") || !strings.Contains(got.text, "b.example.org") {
		t.Errorf("after the first: %s", got.text)
	}
	h.must(t, 204, "DELETE", "/sites/app.example.org", "")
	h.refuse(t, 404, "site_unknown", "GET", "/sites/app.example.org", "")

	r.person(t, "kim@example.org")
	kim := r.browser().signedIn(t, "kim@example.org")
	for method, path := range map[string]string{"GET": "/sites", "PUT": "/sites/b.example.org", "DELETE": "/sites/b.example.org"} {
		body := map[string]string{"PUT": `{"rules":[{"action":"allow"}]}`}[method]
		kim.must(t, 403, method, path, body)
		r.program().must(t, 401, method, path, body)
	}
	if got := h.must(t, 200, "GET", "/sites/b.example.org", ""); strings.Contains(got.text, "allow") {
		t.Errorf("kim changed it: %s", got.text)
	}
}

// SE-55: what no request could be compared with is no rule.
func TestSitesRefused(t *testing.T) {
	h := newRig(t).asHost()
	for body, code := range map[string]string{
		`{"rules":[{"action":"permit"}]}`:                             "bad_site_rule",
		`{"rules":[{"action":"allow","roles":["editor"]}]}`:           "bad_site_rule",
		`{"rules":[{"action":"require","paths":["public"]}]}`:         "bad_site_rule",
		`{"rules":[{"action":"require","paths":["/a/../b"]}]}`:        "bad_site_rule",
		`{"rules":[{"action":"require","paths":["/a*"]}]}`:            "bad_site_rule",
		`{"rules":[{"action":"require","paths":["/%61"]}]}`:           "bad_site_rule",
		`{"rules":[{"action":"require","networks":["10.0.0.1"]}]}`:    "bad_site_rule",
		`{"rules":[{"action":"require","methods":["GET POST"]}]}`:     "bad_site_rule",
		`{"rules":[{"action":"require","assurance":4}]}`:              "bad_site_rule",
		`{"rules":[{"action":"require","fresh_within":"-1m"}]}`:       "bad_site_rule",
		`{"rules":[{"action":"require","organization_roles":["x"]}]}`: "bad_site_rule",
		`{"identity":{"audience":""},"rules":[]}`:                     "bad_site_audience",
		`{"identity":{"audience":"a b"},"rules":[]}`:                  "bad_site_audience",
	} {
		if got := h.do(t, "PUT", "/sites/app.example.org", body); got.StatusCode != 422 || got.json["code"] != code {
			t.Errorf("%s: %d %s", body, got.StatusCode, got.text)
		}
	}
	for _, host := range []string{"a..b", "-a.b", "a_b.", "a:99999", "a:0443", "%5B::1", "a%20b", "xn--%C3%BC"} {
		if got := h.do(t, "PUT", "/sites/"+host, `{"rules":[]}`); got.StatusCode/100 != 4 {
			t.Errorf("%s: %d %s", host, got.StatusCode, got.text)
		}
	}
}
