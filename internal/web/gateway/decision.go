package gateway

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/clientaddr"
	flow "github.com/mortise-auth/mortise/internal/gateway"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

// Flow is what the surface needs of gateway.Flow.
type Flow interface {
	Decide(ctx context.Context, o *flow.Original) flow.Decision
	Park(ctx context.Context, address string) (handle secret.Token, host string, err error)
	Bind(ctx context.Context, host, handle, nonce string) (next, own secret.Token, err error)
	Waiting(ctx context.Context, handle string) error
	Issue(ctx context.Context, by user.Caller, handle string) (t secret.Token, host string, err error)
	Redeem(ctx context.Context, by user.Caller, host, text, nonce string) (flow.Entered, error)
	Leave(ctx context.Context, by user.Caller, host, text string) error
}

// Sites tells which hosts are protected; see site.Book.
type Sites interface {
	Site(ctx context.Context, host string) (*site.Compiled, error)
}

// Options configure the surface. All are required but Observe and Record.
type Options struct {
	URL     *url.URL // public address, with the path below which we are mounted
	Names   web.Names
	Trust   clientaddr.Trust
	Flow    Flow
	Sites   Sites
	Rates   ratelimit.Store
	Now     func() time.Time
	Log     *slog.Logger
	Fail    func(w http.ResponseWriter, r *http.Request, err error) // of pages on our own host
	Observe func(web.Observation)
	Record  func(context.Context, audit.Event) error // suspected attacks
}

// Handler answers proxies and, on the hosts of sites, browsers. It is immutable
// and safe for concurrent use.
type Handler struct {
	o    Options
	base string // path of the public URL, without a slash at its end
	own  string // host of the public URL, as sites are named
}

// New makes a Handler.
func New(o Options) *Handler {
	own, _ := site.Host(o.URL.Host, o.URL.Scheme) // the URL was checked
	return &Handler{o: o, base: strings.TrimRight(o.URL.Path, "/"), own: own}
}

// Takes reports whether a request is for ServeHTTP. It comes before any mux,
// because a mux would answer some paths by itself.
func (h *Handler) Takes(r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, h.base)
	return ok && (rest == "/forward-auth" || strings.HasPrefix(rest, "/forward-auth/envoy/") || strings.HasPrefix(rest, "/.mortise/"))
}

// ServeHTTP answers what Takes takes.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path[len(h.base):], "/.mortise/") {
		h.visit(w, r)
		return
	}
	h.decide(w, r)
}

var (
	noStore   = []string{"no-store"}
	noSniff   = []string{"nosniff"}
	noContent = []string{"0"}
)

func (h *Handler) decide(w http.ResponseWriter, r *http.Request) {
	start := h.o.Now()
	head := w.Header()
	head["Cache-Control"], head["X-Content-Type-Options"] = noStore, noSniff
	c := h.client(r)
	var d flow.Decision
	var f family
	var o flow.Original
	if !c.ViaProxy {
		d.Err = flow.ErrProxy.Becausef("peer %s", r.RemoteAddr)
	} else if o, f, d.Err = h.read(r, c, h.rest(r)); d.Err == nil {
		d = h.o.Flow.Decide(r.Context(), &o)
	}
	if d.Err == nil {
		h.pass(w, r, &d, f)
	} else {
		h.refuse(w, r, &o, &d, f)
	}
	if h.o.Observe != nil {
		h.observe(r, d.Err, h.o.Now().Sub(start))
	}
}

func (h *Handler) client(r *http.Request) clientaddr.Client {
	return h.o.Trust.Of(clientaddr.Request{Peer: r.RemoteAddr, TLS: r.TLS != nil, Host: r.Host, Headers: r.Header})
}

// rest is the original target that an Envoy appended to its prefix, as it came
// over the wire.
func (h *Handler) rest(r *http.Request) string {
	rest, ok := strings.CutPrefix(r.RequestURI, h.base+"/forward-auth/envoy")
	if !ok {
		return ""
	}
	return rest
}

// pass names every header that the proxy sets for the upstream.
func (h *Handler) pass(w http.ResponseWriter, r *http.Request, d *flow.Decision, f family) {
	head := w.Header()
	head["Remote-User"], head["Remote-Email"] = d.Letter.User, d.Letter.Email
	head["Remote-Name"], head["Remote-Groups"] = d.Letter.Name, d.Letter.Groups
	head["Mortise-Identity"] = d.Letter.Identity
	cookies := foreign(r.Header["Cookie"], h.o.Names.Session)
	head["Cookie"] = []string{cookies}
	if f == appended {
		removeEmpty(head)
	}
	head["Content-Length"] = noContent
	w.WriteHeader(http.StatusOK)
}

// Headers are what a proxy takes over from the answer into the request.
var Headers = []string{"Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups", "Mortise-Identity", "Cookie"}

// removeEmpty tells an Envoy which headers to take away, instead of setting them
// to nothing.
func removeEmpty(head http.Header) {
	var gone []string
	for _, name := range Headers {
		if head[name][0] == "" {
			gone = append(gone, strings.ToLower(name))
			delete(head, name)
		}
	}
	if gone != nil {
		head["X-Envoy-Auth-Headers-To-Remove"] = []string{strings.Join(gone, ",")}
	}
}

func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, o *flow.Original, d *flow.Decision, f family) {
	p := problem.Of(d.Err)
	head := w.Header()
	status := p.Kind.Status()
	if d.SignIn {
		head.Set("Location", h.link("/forward-auth/start?url="+url.QueryEscape(o.Scheme+"://"+o.Host+o.Target)))
		if f != original {
			status = http.StatusFound
		}
	}
	if status == http.StatusUnauthorized {
		challenge := "Bearer"
		if o.Bearer != "" {
			challenge = `Bearer error="invalid_token"`
		}
		head.Set("WWW-Authenticate", challenge)
	}
	// nginx passes on 401 and 403 and turns everything else into 500.
	if f == original && status < 500 && status != http.StatusUnauthorized {
		status = http.StatusForbidden
	}
	if p.RetryAfter > 0 {
		head.Set("Retry-After", "2")
	}
	level := slog.LevelInfo
	if p.Kind == problem.Internal || p.Kind == problem.Unavailable || f == unclear {
		level = slog.LevelWarn
	}
	h.o.Log.LogAttrs(r.Context(), level, "gateway refused", slog.String("host", o.Host), slog.String("method", o.Method),
		slog.Int("status", status), slog.String("code", p.Code), slog.String("cause", p.Error()), slog.String("client", o.Client.String()))
	body, _ := json.Marshal(struct { // texts and a number cannot fail
		Type   string `json:"type"`
		Status int    `json:"status"`
		Code   string `json:"code"`
		Detail string `json:"detail"`
	}{h.link("/errors/" + p.Code), status, p.Code, p.Public})
	head.Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a proxy that is gone needs no answer
}

// link is the absolute form of one of our paths.
func (h *Handler) link(path string) string {
	return h.o.URL.Scheme + "://" + h.o.URL.Host + h.base + path
}

func (h *Handler) observe(r *http.Request, err error, took time.Duration) {
	ob := web.Observation{Method: http.MethodGet, Pattern: "/forward-auth", Status: http.StatusOK, Duration: took}
	if err != nil {
		p := problem.Of(err)
		ob.Status, ob.Code = p.Kind.Status(), p.Code
	}
	h.o.Observe(ob)
}
