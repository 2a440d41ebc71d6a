package people

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// year is how long a browser remembers what is no secret; browsers cap it there.
const year = 400 * 24 * time.Hour

// landing is GET /. Until there is an administrator, it leads to setup.
func (p *Pages) landing(w http.ResponseWriter, r *http.Request) error {
	ready, err := p.o.Ready(r.Context())
	if err != nil {
		return err
	}
	if !ready {
		return p.to(w, "/setup")
	}
	return p.Show(w, r, http.StatusOK, page.Landing{Signup: p.o.SignUp, Map: p.o.Map})
}

// explain is GET /errors/{code}, the type of our problem documents.
func (p *Pages) explain(w http.ResponseWriter, r *http.Request) error {
	e, ok := problem.Lookup(r.PathValue("code"))
	if !ok {
		return web.ErrNotFound
	}
	return p.Show(w, r, http.StatusOK, page.Explain{Err: e})
}

// asset is GET /assets/{name}. The name carries a digest of the content, so it
// never changes (SE-43).
func (p *Pages) asset(w http.ResponseWriter, r *http.Request) error {
	a, ok := p.assets[r.PathValue("name")]
	if !ok {
		return web.ErrNotFound
	}
	h, body, tag := w.Header(), a.Body, `"`+a.Name+`"`
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	if a.Gzip != nil && takesGzip(r.Header.Values("Accept-Encoding")) {
		body, tag = a.Gzip, `"`+a.Name+`-gzip"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", tag)
	h.Set("Content-Type", a.ContentType)
	if web.Unchanged(r, tag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, err := w.Write(body)
	return err
}

// takesGzip reads Accept-Encoding (RFC 9110, section 12.5.3).
func takesGzip(headers []string) bool {
	best := false
	for _, header := range headers {
		for part := range strings.SplitSeq(header, ",") {
			coding, weight, _ := strings.Cut(part, ";")
			coding = strings.ToLower(strings.TrimSpace(coding))
			if coding != "gzip" && coding != "x-gzip" && coding != "*" {
				continue
			}
			q, found := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(weight, " ", "")), "q=")
			value, err := strconv.ParseFloat(q, 64)
			takes := !found || (err == nil && value > 0)
			if coding != "*" {
				return takes
			}
			best = takes
		}
	}
	return best
}

// prefer is POST /preferences: language and colours of this browser, and the
// language of the account when it has one of its own.
func (p *Pages) prefer(w http.ResponseWriter, r *http.Request, f form) error {
	names := p.o.Frame.Names()
	if lang, ok := f["language"]; ok {
		lang = p.o.Render.Negotiate("", lang, "")
		p.o.Frame.SetCookie(w, names.Language, lang, year)
		if err := p.preferLocale(r, lang); err != nil {
			return err
		}
	}
	switch theme, ok := f["theme"]; {
	case ok && page.ParseTheme(theme) != page.ThemeSystem:
		p.o.Frame.SetCookie(w, names.Theme, string(page.ParseTheme(theme)), year)
	case ok:
		p.o.Frame.ClearCookie(w, names.Theme)
	}
	if back := f.returnTo(); back != "" {
		return p.to(w, back)
	}
	return p.to(w, "/")
}

func (p *Pages) preferLocale(r *http.Request, lang string) error {
	q := web.Of(r)
	if q.Identity == nil || q.Identity.Locale == "" || q.Identity.Locale == lang {
		return nil
	}
	u, err := p.o.Account.Get(r.Context(), q.Caller)
	if err != nil {
		return err
	}
	_, err = p.o.Account.SetProfile(r.Context(), q.Caller, user.Profile{Name: u.Name, Locale: lang, TimeZone: u.TimeZone}, u.Revision)
	return err
}
