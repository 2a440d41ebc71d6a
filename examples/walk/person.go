package walk

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// Person is Ada, whom "mortise dev" knows, in front of Chromium.
type Person struct {
	*browser.Page
	t *testing.T
}

// Ada opens a browser.
func Ada(t *testing.T) *Person {
	t.Helper()
	return &Person{browser.Launch(t, testenv.Chromium(t)).Page(t, browser.Options{}), t}
}

// SignIn fills in the sign-in page, which must be there.
func (p *Person) SignIn() {
	p.t.Helper()
	p.At("/login")
	p.Fill("identifier", "ada@example.test")
	p.Fill("password", "correct horse battery staple")
	p.Submit("submit")
}

// Agree approves on the consent page, which must be there.
func (p *Person) Agree() {
	p.t.Helper()
	p.At("/consent")
	p.Submit("approve")
}

// At wants the browser to come to a path.
func (p *Person) At(path string) {
	p.t.Helper()
	p.Until("the path "+path, func() bool {
		u, err := url.Parse(p.URL())
		return err == nil && u.Path == path
	})
}

// See wants a text on the page.
func (p *Person) See(text string) {
	p.t.Helper()
	p.Until(text, func() bool { return strings.Contains(p.Text(""), text) })
}

// Until waits for something that another process does, and says where the browser is
// when it does not happen.
func (p *Person) Until(what string, done func() bool) {
	p.t.Helper()
	Until(p.t, what, done, func() string {
		return fmt.Sprintf("it is on %s:\n%s\n%s", p.URL(), p.Text(""), strings.Join(p.Complaints(), "\n"))
	})
}
