package e2e

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// secretKey is a fresh master key.
func secretKey() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.StdEncoding.EncodeToString(b)
}

// real prepares a production server on plain http and loopback.
func real(t *testing.T, settings ...string) *process {
	t.Helper()
	port := freePort(t)
	return prepare(t, []string{"serve", "--json"}, append([]string{
		"URL=http://localhost:" + port, "LISTEN=127.0.0.1:" + port, "ADMIN_LISTEN=127.0.0.1:0",
		"DATA=" + filepath.Join(folder(t), "data"), "SECRET_KEY=" + secretKey(), "LOG_LEVEL=debug", "LOG__FORMAT=json",
	}, settings...)...)
}

// set changes a setting for the next run.
func (p *process) set(name, value string) {
	p.env = append(p.env, "MORTISE_"+name+"="+value)
}

func (p *process) setting(name string) (value string) {
	for _, e := range p.env {
		if v, ok := strings.CutPrefix(e, "MORTISE_"+name+"="); ok {
			value = v
		}
	}
	return value
}

// secured is a server with its own certificate and a mail server.
type secured struct {
	*process
	cert  *certificate
	post  *postOffice
	dir   string
	plain string // where plain http is redirected
}

func secure(t *testing.T) *secured {
	t.Helper()
	dir := folder(t)
	cert := certify(t, dir)
	s := &secured{cert: cert, post: openPostOffice(t, cert), dir: dir, plain: "127.0.0.1:" + freePort(t)}
	p := real(t)
	p.set("URL", strings.Replace(p.setting("URL"), "http:", "https:", 1))
	p.set("TLS__CERT_FILE", cert.cert)
	p.set("TLS__KEY_FILE", cert.key)
	p.set("HTTP__REDIRECT_LISTEN", s.plain)
	p.set("SMTP_URL", s.post.url())
	p.env = append(p.env, "SSL_CERT_FILE="+cert.cert)
	s.process = p
	p.start()
	return s
}

func (s *secured) visit(t *testing.T) *visitor {
	t.Helper()
	return visit(t, s.url(), trust(s.cert))
}

const (
	admin    = "ada@lovelace.mortise-auth.org"
	somebody = "grace@hopper.mortise-auth.org"
)

// install makes the first administrator with the printed code.
func (v *visitor) install(code string) {
	v.t.Helper()
	v.submit(v.get("/setup"), "/setup", "code", code).is(200, "/setup")
	v.submit(v.get("/setup"), "/setup/administrator", "display-name", "Ada Lovelace", "email", admin, "new-password", ownPassword).is(200, "/setup")
}

// TestServe is a production server's first day. SE-10 SE-16 SE-50 TH-25 TH-35
func TestServe(t *testing.T) {
	t.Parallel()
	s := secure(t)
	v := s.visit(t)
	if s.ready.SetupCode == "" || !strings.Contains(s.ready.Certificate, "valid until") {
		t.Fatalf("ready says %+v", s.ready)
	}
	v.get("/signup").is(403, "/signup") // nobody before the administrator
	wrong := v.submit(v.get("/setup"), "/setup", "code", "WRONG-WRONG")
	if wrong.status == 200 {
		t.Fatalf("setup took a wrong code: %s", wrong.text())
	}
	v.install(s.ready.SetupCode)
	if again := s.visit(t).get("/setup"); again.status == 200 {
		t.Errorf("setup is still open: %s", again.text())
	}
	v.signIn(admin, ownPassword).is(200, "/account")
	s.checkTransport(t)
	s.checkCookies(t, v)

	other := s.visit(t)
	asked := other.submit(other.get("/signup"), "/signup", "display-name", "Grace Hopper", "email", somebody, "new-password", ownPassword).is(200, "/verify")
	delivered := s.post.mail(t, somebody, "")
	if delivered.Code == "" || !strings.HasPrefix(delivered.Links[0], s.url()+"/") {
		t.Fatalf("the delivered mail has code %q and links %v:\n%s", delivered.Code, delivered.Links, delivered.Text)
	}
	other.submit(asked, "/verify", "code", delivered.Code).is(200, "/verify")
	other.signIn(somebody, ownPassword).is(200, "/account")
	s.checkHost(t, other)
	s.checkReload(t)
	s.stopped()
}

// checkTransport looks at plain http, HSTS and foreign host names.
func (s *secured) checkTransport(t *testing.T) {
	t.Helper()
	direct := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.plain+"/login?x=1", nil)
	must(t, err)
	r.Host = "localhost"
	resp, err := direct.Do(r)
	must(t, err)
	resp.Body.Close()
	if got := resp.Header.Get("Location"); resp.StatusCode/100 != 3 || got != s.url()+"/login?x=1" {
		t.Errorf("plain http answers %d %s", resp.StatusCode, got)
	}
	v := s.visit(t)
	if got := v.get("/login").header.Get("Strict-Transport-Security"); !strings.HasPrefix(got, "max-age=31536000") {
		t.Errorf("HSTS is %q", got)
	}
	foreign, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url()+"/login", nil)
	must(t, err)
	foreign.Host = "evil.example"
	resp, err = v.http.Do(foreign)
	must(t, err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("a foreign Host gets %d", resp.StatusCode)
	}
}

// checkCookies wants the session in a __Host- cookie that scripts do not see.
func (s *secured) checkCookies(t *testing.T, v *visitor) {
	t.Helper()
	if cookie(v, "__Host-mortise") == "" || cookie(v, "mortise") != "" {
		t.Error("the session is not in __Host-mortise")
	}
	v = s.visit(t)
	v.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	in := v.submit(v.get("/login"), "/login", "identifier", admin, "password", ownPassword)
	for _, line := range in.header.Values("Set-Cookie") {
		if !strings.HasPrefix(line, "__Host-mortise=") {
			continue
		}
		for _, want := range []string{"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} {
			if !strings.Contains(line, want) {
				t.Errorf("the session cookie lacks %s", want)
			}
		}
		return
	}
	t.Errorf("signing in answers %d without a session cookie", in.status)
}

// checkHost works on the running server from its host. TH-25
func (s *secured) checkHost(t *testing.T, other *visitor) {
	t.Helper()
	code, out, errs := s.command("users", "get", somebody, "--json")
	if code != 0 || !strings.Contains(out, "Grace Hopper") {
		t.Fatalf("users get: exit %d %s%s", code, out, errs)
	}
	if code, _, errs := s.command("users", "disable", somebody); code != 0 {
		t.Fatalf("users disable: exit %d %s", code, errs)
	}
	other.get("/account").is(200, "/login") // the very next check
	other.signIn(somebody, ownPassword).is(401, "/login")
	if code, _, errs := s.command("users", "enable", somebody); code != 0 {
		t.Fatalf("users enable: exit %d %s", code, errs)
	}
	other.get("/account").is(200, "/login") // an ended session stays so
	other.signIn(somebody, ownPassword).is(200, "/account")

	second := prepare(t, s.args)
	second.env, second.dir = append([]string(nil), s.env...), s.dir
	second.set("LISTEN", "127.0.0.1:0")
	code, _, errs = second.command("serve", "--json")
	if code != 1 || !strings.Contains(errs, strconv.Itoa(s.cmd.Process.Pid)) {
		t.Errorf("a second server: exit %d, want 1 and process %d named: %s", code, s.cmd.Process.Pid, errs)
	}
	if got := visit(t, "", nil).get(s.ready.Admin); got.status != 200 || !strings.Contains(string(got.body), "# TYPE") {
		t.Errorf("the metrics answer %d", got.status)
	}
	if got := other.get("/metrics"); got.status != 404 {
		t.Errorf("metrics are on the public listener: %d", got.status)
	}
	code, out, errs = s.command("status", "--json")
	if code != 0 || !strings.Contains(out, `"setup_done"`) {
		t.Errorf("status: exit %d %s%s", code, out, errs)
	}
}

// checkReload swaps the certificate under the running server.
func (s *secured) checkReload(t *testing.T) {
	t.Helper()
	old := s.cert
	s.cert = certify(t, s.dir)
	must(t, s.cmd.Process.Signal(syscall.SIGHUP))
	eventually(t, "the new certificate", func() bool {
		c, err := tls.Dial("tcp", strings.TrimPrefix(s.url(), "https://"), trust(old, s.cert))
		if err != nil {
			return false
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.Cmp(s.cert.leaf.SerialNumber) == 0
	})
	s.visit(t).get("/login").is(200, "/login")

	must(t, os.WriteFile(old.cert, []byte("no certificate"), 0o600))
	must(t, s.cmd.Process.Signal(syscall.SIGHUP))
	eventually(t, "a complaint about the certificate", func() bool { return strings.Contains(s.log.String(), "the last good one stays in use") })
	s.visit(t).get("/login").is(200, "/login")
}

// TestServeRefusesDevelopmentData: what served development is never real. TH-29
func TestServeRefusesDevelopmentData(t *testing.T) {
	t.Parallel()
	data := filepath.Join(folder(t), "data")
	dev(t, "--data", data).stopped()
	p := real(t, "DATA="+data)
	if code, _, errs := p.command("serve", "--json"); code != 2 {
		t.Errorf("exit %d, want 2: %s", code, errs)
	}
	if code, _, errs := p.command("serve", "--json", "--no-such-flag"); code != 2 {
		t.Errorf("an unknown flag: exit %d: %s", code, errs)
	}
}

// TestFilesAreTheOwnersAlone: the folder 0700, what is in it 0600.
func TestFilesAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	p := real(t)
	p.start()
	data := p.setting("DATA")
	if info, err := os.Stat(data); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v %v", info.Mode(), err)
	}
	inside, err := os.ReadDir(data)
	must(t, err)
	for _, e := range inside {
		info, err := e.Info()
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", e.Name(), info.Mode())
		}
	}
	p.stopped()
}

// TestBusyPort is an error, not half a server.
func TestBusyPort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	p := real(t, "LISTEN="+l.Addr().String())
	if code, _, errs := p.command("serve", "--json"); code != 1 || !strings.Contains(errs, "in use") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
