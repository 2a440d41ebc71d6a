package people_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/people"
)

var update = flag.Bool("update", false, "write the golden files anew")

var accessNames = map[web.Access]string{web.SignedIn: "signed-in", web.Anyone: "anyone", web.Admin: "admin", web.Host: "host"}

// Every route with who may reach it and what limits it.
func TestRoutes(t *testing.T) {
	s := worldOf(t, set{asking: newAsking()}).pages.Surface()
	var lines []string
	for _, r := range s.Routes {
		limit := r.Limit
		if limit == "" {
			limit = s.Limit
		}
		lines = append(lines, fmt.Sprintf("%-40s %-10s %s\n", r.Pattern, accessNames[r.Access], limit))
	}
	slices.Sort(lines)
	got := strings.Join(lines, "")
	const golden = "testdata/routes.golden"
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if got != string(want) {
		t.Errorf("routes differ from %s:\n%s", golden, got)
	}
}

// Every address that a page leads to is answered.
func TestPagesLeadSomewhere(t *testing.T) {
	w := worldOf(t, set{asking: newAsking()})
	list, err := os.ReadFile("../page/testdata/routes.txt")
	must(t, err)
	for line := range strings.Lines(string(list)) {
		method, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(path, "/docs") || path == "/openapi.json" || strings.HasPrefix(path, "/dev/mail/") || strings.HasPrefix(path, "/errors/") || strings.HasPrefix(path, "/oauth2/") || strings.HasPrefix(path, "/federation/") {
			continue // the API's, those of protocols, and letters and codes of the samples
		}
		r := httptest.NewRequest(method, origin+path, nil)
		if a := w.browser().send(r); a.StatusCode == 404 || a.StatusCode == 405 || a.StatusCode >= 500 {
			t.Errorf("%s %s: %d", method, path, a.StatusCode)
		}
	}
}

// SE-40 SE-42 SE-43 SE-44: every page has its policy, with a nonce of its own.
func TestPagePolicy(t *testing.T) {
	w := newWorld(t)
	b := w.signed(ada)
	seen := map[string]bool{}
	for path := range strings.FieldsSeq("/ /errors/not_found /account /account/profile /account/addresses /account/password /account/sessions /account/activity /account/data /logout /recover /nothing") {
		a := b.get(path)
		policy := a.Header.Get("Content-Security-Policy")
		m := regexp.MustCompile(`script-src 'nonce-([0-9a-f]+)'`).FindStringSubmatch(policy)
		if m == nil || seen[m[1]] || !strings.Contains(a.body, `nonce="`+m[1]+`"`) {
			t.Errorf("%s: policy %q", path, policy)
			continue
		}
		seen[m[1]] = true
		for _, part := range []string{"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: policy lacks %s", path, part)
			}
		}
		if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, a.Header)
		}
	}
}

// SE-43: assets are immutable, compressed when asked, and not sent again.
func TestAssets(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	name := regexp.MustCompile(`/assets/mortise-[0-9a-f]+\.css`).FindString(b.get("/login").body)
	get := func(headers ...string) answer {
		r := httptest.NewRequest(http.MethodGet, origin+name, nil)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return b.send(r)
	}
	plain := get().want(200)
	if !strings.Contains(plain.Header.Get("Cache-Control"), "immutable") || plain.Header.Get("Vary") != "Accept-Encoding" || plain.Header.Get("Content-Encoding") != "" {
		t.Errorf("%v", plain.Header)
	}
	small := get("Accept-Encoding", "br;q=1.0, gzip;q=0.8").want(200)
	if small.Header.Get("Content-Encoding") != "gzip" || len(small.body) >= len(plain.body) || small.Header.Get("ETag") == plain.Header.Get("ETag") {
		t.Errorf("%v", small.Header)
	}
	if a := get("Accept-Encoding", "gzip;q=0, *"); a.Header.Get("Content-Encoding") != "" {
		t.Error("gzip was refused and sent")
	}
	get("If-None-Match", `W/"x", `+plain.Header.Get("ETag")).want(304)
	b.get("/assets/nothing.css").want(404)
}

// SE-45: languages and colours come back to where they were chosen, on our origin.
func TestPreferences(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/login?return_to=%2Fx").want(200, `lang="en"`, `name="return_to" value="/login?return_to=%2Fx"`)
	b.post("/preferences", "language", "de", "return_to", "/login?return_to=%2Fx").leads("/login?return_to=%2Fx")
	b.get("/login").want(200, `<html lang="de"`)
	b.post("/preferences", "theme", "dark", "return_to", "//evil.test/").leads("/")
	b.get("/login").want(200, `data-theme="dark"`)
	b.post("/preferences", "theme", "", "return_to", "/login").leads("/login")
	if a := b.get("/login"); strings.Contains(a.body, "data-theme") {
		t.Error("the theme stayed")
	}
	r := httptest.NewRequest(http.MethodGet, origin+"/login?ui_locales=fr+de", nil)
	w.browser().send(r).want(200, `<html lang="de"`)
	r = httptest.NewRequest(http.MethodGet, origin+"/login", nil)
	r.Header.Set("Accept-Language", "de-AT, en;q=0.5")
	w.browser().send(r).want(200, `<html lang="de"`)
}

// SE-45: where sign-in leads is a path of this origin or nothing.
func TestOpenRedirect(t *testing.T) {
	w := newWorld(t)
	w.signed(ada)
	for _, evil := range hostileTargets {
		b := w.browser()
		b.get("/login")
		b.post("/login", "identifier", ada, "password", first, "return_to", evil).leads("/account")
	}
}

var hostileTargets = []string{
	"https://evil.test/", "//evil.test", `/\evil.test`, `\\evil.test`, "/\t/evil.test", "/\n/evil.test", "javascript:alert(1)", "evil.test",
	"/..//evil.test", "/./\\evil.test", "/%5cevil.test", "/%2f/../..//x", "/a//b", "http:/evil.test", "/\x00", "/é", " /x", "///x", "/%0d%0aSet-Cookie:x",
}

// SE-45: whatever ReturnTo lets through, a browser resolves to our own origin.
func FuzzReturnTo(f *testing.F) {
	for _, s := range append(hostileTargets, "/", "/account?x=1", "/a/b%20c?d=%2F#e", "/login?return_to=%2Fx") {
		f.Add(s)
	}
	base := &url.URL{Scheme: "https", Host: "id.example.test"}
	f.Fuzz(func(t *testing.T, s string) {
		out, ok := people.ReturnTo(s)
		if !ok {
			return
		}
		if out[0] != '/' || strings.HasPrefix(out, "//") || strings.ContainsAny(out, "\\\r\n\t \x00") {
			t.Fatalf("%q became %q", s, out)
		}
		u, err := base.Parse(out)
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme {
			t.Fatalf("%q leads to %v, %v", s, u, err)
		}
		if again, ok := people.ReturnTo(out); !ok || again != out {
			t.Fatalf("%q is not stable: %q", out, again)
		}
	})
}

// TH-29: entering as a demo person needs the terminal's code once per browser.
func TestDevEntry(t *testing.T) {
	w := newWorld(t)
	w.browser().signUp(ada)
	b := w.browser()
	b.get("/login").want(200, `id="dev-code"`)
	b.post("/dev/enter", "person", "ada").want(422, `id="dev-code-error"`)
	b.post("/dev/enter", "person", "ada", "dev-code", "AAAA-AAAA").want(422)
	b.post("/dev/enter", "person", "nobody", "dev-code", "H4TW-9QKM").want(404)
	b.get("/login")
	b.post("/dev/enter", "person", "ada", "dev-code", "h4tw 9qkm", "return_to", "/account/data").leads("/account/data")
	b.get("/account").want(200)
	b.get("/logout")
	b.post("/logout").leads("/logout")
	if a := b.get("/login").want(200); strings.Contains(a.body, `id="dev-code"`) {
		t.Fatal("the code is asked for again")
	}
	b.post("/dev/enter", "person", "ada").leads("/account")
	other := w.browser()
	other.get("/login")
	other.raw("/dev/enter", "person=ada&dev-code=H4TW-9QKM").want(403, "form_expired")
}

// The mailbox of development, as pages and as contract.md's JSON.
func TestDevMail(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if a := b.get("/dev/mail.json").want(200); strings.TrimSpace(a.body) != "[]" {
		t.Errorf("an empty mailbox is %q", a.body)
	}
	b.signUp(ada)
	a := b.get("/dev/mail.json").want(200, `[{"to":"`+ada+`","channel":"email","subject":"`, `"links":["`+origin+`/verify?token=`, `"at":"2026-11-22T09:00:00Z"}`)
	if strings.Contains(a.body, `"id"`) || a.Header.Get("Content-Type") != "application/json" {
		t.Error(a.body)
	}
	list := b.get("/dev/mail").want(200, ada)
	path := regexp.MustCompile(`/dev/mail/[a-z]+_[0-9a-zA-Z]+`).FindString(list.body)
	b.get(path).want(200, "<iframe", path+"/html")
	html := b.get(path + "/html").want(200)
	if policy := html.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox; default-src 'none';") || strings.Contains(policy, "allow") {
		t.Errorf("policy %q", policy)
	}
	b.get("/dev/mail/nothing").want(404)
}
