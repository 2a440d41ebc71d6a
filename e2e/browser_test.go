package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// tab is a page in Chromium that is looked at wherever it goes.
type tab struct {
	*browser.Page
	t      *testing.T
	name   string
	base   string
	script bool
	seen   map[string]bool // pages looked at closely
	told   int             // complaints seen
}

// looks are the windows in which every stop must be well.
var looks = []struct {
	name  string
	width int
	dark  bool
	axe   int // which pages axe-core checks here: it is slow, so each in one window
}{
	{"phone-light", 390, false, 0},
	{"phone-dark", 360, true, 1},
	{"desktop-dark", 1280, true, 0},
	{"desktop-light", 1280, false, 2},
}

func open(t *testing.T, b *browser.Browser, name, base string, o browser.Options) *tab {
	t.Helper()
	return &tab{Page: b.Page(t, o), t: t, name: name, base: base, script: !o.NoScript, seen: map[string]bool{}}
}

func (p *tab) path() string {
	p.t.Helper()
	u, err := url.Parse(p.URL())
	must(p.t, err)
	return u.Path
}

// at wants the tab to stand on a page, and looks at it: on a phone and on a desk,
// light and dark, with axe-core, with the console open.
func (p *tab) at(path string) {
	p.t.Helper()
	if got := p.path(); got != path {
		p.t.Fatalf("%s: it stands on %s, want %s: %s", p.name, got, path, p.Text(""))
	}
	var heading string
	p.Eval("document.querySelector('h1')?.innerText ?? ''", &heading)
	if key := p.Title() + heading + p.Text("error-code"); !p.seen[key] {
		p.seen[key] = true
		p.examine(path)
	}
	for _, c := range p.Complaints()[p.told:] {
		p.told++
		p.t.Errorf("%s: %s: the console says: %s", p.name, path, c)
	}
}

// examine looks at the page in every window.
func (p *tab) examine(path string) {
	p.t.Helper()
	for _, l := range looks {
		p.Resize(l.width, 844, l.width < 500)
		p.Dark(l.dark)
		p.Eval("Promise.all(document.getAnimations().map(a => a.finish())).then(() => 0)", nil)
		if p.Overflows() {
			p.t.Errorf("%s: %s scrolls sideways (%s)", p.name, path, l.name)
		}
		if l.axe == len(p.seen)%2+1 && p.script {
			for _, v := range p.Axe() {
				p.t.Errorf("%s: %s (%s): %s", p.name, path, l.name, v)
			}
		}
		for _, v := range p.Cramped() {
			p.t.Errorf("%s: %s (%s): %s", p.name, path, l.name, v)
		}
		if dir := os.Getenv("MORTISE_TEST_SCREENSHOTS"); dir != "" {
			file := fmt.Sprintf("%s-%02d%s-%s.png", p.name, len(p.seen), strings.ReplaceAll(path, "/", "-"), l.name)
			p.Screenshot(filepath.Join(dir, file))
		}
	}
}

func (p *tab) goTo(path string) {
	p.t.Helper()
	p.Goto(p.base + path)
	p.at(path)
}

// send fills in fields, names and values by turns, and presses the button.
func (p *tab) send(button string, fields ...string) {
	p.t.Helper()
	for i := 0; i < len(fields); i += 2 {
		p.Fill(fields[i], fields[i+1])
	}
	p.Submit(button)
}

// press presses the button of the form that goes to action.
func (p *tab) press(action, button string) {
	p.t.Helper()
	p.Eval(fmt.Sprintf("document.querySelector(`form[action='%s'] button%s`).id = 'the-button'", action, button), nil)
	p.Submit("the-button")
}

// TestJourneyInABrowser is the life of an account in Chromium.
func TestJourneyInABrowser(t *testing.T) {
	t.Parallel()
	p := dev(t)
	b := browser.Launch(t, testenv.Chromium(t))
	for _, j := range []journey{
		{name: "script", email: "rosa@example.test"},
		{name: "plain", email: "emil@example.test", code: true, options: browser.Options{NoScript: true, Language: "de"}},
	} {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			j.t, j.mail = t, visit(t, p.url(), nil)
			j.tab = open(t, b, j.name, p.url(), j.options)
			j.run(b)
		})
	}
	t.Run("keyboard", func(t *testing.T) { keyboardOnly(t, open(t, b, "keyboard", p.url(), browser.Options{})) })
	t.Run("enter", func(t *testing.T) { enterAs(t, open(t, b, "enter", p.url(), browser.Options{}), p.ready.EnterCode) })
	t.Run("setup", func(t *testing.T) { setUp(t, b) })
	t.Run("first load", func(t *testing.T) { firstLoad(t, b, p.url()) })
}

type journey struct {
	t       *testing.T
	name    string
	email   string
	code    bool // confirms by codes, else by links
	options browser.Options
	tab     *tab
	mail    *visitor
}

func (j journey) run(b *browser.Browser) {
	j.signUp()
	j.signIn(ownPassword)
	j.look()
	j.endOther(b)
	j.changePassword()
	j.recover()
	j.signIn(lastWord)
	j.leaveAndStay()
	j.signOut()
}

func (j journey) signUp() {
	j.t.Helper()
	j.tab.goTo("/")
	j.tab.goTo("/signup")
	j.tab.send("submit", "display-name", "Rosa Luxemburg", "email", j.email, "new-password", "password")
	j.tab.at("/signup")
	if !j.tab.Has("error-code") || j.tab.Value("email") != j.email || j.tab.Value("new-password") != "" {
		j.t.Errorf("a weak password: %q, %q kept", j.tab.Text("error-code"), j.tab.Value("email"))
	}
	j.tab.send("submit", "new-password", ownPassword)
	j.tab.at("/verify")
	l := j.mail.mail(j.email, "")
	if j.code {
		j.tab.send("submit", "code", l.Code)
	} else {
		j.tab.Goto(j.tab.base + l.path(j.t))
		j.tab.at("/verify")
		j.tab.send("submit")
	}
	j.tab.at("/verify")
	j.tab.goTo("/dev/mail")
}

func (j journey) signIn(password string) {
	j.t.Helper()
	j.tab.goTo("/login")
	j.tab.send("submit", "identifier", j.email, "password", "not the password at all")
	j.tab.at("/login")
	if got := j.tab.Text("error-code"); got == "" || j.tab.Value("identifier") != j.email {
		j.t.Errorf("a wrong password shows %q and keeps %q", got, j.tab.Value("identifier"))
	}
	j.tab.send("submit", "identifier", j.email, "password", password)
	j.tab.at("/account")
}

func (j journey) look() {
	j.t.Helper()
	for _, path := range []string{"/account/profile", "/account/addresses", "/account/password", "/account/apps", "/account/activity", "/account/data", "/errors/not_found"} {
		j.tab.goTo(path)
	}
	j.tab.Goto(j.tab.base + "/no/such/page")
	j.tab.at("/no/such/page")
	if got := j.tab.Text("error-code"); got != "not_found" {
		j.t.Errorf("the error page shows the code %q", got)
	}
}

// endOther ends the session of another browser, which finds itself signed out on
// its next request.
func (j journey) endOther(b *browser.Browser) {
	j.t.Helper()
	other := open(j.t, b, j.name+"-other", j.tab.base, j.options)
	other.Goto(other.base + "/login")
	other.send("submit", "identifier", j.email, "password", ownPassword)
	if other.path() != "/account" {
		j.t.Fatalf("the other browser stands on %s", other.path())
	}
	j.tab.goTo("/account/sessions")
	j.tab.press("/account/sessions/end", "")
	j.tab.at("/account/sessions")
	other.Goto(other.base + "/account")
	if other.path() != "/login" {
		j.t.Errorf("the ended browser stands on %s", other.path())
	}
}

func (j journey) changePassword() {
	j.t.Helper()
	j.tab.goTo("/account/password")
	j.tab.send("submit", "password", "a wrong one, surely", "new-password", newPassword)
	j.tab.at("/account/password")
	j.tab.send("submit", "password", ownPassword, "new-password", newPassword)
	j.tab.at("/account/password")
	if j.tab.Has("problem") {
		j.t.Errorf("the password was not changed: %s", j.tab.Text("problem"))
	}
}

func (j journey) recover() {
	j.t.Helper()
	j.tab.ClearCookies()
	j.tab.goTo("/recover")
	j.tab.send("submit", "identifier", j.email)
	j.tab.at("/recover/code")
	l := j.mail.linked(j.email, "/recover/password")
	if j.code {
		j.tab.send("submit", "code", l.Code)
	} else {
		j.tab.Goto(j.tab.base + l.path(j.t))
	}
	j.tab.at("/recover/password")
	j.tab.send("submit", "new-password", lastWord)
	j.tab.at("/recover")
	if !j.code {
		j.tab.Goto(j.tab.base + l.path(j.t)) // spent
		j.tab.at("/recover/password")
	}
}

// leaveAndStay takes the data out, asks for deletion, and keeps the account.
func (j journey) leaveAndStay() {
	j.t.Helper()
	j.tab.goTo("/account/data")
	j.tab.Submit("delete-account")
	j.tab.at("/account/data/delete")
	j.tab.send("submit", "password", lastWord)
	j.tab.at("/logout")
	if p := j.tab.URL(); !strings.HasSuffix(p, "scope=all") {
		j.t.Errorf("a deletion ends every session, and the page is %s", p)
	}
	keep := j.mail.linked(j.email, "/account/keep")
	j.tab.Goto(j.tab.base + keep.path(j.t))
	j.tab.at("/account/keep")
	j.tab.Submit("submit")
	j.tab.at("/account/keep")
	j.signIn(lastWord)
}

func (j journey) signOut() {
	j.t.Helper()
	j.tab.goTo("/logout")
	j.tab.Submit("logout-confirm")
	j.tab.at("/logout")
	j.tab.Goto(j.tab.base + "/account")
	if j.tab.path() != "/login" {
		j.t.Errorf("after signing out /account leads to %s", j.tab.path())
	}
	j.tab.Back()
	if strings.Contains(j.tab.Text(""), j.email) && j.tab.path() != "/login" {
		j.t.Errorf("the back button shows the account again: %s", j.tab.path())
	}
}

// keyboardOnly signs in without ever touching the mouse.
func keyboardOnly(t *testing.T, p *tab) {
	p.Goto(p.base + "/login")
	focused := func() (id string) { p.Eval("document.activeElement.id", &id); return id }
	insert := func(text string) { p.Call("Input.insertText", map[string]any{"text": text}, nil) }
	if focused() != "identifier" {
		t.Errorf("the page begins on %q", focused())
	}
	insert("ada@example.test")
	p.Press("Tab")
	if focused() != "password" {
		t.Fatalf("after the identifier comes %q", focused())
	}
	insert("correct horse battery staple")
	for range 6 {
		if focused() == "submit" {
			break
		}
		p.Press("Tab")
		var seen bool
		p.Eval("(s => s.outlineStyle !== 'none' || s.boxShadow !== 'none')(getComputedStyle(document.activeElement))", &seen)
		if !seen {
			t.Errorf("nobody can see that %q has the focus", focused())
		}
	}
	if focused() != "submit" {
		t.Fatalf("the button is not reached: %q", focused())
	}
	loads := len(p.Requests())
	p.Press("Enter")
	eventually(t, "the account", func() bool { return len(p.Requests()) > loads && p.path() == "/account" })
}

// enterAs is "Enter as Ada" with the code of the terminal. TH-29
func enterAs(t *testing.T, p *tab, code string) {
	p.goTo("/login")
	p.Fill("dev-code", "XXXX")
	p.press("/dev/enter", "[value='ada@example.test']")
	if p.path() == "/account" {
		t.Fatal("entered with a wrong code")
	}
	p.Fill("dev-code", code)
	p.press("/dev/enter", "[value='ada@example.test']")
	p.at("/account")
	p.Goto(p.base + "/docs/api")
	if p.Overflows() || len(p.Complaints()) > p.told || !strings.Contains(p.Text(""), "/api/v1/signin") {
		t.Errorf("the documentation of the API: too wide %v, %v", p.Overflows(), p.Complaints())
	}
}

// setUp makes the first administrator of a production server.
func setUp(t *testing.T, b *browser.Browser) {
	s := real(t)
	s.start()
	p := open(t, b, "setup", s.url(), browser.Options{})
	p.goTo("/setup")
	p.send("submit", "code", "WRONG")
	p.at("/setup")
	p.send("submit", "code", s.ready.SetupCode)
	p.at("/setup")
	p.send("submit", "display-name", "Ada Lovelace", "email", admin, "new-password", ownPassword)
	p.at("/setup")
	p.goTo("/login")
	if p.Has("dev-code") || strings.Contains(p.Text(""), "Development") {
		t.Error("a production server shows signs of development")
	}
	p.send("submit", "identifier", admin, "password", ownPassword)
	p.at("/account")
	s.stopped()
}

// firstLoad is what the sign-in page costs somebody who was never here.
func firstLoad(t *testing.T, b *browser.Browser, base string) {
	p := b.Page(t, browser.Options{})
	p.Goto(base + "/login")
	total := 0
	for _, r := range p.Requests() {
		if !strings.HasPrefix(r.URL, base+"/") && !strings.HasPrefix(r.URL, "data:") {
			t.Errorf("a request to somebody else: %s", r.URL)
		}
		total += r.Bytes
		t.Logf("%6d %s", r.Bytes, r.URL)
	}
	if total == 0 || total > 40_000 {
		t.Errorf("the first load of /login is %d bytes, want at most 40,000", total)
	}
}
