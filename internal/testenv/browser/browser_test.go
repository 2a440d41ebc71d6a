package browser_test

import (
	"bytes"
	"fmt"
	"html"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

const page = `<!doctype html><html lang="en"><head><title>A form</title>
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><style>
@media (prefers-color-scheme: dark) { body { background: #000; color: #fff } }
</style></head><body><main><h1 id="greeting">%s</h1>
<form method="post" action="/form"><label for="identifier">Name</label>
<input id="identifier" name="identifier" value="old"><button id="submit">Send</button></form>
<p id="js">no script</p></main><script>document.getElementById("js").textContent = "script"</script>
</body></html>`

// site is a form that greets whoever posts it, after a redirect, by a cookie.
func site(t *testing.T) string {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		name := "nobody, " + r.Header.Get("Accept-Language")
		if c, err := r.Cookie("name"); err == nil {
			name = c.Value
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, page, html.EscapeString(name))
	})
	mux.HandleFunc("POST /form", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "name", Value: r.FormValue("identifier"), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /refused", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprint(w, `<link rel="icon" href="data:,"><p id="error-code">refused</p>`)
	})
	mux.HandleFunc("GET /broken", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "style-src 'none'")
		fmt.Fprint(w, `<link rel="icon" href="data:,"><style>p { color: #eee }</style><img src="/missing.png" width="3000"><p>wide</p>
			<script>setTimeout(() => { document.body.id = "late"; nothing.here() })</script>`)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestBrowser(t *testing.T) {
	b, url := browser.Launch(t, testenv.Chromium(t)), site(t)
	t.Logf("%s", b.Version(t))
	t.Run("journey", func(t *testing.T) { journey(t, b, url, browser.Options{}, "script") })
	t.Run("journey without script", func(t *testing.T) { journey(t, b, url, browser.Options{NoScript: true}, "no script") })
	t.Run("language", func(t *testing.T) { language(t, b, url) })
	t.Run("history", func(t *testing.T) { history(t, b, url) })
	t.Run("screenshots", func(t *testing.T) { screenshots(t, b, url) })
	t.Run("complaints", func(t *testing.T) { complaints(t, b, url) })
	t.Run("cramped", func(t *testing.T) { cramped(t, b, url) })
	t.Run("axe", func(t *testing.T) { axe(t, b, url) })
}

func journey(t *testing.T, b *browser.Browser, url string, o browser.Options, script string) {
	p := b.Page(t, o)
	p.Goto(url)
	if got := p.Text("js"); got != script {
		t.Errorf("the page shows %q", got)
	}
	p.Fill("identifier", "Ada ü")
	if got := p.Value("identifier"); got != "Ada ü" {
		t.Errorf("the field holds %q", got)
	}
	p.Fill("identifier", "Ada")
	p.Submit("submit")
	if got := p.Text("greeting"); got != "Ada" {
		t.Errorf("greets %q on %s", got, p.URL())
	}
	cookies := p.Cookies()
	if len(cookies) != 1 || cookies[0].Value != "Ada" || !cookies[0].HTTPOnly || cookies[0].SameSite != "Lax" {
		t.Errorf("cookies: %+v", cookies)
	}
	p.ClearCookies()
	p.Reload()
	if got := p.Text("greeting"); !strings.HasPrefix(got, "nobody") {
		t.Errorf("greets %q without a cookie", got)
	}
	if c := p.Complaints(); len(c) > 0 {
		t.Errorf("complaints: %q", c)
	}
}

func language(t *testing.T, b *browser.Browser, url string) {
	p := b.Page(t, browser.Options{Language: "de"})
	p.Goto(url)
	if got := p.Text("greeting"); got != "nobody, de" {
		t.Errorf("greets %q", got)
	}
}

func history(t *testing.T, b *browser.Browser, url string) {
	p := b.Page(t, browser.Options{})
	p.Goto(url)
	p.Goto(url + "/refused")
	p.Back()
	if p.Title() != "A form" || !p.Has("identifier") {
		t.Errorf("back at %s", p.URL())
	}
}

func screenshots(t *testing.T, b *browser.Browser, url string) {
	for _, o := range []browser.Options{{Width: 390, Height: 844, Phone: true}, {Width: 1280, Dark: true}} {
		p := b.Page(t, o)
		p.Goto(url)
		file := filepath.Join(t.TempDir(), "shots", "page.png")
		p.Screenshot(file)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		corner, _, _, _ := img.At(img.Bounds().Dx()-1, img.Bounds().Dy()-1).RGBA()
		if img.Bounds().Dx() != o.Width || (corner == 0) != o.Dark {
			t.Errorf("%+v: %v, corner %x", o, img.Bounds(), corner)
		}
		if p.Overflows() {
			t.Errorf("%+v: the page is wider than its window", o)
		}
	}
}

func cramped(t *testing.T, b *browser.Browser, url string) {
	p := b.Page(t, browser.Options{})
	p.Goto(url + "/refused")
	if got := p.Cramped(); len(got) != 0 {
		t.Errorf("nothing is cramped there: %q", got)
	}
	p.Eval("document.body.innerHTML = `"+crowded+"`", nil)
	if got := p.Cramped(); len(got) != 2 || !strings.HasPrefix(got[0], "too small: a") || !strings.HasPrefix(got[1], "cut off: p") {
		t.Errorf("cramped: %q", got)
	}
}

// crowded has two things that are wrong, and two that are not.
const crowded = `<a style="display: block; width: 20px; height: 30px" href="/">x</a>
<p style="width: 9px; overflow: hidden">unbreakable</p><p>in a <a href="/">x</a> sentence</p>
<label style="display: block; padding: 9px"><input type="checkbox"></label>`

func complaints(t *testing.T, b *browser.Browser, url string) {
	p := b.Page(t, browser.Options{})
	p.Goto(url + "/refused")
	if c := p.Complaints(); len(c) > 0 {
		t.Errorf("the status of a page is no complaint: %q", c)
	}
	p.Goto(url + "/broken")
	p.Wait("late")
	all := strings.Join(p.Complaints(), "\n")
	for _, want := range []string{"Content Security Policy", "/missing.png", "nothing is not defined"} {
		if !strings.Contains(all, want) {
			t.Errorf("no complaint about %q in\n%s", want, all)
		}
	}
	if !p.Overflows() {
		t.Error("the wide page does not overflow")
	}
	statuses := map[int]bool{}
	for _, r := range p.Requests() {
		statuses[r.Status] = true
		if !strings.HasPrefix(r.URL, url) && !strings.HasPrefix(r.URL, "data:") {
			t.Errorf("asked %s", r.URL)
		}
		if r.Kind == "Document" && r.Bytes == 0 {
			t.Errorf("no size: %+v", r)
		}
	}
	if !statuses[422] || !statuses[404] || !statuses[200] {
		t.Errorf("statuses: %v", statuses)
	}
}

func axe(t *testing.T, b *browser.Browser, url string) {
	p := b.Page(t, browser.Options{})
	p.Goto(url)
	if v := p.Axe(); len(v) > 0 {
		t.Errorf("the good page: %q", v)
	}
	p.Goto(url + "/broken")
	if v := p.Axe(); !slices.ContainsFunc(v, func(s string) bool { return strings.HasPrefix(s, "image-alt") }) {
		t.Errorf("the broken page: %q", v)
	}
}
