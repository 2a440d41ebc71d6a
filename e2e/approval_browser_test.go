package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
	"github.com/mortise-auth/mortise/mortisetest"
)

// TestApprovalInABrowser is a request of one administrator and the decision of another
// in Chromium: approved with a passkey, and refused where no scripts run; and a recovery
// that an administrator stops. TH-42 TH-43
func TestApprovalInABrowser(t *testing.T) {
	t.Parallel()
	b := browser.Launch(t, testenv.Chromium(t))
	t.Run("approve", func(t *testing.T) { t.Parallel(); newCouncil(t, b, "approve", browser.Options{}).approves() })
	t.Run("stop", func(t *testing.T) { t.Parallel(); newCouncil(t, b, "stop", browser.Options{NoScript: true}).stops() })
	t.Run("refuse", func(t *testing.T) {
		t.Parallel()
		newCouncil(t, b, "refuse", browser.Options{NoScript: true, Language: "de"}).refuses()
	})
}

// council are an administrator who asks, one who decides, and whom it is about.
type council struct {
	t        *testing.T
	b        *browser.Browser
	srv      *mortisetest.Server
	ann, bob *mortisetest.User
	about    *mortisetest.User
	tab      *tab // of bob
}

func newCouncil(t *testing.T, b *browser.Browser, name string, o browser.Options) *council {
	srv := mortisetest.NewServer(t, mortisetest.Listen())
	c := &council{t: t, b: b, srv: srv, tab: open(t, b, "approval-"+name, srv.URL(""), o)}
	who := func(name string, more ...mortisetest.UserOption) *mortisetest.User {
		return srv.User(t, append(more, mortisetest.Name(name), mortisetest.Email(strings.ToLower(strings.Fields(name)[0])+"@example.test"))...)
	}
	c.ann, c.bob = who("Ann Lovelace", mortisetest.Role("admin")), who("Bob Babbage", mortisetest.Role("admin"))
	c.about = who("Vera Rubin")
	srv.TOTP(t, c.about)
	return c
}

func (c *council) enter(p *tab, u *mortisetest.User) {
	c.t.Helper()
	c.srv.Clock.Advance(time.Minute)
	p.Goto(p.base + "/auth/login")
	p.Fill("identifier", u.Email)
	p.Fill("password", u.Password)
	p.Submit("submit")
}

// asks lets ann ask, in a browser of hers.
func (c *council) asks() {
	c.t.Helper()
	p := open(c.t, c.b, "approval-ann", c.tab.base, browser.Options{NoScript: true})
	c.enter(p, c.ann)
	p.at("/auth/account")
	p.Submit("approvals")
	p.at("/auth/account/approvals")
	p.send("submit", "person", "vera@exmaple.test", "reason", "Lost her phone; called back on the number we know")
	if got := p.Text("error-code"); got != "reset_nobody" {
		c.t.Errorf("of nobody: %q", got)
	}
	p.send("submit", "person", c.about.Email)
	p.at("/auth/account/approvals")
	if p.Has("error-code") {
		c.t.Fatalf("asking: %s", p.Text(""))
	}
}

// stops: somebody waits to get back in, the owner objects, and bob stops it.
func (c *council) stops() {
	c.t.Helper()
	p := open(c.t, c.b, "approval-thief", c.tab.base, browser.Options{NoScript: true})
	inbox := c.srv.Inbox(c.t)
	letter := func(to, path string) mortisetest.Mail {
		c.t.Helper()
		for {
			if m := inbox.Next(to); len(m.Links) > 0 && strings.Contains(m.Links[0], path) {
				return m
			}
		}
	}
	p.goTo("/auth/recover")
	p.send("submit", "identifier", c.about.Email)
	p.send("submit", "code", letter(c.about.Email, "/recover/password").Code)
	p.Submit("lost")
	p.at("/auth/recover/lost")
	p.Goto(letter(c.about.Email, "/recover/veto").Link())
	p.Submit("submit")

	p = c.tab
	p.Goto(letter(c.bob.Email, "/account/approvals?recovery=").Link())
	p.at("/auth/login")
	p.send("submit", "identifier", c.bob.Email, "password", c.bob.Password)
	p.at("/auth/account/approvals")
	p.examine("/recovery")
	if got := p.Text("about"); !strings.Contains(got, c.about.Email) || !p.Has("delayed") {
		c.t.Errorf("it is about %q", got)
	}
	p.goTo("/auth/account/approvals")
	p.examine("/running")
	var id string
	p.Eval("document.querySelector('a[id^=look-rcl]').id", &id)
	p.Submit(id)
	p.Submit("stop")
	p.at("/auth/account/approvals")
	if p.Has("error-code") || p.Has(id) || !strings.Contains(p.Text(""), "every address of the account was told") {
		c.t.Errorf("stopped: %s", p.Text(""))
	}
}

// link is the one of the mail that calls for a decision.
func (c *council) link() string {
	c.t.Helper()
	inbox := c.srv.Inbox(c.t)
	for {
		if m := inbox.Next(c.bob.Email); len(m.Links) > 0 && strings.Contains(m.Links[0], "/account/approvals?request=") {
			return m.Link()
		}
	}
}

func (c *council) approves() {
	c.t.Helper()
	p := c.tab
	key := addAuthenticator(p.Page, "internal", true, true)
	p.Call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": "PublicKeyCredential.isConditionalMediationAvailable = async () => false"}, nil)
	c.enter(p, c.bob)
	p.Goto(p.base + "/auth/account/passkeys")
	p.Submit("add-passkey-button")
	p.Fill("password", c.bob.Password)
	p.Submit("submit")
	p.Submit("submit")
	if n := key.credentials(); n != 1 {
		c.t.Fatalf("the authenticator has %d passkeys", n)
	}
	p.ClearCookies()
	c.srv.Clock.Advance(8 * 24 * time.Hour)
	c.asks()

	link := c.link()
	p.Goto(link)
	p.at("/auth/login")
	p.send("submit", "identifier", c.bob.Email, "password", c.bob.Password)
	p.at("/auth/account/approvals")
	for id, want := range map[string]string{"about": c.about.Email, "asks": c.ann.Email, "reason": "Lost her phone"} {
		if got := p.Text(id); !strings.Contains(got, want) {
			c.t.Errorf("%s: %q", id, got)
		}
	}
	if p.Has("approve") || !p.Has("deny") {
		c.t.Error("it can be approved without a passkey, or not refused")
	}
	p.Submit("passkey")
	p.at("/auth/account/approvals")
	p.examine("/proven")
	p.Submit("approve")
	p.at("/auth/account/approvals")
	if p.Has("error-code") || !strings.Contains(p.Text(""), "you vouched") {
		c.t.Errorf("approved: %s", p.Text(""))
	}
	p.Goto(link)
	if got := p.Text("error-code"); got != "approval_unknown" {
		c.t.Errorf("the link afterwards: %q", got)
	}
	p.at("/auth/account/approvals")
	inbox := c.srv.Inbox(c.t)
	for m := inbox.Next(c.about.Email); !strings.Contains(m.Link(), "/recover/finish?token="); {
		m = inbox.Next(c.about.Email)
	}
}

func (c *council) refuses() {
	c.t.Helper()
	c.srv.Clock.Advance(8 * 24 * time.Hour)
	c.asks()
	p := c.tab
	p.Goto(c.link())
	p.at("/auth/login")
	p.send("submit", "identifier", c.bob.Email, "password", c.bob.Password)
	p.at("/auth/account/approvals")
	p.goTo("/auth/account")
	p.Submit("approvals")
	p.at("/auth/account/approvals")
	var id string
	p.Eval("document.querySelector('a[id^=look-]').id", &id)
	p.Submit(id)
	p.at("/auth/account/approvals")
	p.Submit("deny")
	p.at("/auth/account/approvals")
	if p.Has("error-code") || !strings.Contains(p.Text(""), "Abgelehnt") {
		c.t.Errorf("refused: %s", p.Text(""))
	}

	// Somebody else reads the mail.
	other := open(c.t, c.b, "approval-nobody", p.base, browser.Options{NoScript: true})
	c.enter(other, c.srv.User(c.t))
	other.Goto(other.base + "/auth/account/approvals?request=apr_01jd4n3e5fezqrb2mcvkzx9p0h")
	other.at("/auth/account/approvals")
	if strings.Contains(other.Text(""), c.about.Email) || other.Has("deny") {
		c.t.Errorf("it tells: %s", other.Text(""))
	}
}
