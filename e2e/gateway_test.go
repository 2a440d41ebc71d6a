package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

// TestGateway puts a real nginx, Caddy and HAProxy, configured by what mortise
// proxy snippet prints, before an application.
// TH-37 TH-39 SE-11 SE-50 SE-51 SE-52 SE-53 SE-54 SE-55 SE-56 SE-58
func TestGateway(t *testing.T) {
	t.Parallel()
	s := real(t, "TRUSTED_PROXIES=127.0.0.0/8")
	s.start()
	proxies := behind(t)
	owner := wander(t, s.url())
	owner.install(s.ready.SetupCode)
	var file strings.Builder
	file.WriteString("sites:\n")
	for _, p := range proxies {
		fmt.Fprintf(&file, "  - host: %s\n    rules:\n      - {paths: [/public/*], action: allow}\n      - {paths: [/secret/*], action: deny}\n"+
			"      - {paths: [/editors/*], action: require, roles: [editor]}\n      - {paths: [/admins/*], action: require, roles: [admin]}\n      - {action: require}\n", p.host)
	}
	sites := put(s.dir, "sites.yaml", file.String())
	if code, out, errs := s.command("apply", "-f", filepath.Base(sites)); code != 0 {
		t.Fatalf("apply: exit %d: %s %s", code, out, errs)
	}
	var gates []string
	for _, p := range proxies {
		p.run(t, s)
		t.Run(strings.Join(append([]string{p.name}, p.flags...), " "), func(t *testing.T) {
			v := wander(t, s.url())
			p.checkStrangers(t, v)
			p.checkJourney(t, v)
			p.checkSigned(t, v)
			p.checkWhy(t, v, s)
			p.checkAddresses(t, v)
			p.checkSockets(t, v)
			gates = append(gates, v.gate(p))
			p.checkLeave(t, v)
			p.checkLogout(t, v)
		})
	}
	for i, p := range proxies { // a cookie of A at B
		other := gates[(i+1)%len(gates)]
		if got := wander(t, s.url()).ask("GET", p.url()+"/", "Cookie", "mortise-gate="+other); got.status != 401 {
			t.Errorf("%s takes the gate of another host: %d", p.name, got.status)
		}
	}
	s.stopped()
}

// wanderer is a visitor who finds every name on this machine, from an address of
// their own: limits count sources.
type wanderer struct {
	*visitor
	dialer *net.Dialer
}

var wanderers atomic.Uint32

func wander(t testing.TB, base string) wanderer {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	dialer := &net.Dialer{}
	if runtime.GOOS == "linux" { // where all of 127.0.0.0/8 is this machine
		dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+wanderers.Add(1)%200))}
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		return dialer.DialContext(ctx, network, "127.0.0.1:"+port)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return wanderer{&visitor{t: t, base: base, http: &http.Client{Jar: jar, Transport: transport, Timeout: patience}}, dialer}
}

// ask sends a request with headers: names and values by turns.
func (v wanderer) ask(method, to string, headers ...string) sheet {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, to, nil)
	must(v.t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	resp, err := v.http.Do(r)
	must(v.t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	must(v.t, err)
	return sheet{v.t, resp.StatusCode, resp.Header, got, resp.Request.URL}
}

// open asks as a browser that wants a page.
func (v wanderer) open(to string) sheet {
	v.t.Helper()
	return v.ask("GET", to, "Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "none")
}

func (v wanderer) gate(p proxied) string {
	u, err := url.Parse(p.url())
	must(v.t, err)
	for _, c := range v.http.Jar.Cookies(u) {
		if c.Name == "mortise-gate" {
			return c.Value
		}
	}
	return ""
}

// spoofed is what an attacker would like the application to believe.
var spoofed = []string{
	"Remote-User", "usr_mallory", "remote-email", "mallory@example.test", "Remote-Name", "Mallory", "Remote-Groups", "admin",
	"Remote_User", "usr_mallory", "Mortise-Identity", "eyJ", "Mortise_Identity", "eyJ",
	"X-Forwarded-User", "kept", "X-Original-URL", "http://x/public/", "X-Original-Method", "GET",
	"X-Forwarded-Uri", "/public/", "X-Forwarded-Method", "GET", "X-Forwarded-Host", "evil.test", "X-Forwarded-For", "10.9.9.9", "Forwarded", "for=10.9.9.9",
}

func (s sheet) seen() (got seen) {
	s.t.Helper()
	if s.status != 200 || json.Unmarshal(s.body, &got) != nil {
		s.t.Fatalf("the application did not answer: %d %s: %s", s.status, s.url, s.text())
	}
	return got
}

// clean wants nothing of the attacker's, and neither of our cookies.
func (s seen) clean(t *testing.T) {
	t.Helper()
	for name, values := range s.Header {
		if name == "Referer" { // this client sends one whatever the pages ask; a ticket in it may spell anything
			continue
		}
		all := strings.ToLower(name + ": " + strings.Join(values, " | "))
		for _, bad := range []string{"mallory", "eyj", "evil.test", "10.9.9.9", "mortise-gate", "http://x/public"} {
			if strings.Contains(all, bad) {
				t.Errorf("the application saw %s", all)
			}
		}
	}
}

func (p proxied) checkStrangers(t *testing.T, v wanderer) {
	t.Helper()
	before := p.app.count()
	for _, method := range []string{"GET", "POST", "OPTIONS", "HEAD", "DELETE"} {
		got := v.ask(method, p.url()+"/", spoofed...)
		if got.status != 401 || got.header.Get("Location") != "" || got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s of a program: %d, location %q", method, got.status, got.header.Get("Location"))
		}
	}
	if got := v.ask("GET", p.url()+"/", "Accept", "text/html", "Sec-Fetch-Mode", "cors"); got.status != 401 {
		t.Errorf("a script in a page gets %d", got.status)
	}
	if n := p.app.count() - before; n != 0 {
		t.Fatalf("%d requests passed", n)
	}
	got := v.ask("GET", p.url()+"/public/a", spoofed...).seen()
	got.clean(t)
	if got.Header.Get("Remote-User") != "" {
		t.Errorf("nobody is %q", got.Header.Get("Remote-User"))
	}
}

func (p proxied) checkJourney(t *testing.T, v wanderer) {
	t.Helper()
	page := v.open(p.url()+"/page?a=b&c=d%20e").is(200, "/login")
	done := v.submit(page, "/login", "identifier", admin, "password", ownPassword).is(200, "/forward-auth/start")
	to, ok := strings.CutPrefix(done.header.Get("Refresh"), "0; url=")
	if !ok {
		t.Fatalf("no way on: %v", done.header)
	}
	// The ticket in another browser, which has no nonce, opens nothing and spends nothing.
	if got := wander(t, v.base).open(to); got.status != 403 || got.code() != "ticket_refused" {
		t.Errorf("a planted ticket: %d %s", got.status, got.code())
	}
	got := v.open(to).seen()
	if got.Target != "/page?a=b&c=d%20e" || !strings.HasPrefix(got.Header.Get("Remote-User"), "usr_") || got.Header.Get("Remote-Groups") != "admin" {
		t.Errorf("the application saw %s as %v", got.Target, got.Header)
	}
	got.clean(t)
	if got := v.open(to); got.status != 403 {
		t.Errorf("a ticket again: %d", got.status)
	}
	for _, bad := range []string{"http://evil.test/", "http://" + p.host + "@evil.test/", "http://" + p.host + ".evil.test/", "//evil.test", "javascript:1", "https://" + p.host + "/"} {
		if got := v.get("/forward-auth/start?" + url.Values{"url": {bad}}.Encode()); got.status/100 != 4 {
			t.Errorf("start takes %s: %d", bad, got.status)
		}
	}
}

func (p proxied) checkSigned(t *testing.T, v wanderer) {
	t.Helper()
	got := v.ask("GET", p.url()+"/a", append([]string{"Cookie", "theme=dark"}, spoofed...)...).seen()
	got.clean(t)
	if got.Header.Get("Cookie") != "theme=dark" || len(got.Header["Remote-User"]) != 1 || !strings.HasPrefix(got.Header.Get("Remote-User"), "usr_") {
		t.Errorf("cookies %q, user %q", got.Header["Cookie"], got.Header["Remote-User"])
	}
	for name, tt := range map[string]struct {
		method, path string
		headers      []string
		want         int
	}{
		"denied":            {"GET", "/secret/x", nil, 403},
		"no role":           {"GET", "/editors", nil, 403},
		"role":              {"GET", "/admins/x", nil, 200},
		"options":           {"OPTIONS", "/secret/x", nil, 403},
		"same origin":       {"POST", "/a", []string{"Sec-Fetch-Site", "same-origin", "Origin", p.url()}, 200},
		"sibling":           {"POST", "/a", []string{"Sec-Fetch-Site", "same-site", "Origin", "http://x.localhost"}, 403},
		"foreign":           {"POST", "/a", []string{"Origin", "http://evil.test"}, 403},
		"foreign, reading":  {"GET", "/a", []string{"Sec-Fetch-Site", "cross-site"}, 200},
		"token and cookie":  {"GET", "/a", []string{"Authorization", "Bearer nonsense"}, 401},
		"spoofed to public": {"GET", "/secret/x", spoofed, 403},
	} {
		if got := v.ask(tt.method, p.url()+tt.path, tt.headers...); got.status != tt.want {
			t.Errorf("%s: %d, want %d", name, got.status, tt.want)
		}
	}
	p.checkListed(t, v)
}

// checkListed has headers named in Connection, so that a proxy might drop them on
// the way: the client's own where it should be replaced, and ours after it was set.
func (p proxied) checkListed(t *testing.T, v wanderer) {
	t.Helper()
	before := p.app.count()
	resp := v.raw(p, "GET /a HTTP/1.1\r\nHost: "+p.host+"\r\nCookie: mortise-gate="+v.gate(p)+
		"\r\nConnection: close, Remote-User, Cookie, Remote-Groups\r\nRemote-User: usr_mallory\r\nRemote-Groups: admin, mallory\r\n\r\n")
	arrived := p.app.since(before)
	if (resp.StatusCode == 200) != (len(arrived) == 1) || resp.StatusCode/100 == 5 {
		t.Fatalf("headers listed in Connection: %d, %d arrived", resp.StatusCode, len(arrived))
	}
	for _, s := range arrived {
		s.clean(t)
		if !strings.HasPrefix(s.Header.Get("Remote-User"), "usr_") || len(s.Header["Remote-User"]) != 1 || s.Header.Get("Remote-Groups") != "admin" || s.Header.Get("Cookie") != "" {
			t.Errorf("listed in Connection, it arrived as %v", s.Header)
		}
	}
}

// raw sends bytes as they are.
func (v wanderer) raw(p proxied, text string) *http.Response {
	v.t.Helper()
	_, port, err := net.SplitHostPort(p.host)
	must(v.t, err)
	conn, err := v.dialer.DialContext(v.t.Context(), "tcp", "127.0.0.1:"+port)
	must(v.t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, text)
	must(v.t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(v.t, err)
	return resp
}

// checkAddresses sends addresses as they must not be judged, by the way of a path
// that is open: none may arrive at the closed one, however it is read there.
func (p proxied) checkAddresses(t *testing.T, v wanderer) {
	t.Helper()
	before := p.app.count()
	for _, target := range []string{
		"/public/../secret/x", "/public/%2e%2e/secret/x", "/public/.%2E/secret/x", "/public/..%2fsecret/x", "/public%2f..%2fsecret", "/public/..%5csecret",
		"/public/..\\secret", "//secret/x", "/./secret/x", "/%73ecret/x", "/secret%2fx", "/public/%252e%252e/secret/x", "/public;/../secret/x", "/secret;a=b/x",
		"/public/..;/secret/x", "/public/%00/../secret/x", "/secret/", "/secret", "/secret?x=/public/", "/public/\xff", "/public/x#/../secret", "http://x/secret/x",
		"http://" + p.host + "/secret/x", "/SECRET/../secret/x",
	} {
		resp := v.raw(p, "GET "+target+" HTTP/1.1\r\nHost: "+p.host+"\r\nConnection: close\r\nCookie: mortise-gate="+v.gate(p)+"\r\n\r\n")
		if resp.StatusCode == 200 {
			t.Logf("%s lets %q pass", p.name, target)
		}
	}
	for _, s := range p.app.since(before) {
		where, _, _ := strings.Cut(s.Target, "?")
		for range 3 {
			if strings.HasPrefix(path.Clean("/"+strings.ReplaceAll(where, "\\", "/")), "/secret") {
				t.Errorf("the application was asked for %q", s.Target)
			}
			if again, err := url.PathUnescape(where); err == nil {
				where = again
			}
		}
	}
	for _, target := range []string{"/a%20b/%C3%A9?q=%2f..%2f", "/a/b/", "/100%25", "/x?../y"} {
		if got := v.ask("GET", p.url()+target).seen(); got.Target != target {
			t.Errorf("%q was judged, %q arrived", target, got.Target)
		}
	}
}

func (p proxied) checkSockets(t *testing.T, v wanderer) {
	t.Helper()
	for origin, want := range map[string]int{p.url(): p.sockets, "http://evil.test": 403, "": 403, "https://" + p.host: 403, "null": 403} {
		line := ""
		if origin != "" {
			line = "Origin: " + origin + "\r\n"
		}
		resp := v.raw(p, "GET /socket HTTP/1.1\r\nHost: "+p.host+"\r\nCookie: mortise-gate="+v.gate(p)+"\r\n"+line+
			"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
		if resp.StatusCode != want {
			t.Errorf("a WebSocket from %q: %d, want %d", origin, resp.StatusCode, want)
		}
	}
	resp := v.raw(p, "GET /h2c HTTP/1.1\r\nHost: "+p.host+"\r\nCookie: mortise-gate="+v.gate(p)+"\r\nOrigin: "+p.url()+"\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n")
	if resp.StatusCode == 101 {
		t.Error("a proxy leaves HTTP for h2c")
	}
}

// checkWhy follows a refusal to its explanation.
func (p proxied) checkWhy(t *testing.T, v wanderer, s *process) {
	t.Helper()
	refused := v.ask("GET", p.url()+"/editors")
	why := refused.header.Get("Mortise-Why")
	code, out, errs := s.command("why", why)
	if refused.status != 403 || code != 0 {
		t.Fatalf("%d, why %q: exit %d %s", refused.status, why, code, errs)
	}
	for _, want := range []string{p.host + " rule 3", "any of the roles [editor]", "roles [admin]", "site_not_allowed"} {
		if !strings.Contains(out, want) {
			t.Errorf("why lacks %q:\n%s", want, out)
		}
	}
}

// checkLeave closes the gate alone: only the site's own pages may, and the session
// goes on, so that the way back needs no password.
func (p proxied) checkLeave(t *testing.T, v wanderer) {
	t.Helper()
	before := v.gate(p)
	for _, headers := range [][]string{{"Origin", "http://evil.test"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site", "Origin", p.url()}} {
		if got := v.ask("POST", p.url()+"/.mortise/logout", headers...); got.status != 403 {
			t.Errorf("log-out by %v: %d", headers, got.status)
		}
	}
	if got := v.ask("GET", p.url()+"/a"); got.status != 200 {
		t.Fatalf("another site logged out: %d", got.status)
	}
	v.ask("POST", p.url()+"/.mortise/logout", "Origin", p.url(), "Sec-Fetch-Site", "same-origin").is(200, "/logout")
	if got := v.gate(p); got != "" {
		t.Error("the cookie of the gate is still there")
	}
	if got := v.ask("GET", p.url()+"/a", "Cookie", "mortise-gate="+before); got.status != 401 {
		t.Errorf("a closed gate: %d", got.status)
	}
	to, ok := strings.CutPrefix(v.open(p.url()+"/back").is(200, "/forward-auth/start").header.Get("Refresh"), "0; url=")
	if got := v.open(to).seen(); !ok || got.Target != "/back" {
		t.Errorf("the way back ends at %s", got.Target)
	}
}

// checkLogout ends the session elsewhere: the gate, its child, ends with it.
func (p proxied) checkLogout(t *testing.T, v wanderer) {
	t.Helper()
	if got := v.ask("GET", p.url()+"/a"); got.status != 200 {
		t.Fatalf("before: %d", got.status)
	}
	v.submit(v.get("/logout"), "/logout")
	if got := v.ask("GET", p.url()+"/a"); got.status != 401 {
		t.Errorf("the gate outlived its session: %d", got.status)
	}
}
