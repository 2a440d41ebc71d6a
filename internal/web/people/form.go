package people

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/web"
)

// maxForm is the largest form: a password of 4,096 bytes, escaped, and the rest.
const maxForm = 64 << 10

// form is what was posted, each field once.
type form map[string]string

// action answers a form whose token was right.
type action func(w http.ResponseWriter, r *http.Request, f form) error

// act reads and checks the form before h sees it. Inlined it would be there once for
// each route.
//
//go:noinline
func (p *Pages) act(h action) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		f, err := readForm(w, r)
		if err != nil {
			return err
		}
		if err := p.checkForm(r, f); err != nil {
			return err
		}
		return h(w, r, f)
	}
}

// Form reads a form, checks its token, and returns its fields.
func (p *Pages) Form(w http.ResponseWriter, r *http.Request) (func(field string) string, error) {
	f, err := readForm(w, r)
	if err == nil {
		err = p.checkForm(r, f)
	}
	return func(field string) string { return f[field] }, err
}

// Read reads a request's parameters, each once: those of a GET from its query,
// those of a POST from its body. A form's token is not checked.
func (p *Pages) Read(w http.ResponseWriter, r *http.Request) (map[string]string, error) {
	if r.Method == http.MethodPost {
		return readForm(w, r)
	}
	return query(r)
}

// CheckForm checks the token of a form that Read has read.
func (p *Pages) CheckForm(r *http.Request, form map[string]string) error { return p.checkForm(r, form) }

func readForm(w http.ResponseWriter, r *http.Request) (form, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, web.ErrMedia
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, web.ErrTooLarge
	}
	if err != nil {
		return nil, web.ErrBadRequest.Because(err)
	}
	return parseForm(string(body))
}

// parseForm refuses a field that comes twice: two readers might take different ones.
func parseForm(text string) (form, error) {
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, web.ErrBadRequest.Because(err)
	}
	f := make(form, len(values))
	for name, all := range values {
		if len(all) != 1 {
			return nil, web.ErrBadRequest.WithFields(problem.Field{Pointer: "/" + clip(name), Code: "twice", Message: "This field came more than once."})
		}
		if !utf8.ValidString(name) || !utf8.ValidString(all[0]) {
			return nil, web.ErrBadRequest.WithFields(problem.Field{Pointer: "/" + clip(name), Code: "encoding", Message: "This field is not UTF-8."})
		}
		f[name] = all[0]
	}
	return f, nil
}

// query reads the parameters of a GET like a form.
func query(r *http.Request) (form, error) { return parseForm(r.URL.RawQuery) }

// maxTyped is the longest identifier anybody has, in bytes (RFC 5321).
const maxTyped = 254

// clip bounds what was typed before it is shown or carried on.
func clip(s string) string {
	if len(s) <= maxTyped {
		return s
	}
	for s = s[:maxTyped]; !utf8.ValidString(s); {
		s = s[:len(s)-1]
	}
	return s
}

// returnTo is the address to come back to, or "".
func (f form) returnTo() string {
	to, _ := ReturnTo(f["return_to"])
	return to
}

// bound is what the token of this request's forms hangs on: the session, or the
// pre-login cookie (SE-35). It is "" when there is neither.
func (p *Pages) bound(r *http.Request) (string, error) {
	if who := web.Of(r).Identity; who != nil {
		return "session " + who.Session, nil
	}
	cookie, err := web.Cookie(r, p.o.Frame.Names().Browser)
	if err != nil || len(cookie) != browserLen {
		return "", err
	}
	return "browser " + cookie, nil
}

func (p *Pages) checkForm(r *http.Request, f form) error {
	bound, err := p.bound(r)
	if err != nil {
		return err
	}
	if bound == "" {
		return web.ErrForm
	}
	return p.o.Frame.CheckForm(f["csrf"], bound)
}
