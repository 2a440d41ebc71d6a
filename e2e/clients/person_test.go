package clients

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// person is somebody at Chromium, who signs in and agrees wherever they are asked.
type person struct {
	*browser.Page
	t      *testing.T
	issuer string
	email  string
	seen   []string // paths of our pages on the way, by turns
}

func (w *world) person(t *testing.T, email string) *person {
	t.Helper()
	return &person{Page: w.chromium.Page(t, browser.Options{}), t: t, issuer: w.issuer, email: email}
}

// walk opens an address and does what the pages ask until the browser stands
// outside the server. It returns where.
func (p *person) walk(to string) string {
	p.t.Helper()
	p.seen = nil
	p.Goto(to)
	return p.through()
}

func (p *person) through() string {
	p.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		at := p.URL()
		if !strings.HasPrefix(at, p.issuer+"/") {
			// Its load event is told before the next page is asked for, and not taken for that one's.
			p.Eval(`new Promise(r => document.readyState === "complete" ? r(0) : addEventListener("load", () => setTimeout(r, 0)))`, nil)
			return at
		}
		if done := p.step(at); done {
			return at
		}
	}
	p.t.Fatalf("%s is still at %s after %v: %s", p.email, p.URL(), p.seen, p.Text(""))
	return ""
}

// step does what one page asks for. It is done where nothing more leads on.
func (p *person) step(at string) (done bool) {
	p.t.Helper()
	u, err := url.Parse(at)
	must(p.t, err)
	if code := p.Text("error-code"); code != "" {
		p.t.Fatalf("%s: the page %s says %s after %v: %s", p.email, u.Path, code, p.seen, p.Text(""))
	}
	path := u.Path
	switch {
	case path == "/login" && p.Has("identifier") && p.Has("password"):
		p.Fill("identifier", p.email)
		p.Fill("password", password)
		p.Submit("submit")
	case path == "/login" && p.Has("password"): // once more
		p.Fill("password", password)
		p.Submit("submit")
	case p.Has("approve"):
		p.Submit("approve")
	case p.Has("logout-confirm"):
		p.Submit("logout-confirm")
	case path == "/device" && p.Has("code"):
		p.Submit("submit")
	case path == "/device":
		done = true
	default: // a page that leads on by itself
		return false
	}
	p.seen = append(p.seen, path)
	return done
}

// saw wants the pages on the way to have been these.
func (p *person) saw(paths ...string) {
	p.t.Helper()
	if fmt.Sprint(p.seen) != fmt.Sprint(paths) {
		p.t.Errorf("%s saw the pages %v, want %v", p.email, p.seen, paths)
	}
}
