package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// canaries are secrets that went through the program, by what they are.
type canaries map[string]string

func (c canaries) add(what, secret string) {
	if len(secret) > 5 {
		c[what] = secret
	}
}

// cookies adds what the visitor keeps.
func (c canaries) cookies(who string, v *visitor) {
	u, err := url.Parse(v.base)
	must(v.t, err)
	for _, k := range v.http.Jar.Cookies(u) {
		c.add(who+"'s cookie "+k.Name, k.Value)
	}
}

// spellings are the forms in which a secret could stand somewhere.
func spellings(secret string) [][]byte {
	raw := []byte(secret)
	return [][]byte{
		raw, []byte(url.QueryEscape(secret)), []byte(url.PathEscape(secret)), []byte(hex.EncodeToString(raw)),
		[]byte(base64.StdEncoding.EncodeToString(raw)), []byte(base64.RawURLEncoding.EncodeToString(raw)),
	}
}

// in tells whether one of the secrets stands in text.
func (c canaries) in(text []byte) bool {
	for _, secret := range c {
		for _, s := range spellings(secret) {
			if bytes.Contains(text, s) {
				return true
			}
		}
	}
	return false
}

// seek wants none of the secrets in text.
func (c canaries) seek(t *testing.T, where string, text []byte) {
	t.Helper()
	for _, what := range slices.Sorted(maps.Keys(c)) {
		for _, s := range spellings(c[what]) {
			if i := bytes.Index(text, s); i >= 0 {
				t.Errorf("%s holds %s: %q", where, what, text[max(0, i-60):min(len(text), i+len(s)+20)])
				break
			}
		}
	}
}

// TestCanaries puts secrets through every flow, with logs at their chattiest, and
// looks for them in everything that is kept or told. AU-30 AU-31 AU-34 TH-34 PW-14
func TestCanaries(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	cert := certify(t, dir)
	post := openPostOffice(t, cert)
	p := real(t, "SMTP_URL="+post.url(), "LOG_LEVEL=debug")
	p.env = append(p.env, "SSL_CERT_FILE="+cert.cert)
	p.start()
	c, codes := canaries{}, canaries{}
	c.add("the secret key", p.setting("SECRET_KEY"))
	codes.add("the setup code", p.ready.SetupCode)
	first := p.out.String() // the ready line says the setup code on purpose
	flows(t, p, post, c, codes)

	pages := badInput(t, p, c)
	for where, text := range pages {
		c.seek(t, where, text)
		codes.seek(t, where, text)
	}
	events := eventsOf(t, p)
	outlets := map[string][]byte{
		"the log": []byte(p.log.String()), "standard output": []byte(strings.TrimPrefix(p.out.String(), first)),
		"the audit events": events, "the admin listener": visit(t, strings.TrimSuffix(p.ready.Admin, "/metrics"), nil).get("/metrics").body,
	}
	control := canaries{"an address": somebody}
	if !control.in(events) || !bytes.Contains(outlets["the log"], []byte("POST /recover/code")) || !bytes.Contains(outlets["the admin listener"], []byte("# TYPE")) {
		t.Fatal("the search finds nothing where there is something")
	}
	p.stopped()
	outlets["the log after the end"] = []byte(p.log.String())
	maps.Copy(outlets, kept(t, p.setting("DATA")))
	if !control.in(outlets["the file mortise.db"]) {
		t.Fatal("the search finds nothing in the database")
	}
	for where, text := range outlets {
		c.seek(t, where, text)
		codes.seek(t, where, text)
	}
	for _, raw := range post.all() {
		m := read(t, raw)
		c.seek(t, "the mail "+m.Subject, []byte(raw+m.Text))
	}
	if len(c) < 12 || len(codes) < 5 || len(events) < 1000 {
		t.Fatalf("too little went through: %d secrets, %d codes, %d bytes of events", len(c), len(codes), len(events))
	}
}

// flows is the life of an account, its secrets noted. What c holds may be in no
// mail either; codes are mailed on purpose.
func flows(t *testing.T, p *process, post *postOffice, c, codes canaries) {
	t.Helper()
	v, other := visit(t, p.url(), nil), visit(t, p.url(), nil)
	const changed, recovered = "canary umbrellas under zinc roofs", "canary lanterns over blue slate"
	c.add("a changed password", changed)
	c.add("a recovered password", recovered)
	c.add("the first password", ownPassword)
	v.install(p.ready.SetupCode)
	v.signIn(admin, ownPassword).is(200, "/account")
	c.cookies("the administrator", v)

	asked := other.submit(other.get("/signup"), "/signup", "display-name", "Grace", "email", somebody, "new-password", ownPassword)
	c.cookies("the stranger", other)
	m := post.mail(t, somebody, "")
	codes.add("a sign-up code", m.Code)
	codes.add("a sign-up link", token(m))
	other.submit(asked, "/verify", "code", m.Code).is(200, "/verify")
	other.signIn(somebody, "canary of a wrong password")
	c.add("a wrong password", "canary of a wrong password")
	other.signIn("canary typed where the address goes", ownPassword)
	c.add("a password in the wrong field", "canary typed where the address goes")
	other.signIn(somebody, ownPassword).is(200, "/account")
	c.cookies("Grace", other)
	other.submit(other.get("/account/password"), "/account/password", "password", ownPassword, "new-password", changed).is(200, "/account/password")
	other.get("/account")

	lost := visit(t, p.url(), nil)
	page := lost.submit(lost.get("/recover"), "/recover", "identifier", somebody)
	r := post.mail(t, somebody, "assword")
	eventually(t, "the recovery mail", func() bool { r = recoveryMail(t, post); return r.Code != "" })
	codes.add("a recovery code", r.Code)
	codes.add("a recovery link", token(r))
	lost.submit(page, "/recover/code", "code", "00000000")
	c.cookies("the forgetful", lost)
	lost.submit(lost.submit(page, "/recover/code", "code", r.Code), "/recover/password", "new-password", recovered).is(200, "/recover")
	status, out := lost.api("POST", "/signin", map[string]string{"identifier": somebody, "password": recovered})
	if status != 200 || out["status"] != "complete" {
		t.Fatalf("signing in over the API: %d %v", status, out)
	}
	c.cookies("the API's", lost)
	code, link, errs := p.command("users", "recovery-link", somebody, "--json")
	if code != 0 {
		t.Fatalf("recovery-link: %d %s", code, errs)
	}
	if _, after, ok := strings.Cut(link, "token="); ok {
		codes.add("the host's link", strings.Trim(after[:strings.IndexAny(after, "\"\n")], `"`))
	}
}

func recoveryMail(t *testing.T, post *postOffice) (found letter) {
	t.Helper()
	for _, raw := range post.all() {
		if l := read(t, raw); len(l.Links) > 0 && strings.Contains(l.Links[0], "/recover/password?") {
			found = l
		}
	}
	return found
}

func token(l letter) string {
	if len(l.Links) == 0 {
		return ""
	}
	_, t, _ := strings.Cut(l.Links[0], "token=")
	return t
}

// badInput are answers to requests that are wrong in ways that tempt a program
// to repeat what it was given.
func badInput(t *testing.T, p *process, c canaries) map[string][]byte {
	t.Helper()
	v := visit(t, p.url(), nil)
	const secret = "canary in a request that is wrong"
	c.add("a secret in bad input", secret)
	answers := map[string][]byte{}
	for name, body := range map[string]string{
		"a JSON body that is cut off": `{"identifier":"a@b.example","password":"` + secret,
		"a JSON type that is wrong":   `{"identifier":"a@b.example","password":["` + secret + `"]}`,
		"a JSON member twice":         `{"password":"` + secret + `","password":"` + secret + `"}`,
	} {
		s, err := v.try("POST", "/api/v1/signin", "application/json", []byte(body))
		must(t, err)
		if s.status < 400 || s.status >= 500 {
			t.Errorf("%s is answered %d", name, s.status)
		}
		answers["the answer to "+name] = s.body
	}
	form := v.get("/login").form("/login", "identifier", "nobody@example.com", "password", secret)
	answers["the sign-in page"] = v.post("/login", form).body
	form.Add("password", secret)
	answers["the answer to a field twice"] = v.post("/login", form).body
	answers["a dead link"] = v.get("/recover/password?token=" + url.QueryEscape(secret)).body
	weak := v.get("/signup").form("/signup", "display-name", "", "email", "no address", "new-password", secret)
	answers["the sign-up page"] = v.post("/signup", weak).body
	return answers
}

// eventsOf is the whole audit log of both people, as the host sees it.
func eventsOf(t *testing.T, p *process) []byte {
	t.Helper()
	var all []byte
	for _, who := range []string{admin, somebody} {
		code, out, errs := p.command("users", "events", who, "--json", "--all")
		if code != 0 {
			t.Fatalf("users events: %d %s", code, errs)
		}
		all = append(all, out...)
		if _, out, _ = p.command("users", "export", who, "--json"); out == "" {
			t.Fatal("an empty export")
		}
		all = append(all, out...)
	}
	return all
}

// kept is every file in the data folder.
func kept(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	must(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files["the file "+name], err = os.ReadFile(filepath.Join(dir, name))
		return err
	}))
	if len(files["the file mortise.db"]) < 50_000 {
		t.Fatalf("the database has %d bytes", len(files["the file mortise.db"]))
	}
	return files
}
