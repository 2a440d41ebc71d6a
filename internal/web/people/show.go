package people

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// Show writes a view around which stands what does not depend on it.
func (p *Pages) Show(w http.ResponseWriter, r *http.Request, status int, v page.View) error {
	f, err := p.frame(w, r)
	if err != nil {
		return err
	}
	return p.write(w, r, f, status, v)
}

// own shows a view in the time zone of whoever is signed in.
func (p *Pages) own(w http.ResponseWriter, r *http.Request, status int, v page.View) error {
	f, err := p.frame(w, r)
	if err != nil {
		return err
	}
	u, err := p.o.Account.Get(r.Context(), web.Of(r).Caller)
	if err != nil {
		return err
	}
	if u.TimeZone != "" {
		f.Zone, _ = time.LoadLocation(u.TimeZone) // nil, which is UTC, when this machine lacks the zone
	}
	return p.write(w, r, f, status, v)
}

func (p *Pages) write(w http.ResponseWriter, r *http.Request, f page.Frame, status int, v page.View) error {
	var b bytes.Buffer
	if err := p.o.Render.Write(&b, f, v); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy(v, f.Nonce))
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, err := b.WriteTo(w)
	return err
}

// policy lets the forms of pages that stand between an app and its answer end at
// the app (SE-41).
func policy(v page.View, nonce string) string {
	switch v.(type) {
	case page.Consent, page.Login, page.Again, page.Choose, page.Code, page.Magic:
		return web.LeavingPolicy(nonce)
	}
	if v, ok := v.(interface{ FrameOrigins() []string }); ok {
		return web.PagePolicy(nonce, v.FrameOrigins()...)
	}
	return web.PagePolicy(nonce)
}

// frame is what surrounds a page. It binds a browser nobody is signed in with by
// a cookie of its own, and says a waiting notice once.
func (p *Pages) frame(w http.ResponseWriter, r *http.Request) (page.Frame, error) {
	f := p.bareFrame(r)
	bound, err := p.bound(r)
	if err != nil {
		return f, err
	}
	if bound == "" {
		bound = "browser " + p.newBrowser(w)
	}
	f.CSRF = p.o.Frame.FormToken(bound)
	if r.Method == http.MethodGet {
		f.Flash = p.takeFlash(w, r)
	}
	return f, nil
}

// bareFrame is a frame without cookies set and without forms that work.
func (p *Pages) bareFrame(r *http.Request) page.Frame {
	q := web.Of(r)
	theme, _ := web.Cookie(r, p.o.Frame.Names().Theme)
	f := page.Frame{Lang: p.lang(r), Theme: page.ParseTheme(theme), Nonce: q.Nonce, Path: p.look(r), Asked: p.askedFor(r), Now: p.o.Now()}
	if q.Identity != nil {
		f.Person = &page.Person{Name: q.Identity.Name, Email: q.Identity.Email}
	}
	return f
}

// browserPurpose is that of the pre-login cookie, and browserLen its length.
const (
	browserPurpose secret.Purpose = "browser"
	browserLen                    = secret.EncodedLen
)

func (p *Pages) newBrowser(w http.ResponseWriter) string {
	value := secret.New(browserPurpose).Reveal()
	p.o.Frame.SetCookie(w, p.o.Frame.Names().Browser, value, 0)
	return value
}

// lang is the language to speak: the account's, the one chosen in this browser,
// what the browser prefers. What an app asks for holds on its own journey, where
// only a choice made in this browser goes before it.
func (p *Pages) lang(r *http.Request) string {
	q := web.Of(r)
	chosen, _ := web.Cookie(r, p.o.Frame.Names().Language)
	asked := r.URL.Query().Get("ui_locales")
	if q.Identity != nil && q.Identity.Locale != "" {
		if asked == "" {
			chosen = q.Identity.Locale
		} else {
			asked += " " + q.Identity.Locale
		}
	}
	return p.o.Render.Negotiate(r.Header.Get("Accept-Language"), chosen, asked)
}

// askedFor is the language of ours that the app asked for (ui_locales), which this
// journey carries from page to page; "" when it asked for none.
func (p *Pages) askedFor(r *http.Request) string {
	wish := r.URL.Query().Get("ui_locales")
	if wish == "" {
		return ""
	}
	return p.o.Render.Negotiate("", "", wish)
}

// again shows a page once more with what was wrong. Errors that are not about
// what was typed stay errors.
func (p *Pages) again(w http.ResponseWriter, r *http.Request, err error, show shower, view func(page.Form) page.View) error {
	e := problem.Of(err)
	switch e.Kind {
	case problem.Unprocessable, problem.Unauthenticated, problem.Forbidden, problem.Conflict, problem.Limited, problem.Unavailable:
	default:
		return err
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10))
	}
	web.Of(r).Refused(err)
	return show(w, r, e.Kind.Status(), view(page.Form{Problem: e}))
}

type shower func(w http.ResponseWriter, r *http.Request, status int, v page.View) error

// Fail answers an error with a page of its own, and asks whoever must sign in to
// do so. It sets no pre-login cookie: a request from elsewhere must not replace
// the one that open forms hang on.
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, err error) { p.fail(w, r, err, false) }

// FailApp is Fail for a request that an app sent the browser with.
func (p *Pages) FailApp(w http.ResponseWriter, r *http.Request, err error) { p.fail(w, r, err, true) }

func (p *Pages) fail(w http.ResponseWriter, r *http.Request, err error, app bool) {
	e := problem.Of(err)
	if e.Kind == problem.Unauthenticated {
		p.askToSignIn(w, r)
		return
	}
	if errors.Is(err, web.ErrFresh) {
		p.askAgain(w, r)
		return
	}
	f := p.bareFrame(r)
	if bound, err := p.bound(r); err == nil && bound != "" {
		f.CSRF = p.o.Frame.FormToken(bound)
	}
	back := p.look(r)
	if r.Method != http.MethodPost || e.Kind == problem.Gone {
		back = ""
	}
	fault := page.Fault{Err: e, RequestID: web.Of(r).ID, Why: web.Of(r).Why, Back: back, FromApp: app}
	if err := p.write(w, r, f, e.Kind.Status(), fault); err != nil {
		http.Error(w, e.Public, e.Kind.Status())
	}
}

// at names the field that an error is about.
func at(field string, err error) error {
	e := problem.Of(err)
	if e == nil || len(e.Fields) > 0 {
		return err
	}
	return e.WithFields(problem.Field{Pointer: "/" + field, Code: e.Code, Message: e.Public})
}

// renamed gives the faults of a flow's input the ids of the form's fields.
func renamed(err error, ids map[string]string) error {
	e := problem.Of(err)
	if e == nil || len(e.Fields) == 0 {
		return err
	}
	fields := make([]problem.Field, len(e.Fields))
	for i, f := range e.Fields {
		if id, ok := ids[f.Pointer]; ok {
			f.Pointer = id
		}
		fields[i] = f
	}
	c := *e
	c.Fields = nil
	return c.Because(e.Unwrap()).WithFields(fields...)
}

// newPerson and newPassword are the fields of forms that set a password.
var (
	newPerson   = map[string]string{"/name": "/display-name", "/password": "/new-password"}
	newPassword = map[string]string{"/new_password": "/new-password", "/password": "/new-password"}
)
