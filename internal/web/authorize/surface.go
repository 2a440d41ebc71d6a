package authorize

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	flow "github.com/mortise-auth/mortise/internal/authorize"
	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// Flow is what the surface needs of authorize.Flow.
type Flow interface {
	Begin(ctx context.Context, p flow.Params, v flow.Visit) (flow.Step, error)
	Post(ctx context.Context, p flow.Params, v flow.Visit) (flow.Params, error)
	Next(ctx context.Context, handle string, v flow.Visit) (flow.Step, error)
}

// Desk writes pages; see people.Pages.
type Desk interface {
	Present(w http.ResponseWriter, r *http.Request, status int, v page.View, policy string) error
	Fail(w http.ResponseWriter, r *http.Request, err error)
	// FailApp is Fail for a request that an app sent the browser with.
	FailApp(w http.ResponseWriter, r *http.Request, err error)
}

// Options configure a Handler. All are required but Others.
type Options struct {
	URL   *url.URL // public address, with the path below which we are mounted
	Dev   bool
	Frame *web.Frame
	Flow  Flow
	Desk  func() Desk // asked when a page is due: the pages need us too
	// Others counts the further accounts signed in to in r's browser; nil: none are.
	Others func(r *http.Request) int
}

// Handler answers authorization requests, and for the pages that ask people. It is
// safe for concurrent use.
type Handler struct {
	o    Options
	base string
}

// New makes a Handler.
func New(o Options) *Handler { return &Handler{o, strings.TrimRight(o.URL.Path, "/")} }

// Path of the endpoint, below the base path.
const Path = "/oauth2/authorize"

// Surface is the endpoint as routes.
func (h *Handler) Surface() web.Surface {
	return web.Surface{
		Name: "authorize", Limit: ratelimit.AuthorizeSource, Fail: h.fail, Refusals: flow.Refusals(),
		Routes: []web.Route{
			{Pattern: "GET " + Path, Access: web.Anyone, Handler: h.get},
			// Any site may send the form: it is kept, and nothing is done with it.
			{Pattern: "POST " + Path, Access: web.Anyone, Admits: func(*http.Request) bool { return true }, Handler: h.post},
		},
	}
}

func (h *Handler) get(w http.ResponseWriter, r *http.Request) error {
	p, err := parameters(r.URL.RawQuery)
	if err != nil {
		return err
	}
	if handle := p["flow"]; len(handle) == 1 {
		return h.next(w, r, handle[0])
	}
	v, err := h.Visit(r)
	if err != nil {
		return err
	}
	present(r, p)
	fresh := v.Browser == ""
	if fresh {
		v.Browser = secret.New(authreq.BrowserPurpose).Reveal()
	}
	s, err := h.o.Flow.Begin(r.Context(), p, v)
	if err != nil {
		return err
	}
	if fresh && s.Kind != flow.Done {
		h.o.Frame.SetCookie(w, h.o.Frame.Names().Request, v.Browser, 0)
	}
	return h.goOn(w, r, s)
}

// next is ?flow=…: a page of ours has done its part.
func (h *Handler) next(w http.ResponseWriter, r *http.Request, handle string) error {
	v, err := h.Visit(r)
	if err != nil {
		return err
	}
	web.Of(r).Presents("authorization request", "")
	s, err := h.o.Flow.Next(r.Context(), handle, v)
	if err != nil {
		return err
	}
	return h.goOn(w, r, s)
}

func (h *Handler) post(w http.ResponseWriter, r *http.Request) error {
	p, err := posted(w, r)
	if err != nil {
		return err
	}
	present(r, p)
	again, err := h.o.Flow.Post(r.Context(), p, flow.Visit{Source: web.Of(r).Caller.Source})
	if err != nil {
		return err
	}
	return seeOther(w, h.base+Path+"?"+url.Values(again).Encode())
}

// present notes for explanations which client a request names.
func present(r *http.Request, p flow.Params) {
	id := ""
	if named := p["client_id"]; len(named) == 1 && !strings.HasPrefix(named[0], "mrt_") && len(named[0]) <= 128 {
		id = named[0]
	}
	web.Of(r).Presents("authorization request", id)
}

// Visit is who comes, for the pages that ask people too. A bearer token signs nobody in here: no page goes with it.
func (h *Handler) Visit(r *http.Request) (flow.Visit, error) {
	q := web.Of(r)
	v := flow.Visit{Source: q.Caller.Source}
	cookie, err := web.Cookie(r, h.o.Frame.Names().Request)
	if err != nil {
		return v, err
	}
	if len(cookie) == secret.EncodedLen {
		v.Browser = cookie
	}
	if q.Identity == nil || q.Token {
		return v, nil
	}
	who := &flow.Who{}
	if who.User, err = user.ParseID(q.Identity.Subject); err != nil {
		return v, err
	}
	if who.Session, err = session.ParseID(q.Identity.Session); err != nil {
		return v, err
	}
	if h.o.Others != nil {
		who.Others = h.o.Others(r)
	}
	v.Who = who
	return v, nil
}

// goOn leads to what is next.
func (h *Handler) goOn(w http.ResponseWriter, r *http.Request, s flow.Step) error {
	if s.Kind == flow.Done {
		return h.Answer(w, r, s.Response)
	}
	back := h.base + Path + "?flow=" + s.Handle
	q := url.Values{"return_to": {back}}
	if len(s.Lang) > 0 {
		q.Set("ui_locales", strings.Join(s.Lang, " "))
	}
	if s.Hint != "" && (s.Kind == flow.SignIn || s.Kind == flow.Reauthenticate) {
		q.Set("identifier", s.Hint)
	}
	path := "/login"
	switch s.Kind {
	case flow.SignUp:
		path = "/signup"
	case flow.Reauthenticate:
		q.Set("again", "1")
		if s.ACR != "" {
			q.Set("acr", s.ACR)
		}
	case flow.Choose:
		path = "/choose"
	case flow.Consent:
		path = "/consent"
		q.Del("return_to")
		q.Set("flow", s.Handle)
	}
	return seeOther(w, h.base+path+"?"+q.Encode())
}

func seeOther(w http.ResponseWriter, to string) error {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}
