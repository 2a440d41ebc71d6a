package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
)

// SE-31 SE-32 SE-13 SE-34: what a browser says about where a request comes from
// decides, whether or not it carries a cookie; SameSite does not.
func TestOrigin(t *testing.T) {
	const unsafe, refused = http.MethodPost, http.StatusForbidden
	for _, c := range []struct {
		name    string
		method  string
		headers []string
		want    int
	}{
		{"our own page", unsafe, []string{"Sec-Fetch-Site: same-origin"}, 200},
		{"typed or bookmarked", unsafe, []string{"Sec-Fetch-Site: none"}, 200},
		{"a sibling", unsafe, []string{"Sec-Fetch-Site: same-site", "Origin: https://blog.example.org"}, refused},
		{"a sibling that says nothing more", unsafe, []string{"Sec-Fetch-Site: same-site"}, refused},
		{"another site", unsafe, []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.test"}, refused},
		{"a value nobody defined", unsafe, []string{"Sec-Fetch-Site: whatever"}, refused},
		{"old browser, our origin", unsafe, []string{"Origin: https://id.example.org"}, 200},
		{"old browser, another site", unsafe, []string{"Origin: https://evil.test"}, refused},
		{"old browser, sandboxed", unsafe, []string{"Origin: null"}, refused},
		{"old browser, our name as a prefix", unsafe, []string{"Origin: https://id.example.org.evil.test"}, refused},
		{"no browser", unsafe, nil, 200},
		{"safe methods pass", http.MethodGet, []string{"Sec-Fetch-Site: cross-site"}, 200},
	} {
		for _, cookie := range [][]string{nil, {asKim}} {
			b := newBench(t, nil)
			w := b.ask(c.method, "/open", append(c.headers, cookie...)...)
			if w.Code != c.want {
				t.Errorf("%s, cookie %v: %d, want %d", c.name, cookie, w.Code, c.want)
			}
			if reached := len(b.handled) > 0; reached != (c.want == 200) {
				t.Errorf("%s: handler reached: %v", c.name, reached)
			}
		}
	}
}

// AU-10: a refused origin is in the log of suspected attacks, with its route.
func TestRefusedOriginIsRecorded(t *testing.T) {
	b := newBench(t, nil)
	b.ask(http.MethodPost, "/open?q=1", "Sec-Fetch-Site: cross-site", "Origin: https://evil.test", asKim)
	if len(b.events) != 1 {
		t.Fatalf("events: %v", b.events)
	}
	ev := b.events[0]
	if ev.Name != "csrf.blocked" || ev.Outcome != audit.Blocked || ev.Details["route"] != "POST /open" ||
		ev.Source.IP != "198.51.100.7" || ev.Source.RequestID == "" || ev.Actor.Type != audit.ActorAnonymous {
		t.Errorf("recorded: %+v", ev)
	}
}

// AU-10: what a stranger can make us write is limited like what they can make us
// do, and the event says where it came from.
func TestRefusedOriginsAreLimited(t *testing.T) {
	b := newBench(t, nil)
	for range 10 {
		b.ask(http.MethodPost, "/few", "Sec-Fetch-Site: cross-site", "Origin: https://evil.test", asKim)
	}
	if len(b.events) != 3 {
		t.Errorf("10 refused requests wrote %d events, want 3", len(b.events))
	}
	if ev := b.events[0]; ev.Source.IP != "198.51.100.7" {
		t.Errorf("recorded: %+v", ev)
	}
}

// SE-50 TH-29: only our own name is answered, whatever a client or a stranger's
// proxy claims; in development only loopback names, and nothing forwarded.
func TestHost(t *testing.T) {
	production := newBench(t, nil)
	dev := newBench(t, func(o *Options) {
		o.Dev = true
		o.URL = &url.URL{Scheme: "http", Host: "localhost:8080"}
	})
	for _, c := range []struct {
		name   string
		b      *bench
		target string
		header string
		want   int
	}{
		{"our name", production, "https://id.example.org/open", "", 200},
		{"in capitals, with its port", production, "https://ID.example.org:443/open", "", 200},
		{"another name", production, "https://evil.test/open", "", 421},
		{"our name below another", production, "https://id.example.org.evil.test/open", "", 421},
		{"another port", production, "https://id.example.org:8443/open", "", 421},
		{"claimed by a stranger", production, "https://evil.test/open", "X-Forwarded-Host: id.example.org", 421},
		{"loopback is not our name", production, "https://localhost/open", "", 421},
		{"dev: localhost", dev, "http://localhost:8080/open", "", 200},
		{"dev: 127.0.0.1", dev, "http://127.0.0.1:8080/open", "", 200},
		{"dev: ::1", dev, "http://[::1]:8080/open", "", 200},
		{"dev: evil.test", dev, "http://evil.test/open", "", 421},
		{"dev: localhost of somebody else", dev, "http://localhost.evil.test/open", "", 421},
		{"dev: forwarded", dev, "http://localhost:8080/open", "X-Forwarded-For: 203.0.113.1", 403},
		{"dev: forwarded, RFC 7239", dev, "http://localhost:8080/open", "Forwarded: for=203.0.113.1", 403},
	} {
		headers := []string{}
		if c.header != "" {
			headers = append(headers, c.header)
		}
		if w := c.b.ask(http.MethodGet, c.target, headers...); w.Code != c.want {
			t.Errorf("%s: %d, want %d (%s)", c.name, w.Code, c.want, w.Body)
		}
	}
}

// A route that says nothing about Access wants somebody signed in; one that says
// nonsense lets nobody in.
func TestAccess(t *testing.T) {
	for _, c := range []struct {
		name, method, target string
		headers              []string
		want                 int
	}{
		{"forgotten, nobody", http.MethodGet, "/forgotten", nil, 401},
		{"forgotten, ended", http.MethodGet, "/forgotten", []string{"Cookie: __Host-mortise=old"}, 401},
		{"forgotten, kim", http.MethodGet, "/forgotten", []string{asKim}, 200},
		{"forgotten, cannot tell", http.MethodGet, "/forgotten", []string{"Cookie: __Host-mortise=uncertain"}, 503},
		{"open, cannot tell", http.MethodGet, "/open", []string{"Cookie: __Host-mortise=uncertain"}, 200},
		{"admin, nobody", http.MethodPost, "/admin", nil, 401},
		{"admin, kim", http.MethodPost, "/admin", []string{asKim}, 403},
		{"admin, administrator", http.MethodPost, "/admin", []string{asAdmin}, 200},
		{"host, nobody", http.MethodPost, "/host", nil, 401},
		{"host, administrator", http.MethodPost, "/host", []string{asAdmin}, 403},
		{"odd, administrator", http.MethodPost, "/odd", []string{asAdmin}, 403},
	} {
		b := newBench(t, nil)
		w := b.ask(c.method, c.target, c.headers...)
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d (%s)", c.name, w.Code, c.want, w.Body)
		}
		if w.Code == 503 && w.Header().Get("Retry-After") != "2" {
			t.Errorf("%s: Retry-After %q", c.name, w.Header().Get("Retry-After"))
		}
	}
}

// SE-24: an administrator's sign-in serves for a while and then has to be renewed.
func TestAdministratorsSignInAgain(t *testing.T) {
	b := newBench(t, nil)
	b.now = start.Add(time.Hour)
	if w := b.ask(http.MethodPost, "/admin", asAdmin); w.Code != 200 {
		t.Errorf("after an hour: %d", w.Code)
	}
	b.now = start.Add(time.Hour + time.Second)
	if w := b.ask(http.MethodPost, "/admin", asAdmin); w.Code != 403 || !strings.HasPrefix(w.Body.String(), ErrFresh.Code) {
		t.Errorf("later: %d %s", w.Code, w.Body)
	}
}

// SE-24: to change anything it has to be younger than to look, and the refusal says how
// young (OA-53).
func TestAdministratorsChangeThingsSoon(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Recent = 10 * time.Minute })
	for _, c := range []struct {
		method string
		after  time.Duration
		want   int
	}{
		{http.MethodPost, 10 * time.Minute, 200},
		{http.MethodPost, 10*time.Minute + time.Second, 403},
		{http.MethodDelete, 11 * time.Minute, 403},
		{http.MethodGet, 11 * time.Minute, 200},
		{http.MethodHead, time.Hour, 200},
		{http.MethodGet, time.Hour + time.Second, 403},
	} {
		b.now = start.Add(c.after)
		w := b.ask(c.method, "/managed", asAdmin)
		if w.Code != c.want || c.want == 403 && c.method != http.MethodHead && !strings.HasPrefix(w.Body.String(), ErrFresh.Code) {
			t.Errorf("%s after %s: %d %s", c.method, c.after, w.Code, w.Body)
		}
	}
}

// The socket in the data folder is the host: no cookie, no name, no origin, and
// nothing that a request over the network can say makes it one.
func TestAsHost(t *testing.T) {
	b := newBench(t, nil)
	h := AsHost(b.Handler)
	for _, target := range []string{"/host", "/admin", "/open"} {
		r := httptest.NewRequest(http.MethodPost, "http://mortise"+target, http.NoBody)
		r.RemoteAddr = "@"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 || w.Body.String() != string(audit.ActorHost) {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

// TH-36 SE-37: what a wrapper promised to other origins is taken back, whatever
// the answer.
func TestForeignCORS(t *testing.T) {
	b := newBench(t, nil)
	reflecting := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		b.ServeHTTP(w, r)
	})
	for _, target := range []string{"/open", "/forgotten", "/empty", "/nowhere", "/panic", "/late"} {
		r := httptest.NewRequest(http.MethodGet, "https://id.example.org"+target, http.NoBody)
		r.Header.Set("Origin", "https://evil.test")
		w := httptest.NewRecorder()
		reflecting.ServeHTTP(w, r)
		for name := range w.Result().Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: %s survived", target, name)
			}
		}
	}
}

// SE-35: a form's token belongs to one session or one browser.
func TestFormToken(t *testing.T) {
	b := newBench(t, nil)
	token := b.FormToken("kim")
	if err := b.CheckForm(token, "kim"); err != nil {
		t.Error(err)
	}
	for _, c := range [][2]string{{token, "ada"}, {"", "kim"}, {token + "0", "kim"}, {token[1:], "kim"}, {b.FormToken("ada"), "kim"}} {
		if err := b.CheckForm(c[0], c[1]); !errors.Is(err, ErrForm) {
			t.Errorf("token %q of %q: %v", c[0], c[1], err)
		}
	}
}
