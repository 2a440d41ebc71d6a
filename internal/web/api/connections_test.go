package api_test

import (
	"strings"
	"testing"
)

const acme = `{"id":"acme","type":"oidc","issuer":"https://idp.acme.test","client_id":"ours","client_secret":"hush-hush-hush","label":"Acme",
	"trusted_domains":["ACME.test"],"mapping":{"fields":{"name":"profile.display"},"roles":{"staff":["editor"]}},"provision":{"mode":"domains","domains":["acme.test"]}}`

// The life of a connection, and who may lead it.
func TestConnections(t *testing.T) {
	r := newRig(t)
	h := r.asHost()
	h.refuse(t, 404, "connection_unknown", "GET", "/connections/acme", "")
	h.refuse(t, 404, "role_unknown", "POST", "/connections", acme)
	h.must(t, 200, "PUT", "/roles/editor", `{"permissions":[]}`)
	made := h.must(t, 201, "POST", "/connections", acme)
	for _, want := range []string{
		`"callback_uri":"https://id.example.org/federation/acme/callback"`, `"title":"Acme"`, `"enabled":true`, `"has_client_secret":true`,
		`"trusted_domains":["acme.test"]`, `"scopes":["openid","profile","email"]`, `"roles":{"staff":["editor"]}`, `"version":1`,
	} {
		if !strings.Contains(made.text, want) {
			t.Errorf("lacks %s: %s", want, made.text)
		}
	}
	if strings.Contains(made.text, "hush") || !strings.HasPrefix(made.json["connection_id"].(string), "con_") {
		t.Errorf("made: %s", made.text)
	}
	h.refuse(t, 409, "connection_taken", "POST", "/connections", acme)
	h.must(t, 201, "POST", "/connections", `{"id":"github","type":"github","client_id":"a","client_secret":"b","enabled":false}`)
	if got := h.must(t, 200, "GET", "/connections?limit=1", ""); !strings.Contains(got.text, `"acme"`) || strings.Contains(got.text, `"github"`) {
		t.Errorf("a page of one: %s", got.text)
	}

	tag := h.must(t, 200, "GET", "/connections/acme", "").Header.Get("ETag")
	changed := h.with("If-Match", tag).must(t, 200, "PATCH", "/connections/acme", `{"label":"","trusted_domains":[],"hidden":true}`)
	if changed.json["title"] != "OpenID" || changed.json["version"] != 2.0 || changed.json["has_client_secret"] != true || !strings.Contains(changed.text, `"mapping":{"fields"`) {
		t.Errorf("changed: %s", changed.text)
	}
	h.with("If-Match", tag).refuse(t, 409, "connection_changed", "PATCH", "/connections/acme", `{"label":"late"}`)
	h.refuse(t, 409, "connection_fixed", "PATCH", "/connections/acme", `{"type":"google"}`)
	gone := h.must(t, 200, "PATCH", "/connections/acme", `{"token_endpoint_auth_method":"none"}`)
	if gone.json["has_client_secret"] != false {
		t.Errorf("a client without authentication keeps its secret: %s", gone.text)
	}

	h.must(t, 204, "DELETE", "/connections/github", "")
	h.refuse(t, 404, "connection_unknown", "DELETE", "/connections/github", "")
	trail := h.must(t, 200, "GET", "/events", "").text
	for _, name := range []string{"connection.created", "connection.updated", "connection.deleted"} {
		if !strings.Contains(trail, name) {
			t.Errorf("the trail lacks %s", name)
		}
	}

	r.person(t, "kim@example.org")
	kim := r.browser().signedIn(t, "kim@example.org")
	for call, body := range map[string]string{
		"GET /connections": "", "POST /connections": acme, "GET /connections/acme": "", "PATCH /connections/acme": `{"enabled":false}`, "DELETE /connections/acme": "",
		"POST /connections/acme/preview": `{"claims":{}}`, "POST /connections/acme/test": "",
	} {
		method, path, _ := strings.Cut(call, " ")
		kim.must(t, 403, method, path, body)
		r.program().must(t, 401, method, path, body)
	}
}

// TH-40: a connection is refused before it can trust more than was meant.
func TestConnectionsRefused(t *testing.T) {
	h := newRig(t).asHost()
	for body, pointer := range map[string]string{
		`{"id":"Acme","type":"google","client_id":"a","client_secret":"b"}`:                                                        "/id",
		`{"id":"acme","client_id":"a","client_secret":"b"}`:                                                                        "/type",
		`{"id":"acme","type":"saml","client_id":"a","client_secret":"b"}`:                                                          "/type",
		`{"id":"acme","type":"google","client_secret":"b"}`:                                                                        "/client_id",
		`{"id":"acme","type":"google","client_id":"a"}`:                                                                            "/client_secret",
		`{"id":"acme","type":"oidc","client_id":"a","client_secret":"b"}`:                                                          "/issuer",
		`{"id":"acme","type":"oidc","client_id":"a","client_secret":"b","issuer":"http://idp.test"}`:                               "/issuer",
		`{"id":"acme","type":"google","client_id":"a","client_secret":"b","trusted_domain":["a.test"]}`:                            "/trusted_domain",
		`{"id":"acme","type":"google","client_id":"a","client_secret":"b","mapping":{"roles":{"staff":"admin"}}}`:                  "/mapping/roles/staff",
		`{"id":"acme","type":"google","client_id":"a","client_secret":"b","provision":{"mode":"everybody"}}`:                       "/provision/mode",
		`{"id":"acme","type":"microsoft","client_id":"a","client_secret":"b","trusted_domains":["*"]}`:                             "/trusted_domains",
		`{"id":"acme","type":"google","organization":"ghost","client_id":"a","client_secret":"b","trusted_domains":["*"]}`:         "/trusted_domains",
		`{"id":"acme","type":"oauth2","client_id":"a","client_secret":"b","endpoints":{"authorization":"https://a.test/","x":""}}`: "/endpoints/x",
	} {
		got := h.must(t, 422, "POST", "/connections", body)
		if !strings.Contains(strings.Join(got.pointers(), " "), pointer) {
			t.Errorf("%s: %s", body, got.text)
		}
	}
	h.refuse(t, 404, "organization_unknown", "POST", "/connections", `{"id":"acme","type":"google","organization":"ghost","client_id":"a","client_secret":"b"}`)
}

// What a file declares is changed in the file; turning it off waits for no file.
func TestConnectionOfFile(t *testing.T) {
	h := newRig(t).asHost()
	file := `{"organizations":[{"slug":"acme","domains":[]}],"roles":[{"name":"editor","permissions":[]}],"connections":[{"id":"github","type":"github","client_id":"a","client_secret":"hush-hush","organization":"acme",
		"provision":{"mode":"domains","domains":["A.test"],"roles":["editor"]}}]}`
	got := h.must(t, 200, "POST", "/apply?dry_run=true", file)
	if got.json["failed"] != 0.0 || got.json["applied"] != 3.0 || strings.Contains(got.text, "hush") {
		t.Fatalf("plan: %s", got.text)
	}
	h.must(t, 200, "POST", "/apply", file)
	if got := h.must(t, 200, "POST", "/apply", file); got.json["applied"] != 0.0 || got.json["failed"] != 0.0 {
		t.Errorf("a second time: %s", got.text)
	}
	if got := h.must(t, 200, "GET", "/connections/github", ""); got.json["managed_by"] != "file" || !strings.HasPrefix(got.json["organization"].(string), "org_") {
		t.Errorf("applied: %s", got.text)
	}
	h.refuse(t, 409, "connection_managed", "PATCH", "/connections/github", `{"label":"mine"}`)
	h.refuse(t, 409, "connection_managed", "PATCH", "/connections/github", `{"client_secret":"mine"}`)
	if got := h.must(t, 200, "PATCH", "/connections/github", `{"enabled":false}`); got.json["enabled"] != false || got.json["managed_by"] != "file" {
		t.Errorf("turned off: %s", got.text)
	}
	if got := h.must(t, 200, "POST", "/apply", strings.Replace(file, "hush-hush", "other", 1)); !strings.Contains(got.text, "client_secret") || got.json["applied"] != 1.0 {
		t.Errorf("another secret: %s", got.text)
	}
	bad := h.must(t, 200, "POST", "/apply?dry_run=true", `{"connections":[{"id":"github","client_id":" "},{"id":"new","type":"github","client_id":"a"}]}`)
	if bad.json["failed"] != 2.0 || strings.Count(bad.text, "connection_invalid") != 2 {
		t.Errorf("a plan says what apply would refuse: %s", bad.text)
	}
	h.must(t, 204, "DELETE", "/connections/github", "")
}

// TH-40: the preview says which address would count.
func TestConnectionPreview(t *testing.T) {
	h := newRig(t).asHost()
	h.must(t, 200, "PUT", "/roles/editor", `{"permissions":[]}`)
	h.must(t, 201, "POST", "/connections", acme)
	claims := `{"sub":"1","email":"Ada@Acme.test","email_verified":true,"profile":{"display":"Ada"},"groups":["staff","other"]}`
	got := h.must(t, 200, "POST", "/connections/acme/preview", `{"claims":`+claims+`}`)
	for _, want := range []string{`"subject":"1"`, `"issuer":"https://idp.acme.test"`, `"email":"Ada@acme.test"`, `"email_counts":true`, `"name":"Ada"`, `"roles":["editor"]`} {
		if !strings.Contains(got.text, want) {
			t.Errorf("lacks %s: %s", want, got.text)
		}
	}
	got = h.must(t, 200, "POST", "/connections/acme/preview", `{"claims":`+strings.Replace(claims, "Acme.test", "other.test", 1)+`}`)
	if got.json["email_counts"] != false {
		t.Errorf("a domain that is not trusted: %s", got.text)
	}
	h.refuse(t, 422, "federation_answer_refused", "POST", "/connections/acme/preview", `{"claims":{"email":"a@b.test"}}`)
	h.refuse(t, 400, "malformed_json", "POST", "/connections/acme/preview", `{"claims":[]}`)
	h.refuse(t, 404, "connection_unknown", "POST", "/connections/ghost/preview", `{"claims":{}}`)
}
