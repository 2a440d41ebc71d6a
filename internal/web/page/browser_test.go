package page

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// WCAG 2.2: the pages that stand between an app and a person, in Chromium, on a
// phone and on a desk, light and dark: nothing scrolls sideways, axe-core is content.
func TestJourneyPagesInABrowser(t *testing.T) {
	t.Parallel()
	plain, _ := renderers(t, "")
	samples := map[string]Sample{}
	for _, s := range slices.Concat(consentSamples(), securitySamples(), []Sample{signed("apps-allowed", Apps{List: sampleApps()})}) {
		s.Frame.Now, s.Frame.Path = sampleNow, "/"
		samples[s.Name] = s
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a, ok := plain.Assets()[strings.TrimPrefix(r.URL.Path, AssetPrefix)]; ok {
			w.Header().Set("Content-Type", a.ContentType)
			_, _ = w.Write(a.Body)
			return
		}
		s, ok := samples[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		s.Frame.Lang = "de" // the longer words
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = plain.Write(w, s.Frame, s.View)
	}))
	t.Cleanup(srv.Close)
	p := browser.Launch(t, testenv.Chromium(t)).Page(t, browser.Options{Language: "de"})
	for name := range samples {
		p.Goto(srv.URL + "/" + name)
		for _, look := range []struct {
			width int
			dark  bool
		}{{390, true}, {1280, false}} {
			p.Resize(look.width, 844, look.width < 500)
			p.Dark(look.dark)
			p.Eval("Promise.all(document.getAnimations().map(a => a.finish())).then(() => 0)", nil)
			if p.Overflows() {
				t.Errorf("%s scrolls sideways at %d", name, look.width)
			}
			for _, v := range p.Axe() {
				t.Errorf("%s at %d: %s", name, look.width, v)
			}
		}
	}
}
