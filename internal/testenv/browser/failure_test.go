package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// recorder is a test that keeps why it failed to itself.
type recorder struct {
	testing.TB
	failure string
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failureOf runs act as a test of its own and returns why it failed.
func failureOf(t *testing.T, b *browser.Browser, act func(p *browser.Page)) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		act(b.Page(r, browser.Options{}))
	}()
	<-done
	return r.failure
}

func TestFailures(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<button id="under">x</button><button id="hidden" hidden>x</button><div style="position:fixed;inset:0"></div>`)
	}))
	defer srv.Close()
	b := browser.Launch(t, testenv.Chromium(t))
	cases := map[string]struct {
		act  func(p *browser.Page)
		want string
	}{
		"covered":   {func(p *browser.Page) { p.Goto(srv.URL); p.Click("under") }, `something covers "under"`},
		"hidden":    {func(p *browser.Page) { p.Goto(srv.URL); p.Click("hidden") }, `"hidden" is hidden`},
		"missing":   {func(p *browser.Page) { p.Goto(srv.URL); p.Fill("nowhere", "x") }, `no element with id "nowhere"`},
		"throws":    {func(p *browser.Page) { p.Eval("nothing.here", nil) }, "nothing is not defined"},
		"outside":   {func(p *browser.Page) { p.Goto("http://example.test/") }, "ERR_NAME_NOT_RESOLVED"},
		"bad key":   {func(p *browser.Page) { p.Press("Nonsense") }, `no key "Nonsense"`},
		"bad call":  {func(p *browser.Page) { p.Call("No.such", nil, nil) }, "No.such"},
		"back at 0": {func(p *browser.Page) { p.Back() }, "no page to go back to"},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			if got := failureOf(t, b, tt.act); !strings.Contains(got, tt.want) {
				t.Errorf("failed with %q, want %q", got, tt.want)
			}
		})
	}
}
