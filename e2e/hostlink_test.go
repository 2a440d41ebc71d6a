package e2e

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"

	soft "github.com/mortise-auth/mortise/internal/testenv/authenticator"
)

// keyed is somebody whose account passkeys alone open, and their program.
type keyed struct {
	*visitor
	p     *process
	post  *postOffice
	email string
	key   *soft.Authenticator
}

// TestKeylessFromTheHost is somebody who signs up with a passkey alone, loses it, and
// comes back by the host's commands: by a link made while the server runs and while it
// is stopped, and by a reset that is asked for and approved; each step is in their log.
// TH-42 PW-36
func TestKeylessFromTheHost(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); keylessFromTheHost(t) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); keylessFromTheHost(t, "DATABASE_URL="+newDatabase(t).in) })
}

func keylessFromTheHost(t *testing.T, env ...string) {
	t.Helper()
	cert := certify(t, folder(t))
	post := openPostOffice(t, cert)
	p := real(t, append(env, "SMTP_URL="+post.url())...)
	p.env = append(p.env, "SSL_CERT_FILE="+cert.cert)
	p.start()
	visit(t, p.url(), nil).install(p.ready.SetupCode)
	k := keyed{visit(t, p.url(), nil), p, post, somebody, soft.New(p.url())}
	k.signUpByPasskey(t)
	k.enter(200)

	k.comeBack(k.link("users", "recovery-link", k.email)) // through the socket of the running server
	p.stopped()
	offline := k.link("users", "recovery-link", k.email) // under the folder's lock
	p.start()
	k.sent("/recover/veto", 2) // what was queued is sent
	k.comeBack(offline)

	if out := k.must(0, "users", "recovery", "list"); strings.Contains(out, "apr_") || strings.Contains(out, "rcl_") {
		t.Errorf("something runs: %s", out)
	}
	asked := regexp.MustCompile(`apr_[0-9a-z]+`).FindString(k.must(0, "users", "recovery", "reset", k.email, "--reason", "lost her phone"))
	if out := k.must(0, "users", "recovery", "list"); asked == "" || !strings.Contains(out, asked) || !strings.Contains(out, "lost her phone") {
		t.Fatalf("the list does not say %q: %s", asked, out)
	}
	k.must(0, "users", "recovery", "approve", asked)
	k.enter(200) // until it is completed, nothing is lost
	k.comeBack(k.sent("/recover/finish", 1))

	running := k.link("users", "recovery-link", k.email)
	claim := regexp.MustCompile(`rcl_[0-9a-z]+`).FindString(k.must(0, "users", "recovery", "list"))
	k.must(0, "users", "recovery", "deny", claim)
	if status, out := k.api("POST", "/recover/offer", map[string]string{"token": token(letter{Links: []string{running}})}); status != 404 && status != 410 {
		t.Errorf("a link that was taken back: %d %v", status, out)
	}
	k.wantLog("user.created", "passkey.added", "login.succeeded", "recovery.link_created", "recovery.completed", "recovery.link_created",
		"recovery.completed", "recovery.reset_requested", "recovery.reset_approved", "recovery.completed", "recovery.link_created", "recovery.denied")
	p.stopped()
}

func (k *keyed) signUpByPasskey(t *testing.T) {
	t.Helper()
	_, out := k.api("POST", "/signup", map[string]string{"email": k.email, "name": "Rosa", "with": "passkey"})
	proof := map[string]any{"flow": out["flow"], "code": k.post.mail(t, k.email, "").Code}
	_, out = k.api("POST", "/signup", proof)
	proof["passkey"] = k.answer(out["public_key"], k.key.Create)
	if status, out := k.api("POST", "/signup", proof); status != 200 || out["status"] != "complete" {
		k.t.Fatalf("signing up: %d %v", status, out)
	}
}

func (k *keyed) answer(question any, do func(any) ([]byte, error)) json.RawMessage {
	k.t.Helper()
	text, err := json.Marshal(question)
	must(k.t, err)
	out, err := do(text)
	must(k.t, err)
	return out
}

// enter signs in with the passkey, or does not.
func (k *keyed) enter(want int) {
	k.t.Helper()
	_, asked := k.api("POST", "/signin/passkey", map[string]any{})
	if status, out := k.api("POST", "/signin", map[string]any{"flow": asked["flow"], "passkey": k.answer(asked["public_key"], k.key.Get)}); status != want {
		k.t.Fatalf("signing in with the passkey: %d %v, want %d", status, out, want)
	}
}

// comeBack follows a link to another passkey, once; the one before is lost.
func (k *keyed) comeBack(link string) {
	k.t.Helper()
	u, err := url.Parse(link)
	must(k.t, err)
	if !strings.HasSuffix(u.Path, "/recover/finish") {
		k.t.Fatalf("the link leads to %s", u.Path)
	}
	in := map[string]any{"token": u.Query().Get("token"), "new_password": ownPassword}
	if status, out := k.api("POST", "/recover/finish", in); status != 422 {
		k.t.Errorf("a lone password: %d %v", status, out)
	}
	delete(in, "new_password")
	_, offer := k.api("POST", "/recover/offer", in)
	next := soft.New(k.base)
	in["passkey"] = k.answer(offer["passkey"], next.Create)
	if status, out := k.api("POST", "/recover/finish", in); status != 200 {
		k.t.Fatalf("completing it: %d %v", status, out)
	}
	if status, _ := k.api("POST", "/recover/finish", in); status == 200 {
		k.t.Error("completed twice")
	}
	k.enter(401)
	k.key = next
	k.enter(200)
}

// sent waits for the nth mail to the person with a link to a path.
func (k *keyed) sent(path string, n int) (link string) {
	k.t.Helper()
	eventually(k.t, path, func() bool {
		found := 0
		for _, raw := range k.post.all() {
			for _, text := range read(k.t, raw).Links {
				if strings.Contains(text, path+"?") {
					found, link = found+1, text
				}
			}
		}
		return found >= n
	})
	return link
}

// must runs a command of the host.
func (k *keyed) must(want int, args ...string) string {
	k.t.Helper()
	code, out, errs := k.p.command(append(args, "--json")...)
	if code != want {
		k.t.Fatalf("%v: exit %d %s %s", args, code, out, errs)
	}
	return out
}

// link is the one that a command prints.
func (k *keyed) link(args ...string) string {
	k.t.Helper()
	var out struct{ URL string }
	must(k.t, json.Unmarshal([]byte(k.must(0, args...)), &out))
	return out.URL
}

// wantLog wants events in the person's log, in that order, as the person sees them.
func (k *keyed) wantLog(want ...string) {
	k.t.Helper()
	status, out := k.api("GET", "/me/events?limit=100", nil)
	if status != 200 {
		k.t.Fatalf("the log: %d %v", status, out)
	}
	rows, _ := out["data"].([]any)
	for i := len(rows) - 1; i >= 0 && len(want) > 0; i-- {
		if rows[i].(map[string]any)["name"] == want[0] {
			want = want[1:]
		}
	}
	if len(want) > 0 {
		k.t.Errorf("not in the log: %v in %v", want, rows)
	}
}
