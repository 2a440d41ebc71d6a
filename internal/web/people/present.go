package people

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/mortise-auth/mortise/internal/web/page"
)

// Present writes a view that leads elsewhere, under a policy of its own. Unlike
// Show it sets no cookie: the request may be another site's doing.
func (p *Pages) Present(w http.ResponseWriter, r *http.Request, status int, v page.View, policy string) error {
	f := p.bareFrame(r)
	if bound, err := p.bound(r); err == nil && bound != "" {
		f.CSRF = p.o.Frame.FormToken(bound)
	}
	var b bytes.Buffer
	if err := p.o.Render.Write(&b, f, v); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, err := b.WriteTo(w)
	return err
}
