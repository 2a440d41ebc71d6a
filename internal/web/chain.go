package web

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/clientaddr"
	"github.com/mortise-auth/mortise/internal/decision"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
	"github.com/mortise-auth/mortise/verify"
)

// Sessions answers who holds a session secret; see authn.Authenticator.
type Sessions interface {
	Session(ctx context.Context, text string) (*verify.Identity, error)
}

// Tokens answers whom an access token speaks for at the API called audience; see
// authn.Authenticator.
type Tokens interface {
	Token(ctx context.Context, p *authn.Presented, audience string) (*verify.Identity, error)
}

// Keys is what the chain needs of the keyring.
type Keys interface {
	MAC(purpose string, parts ...[]byte) [32]byte
}

// Observation is what metrics learn of one answered request.
type Observation struct {
	Method, Pattern string
	Status          int
	Code            string // of the problem; empty when there was none
	Duration        time.Duration
}

// Options configure a Frame. All are required but Dev, Place, Observe and Tag.
type Options struct {
	URL      *url.URL // public address, with the path below which we are mounted
	Suffix   string   // of cookie names, for a second instance on one origin
	Dev      bool
	Trust    clientaddr.Trust
	Sessions Sessions
	Tokens   Tokens // nil: none are taken
	Rates    ratelimit.Store
	Keys     Keys
	Now      func() time.Time
	Log      *slog.Logger
	Fresh    time.Duration                                            // how recent an administrator's sign-in must be to look
	Recent   time.Duration                                            // and to change anything (SE-24); 0: Fresh
	Place    func(ip string) string                                   // approximate place, from local data
	Tracer   trace.Tracer                                             // nil: no traces
	Observe  func(Observation)                                        //
	Tag      func(ctx context.Context, source string) context.Context // names the source to the store (TH-26)
	Record   func(context.Context, audit.Event) error                 // suspected attacks (AU-10)
	Explain  func(context.Context, decision.Record) string            // gives a refusal its code; nil: none have one
}

// Frame runs surfaces. It is immutable and safe for concurrent use.
type Frame struct {
	o        Options
	origin   *http.CrossOriginProtection
	host     string
	names    Names
	standing []header
}

// NewFrame makes a Frame.
func NewFrame(o Options) *Frame {
	p := http.NewCrossOriginProtection()
	// Behind a proxy that rewrites Host, the public origin is what browsers send.
	_ = p.AddTrustedOrigin(o.URL.Scheme + "://" + o.URL.Host) // a parsed URL has a valid origin
	return &Frame{o: o, origin: p, host: strings.ToLower(o.URL.Host), names: namesOf(o.URL.Scheme, o.Suffix), standing: standing(o.URL.Scheme)}
}

// Handler serves the surfaces below the mount path, which is stripped. Requests
// that no route takes go to the first surface's Fail.
func (f *Frame) Handler(surfaces ...Surface) http.Handler {
	var patterns []string
	var routes []http.Handler
	add := func(s Surface, r Route) {
		patterns, routes = append(patterns, r.Pattern), append(routes, f.serve(s, r))
	}
	for _, s := range surfaces {
		for _, r := range s.Routes {
			add(s, r)
		}
	}
	var mux *http.ServeMux
	add(surfaces[0], Route{Pattern: "/", Access: Anyone, Handler: func(_ http.ResponseWriter, r *http.Request) error {
		return unmatched(mux, r)
	}})
	mux = routing(patterns)
	return http.StripPrefix(strings.TrimRight(f.o.URL.Path, "/"), f.enter(mux, routes))
}

// enter finds out where a request comes from, before next chooses one of the routes.
func (f *Frame) enter(next http.Handler, routes []http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		q, ok := ctx.Value(requestKey{}).(*Request)
		if !ok {
			q = &Request{}
			ctx = context.WithValue(ctx, requestKey{}, q)
		}
		q.started, q.ID, q.routes = f.o.Now(), requestID(), routes
		q.Client = f.o.Trust.Of(clientaddr.Request{Peer: r.RemoteAddr, TLS: r.TLS != nil, Host: r.Host, Headers: r.Header})
		q.source = q.Client.Source()
		w.Header()["Request-Id"] = []string{q.ID}
		if f.o.Tag != nil {
			ctx = f.o.Tag(ctx, q.source)
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func requestID() string {
	var b [10]byte
	secret.Fill(b[:])
	return "req_" + encode(b[:])
}

// serve wraps one route.
func (f *Frame) serve(s Surface, route Route) http.Handler {
	limit := route.Limit
	if limit == "" {
		limit = s.Limit
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := Of(r)
		q.pattern, q.access = route.Pattern, route.Access
		r = f.span(r, q)
		rec := &recorder{ResponseWriter: w}
		defer f.finish(rec, r, q)
		err := f.admit(rec, r, q, route, limit)
		if err == nil {
			err = f.run(route.Handler, rec, r)
		}
		if gone(r, err) {
			err = session.ErrUncertain.Because(err)
		}
		switch {
		case err != nil:
			q.err = err
			f.fail(s, rec, r, err)
		case rec.status == 0: // an empty answer is an answer: it passes the recorder too
			rec.WriteHeader(http.StatusOK)
		}
	})
}

// gone reports whether an error says no more than that the client left, which is
// no fault of this server.
func gone(r *http.Request, err error) bool {
	return r.Context().Err() != nil && errors.Is(err, context.Canceled) && problem.Of(err).Kind == problem.Internal
}

// run catches panics, so that one request cannot take others down.
func (f *Frame) run(h Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			err = problem.ErrInternal.Becausef("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return h(w, r)
}

func (f *Frame) fail(s Surface, w *recorder, r *http.Request, err error) {
	if w.status != 0 {
		return // the answer is under way; the log has the error
	}
	p := problem.Of(err)
	f.explain(s, r, p)
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int64((p.RetryAfter+time.Second-1)/time.Second)))
	}
	if p.Kind == problem.MethodNotAllowed && p.Unwrap() != nil {
		w.Header().Set("Allow", strings.TrimPrefix(p.Unwrap().Error(), "allowed: "))
	}
	s.Fail(w, r, p)
}

// admit is everything that stands between a request and its handler.
func (f *Frame) admit(w http.ResponseWriter, r *http.Request, q *Request, route Route, limit ratelimit.Name) error {
	f.headers(w.Header(), q)
	f.meet(r, q)
	if err := f.rightHost(q); err != nil {
		return err
	}
	q.pass("host")
	// Before anything that reads or writes the store: a refusal costs that too.
	if err := f.limit(r.Context(), w.Header(), q, limit); err != nil {
		return err
	}
	q.pass("limit")
	if route.Access == Protocol {
		return nil
	}
	guest, err := f.sameOrigin(r, q, route)
	if err != nil {
		return err
	}
	q.pass("origin")
	if !guest {
		err = f.identify(r, w.Header(), q)
	}
	if err != nil && route.Access != Anyone {
		return err
	}
	q.pass("credential")
	if err := f.permit(q, route, r.Method); err != nil {
		return err
	}
	q.pass("access")
	return nil
}

// rightHost refuses names that are not ours, so that nothing can be built from a
// chosen Host and origins can be compared with it (SE-50). In development every
// loopback name is ours, and nothing that came through a proxy is (TH-29).
func (f *Frame) rightHost(q *Request) error {
	if q.Host {
		return nil
	}
	if f.o.Dev {
		if q.Client.Forwarded {
			return ErrForwarded
		}
		if !loopbackName(q.Client.Host) {
			return ErrMisdirected
		}
		return nil
	}
	if withDefaultPort(q.Client.Host, f.o.URL.Scheme) != withDefaultPort(f.host, f.o.URL.Scheme) {
		return ErrMisdirected.Becausef("host %q", q.Client.Host)
	}
	return nil
}

func withDefaultPort(host, scheme string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	if scheme == "https" {
		return host + ":443"
	}
	return host + ":80"
}

// sameOrigin is SE-31 for every request a browser can be made to send. A guest is
// a page of another origin that the route admits: our session's cookie, which the
// browser may have sent along, says nothing about what that page may do (TH-9).
func (f *Frame) sameOrigin(r *http.Request, q *Request, route Route) (guest bool, err error) {
	if q.Host {
		return false, nil
	}
	err = f.origin.Check(r)
	switch {
	case err == nil:
		return false, nil
	case route.Admits != nil && route.Admits(r):
		return true, nil
	}
	f.suspect(r.Context(), q, crossOrigin)
	return false, ErrCrossOrigin.Because(err)
}

// meet notes who is asking as far as nothing has to be looked up for it, so that
// what is refused next is recorded with its source.
func (f *Frame) meet(r *http.Request, q *Request) {
	source := audit.Source{UserAgent: useragent.Clip(r.UserAgent()), RequestID: q.ID, TraceID: q.trace}
	if q.Client.Addr.IsValid() {
		source.IP = q.Client.Addr.String()
		if f.o.Place != nil {
			source.Place = f.o.Place(source.IP)
		}
	}
	if q.Host {
		q.Caller = user.Host()
		q.Caller.Source = source
		return
	}
	q.Caller = user.Anonymous(source)
}

// identify finds who is asking. Its error matters only to routes that need
// somebody: a cookie that opens nothing is no reason to hide the sign-in page.
func (f *Frame) identify(r *http.Request, h http.Header, q *Request) error {
	if q.Host {
		return nil
	}
	if token, ok, err := AccessToken(r); ok || err != nil {
		q.Presents("bearer", "")
		if err != nil {
			return err
		}
		return f.identifyToken(r, h, q, &token)
	}
	value, err := Cookie(r, f.Names().Session)
	if err != nil || value == "" {
		return errors.Join(err, errNoCookie)
	}
	q.Presents("session", "")
	q.Secret = value
	who, err := f.o.Sessions.Session(r.Context(), value)
	if err != nil {
		return err
	}
	id, err := user.ParseID(who.Subject)
	if err != nil {
		return err
	}
	q.Identity, q.Caller = who, user.By(id, who.Session, q.Caller.Source)
	return nil
}

// identifyToken is identify for a program with an access token for our own API,
// which only first-party clients get. A token that is presented and wrong is a
// refusal; the cookie beside it is not looked at.
func (f *Frame) identifyToken(r *http.Request, h http.Header, q *Request, p *authn.Presented) error {
	if f.o.Tokens == nil {
		return errToken.Becausef("tokens are not taken here")
	}
	if p.DPoP {
		p.URL = PublicURL(f.o.URL, r)
	}
	who, err := f.o.Tokens.Token(r.Context(), p, strings.TrimRight(f.o.URL.String(), "/"))
	if p.Nonce != "" {
		h.Set("DPoP-Nonce", p.Nonce)
	}
	if err != nil {
		return err
	}
	q.clientID = who.ClientID
	id, err := user.ParseID(who.Subject)
	if err != nil {
		return errToken.Because(err) // of a client, which has no account here
	}
	q.Token = true
	q.Identity, q.Caller = who, user.By(id, who.Session, q.Caller.Source)
	return nil
}

var errNoCookie = problem.New(problem.Unauthenticated, "not_signed_in", "You are not signed in. Sign in and try again.")

func (f *Frame) permit(q *Request, route Route, method string) error {
	switch route.Access {
	case Anyone, SignedIn, Protocol:
		return nil
	case Host:
		if q.Host {
			return nil
		}
		return ErrHostOnly
	case Admin:
		switch {
		case q.Host:
			return nil
		case q.Identity == nil || !q.Identity.HasRole(rbac.Admin):
			return ErrHostOnly.WithPublic("Only administrators can do this.")
		}
		if most := f.recency(route, method); f.o.Now().Sub(q.Identity.AuthenticatedAt) > most {
			return ErrFresh.Because(&StepUp{MaxAge: most})
		}
		return nil
	}
	return ErrHostOnly
}

// recency is how long ago an administrator may have proven who they are.
func (f *Frame) recency(route Route, method string) time.Duration {
	looks := (method == http.MethodGet || method == http.MethodHead) && !route.Recent
	if f.o.Recent == 0 || looks {
		return f.o.Fresh
	}
	return min(f.o.Recent, f.o.Fresh)
}

// MayChange is how long an administrator's sign-in stays recent enough to change
// something: a page with much to type asks for another one first. Negative: it is not;
// 0 for who is no administrator in a browser.
func (f *Frame) MayChange(r *http.Request) time.Duration {
	q := Of(r)
	if q.Host || q.Identity == nil {
		return 0
	}
	return q.Identity.AuthenticatedAt.Add(f.recency(Route{}, http.MethodPost)).Sub(f.o.Now())
}

func (f *Frame) limit(ctx context.Context, h http.Header, q *Request, name ratelimit.Name) error {
	if name == "" || q.Host {
		return nil
	}
	d, err := f.o.Rates.Take(ctx, ratelimit.All(ratelimit.Key{Limit: name, Of: q.source}))
	if err != nil {
		return err
	}
	b := append(append(make([]byte, 0, 64), '"'), d.Name...) // a token of ours: nothing in it needs quoting
	b = strconv.AppendInt(append(b, `";r=`...), int64(d.Remaining), 10)
	b = strconv.AppendInt(append(b, `;t=`...), int64(d.Reset/time.Second), 10)
	h["Ratelimit"] = []string{string(b)}
	return d.Err()
}

// suspect records what may be an attack.
func (f *Frame) suspect(ctx context.Context, q *Request, n audit.Name) {
	if f.o.Record == nil {
		return
	}
	ev := q.Caller.Event(n, f.o.Now(), q.Caller.User).Failed(audit.Blocked, "").With("route", q.pattern)
	if err := f.o.Record(ctx, ev); err != nil {
		f.o.Log.Warn("a suspected attack was not recorded", "event", n.String(), "error", err)
	}
}

var crossOrigin = audit.Define("csrf.blocked", audit.Warning, "")

// AsHost marks every request of h as coming from the host: it is for the socket
// in the data folder, which only the owner of the process can open (TH-25).
func AsHost(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, with(r, &Request{Host: true}))
	})
}

// FormToken is the second layer of SE-35: bound to the session, or to the
// browser's pre-login cookie when nobody is signed in.
func (f *Frame) FormToken(bound string) string {
	mac := f.o.Keys.MAC("form", []byte(bound))
	return fmt.Sprintf("%x", mac[:16])
}

// CheckForm compares a form's token in constant time.
func (f *Frame) CheckForm(token, bound string) error {
	if subtle.ConstantTimeCompare([]byte(token), []byte(f.FormToken(bound))) != 1 {
		return ErrForm
	}
	return nil
}
