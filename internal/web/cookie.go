package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

// Names are the cookies of one instance. Over https all carry __Host- (SE-10).
type Names struct {
	Session  string // who is signed in
	Further  string // who else is signed in in this browser
	Device   string // known to which accounts
	Trust    string // asked for no second step, by which accounts
	Flow     string // binds a code to the browser that asked
	Setup    string // the browser that took the setup code
	Browser  string // pre-login, for form tokens
	Attempt  string // begins the names of sign-ins with other services that are under way
	Pending  string // a link that waits for its account to be signed in to
	Last     string // the service that was signed in with last
	Request  string // binds authorization requests to a browser
	Language string
	Theme    string
	Flash    string
	Dev      string // proved the code on the terminal
	Gate     string // on a protected host: the way in
	Nonce    string // on a protected host: the browser that set out to get a gate
}

// Names returns the cookie names, which follow only the scheme of the public URL.
func (f *Frame) Names() Names { return f.names }

func namesOf(scheme, suffix string) Names {
	base := "mortise"
	if scheme == "https" {
		base = "__Host-mortise"
	}
	base += suffix
	return Names{
		Session: base, Further: base + "-further", Device: base + "-device", Trust: base + "-trust", Flow: base + "-flow", Setup: base + "-setup", Browser: base + "-browser",
		Request: base + "-request", Attempt: base + "-away-", Pending: base + "-link", Last: base + "-last",
		Language: base + "-lang", Theme: base + "-theme", Flash: base + "-flash", Dev: base + "-dev",
		Gate: base + "-gate", Nonce: base + "-gate-nonce",
	}
}

// Refresh is the cookie that keeps a single-page app's refresh token: one for
// each client, so that no app meets another's (TH-9). A client_id may hold what a
// cookie's name may not, so it is named by a digest.
func (n Names) Refresh(clientID string) string {
	sum := sha256.Sum256([]byte(clientID))
	return n.Session + "-rt-" + hex.EncodeToString(sum[:8])
}

// errTwice: two cookies of one name, one of them planted (SE-15).
var errTwice = problem.New(problem.Invalid, "duplicate_cookie", "Your browser sent a cookie twice. Delete this site's cookies and sign in again.")

// maxCookies bounds how much of a Cookie header is looked at (SE-17).
const maxCookies = 100

// Cookie returns the value of the one cookie with this name, or "". Two of them
// are an error. It does not allocate.
func Cookie(r *http.Request, name string) (string, error) {
	value, found, seen := "", false, 0
	for _, line := range r.Header["Cookie"] {
		for line != "" && seen < maxCookies {
			var part string
			part, line, _ = strings.Cut(line, ";")
			seen++
			n, v, ok := strings.Cut(strings.TrimSpace(part), "=")
			if !ok || n != name {
				continue
			}
			if found {
				return "", errTwice
			}
			value, found = v, true
		}
	}
	return value, nil
}

// Path is the path of an address of ours, below the mount path, and false for any
// other address.
func (f *Frame) Path(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != f.o.URL.Scheme || u.Host != f.o.URL.Host || u.User != nil {
		return "", false
	}
	path, ok := strings.CutPrefix(u.EscapedPath(), strings.TrimRight(f.o.URL.Path, "/"))
	return path, ok && strings.HasPrefix(path, "/")
}

// SetCookie sets one of our cookies. A zero maxAge lasts as long as the browser.
func (f *Frame) SetCookie(w http.ResponseWriter, name, value string, maxAge time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(maxAge / time.Second),
		Secure: f.o.URL.Scheme == "https", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// ClearCookie removes one of our cookies with the attributes it was set with.
func (f *Frame) ClearCookie(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Path: "/", MaxAge: -1,
		Secure: f.o.URL.Scheme == "https", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
