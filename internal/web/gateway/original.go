package gateway

import (
	"net/http"
	"strings"

	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/clientaddr"
	flow "github.com/mortise-auth/mortise/internal/gateway"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/web"
)

// family is the way in which a proxy says what was asked.
type family int

const (
	unclear   family = iota
	original         // X-Original-URL: nginx, HAProxy; they redirect by themselves
	forwarded        // X-Forwarded-Uri: Traefik, Caddy; our answer is the client's
	appended         // the path: Envoy; our answer is the client's
)

// one returns the value of a header that is there once. absent is no fault, more
// than one is.
func one(h http.Header, name string) (value string, present, ok bool) {
	switch all := h[name]; len(all) {
	case 0:
		return "", false, true
	case 1:
		return all[0], true, true
	}
	return "", true, false
}

// read finds the original request of a believed proxy in the headers of r; rest
// is the target of an Envoy, or "".
func (h *Handler) read(o *flow.Original, r *http.Request, c clientaddr.Client, rest string) (f family, err error) {
	address, isOriginal, ok1 := one(r.Header, "X-Original-Url")
	target, isForwarded, ok2 := one(r.Header, "X-Forwarded-Uri")
	switch {
	case !ok1 || !ok2:
		return unclear, flow.ErrOriginal.Becausef("an address twice")
	case isOriginal && (isForwarded || rest != ""), isForwarded && rest != "":
		return unclear, flow.ErrOriginal.Becausef("more than one address")
	case isOriginal:
		f, err = original, h.fromURL(o, r, address)
	case isForwarded:
		f, err = forwarded, fromForwarded(o, r, c, target)
	case rest != "":
		f = appended
		o.Scheme, o.Host, o.Method, o.Target = c.Scheme, r.Host, r.Method, rest
	default:
		return unclear, flow.ErrOriginal.Becausef("no address")
	}
	if err != nil {
		return f, err
	}
	host, ok := site.Host(o.Host, o.Scheme)
	if !ok || !method(o.Method) {
		return f, flow.ErrOriginal.Becausef("method %q, host %q", o.Method, o.Host)
	}
	o.Host, o.Client = host, c.Addr
	return f, h.sender(o, r)
}

func (h *Handler) fromURL(o *flow.Original, r *http.Request, address string) error {
	m, present, ok := one(r.Header, "X-Original-Method")
	scheme, rest, cut := strings.Cut(address, "://")
	slash := strings.IndexByte(rest, '/')
	if !present || !ok || !cut || slash < 0 || scheme != "https" && scheme != "http" {
		return flow.ErrOriginal.Becausef("X-Original-URL %q, X-Original-Method %q", address, m)
	}
	o.Scheme, o.Host, o.Target, o.Method = scheme, rest[:slash], rest[slash:], m
	return nil
}

func fromForwarded(o *flow.Original, r *http.Request, c clientaddr.Client, target string) error {
	m, present, ok := one(r.Header, "X-Forwarded-Method")
	_, hasHost, ok2 := one(r.Header, "X-Forwarded-Host")
	_, hasProto, ok3 := one(r.Header, "X-Forwarded-Proto")
	if !present || !hasHost || !hasProto || !ok || !ok2 || !ok3 {
		return flow.ErrOriginal.Becausef("X-Forwarded-Method, -Host and -Proto are not there once each")
	}
	o.Scheme, o.Host, o.Target, o.Method = c.Scheme, c.Host, target, m
	return nil
}

// method reports whether m is a token (RFC 9110, 5.6.2).
func method(m string) bool {
	for i := range len(m) {
		c := m[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return m != "" && len(m) <= 32
}

// sender reads what tells who sent the original request and why. Proxies pass
// these headers on as they are; they decide nothing that their absence would not
// decide more strictly, but for cross-site requests, where browsers write them.
func (h *Handler) sender(o *flow.Original, r *http.Request) (err error) {
	var ok, ok2 bool
	o.Origin, _, ok = one(r.Header, "Origin")
	o.Site, _, ok2 = one(r.Header, "Sec-Fetch-Site")
	if !ok || !ok2 {
		return flow.ErrOriginal.Becausef("Origin or Sec-Fetch-Site twice")
	}
	o.Navigate = navigates(r.Header)
	o.Upgrade = upgrades(r.Header)
	if o.Gate, err = web.Cookie(r, h.o.Names.Gate); err != nil {
		return err
	}
	if o.Host == h.own {
		if o.Session, err = web.Cookie(r, h.o.Names.Session); err != nil {
			return err
		}
	}
	o.Token, err = token(r)
	return err
}

// navigates tells a browser that wants a page from a program, also one that runs
// in a page (SE-58).
func navigates(h http.Header) bool {
	if mode := h["Sec-Fetch-Mode"]; len(mode) > 0 {
		return len(mode) == 1 && mode[0] == "navigate"
	}
	if len(h["X-Requested-With"]) > 0 {
		return false
	}
	for _, line := range h["Accept"] {
		if strings.Contains(line, "text/html") {
			return true
		}
	}
	return false
}

// upgrades sees a wish for another protocol. Some proxies keep Upgrade to
// themselves: the handshake of a WebSocket, or a copy, tells then.
func upgrades(h http.Header) bool {
	for _, name := range []string{"Upgrade", "X-Original-Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version"} {
		for _, v := range h[name] {
			if v != "" {
				return true
			}
		}
	}
	return false
}

// token returns the access token of an Authorization header, by the rule of every
// other surface. Schemes that are not for tokens are the upstream's own business.
func token(r *http.Request) (authn.Presented, error) {
	p, presented, err := web.AccessToken(r)
	switch {
	case len(r.Header["Authorization"]) > 1:
		return authn.Presented{}, flow.ErrOriginal.Becausef("Authorization twice")
	case err != nil || presented && p.Token == "":
		return authn.Presented{}, flow.ErrToken
	}
	return p, nil
}
