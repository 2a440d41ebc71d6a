package e2e

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// seen is one request as the application behind the proxy got it.
type seen struct {
	Method, Target string
	Header         http.Header
}

// application is what stands behind a proxy: it tells what it was asked, and
// takes WebSockets.
type application struct {
	*httptest.Server
	mu  sync.Mutex
	all []seen
}

func openApplication(t *testing.T) *application {
	t.Helper()
	a := &application{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := seen{r.Method, r.RequestURI, r.Header.Clone()}
		a.mu.Lock()
		a.all = append(a.all, s)
		a.mu.Unlock()
		if r.Header.Get("Upgrade") != "" {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455, 4.2.2
				_, _ = conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
					base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n"))
				_ = conn.Close()
			}
			return
		}
		_ = json.NewEncoder(w).Encode(s)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *application) addr() string { return a.Listener.Addr().String() }

// count is how often it was asked.
func (a *application) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.all)
}

func (a *application) since(n int) []seen {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]seen(nil), a.all[n:]...)
}

// proxied is one proxy before an application, with the printed snippet.
type proxied struct {
	name, host string // host with port
	app        *application
	flags      []string // of the command that prints the snippet
	sockets    int      // what the handshake of a WebSocket of the site's own is answered
	tls        *authority
	front      string // path of mortise itself on this host
}

func (p proxied) url() string { return "http://" + p.host }

// behind names the proxies, each with a host of its own. Traefik takes part when
// MORTISE_TEST_TRAEFIK names the program.
func behind(t *testing.T) []proxied {
	t.Helper()
	const unbounded = "--unbounded-websockets"
	all := []proxied{
		{name: "nginx", sockets: 403},
		{name: "caddy", sockets: 101},
		{name: "haproxy", sockets: 403},
		{name: "nginx", sockets: 101, flags: []string{unbounded}},
		{name: "haproxy", sockets: 101, flags: []string{unbounded}},
	}
	if os.Getenv("MORTISE_TEST_TRAEFIK") != "" {
		all = append(all, proxied{name: "traefik", sockets: 200}, proxied{name: "traefik", sockets: 101, flags: []string{unbounded}})
	}
	for i := range all {
		all[i].host, all[i].app = all[i].name+".localhost:"+freePort(t), openApplication(t)
	}
	return all
}

// run starts the real proxy with what the command prints.
func (p proxied) run(t *testing.T, server *process) {
	t.Helper()
	code, text, errs := server.command(append([]string{"proxy", "snippet", p.name, "--site", p.host, "--upstream", p.app.addr()}, p.flags...)...)
	if code != 0 {
		t.Fatalf("proxy snippet %s: exit %d: %s", p.name, code, errs)
	}
	p.launch(t, p.secure(text, server.ready.Listen))
}

// launch starts the real proxy with this text.
func (p proxied) launch(t *testing.T, text string) {
	t.Helper()
	dir := folder(t)
	_, port, err := net.SplitHostPort(p.host)
	must(t, err)
	traefik := func(dir, snippet string) []string {
		return []string{
			os.Getenv("MORTISE_TEST_TRAEFIK"), "--entrypoints.web.address=127.0.0.1:" + port, "--providers.file.filename=" + put(dir, "site.yaml", snippet),
		}
	}
	args := map[string]func(string, string) []string{"nginx": nginx, "caddy": caddy, "haproxy": haproxy, "traefik": traefik}[p.name](dir, text)
	cmd := exec.Command(args[0], args[1:]...)
	log := &buffer{}
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	dieWithParent(cmd)
	must(t, cmd.Start())
	gone := make(chan struct{})
	go func() { _ = cmd.Wait(); close(gone) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-gone
		if t.Failed() {
			t.Logf("%s wrote:\n%s", p.name, tail(log.String(), 4000))
		}
	})
	eventually(t, p.name, func() bool {
		select {
		case <-gone:
			t.Fatalf("%s ended:\n%s", p.name, log.String())
		default:
		}
		if p.tls != nil {
			conn, err := net.Dial("tcp", "127.0.0.1:"+port)
			if err == nil {
				conn.Close()
			}
			return err == nil
		}
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://127.0.0.1:"+port+"/", nil)
		must(t, err)
		r.Host = p.host
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			resp.Body.Close()
		}
		return err == nil && resp.StatusCode != 404 // before it has read its files
	})
}

func put(dir, name, text string) string {
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		panic(err)
	}
	return path
}

func nginx(dir, snippet string) []string {
	put(dir, "site.conf", snippet)
	main := put(dir, "nginx.conf", `
daemon off; master_process off; pid `+dir+`/pid; error_log stderr;
events { worker_connections 128; }
http {
	access_log off;
	client_body_temp_path `+dir+`/body; proxy_temp_path `+dir+`/proxy; fastcgi_temp_path `+dir+`/f; uwsgi_temp_path `+dir+`/u; scgi_temp_path `+dir+`/s;
	include `+dir+`/site.conf;
}`)
	return []string{"/usr/sbin/nginx", "-p", dir, "-e", "stderr", "-c", main}
}

// caddy runs a version that may be too old to limit the life of a stream.
func caddy(dir, snippet string) []string {
	var lines []string
	for line := range strings.Lines(snippet) {
		if !strings.Contains(line, "stream_timeout") {
			lines = append(lines, line)
		}
	}
	file := put(dir, "Caddyfile", "{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}\n"+strings.Join(lines, ""))
	return []string{"caddy", "run", "--config", file, "--adapter", "caddyfile"}
}

// haproxy writes the script that is printed behind #lua.
func haproxy(dir, snippet string) []string {
	var script []string
	for line := range strings.Lines(snippet) {
		if rest, ok := strings.CutPrefix(line, "#lua"); ok {
			script = append(script, strings.TrimPrefix(rest, " "))
		}
	}
	lua := put(dir, "mortise.lua", strings.Join(script, ""))
	file := put(dir, "haproxy.cfg", "global\n    lua-load "+lua+"\n    log stderr local0\ndefaults\n    timeout connect 5s\n    timeout client 30s\n    timeout server 30s\n\n"+snippet)
	return []string{"/usr/sbin/haproxy", "-db", "-f", file}
}
