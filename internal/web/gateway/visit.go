package gateway

import (
	"context"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/clientaddr"
	flow "github.com/mortise-auth/mortise/internal/gateway"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/ticket"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
	"github.com/mortise-auth/mortise/internal/web"
)

// visitor is a browser on the host of a site.
type visitor struct {
	w     http.ResponseWriter
	r     *http.Request
	host  string
	by    user.Caller
	query url.Values
}

// visit answers below /.mortise/ on the hosts of sites.
func (h *Handler) visit(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head["Cache-Control"], head["X-Content-Type-Options"] = noStore, noSniff
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	if err := h.admit(w, r); err != nil {
		h.sorry(w, r, err)
	}
}

// admit is everything that stands before the handlers: the host is a site's, the
// source is not too busy.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request) error {
	c := h.client(r)
	host, ok := site.Host(c.Host, h.o.URL.Scheme)
	if !ok || c.Scheme != h.o.URL.Scheme {
		return web.ErrMisdirected.Becausef("%s %q", c.Scheme, c.Host)
	}
	d, err := h.o.Rates.Take(r.Context(), ratelimit.All(ratelimit.Key{Limit: ratelimit.PageSource, Of: c.Source()}))
	if err == nil {
		err = d.Err()
	}
	if err != nil {
		return err
	}
	if _, err := h.o.Sites.Site(r.Context(), host); errors.Is(err, site.ErrUnknown) {
		return web.ErrMisdirected.Because(err)
	} else if err != nil {
		return err
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return web.ErrBadRequest.Because(err)
	}
	v := visitor{w: w, r: r, host: host, by: user.Anonymous(source(r, c)), query: q}
	switch r.Method + " " + r.URL.Path[len(h.base):] {
	case "GET /.mortise/callback":
		return h.arrive(v)
	case "GET /.mortise/logout":
		return seeOther(w, h.link("/logout"))
	case "POST /.mortise/logout":
		return h.leave(v)
	}
	return web.ErrNotFound
}

func source(r *http.Request, c clientaddr.Client) audit.Source {
	s := audit.Source{UserAgent: useragent.Clip(r.UserAgent())}
	if c.Addr.IsValid() {
		s.IP = c.Addr.String()
	}
	return s
}

// arrive is the callback: first without a ticket, to get the nonce, then with one.
func (h *Handler) arrive(v visitor) error {
	nonce, err := web.Cookie(v.r, h.o.Names.Nonce)
	if err != nil {
		return err
	}
	switch parked, t := v.query["parked"], v.query["ticket"]; {
	case len(parked) == 1 && t == nil:
		next, own, err := h.o.Flow.Bind(v.r.Context(), v.host, parked[0], nonce)
		if err != nil {
			return err
		}
		h.setCookie(v.w, h.o.Names.Nonce, own.Reveal(), ticket.ParkedLife)
		return seeOther(v.w, h.link("/forward-auth/start?parked="+next.Reveal()))
	case len(t) == 1 && parked == nil:
		in, err := h.o.Flow.Redeem(v.r.Context(), v.by, v.host, t[0], nonce)
		if err != nil {
			h.suspect(v.r.Context(), v, err)
			return err
		}
		h.setCookie(v.w, h.o.Names.Gate, in.Gate.Reveal(), 0)
		return seeOther(v.w, in.URL)
	}
	return web.ErrBadRequest.Becausef("want parked or ticket, once")
}

// suspect records a ticket that did not fit: it may be another's, planted here.
func (h *Handler) suspect(ctx context.Context, v visitor, err error) {
	if h.o.Record == nil || !errors.Is(err, ticket.ErrTicket) {
		return
	}
	ev := v.by.Event(ticket.Refused, h.o.Now().UTC().Truncate(time.Microsecond), user.ID{}).Failed(audit.Blocked, "").With("host", v.host)
	if err := h.o.Record(ctx, ev); err != nil {
		h.o.Log.Warn("a refused ticket was not recorded", "error", err)
	}
}

// leave closes this host's gate and goes on to where the session itself ends. The
// request must come from the site's own pages (SE-29, SE-31).
func (h *Handler) leave(v visitor) error {
	own := h.o.URL.Scheme + "://" + v.host
	fetch, origin := v.r.Header.Get("Sec-Fetch-Site"), v.r.Header.Get("Origin")
	if fetch != "" && fetch != "same-origin" && fetch != "none" || origin != "" && origin != own {
		return flow.ErrCrossSite
	}
	gate, err := web.Cookie(v.r, h.o.Names.Gate)
	if err != nil {
		return err
	}
	if err := h.o.Flow.Leave(v.r.Context(), v.by, v.host, gate); err != nil && !errors.Is(err, ticket.ErrGate) {
		return err
	}
	h.setCookie(v.w, h.o.Names.Gate, "", -time.Second)
	return seeOther(v.w, h.link("/logout"))
}

// setCookie sets a cookie for this host alone (SE-10).
func (h *Handler) setCookie(w http.ResponseWriter, name, value string, maxAge time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(maxAge / time.Second),
		Secure: h.o.URL.Scheme == "https", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// sorry is the page of an error on a host that has none of our looks.
func (h *Handler) sorry(w http.ResponseWriter, r *http.Request, err error) {
	p := problem.Of(err)
	h.o.Log.LogAttrs(r.Context(), slog.LevelInfo, "gateway journey refused", slog.String("path", r.URL.Path), slog.String("code", p.Code), slog.String("cause", p.Error()))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(p.Kind.Status())
	fmt.Fprintf(w, "<!doctype html><html lang=\"en\"><title>Sign-in</title><h1>That did not work</h1><p>%s</p><p id=\"error-code\">%s</p><p><a href=\"/\">Start again</a></p></html>\n",
		html.EscapeString(p.Public), html.EscapeString(p.Code))
}
