package app

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

// withMail lets people sign in by mail, as often as a test likes.
func withMail(c *Config) {
	unlimitedRates(c)
	c.EmailCodes = true
}

// withMailLimits does within the usual limits.
func withMailLimits(c *Config) { c.EmailCodes = true }

func newMailWorld(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	return newRig(t, append([]func(*Config){withMail}, change...)...).running(t).begun(t).world(t).codeClients(t)
}

// byMail asks for a mail by the page, and returns the page that takes its code.
func (b *tab) byMail(identifier string, more ...string) answer {
	b.t.Helper()
	b.clock.Advance(time.Second)
	a := b.submit("/login/mail", b.get("/login"), append([]string{"identifier", identifier, "password", ""}, more...)...)
	if to := a.to(b.t); to.Path != "/login/verify" {
		b.t.Fatalf("leads to %s", to)
	}
	return b.get("/login/verify")
}

// letterBy waits for a mail that signs in.
func (w *world) letterBy(t *testing.T, to string) mail.Entry {
	t.Helper()
	return w.letterAt(t, to, "/magic")
}

func pathOf(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	must(t, err)
	return u.RequestURI()
}

// PW-37 PW-31 PW-32: the code of a mail signs in the browser that asked, once.
func TestSignInByMailedCode(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st, withMail).running(t).begun(t).world(t)
		b := w.tab(t)
		if !strings.Contains(b.get("/login").Body.String(), `id="mail-code"`) {
			t.Error("the sign-in page does not offer it")
		}
		shown := b.byMail(" Kim@MAIL.org ", "return_to", "/account/sessions")
		l := w.letterBy(t, kimsMail)
		if wrong := b.submit("/login/verify", shown, "flow", hidden(t, shown, "flow"), "code", "00000000"); wrong.Code != 422 || !strings.Contains(wrong.Body.String(), "wrong_code") {
			t.Fatalf("a wrong code: %d %s", wrong.Code, wrong.Body)
		}
		right := []string{"flow", hidden(t, shown, "flow"), "code", l.Code[:4] + " " + l.Code[4:]}
		if to := b.submit("/login/verify", shown, right...).to(t); to.Path != "/account/sessions" || !b.signedIn() {
			t.Fatalf("leads to %s", to)
		}
		have, err := w.store.Sessions().Of(t.Context(), w.kim.ID, w.now())
		must(t, err)
		if len(have) != 1 || have[0].Assurance != 1 || strings.Join(have[0].Methods, " ") != "otp" {
			t.Errorf("%+v", have)
		}
		for _, name := range []audit.Name{signin.MailAsked, signin.CodeUsed, signin.SucceededAfterFailures} {
			if !w.has(t, name.String(), w.kim.ID.String()) {
				t.Errorf("no event %s", name)
			}
		}
		c := w.tab(t) // what was used opens nothing, also where its flow is known
		if again := c.submit("/login/verify", c.get("/login"), right...); again.Code != 422 || c.signedIn() {
			t.Errorf("used twice: %d", again.Code)
		}
		if dead := b.get(pathOf(t, l.Link())); dead.Code != 410 || !strings.Contains(dead.Body.String(), "link_expired") {
			t.Errorf("the link after the code: %d", dead.Code)
		}
	})
}

// PW-31 PW-37 SE-30: scanners open links as often as they like. The link signs in
// where it was asked for and by its button only; elsewhere it shows the code.
func TestSignInByMailedLink(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t)
	mine, theirs, scanner := w.tab(t), w.tab(t), w.tab(t)
	mine.byMail(kimsMail, "return_to", "/account/data")
	l := w.letterBy(t, kimsMail)
	path := pathOf(t, l.Link())
	for _, method := range []string{"GET", "HEAD", "GET"} {
		scanner.send(ask{method: method, path: path, head: map[string]string{"User-Agent": "SafeLinks/1.0", "Purpose": "prefetch"}})
		mine.send(ask{method: method, path: path})
	}
	shown := theirs.get(path)
	if body := shown.Body.String(); shown.Code != 200 || !strings.Contains(body, l.Code) || strings.Contains(body, `id="submit"`) || strings.Contains(body, `action="/magic"`) {
		t.Fatalf("elsewhere: %d %s", shown.Code, body)
	}
	token := mustURL(t, l.Link()).Query().Get("token")
	if pressed := theirs.submit("/magic", theirs.get("/login"), "token", token); pressed.Code != 200 || theirs.signedIn() || !strings.Contains(pressed.Body.String(), l.Code) {
		t.Errorf("pressed elsewhere: %d", pressed.Code)
	}
	shown = mine.get(path)
	body := shown.Body.String()
	if shown.Code != 200 || strings.Contains(body, l.Code) || !strings.Contains(body, kimsMail) || shown.Header().Get("Referrer-Policy") != "no-referrer" || shown.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("where it was asked for: %d %v %s", shown.Code, shown.Header(), body)
	}
	if mine.signedIn() {
		t.Fatal("looking signed in")
	}
	if to := mine.submit("/magic", shown, "token", token).to(t); to.Path != "/account/data" || !mine.signedIn() {
		t.Errorf("leads to %s", to)
	}
	for name, b := range map[string]*tab{"the browser": mine, "another": theirs} {
		if dead := b.get(path); dead.Code != 410 || strings.Contains(dead.Body.String(), l.Code) {
			t.Errorf("%s, after it was used: %d", name, dead.Code)
		}
	}
	if dead := theirs.get("/magic?token=" + secret.New(proof.Enter.LinkPurpose()).Reveal()); dead.Code != 410 {
		t.Errorf("a link nobody was mailed: %d", dead.Code)
	}
	if dead := theirs.get("/magic?token=x"); dead.Code != 410 {
		t.Errorf("no link at all: %d", dead.Code)
	}
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	must(t, err)
	return u
}

// PW-37: what is asked for again replaces what was mailed before, in this browser
// and in no other; ten minutes are the most.
func TestMailedCodeReplacedAndExpired(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t)
	b, other := w.tab(t), w.tab(t)
	old := b.byMail(kimsMail)
	first := w.letterBy(t, kimsMail)
	elsewhere := other.byMail(kimsMail)
	theirs := w.letterBy(t, kimsMail)
	if to := b.submit("/login/resend", old, "flow", hidden(t, old, "flow")).to(t); to.Path != "/login/verify" {
		t.Fatalf("leads to %s", to)
	}
	shown := b.get("/login/verify")
	second := w.letterBy(t, kimsMail)
	if dead := b.get(pathOf(t, first.Link())); dead.Code != 410 {
		t.Errorf("the replaced link: %d", dead.Code)
	}
	for _, code := range []string{first.Code, theirs.Code} {
		if got := b.submit("/login/verify", shown, "flow", hidden(t, shown, "flow"), "code", code); got.Code != 422 {
			t.Errorf("a code of another mail: %d", got.Code)
		}
	}
	if done := b.submit("/login/verify", shown, "flow", hidden(t, shown, "flow"), "code", second.Code); done.Code != 303 {
		t.Errorf("the newest: %d %s", done.Code, done.Body)
	}
	w.clock.Advance(signin.MailLife - 2*time.Second)
	if done := other.submit("/login/verify", elsewhere, "flow", hidden(t, elsewhere, "flow"), "code", theirs.Code); done.Code != 303 {
		t.Errorf("a stranger's asking spent it: %d", done.Code)
	}
	late := w.tab(t)
	page := late.byMail(kimsMail)
	l := w.letterBy(t, kimsMail)
	w.clock.Advance(signin.MailLife)
	if got := late.submit("/login/verify", page, "flow", hidden(t, page, "flow"), "code", l.Code); got.Code != 410 || late.signedIn() {
		t.Errorf("after ten minutes: %d", got.Code)
	}
	if got := late.get(pathOf(t, l.Link())); got.Code != 410 {
		t.Errorf("the link after ten minutes: %d", got.Code)
	}
}

// volatile is what differs between two showings of the same page.
var volatile = regexp.MustCompile(`name="(csrf|flow)" value="[^"]+"|nonce="[^"]+"|req_[0-9a-z]+|[a-z]+@mail\.org`)

// PW-16 PW-25 PW-30: whoever is asked about, the answers are the same: to the
// asking, to each try, and to the last.
func TestMailedCodeForNobody(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t)
	people := []string{kimsMail, "none@mail.org", "idle@mail.org", "open@mail.org", "cold@mail.org"}
	must(t, w.Directory.Disable(t.Context(), user.Host(), w.person(t, "idle@mail.org").ID, ""))
	w.unverified(t, "open@mail.org")
	w.frozen(t, w.person(t, "cold@mail.org"))
	var want []string
	for _, email := range people {
		b := w.tab(t)
		asked := b.submit("/login/mail", b.get("/login"), "identifier", email, "password", "")
		got := []string{fmt.Sprint(asked.Code, asked.Header().Get("Location"), len(asked.Header().Get("Set-Cookie")) > 0)}
		shown := b.get("/login/verify")
		got = append(got, fmt.Sprint(shown.Code, volatile.ReplaceAllString(shown.Body.String(), "")))
		for range proof.MaxAttempts + 1 {
			wrong := b.submit("/login/verify", shown, "flow", hidden(t, shown, "flow"), "code", "00000000")
			got = append(got, fmt.Sprint(wrong.Code, volatile.ReplaceAllString(wrong.Body.String(), "")))
		}
		if want == nil {
			want = got
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s, answer %d:\n%s\nwant\n%s", email, i, got[i], want[i])
			}
		}
	}
	w.letterBy(t, kimsMail)
	for _, email := range people[1:] {
		if l, ok := w.box.Last(email); ok && strings.Contains(l.Link(), "/magic") {
			t.Errorf("%s was mailed %q", email, l.Subject)
		}
	}
	for _, ev := range w.events(t, signin.MailAsked.String()) {
		if (ev.Outcome == audit.Success) != (ev.Subject == w.kim.ID.String()) {
			t.Errorf("%+v", ev)
		}
	}
}

// unverified makes an account whose address was never confirmed.
func (w *world) unverified(t *testing.T, email string) {
	t.Helper()
	_, err := w.Directory.CreateUser(t.Context(), user.Host(), directory.NewUser{Name: "Kim", Email: email, Password: secret.NewText(rightPassword)})
	must(t, err)
}

// frozen marks an account of which a change of addresses was just undone.
func (w *world) frozen(t *testing.T, u user.User) {
	t.Helper()
	p, err := proof.Mint{Instance: w.facts.ID, Keys: w.keys}.New(proof.Frozen, "cold@mail.org", w.now(), time.Hour, nil)
	must(t, err)
	p.User = u.ID
	must(t, w.store.Proofs().Put(t.Context(), p.Proof))
}
