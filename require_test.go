package mortise_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/mortisetest"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// greet says who is asking.
var greet = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	who, ok := mortise.FromContext(r.Context())
	if !ok {
		fmt.Fprint(w, "Hello, stranger!")
		return
	}
	fmt.Fprintf(w, "Hello, %s!", who.Name)
})

func TestRules(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	kim := srv.User(t, mortisetest.Role("editor", "posts:write"), mortisetest.Organization("acme", "owner"))
	role, perm := mortise.Role("editor"), mortise.Permission("posts:write")
	for _, c := range []struct {
		name    string
		rules   []mortise.Rule
		problem string // empty: passes
	}{
		{"none", nil, ""},
		{"role", []mortise.Rule{role}, ""},
		{"another role", []mortise.Rule{mortise.Role("admin")}, "missing_role"},
		{"permission", []mortise.Rule{perm}, ""},
		{"another permission", []mortise.Rule{mortise.Permission("posts:delete")}, "missing_permission"},
		{"member", []mortise.Rule{mortise.InOrganization("acme", "")}, ""},
		{"role there", []mortise.Rule{mortise.InOrganization("acme", "owner")}, ""},
		{"another role there", []mortise.Rule{mortise.InOrganization("acme", "editor")}, "missing_organization"},
		{"another organisation", []mortise.Rule{mortise.InOrganization("globex", "")}, "missing_organization"},
		{"fresh", []mortise.Rule{mortise.FreshWithin(time.Minute)}, ""},
		{"all", []mortise.Rule{role, perm}, ""},
		{"not all", []mortise.Rule{role, mortise.Role("admin")}, "missing_role"},
		{"any", []mortise.Rule{mortise.AnyOf(mortise.Role("admin"), role)}, ""},
		{"none of any", []mortise.Rule{mortise.AnyOf(role, mortise.Role("admin")), mortise.AnyOf(mortise.Role("admin"), mortise.Permission("x"))}, "missing_permission"},
		{"any of nothing", []mortise.Rule{mortise.AnyOf()}, "missing_permission"},
	} {
		answer := mortisetest.Do(t, srv.Auth.Require(c.rules...)(greet), kim.Get("/"))
		if c.problem == "" {
			answer.Status(200)
		} else {
			answer.Problem(403, c.problem)
		}
	}
}

func TestFreshWithinAsksAgain(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	h := srv.Auth.Require(mortise.FreshWithin(10 * time.Minute))(greet)
	u := srv.User(t)
	mortisetest.Do(t, h, u.Get("/")).Status(200)
	srv.Clock.Advance(10*time.Minute + time.Second)
	mortisetest.Do(t, h, u.Get("/")).Problem(403, "sign_in_again")
	a := mortisetest.Do(t, h, navigate(u.Get("/danger?x=1"))).Status(303)
	if got, want := a.Header.Get("Location"), "login?again=1&return_to="+url.QueryEscape("/danger?x=1"); !strings.HasSuffix(got, want) {
		t.Errorf("sent to %s, want %s", got, want)
	}
}

// navigate turns a script's request into a person's.
func navigate(r *http.Request) *http.Request {
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Accept", "text/html")
	return r
}

func TestSignedOut(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	h := srv.Auth.Require()(greet)
	a := mortisetest.Do(t, h, navigate(srv.Request(t, "GET", "/notes?page=2", nil))).Status(303)
	if got, want := a.Header.Get("Location"), "https://app.example.com/auth/login?return_to="+url.QueryEscape("/notes?page=2"); got != want {
		t.Errorf("sent to %s, want %s", got, want)
	}
	if a.Header.Get("Cache-Control") != "no-store" {
		t.Error("the redirect may be cached")
	}
	mortisetest.Do(t, h, srv.Request(t, "GET", "/", nil)).Problem(401, "not_signed_in")
	mortisetest.Do(t, h, navigate(srv.Request(t, "POST", "/", "{}"))).Problem(401, "not_signed_in")
}

// SE-15: a cookie that is there twice is a refusal, not a choice.
func TestCookies(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	h := srv.Auth.Require()(greet)
	u := srv.User(t)
	twice := u.Get("/")
	twice.AddCookie(u.Session(t))
	mortisetest.Do(t, h, twice).Problem(400, "duplicate_cookie")
	forged := srv.Request(t, "GET", "/", nil)
	forged.AddCookie(&http.Cookie{Name: u.Session(t).Name, Value: strings.Repeat("A", 43)})
	mortisetest.Do(t, h, forged).Problem(401, "session_ended")
	mortisetest.Do(t, srv.Auth.Identify(greet), forged).Status(200).See("stranger")
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	h := srv.Auth.Identify(greet)
	mortisetest.Do(t, h, srv.Request(t, "GET", "/", nil)).Status(200).See("stranger")
	mortisetest.Do(t, h, srv.User(t, mortisetest.Name("Ada")).Get("/")).Status(200).See("Hello, Ada!")
}

// TH-30 SE-31 SE-38: what a sibling of the host sends with its visitors' cookies.
func TestWritesOfTheHost(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	u := srv.User(t)
	const own, sibling = "https://app.example.com", "https://evil.example.com"
	upgrade := func(r *http.Request) {
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
		r.Header.Set("Sec-Fetch-Mode", "websocket")
	}
	for _, c := range []struct {
		name, method, origin, site string
		also                       func(*http.Request)
		refused                    bool
	}{
		{"own POST", "POST", own, "same-origin", nil, false},
		{"sibling's POST", "POST", sibling, "same-site", nil, true},
		{"stranger's POST", "POST", "https://evil.test", "cross-site", nil, true},
		{"old browser's POST from a sibling", "POST", sibling, "", nil, true},
		{"POST without an origin that is cross-site", "POST", "null", "cross-site", nil, true},
		{"sibling's DELETE", "DELETE", sibling, "same-site", nil, true},
		{"sibling's GET", "GET", sibling, "same-site", nil, false},
		{"own upgrade", "GET", own, "same-origin", upgrade, false},
		{"sibling's upgrade", "GET", sibling, "same-site", upgrade, true},
		{"old browser's upgrade from a sibling", "GET", sibling, "", upgrade, true},
		{"upgrade without an origin", "GET", "", "", upgrade, true},
		{"upgrade from another port", "GET", own + ":8443", "same-site", upgrade, true},
		{"upgrade from plain http", "GET", "http://app.example.com", "same-site", upgrade, true},
	} {
		r := u.Request(c.method, "/", nil)
		set(r, "Origin", c.origin)
		set(r, "Sec-Fetch-Site", c.site)
		if c.also != nil {
			c.also(r)
		}
		for _, h := range []http.Handler{srv.Auth.Require()(greet), srv.Auth.Identify(greet)} {
			resp := mortisetest.Do(t, h, r.Clone(t.Context()))
			if want := map[bool]int{false: 200, true: 403}[c.refused]; resp.StatusCode != want {
				t.Errorf("%s: %d, want %d", c.name, resp.StatusCode, want)
			}
		}
	}
}

func set(r *http.Request, name, value string) {
	r.Header.Del(name)
	if value != "" {
		r.Header.Set(name, value)
	}
}

// TH-29: nothing is inferred from what is missing.
func TestZeroConfig(t *testing.T) {
	t.Parallel()
	_, err := mortise.New(t.Context(), mortise.Config{}, memory(t))
	if !errors.Is(err, mortise.ErrNoURL) || !errors.Is(err, mortise.ErrNoSecretKey) {
		t.Errorf("%v, want ErrNoURL and ErrNoSecretKey together", err)
	}
	for address, want := range map[string]error{
		"https://id.example.org?x=1": mortise.ErrBadURL,
		"ftp://id.example.org":       mortise.ErrBadURL,
		"id.example.org":             mortise.ErrBadURL,
		"http://id.example.org":      mortise.ErrPlainURL,
	} {
		if _, err := mortise.New(t.Context(), mortise.Config{URL: address, SecretKey: key}, memory(t)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
	}
}

// key is a master key of nobody.
const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func memory(t testing.TB) mortise.Store {
	t.Helper()
	st, err := sqlite.Memory(t.Context(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

// TH-29: what development touched is refused elsewhere, and can be opened again by
// development, with what it sealed.
func TestDevelopmentStore(t *testing.T) {
	t.Parallel()
	st, dev := memory(t), mortise.Dev("http://localhost:8080/auth")
	for range 2 {
		if _, err := mortise.New(t.Context(), dev, st); err != nil {
			t.Fatal(err)
		}
	}
	production := mortise.Config{URL: "https://id.example.org", SecretKey: key}
	if _, err := mortise.New(t.Context(), production, st); !errors.Is(err, mortise.ErrDevStore) {
		t.Errorf("%v, want ErrDevStore", err)
	}
	if _, err := mortise.New(t.Context(), mortise.Dev("http://id.example.org"), memory(t)); !errors.Is(err, mortise.ErrPlainURL) {
		t.Errorf("development elsewhere than on this machine: %v", err)
	}
}

// TH-36: two instances on one origin do not know each other's sessions.
func TestTwoInstances(t *testing.T) {
	t.Parallel()
	one := mortisetest.NewServer(t)
	two := mortisetest.NewServer(t, mortisetest.Configure(func(c *mortise.Config) { c.CookieSuffix = "-two" }))
	a, b := one.User(t).Session(t), two.User(t).Session(t)
	if a.Name == b.Name {
		t.Fatalf("both call their cookie %s", a.Name)
	}
	ask := func(s *mortisetest.Server, cookies ...*http.Cookie) *mortisetest.Answer {
		r := s.Request(t, "GET", "/", nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		return mortisetest.Do(t, s.Auth.Require()(greet), r)
	}
	ask(one, a, b).Status(200)
	ask(two, a, b).Status(200)
	ask(one, b).Problem(401, "not_signed_in")
	swapped := *b
	swapped.Name = a.Name
	ask(one, &swapped).Problem(401, "session_ended")
}

// reflecting is the wrapper that people copy from the internet.
func reflecting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		next.ServeHTTP(w, r)
	})
}

// TH-36: a wrapper that lets every origin read does not let it read our answers.
func TestForeignCORS(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	u := srv.User(t)
	for _, path := range []string{"/login", "/account", "/api/v1/session", "/nothing-here"} {
		r := u.Get(srv.Path(path))
		r.Header.Set("Origin", "https://evil.test")
		for name := range mortisetest.Do(t, reflecting(srv.Auth.Handler()), r).Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: %s is answered", path, name)
			}
		}
	}
}

// TH-36: a browser whose sign-in is too weak is sent to take its second step in the
// session it has; who has none is told so, and not asked for the password forever.
func TestAssuranceAsksForTheSecondStep(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	h := srv.Auth.Require(mortise.Assurance(2))(greet)
	u := srv.User(t)
	mortisetest.Do(t, h, u.Get("/")).Problem(403, "stronger_sign_in_needed")
	a := mortisetest.Do(t, h, navigate(u.Get("/danger?x=1"))).Status(303)
	to := a.Header.Get("Location")
	if want := "login?acr=2&again=1&return_to=" + url.QueryEscape("/danger?x=1"); !strings.HasSuffix(to, want) {
		t.Fatalf("sent to %s, want %s", to, want)
	}
	at, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	none := mortisetest.Do(t, srv.Auth.Handler(), navigate(u.Get(at.RequestURI()))).Status(303)
	if got := none.Header.Get("Location"); !strings.HasSuffix(got, "/account/security") {
		t.Errorf("who has no second step is sent to %s", got)
	}
	srv.TOTP(t, u)
	mortisetest.Do(t, srv.Auth.Handler(), navigate(u.Get(at.RequestURI()))).Status(200).See(`name="code"`)
}
