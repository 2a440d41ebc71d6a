package mortisetest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/mortisetest"
)

// failing records what a check would have failed with.
type failing struct {
	testing.TB
	text string
}

func (f *failing) Helper() {}

func (f *failing) Fatal(args ...any) { f.Fatalf("%s", fmt.Sprint(args...)) }

func (f *failing) Fatalf(format string, args ...any) {
	f.text = fmt.Sprintf(format, args...)
	panic(f)
}

// failure runs a check that must fail and returns its text.
func failure(t *testing.T, check func(testing.TB)) string {
	t.Helper()
	f := &failing{TB: t}
	func() {
		defer func() {
			if p := recover(); p != nil && p != any(f) {
				panic(p)
			}
		}()
		check(f)
	}()
	if f.text == "" {
		t.Fatal("the check did not fail")
	}
	return f.text
}

// A failure says what was there instead.
func TestFailuresExplain(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	srv.Mount(hello(srv.Auth))
	for want, check := range map[string]func(testing.TB){
		"fields: identifier, password": func(tb testing.TB) { srv.Browser(tb).Open("/auth/login").Fill("nothing", "x") },
		"buttons: ":                    func(tb testing.TB) { srv.Browser(tb).Open("/auth/login").Press("nothing") },
		"want to see":                  func(tb testing.TB) { srv.Browser(tb).Open("/auth/login").See("Bonjour") },
		"not_signed_in":                func(tb testing.TB) { mortisetest.Do(tb, srv, srv.Request(tb, "GET", "/", nil)).Status(200) },
		"none at all":                  func(tb testing.TB) { srv.Inbox(tb).Last("nobody@example.test") },
		"server.started":               func(tb testing.TB) { srv.Audit(tb).Want("user.deleted", "") },
		"sent off to https://evil.test": func(tb testing.TB) {
			away := mortisetest.NewServer(t)
			away.Mount(http.RedirectHandler("https://evil.test/", http.StatusFound))
			away.Browser(tb).Open("/")
		},
	} {
		if got := failure(t, check); !strings.Contains(got, want) {
			t.Errorf("want %q in:\n%s", want, got)
		}
	}
}

// SE-10: cookies are kept as browsers keep them.
func TestCookiesOfTheBrowser(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	srv.Mount(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, c := range []string{
			"__Host-good=1; Path=/; Secure", "__Host-pathless=1; Secure", "__Host-plain=1; Path=/",
			"__Host-wide=1; Path=/; Secure; Domain=example.com", "__Secure-plain=1; Path=/", "foreign=1; Domain=evil.test",
			"short=1; Path=/; Max-Age=60", "deep=1; Path=/deep", "gone=1; Path=/; Max-Age=0",
		} {
			w.Header().Add("Set-Cookie", c)
		}
		var names []string
		for _, c := range r.Cookies() {
			names = append(names, c.Name)
		}
		fmt.Fprint(w, "got: ", strings.Join(names, " "), ".")
	}))
	b := srv.Browser(t).Open("/").See("got: .")
	b.Open("/").See("got: __Host-good short.")
	b.Open("/deep/er").See("got: deep __Host-good short.")
	b.Restart().Open("/").See("got: short.")
	srv.Clock.Advance(1e9 * 61)
	b.Restart().Open("/").See("got: .")
}

const form = `<!doctype html><title>F</title><form id="f" method="post" action="/echo?x=1">
<input type="hidden" name="token" value="t1"><input id="text" name="text" value="old"><input disabled name="off" value="1">
<input type="checkbox" id="tick" name="tick" value="yes"><input type="checkbox" id="ticked" name="ticked" checked>
<select id="list" name="list"><option value="a">A<option value="b" selected>B</select><textarea id="area" name="area">words</textarea>
<button id="submit" name="act" value="save">Save</button><button id="other" name="act" value="drop" formaction="/drop">Drop</button></form>
<a href="/echo">Somewhere else</a>`

func TestForms(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	srv.Mount(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, form)
			return
		}
		fmt.Fprintf(w, "%s %s from %s %s: ", r.Method, r.URL, r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site"))
		if err := r.ParseForm(); err == nil {
			fmt.Fprint(w, r.PostForm.Encode())
		}
	}))
	b := srv.Browser(t)
	b.Open("/").Submit().See("POST /echo?x=1 from https://app.example.com same-origin: act=save&area=words&list=b&text=old&ticked=on&token=t1")
	b.Open("/").Fill("text", "new & <improved>").Tick("tick", true).Tick("ticked", false).Fill("list", "a").Fill("area", "").Press("other").
		See("POST /drop").See("act=drop&area=&list=a&text=new+%26+%3Cimproved%3E&tick=yes&token=t1")
	b.Open("/").Follow("Somewhere else").See("GET /echo from same-origin")
}
