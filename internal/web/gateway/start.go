package gateway

import (
	"fmt"
	"html"
	"net/http"
	"net/url"

	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/web"
)

// Surface is the part of the journey on our own host.
func (h *Handler) Surface() web.Surface {
	return web.Surface{Name: "gateway", Limit: ratelimit.PageSource, Fail: h.o.Fail, Routes: []web.Route{
		{Pattern: "GET /forward-auth/start", Access: web.Anyone, Handler: h.start},
	}}
}

// start parks the address a browser could not have, or goes on with one that
// waits: to sign in, or with a ticket back to the site.
func (h *Handler) start(w http.ResponseWriter, r *http.Request) error {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return web.ErrBadRequest.Because(err)
	}
	address, handle := q["url"], q["parked"]
	switch {
	case len(address) == 1 && handle == nil:
		parked, host, err := h.o.Flow.Park(r.Context(), address[0])
		if err != nil {
			return err
		}
		return seeOther(w, h.callback(host, "parked", parked.Reveal()))
	case len(handle) == 1 && address == nil:
		return h.goOn(w, r, handle[0])
	}
	return web.ErrBadRequest.Becausef("want url or parked, once")
}

func (h *Handler) goOn(w http.ResponseWriter, r *http.Request, handle string) error {
	if err := h.o.Flow.Waiting(r.Context(), handle); err != nil {
		return err
	}
	who := web.Of(r)
	if who.Identity == nil {
		back := h.base + "/forward-auth/start?" + url.Values{"parked": {handle}}.Encode()
		return seeOther(w, h.base+"/login?"+url.Values{"return_to": {back}}.Encode())
	}
	t, host, err := h.o.Flow.Issue(r.Context(), who.Caller, handle)
	if err != nil {
		return err
	}
	return onward(w, h.callback(host, "ticket", t.Reveal()))
}

// callback is the address on a protected host; its scheme is ours.
func (h *Handler) callback(host, name, value string) string {
	return h.o.URL.Scheme + "://" + host + "/.mortise/callback?" + name + "=" + value
}

func seeOther(w http.ResponseWriter, to string) error {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// onward leads to another host by a page instead of a redirect: a browser that
// just sent the sign-in form applies that page's form-action to each redirect
// that follows (SE-41).
func onward(w http.ResponseWriter, to string) error {
	w.Header().Set("Refresh", "0; url="+to)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := fmt.Fprintf(w, "<!doctype html><html lang=\"en\"><title>Signed in</title><p><a id=\"onward\" href=\"%s\">Go on</a></p></html>\n", html.EscapeString(to))
	return err
}
