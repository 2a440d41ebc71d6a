// Package logo serves the pictures of clients from our own origin: see
// internal/logo.
package logo

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/mortise-auth/mortise/internal/logo"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/web"
)

// Book is what the surface needs of logo.Book.
type Book interface {
	Get(ctx context.Context, mark, address string) (logo.Image, error)
}

// Surface returns the one route.
func Surface(b Book, log *slog.Logger) web.Surface {
	return web.Surface{
		Name: "logo", Limit: ratelimit.PageSource, Fail: fail,
		Routes: []web.Route{{Pattern: "GET " + logo.Path + "{mark}", Access: web.Anyone, Handler: func(w http.ResponseWriter, r *http.Request) error {
			image, err := b.Get(r.Context(), r.PathValue("mark"), r.URL.Query().Get("u"))
			if err != nil {
				return err
			}
			show(w, image, log)
			return nil
		}}},
	}
}

// show writes a picture as what it is and as nothing else, whoever opens it
// outside of a page.
func show(w http.ResponseWriter, image logo.Image, log *slog.Logger) {
	h := w.Header()
	h.Set("Content-Type", image.Type)
	h.Set("Content-Length", strconv.Itoa(len(image.Body)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("Content-Disposition", "inline")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, max-age=86400")
	if _, err := w.Write(image.Body); err != nil {
		log.Debug("a picture was not taken", "error", err)
	}
}

func fail(w http.ResponseWriter, _ *http.Request, err error) {
	p := problem.Of(err)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(p.Kind.Status())
	_, _ = w.Write([]byte(p.Public + "\n")) // whoever hung up is not told
}
