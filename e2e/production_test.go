package e2e

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

var example = regexp.MustCompile("(?ms)^```(nginx|caddyfile)\n(.*?)^```$")

// TestProxiesOfProduction puts a real nginx and Caddy before the server, as
// docs/production.md writes them: pages know their name, and the stream of
// revocations comes as it is written. TH-14
func TestProxiesOfProduction(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/production.md")
	must(t, err)
	blocks := example.FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d examples", len(blocks))
	}
	for _, b := range blocks {
		t.Run(b[1], func(t *testing.T) {
			t.Parallel()
			p := proxied{name: strings.TrimSuffix(b[1], "file"), host: "localhost:" + freePort(t)}
			s := real(t, "TRUSTED_PROXIES=loopback", "URL="+p.url())
			s.start()
			site := strings.NewReplacer("127.0.0.1:8080", s.setting("LISTEN"), "id.example.org", p.url()).Replace(b[2])
			if p.name == "nginx" {
				site = "server { listen 127.0.0.1:" + strings.TrimPrefix(p.host, "localhost:") + ";\n" + site + "}\n"
			}
			p.launch(t, site)
			p.checkPage(t)
			p.checkStream(t, s)
			s.stopped()
		})
	}
}

func (p proxied) checkPage(t *testing.T) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", p.url()+"/.well-known/openid-configuration", nil)
	must(t, err)
	for _, path := range []string{r.URL.Path, "/login"} {
		r.URL.Path = path
		resp, err := http.DefaultTransport.RoundTrip(r)
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusSeeOther { // to /setup
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

// checkStream reads two events of a stream that has not ended.
func (p proxied) checkStream(t *testing.T, s *process) {
	t.Helper()
	const id, audience = "posts-api", "https://api.example.org"
	for _, args := range [][]string{
		{"clients", "create", "--id", id, "--grant-type", "client_credentials"}, {"resources", "create", audience, "--verifier", id},
	} {
		code, out, errs := s.command(args...)
		if code != 0 {
			t.Fatalf("%v: exit %d: %s", args, code, errs)
		}
		if found := printed["SECRET"].FindString(out); found != "" {
			p.flags = []string{found}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // a stream that is collected is silent for longer
	defer cancel()
	query := url.Values{"audience": {audience}, "nonce": {"0123456789abcdef"}}
	r, err := http.NewRequestWithContext(ctx, "GET", p.url()+"/api/v1/revocations?"+query.Encode(), nil)
	must(t, err)
	r.Header.Set("Accept", "text/event-stream")
	r.SetBasicAuth(id, p.flags[0])
	resp, err := http.DefaultTransport.RoundTrip(r)
	must(t, err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s %v", resp.Status, resp.Header)
	}
	lines, n := bufio.NewScanner(resp.Body), 0
	for n < 2 && lines.Scan() {
		if strings.HasPrefix(lines.Text(), "data: ") {
			n++
		}
	}
	if n < 2 {
		t.Errorf("%d events: %v", n, lines.Err())
	}
}
