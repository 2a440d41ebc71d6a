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
}

func (p proxied) url() string { return "http://" + p.host }

// behind names the three proxies, each with a host of its own.
func behind(t *testing.T) []proxied {
	t.Helper()
	var all []proxied
	for _, name := range []string{"nginx", "caddy", "haproxy"} {
		all = append(all, proxied{name, name + ".localhost:" + freePort(t), openApplication(t)})
	}
	return all
}

// run starts the real proxy with what the command prints.
func (p proxied) run(t *testing.T, server *process) {
	t.Helper()
	code, text, errs := server.command("proxy", "snippet", p.name, "--site", p.host, "--upstream", p.app.addr())
	if code != 0 {
		t.Fatalf("proxy snippet %s: exit %d: %s", p.name, code, errs)
	}
	dir := folder(t)
	args := map[string]func(string, string) []string{"nginx": nginx, "caddy": caddy, "haproxy": haproxy}[p.name](dir, text)
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
	_, port, err := net.SplitHostPort(p.host)
	must(t, err)
	eventually(t, p.name, func() bool {
		select {
		case <-gone:
			t.Fatalf("%s ended:\n%s", p.name, log.String())
		default:
		}
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
		}
		return err == nil
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
