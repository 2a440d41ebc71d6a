package mortise

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/decision"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/verify"
)

// guard is what stands before the host program's handlers.
type guard struct {
	auth   *authn.Authenticator
	cookie string
	api    string // the audience of tokens for the host's handlers
	base   *url.URL
	realm  web.Realm
	public string // scheme and host that clients of the API see
	now    func() time.Time
	origin *http.CrossOriginProtection
	why    *decision.Recorder
	source func(*http.Request) string
}

func newGuard(a *app.App) guard {
	g := guard{auth: a.Auth, api: a.Audience(), cookie: a.Frame.Names().Session, base: a.URL(), realm: a.Realm(), now: a.Clock(), origin: http.NewCrossOriginProtection(), why: a.Decisions, source: a.ClientIP}
	g.public = g.base.Scheme + "://" + g.base.Host
	if u, err := url.Parse(g.api); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
		g.public = u.Scheme + "://" + u.Host
	}
	_ = g.origin.AddTrustedOrigin(g.base.Scheme + "://" + g.base.Host) // checked by New
	return g
}

var errOrigin = problem.New(problem.Forbidden, "cross_origin", "This request came from another site and was refused. Open our own page and try again.")

// Require lets a request through when it speaks for somebody for whom all rules
// hold; FromContext then tells who. It takes a session's cookie, or an access token
// for Config.Resource in the Authorization header, by Bearer or, if it is bound to a
// key, by DPoP with its proof; a token that is presented is
// judged, and the cookie beside it is not looked at. Otherwise a browser that navigates is sent to
// sign in and comes back, and everything else gets 401, 403 or 503 as
// application/problem+json.
//
// A request that changes something (any method but GET, HEAD, OPTIONS) and is
// identified by a cookie must come from the host's own origin, and so must every
// Upgrade; siblings of the host are strangers.
func (s *Server) Require(rules ...Rule) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			who, err := s.guard.identify(w.Header(), r)
			if err == nil {
				err = s.guard.hold(rules, who)
			}
			if err != nil {
				s.guard.refuse(w, r, who, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(verify.NewContext(r.Context(), who)))
		})
	}
}

// Identify is Require for handlers that also serve strangers: it tells who is
// asking when somebody is signed in, and refuses nobody who is not. A cookie that
// opens nothing counts as nobody; an access token that is presented and wrong is
// refused, so that its holder gets a new one; a store that does not answer is
// still 503.
func (s *Server) Identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := s.guard.identify(w.Header(), r)
		switch {
		case err == nil:
			r = r.WithContext(verify.NewContext(r.Context(), who))
		case hasToken(r) || problem.Of(err).Kind != problem.Unauthenticated:
			s.guard.refuse(w, r, nil, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (g *guard) identify(h http.Header, r *http.Request) (*verify.Identity, error) {
	if token, ok, err := web.AccessToken(r); ok || err != nil {
		if err != nil {
			return nil, err
		}
		return g.byToken(h, r, &token)
	}
	value, err := web.Cookie(r, g.cookie)
	if err != nil {
		return nil, err
	}
	if value == "" {
		return nil, authn.ErrNone
	}
	if err := g.sameOrigin(r); err != nil {
		return nil, err
	}
	return g.auth.Session(r.Context(), value)
}

// byToken judges an access token, and the proof that comes with one bound to a key.
func (g *guard) byToken(h http.Header, r *http.Request, p *authn.Presented) (*verify.Identity, error) {
	if p.DPoP {
		p.URL = g.public + path(r)
	}
	who, err := g.auth.Token(r.Context(), p, g.api)
	if p.Nonce != "" {
		h.Set("DPoP-Nonce", p.Nonce)
	}
	return who, err
}

// path is of the request as it came: a mux may have cut off its beginning.
func path(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		path, _, _ := strings.Cut(r.RequestURI, "?")
		return path
	}
	return r.URL.EscapedPath()
}

// hasToken reports whether r presents an access token, good or not.
func hasToken(r *http.Request) bool {
	_, presented, err := web.AccessToken(r)
	return presented || err != nil
}

// sameOrigin is SE-31 for requests identified by a cookie, and SE-38 for
// upgrades, where browsers send Origin but no preflight.
func (g *guard) sameOrigin(r *http.Request) error {
	if err := g.origin.Check(r); err != nil {
		return errOrigin.Because(err)
	}
	if r.Header["Upgrade"] == nil {
		return nil
	}
	if o := r.Header.Get("Origin"); o != g.base.Scheme+"://"+g.base.Host {
		return errOrigin.Becausef("upgrade from %q", o)
	}
	return nil
}

func (g *guard) hold(rules []Rule, who *verify.Identity) error {
	if len(rules) == 0 {
		return nil
	}
	now := g.now()
	for _, rule := range rules {
		if err := rule.holds(who, now); err != nil {
			return err
		}
	}
	return nil
}

// refuse answers a request that may not pass.
func (g *guard) refuse(w http.ResponseWriter, r *http.Request, who *verify.Identity, err error) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Authorization, Cookie")
	p := problem.Of(err)
	if g.signsIn(r, p) {
		http.Redirect(w, r, g.login(r, p), http.StatusSeeOther)
		return
	}
	if c := web.Challenge(r, g.realm, p); c != "" {
		h.Set("WWW-Authenticate", c)
	}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", fmt.Sprint(int64((p.RetryAfter+time.Second-1)/time.Second)))
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("X-Content-Type-Options", "nosniff")
	status := web.Status(r, p)
	w.WriteHeader(status)
	answer := map[string]any{
		"type":  strings.TrimRight(g.base.String(), "/") + "/errors/" + p.Code,
		"title": p.Public, "status": status, "code": p.Code,
	}
	if why := g.explain(r, who, p); why != "" {
		answer["why"] = why
	}
	_ = json.NewEncoder(w).Encode(answer) // a client that has gone cannot be told
}

// explain remembers for administrators why r may not pass: see mortise why.
func (g *guard) explain(r *http.Request, who *verify.Identity, p *problem.Error) string {
	if errors.Is(p, authn.ErrNone) || p.Kind == problem.Unavailable {
		return "" // there is nothing to find out
	}
	d := decision.Record{
		Refusal: p.Code, Method: r.Method, Route: r.Pattern, UserAgent: r.UserAgent(), Credential: "session",
		IP: g.source(r),
	}
	if hasToken(r) {
		d.Credential = "bearer"
	}
	if who != nil {
		d.Subject, d.Session, d.Client = who.Subject, who.Session, who.ClientID
	}
	if cause := p.Unwrap(); cause != nil {
		d.Reason = cause.Error()
	}
	check := decision.Check{Name: "credential"}
	if p.Kind == problem.Forbidden {
		check.Name = "rules"
	}
	check.Wanted, check.Got = p.Compared()
	d.Checks = []decision.Check{check}
	return g.why.Record(r.Context(), d)
}

// signsIn reports whether a sign-in would help and a person is there to do it:
// a navigation, and not a fetch in the background (SE-58), nor a program, which is
// who has a token.
func (g *guard) signsIn(r *http.Request, p *problem.Error) bool {
	helps := p.Kind == problem.Unauthenticated || errors.Is(p, errFresh) || errors.Is(p, errStrength)
	if !helps || hasToken(r) || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		return false
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// login is our sign-in page, with the way back. The way back is a path on this
// origin; the page checks it again.
func (g *guard) login(r *http.Request, p *problem.Error) string {
	back := url.Values{"return_to": {r.URL.RequestURI()}}
	if errors.Is(p, errFresh) { // the same session, proven once more
		back.Set("again", "1")
	}
	var up *web.StepUp
	if errors.As(p, &up) && up.ACR != "" {
		back.Set("again", "1")
		back.Set("acr", up.ACR)
	}
	return g.base.JoinPath("login").String() + "?" + back.Encode()
}
