package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// TestGatewayInABrowser is what a person sees of a real nginx and a real Caddy:
// sign in and come back, a closed door, sign out. TH-37 SE-41 SE-56
func TestGatewayInABrowser(t *testing.T) {
	t.Parallel()
	s := real(t, "TRUSTED_PROXIES=127.0.0.0/8")
	s.start()
	owner := wander(t, s.url())
	owner.install(s.ready.SetupCode)
	b := browser.Launch(t, testenv.Chromium(t))
	var file strings.Builder
	file.WriteString("sites:\n")
	var proxies []proxied
	for _, name := range []string{"nginx", "caddy"} {
		p := proxied{name: name, host: name + ".localhost:" + freePort(t), app: openApplication(t)}
		fmt.Fprintf(&file, "  - host: %s\n    rules:\n      - {paths: [/editors/*], action: require, roles: [editor]}\n      - {action: require}\n", p.host)
		proxies = append(proxies, p)
	}
	sites := put(s.dir, "sites.yaml", file.String())
	if code, out, errs := s.command("apply", "-f", filepath.Base(sites)); code != 0 {
		t.Fatalf("apply: exit %d: %s %s", code, out, errs)
	}
	for _, p := range proxies {
		p.run(t, s)
		t.Run(p.name, func(t *testing.T) { p.look(t, b, s) })
	}
	s.stopped()
}

func (p proxied) look(t *testing.T, b *browser.Browser, s *process) {
	page := open(t, b, "gateway-"+p.name, p.url(), browser.Options{})
	page.Goto(p.url() + "/page?a=b")
	page.at("/login")
	page.Fill("identifier", admin)
	page.Fill("password", ownPassword)
	page.Submit("submit") // to a page that leads on by itself
	eventually(t, "the way back", func() bool { return strings.HasPrefix(page.URL(), p.url()+"/page") })
	if got := page.URL(); got != p.url()+"/page?a=b" || !strings.Contains(page.Text(""), `"Target":"/page?a=b"`) {
		t.Fatalf("it ends at %s: %s", got, page.Text(""))
	}
	page.told = len(page.Complaints())

	page.Goto(p.url() + "/editors")
	page.examine("/editors")
	why := page.Text("why")
	if code, out, errs := s.command("why", why); code != 0 || !strings.Contains(out, "any of the roles [editor]") {
		t.Errorf("the page says %q: exit %d %s%s", why, code, out, errs)
	}

	page.Goto(s.url() + "/logout")
	page.Submit("logout-confirm")
	page.Goto(p.url() + "/page")
	if got := page.path(); got != "/login" {
		t.Errorf("after signing out the site leads to %s", got)
	}
}
