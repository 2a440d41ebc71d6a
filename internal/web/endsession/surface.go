package endsession

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/mortise-auth/mortise/internal/endsession"
	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// Desk is how a page is read and written here; see people.Pages.
type Desk interface {
	Read(w http.ResponseWriter, r *http.Request) (map[string]string, error)
	CheckForm(r *http.Request, form map[string]string) error
	Show(w http.ResponseWriter, r *http.Request, status int, v page.View) error
	Browser(r *http.Request) ([]endsession.Who, error)
	Parting(r *http.Request, who endsession.Who, to string) (federate.Farewell, error)
	Forget(w http.ResponseWriter, r *http.Request, who endsession.Who)
	Fail(w http.ResponseWriter, r *http.Request, err error)
}

// Flow decides; see endsession.Flow.
type Flow interface {
	Plan(ctx context.Context, r endsession.Request, browser []endsession.Who) (endsession.Plan, error)
	Frames(ctx context.Context, s session.ID) ([]string, error)
}

// Options configure the surface. All are required.
type Options struct {
	BasePath string // path of the public URL; may be empty
	Desk     Desk
	Flow     Flow
	// SignOut ends the session of by; one that is over is no error.
	SignOut func(ctx context.Context, by user.Caller) error
}

type surface struct{ o Options }

const path = "/oauth2/end_session"

// Surface is the endpoint as routes.
func Surface(o Options) web.Surface {
	s := surface{o}
	anyOrigin := func(*http.Request) bool { return true } // it does nothing but ask again by GET
	return web.Surface{Name: "end session", Limit: ratelimit.PageSource, Fail: o.Desk.Fail, Routes: []web.Route{
		{Pattern: "GET " + path, Access: web.Anyone, Handler: s.ask},
		{Pattern: "POST " + path, Access: web.Anyone, Admits: anyOrigin, Handler: s.posted},
		{Pattern: "POST " + path + "/confirm", Access: web.Anyone, Handler: s.confirm},
	}}
}

// parameters of a request; others are not ours and are dropped (OA-96).
var parameters = []string{"id_token_hint", "client_id", "post_logout_redirect_uri", "state", "logout_hint", "ui_locales"}

func request(f map[string]string) endsession.Request {
	return endsession.Request{Hint: f["id_token_hint"], Client: f["client_id"], To: f["post_logout_redirect_uri"], State: f["state"], LogoutHint: f["logout_hint"]}
}

// longest is what a Location may have that a browser sends back in one line.
const longest = 8 << 10

// posted turns the request into a GET, with which browsers send our cookies
// wherever it started.
func (s surface) posted(w http.ResponseWriter, r *http.Request) error {
	f, err := s.o.Desk.Read(w, r)
	if err != nil {
		return err
	}
	q := url.Values{}
	for _, name := range parameters {
		if f[name] != "" {
			q.Set(name, f[name])
		}
	}
	to := s.o.BasePath + path
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	if len(to) > longest {
		return web.ErrTooLarge
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// ask is the GET: it signs out when the hint suffices, and asks otherwise.
func (s surface) ask(w http.ResponseWriter, r *http.Request) error {
	f, err := s.o.Desk.Read(w, r)
	if err != nil {
		return err
	}
	who, err := s.o.Desk.Browser(r)
	if err != nil {
		return err
	}
	p, err := s.o.Flow.Plan(r.Context(), request(f), who)
	if err != nil {
		return err
	}
	if p.Ask && p.End == nil { // nobody is signed in, and only a link leads on
		return s.o.Desk.Show(w, r, http.StatusOK, page.SignedOff{App: p.Client, To: p.To})
	}
	if p.Ask || p.End != nil && !deliberate(r) {
		return s.o.Desk.Show(w, r, http.StatusOK, page.EndSession{App: p.Client, Fields: fields(f)})
	}
	return s.end(w, r, p, false)
}

// deliberate: a browser that only looks ahead signs nobody out.
func deliberate(r *http.Request) bool {
	return r.Method == http.MethodGet && !strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch")
}

func fields(f map[string]string) (all []page.Field) {
	for _, name := range parameters {
		if f[name] != "" {
			all = append(all, page.Field{Name: name, Value: f[name]})
		}
	}
	return all
}

// confirm is the answer to the page. Sent again, or after the session ended
// elsewhere, there is nothing left to end, and it leads on all the same.
func (s surface) confirm(w http.ResponseWriter, r *http.Request) error {
	f, err := s.o.Desk.Read(w, r)
	if err != nil {
		return err
	}
	who, err := s.o.Desk.Browser(r)
	if err != nil {
		return err
	}
	if len(who) > 0 {
		if err := s.o.Desk.CheckForm(r, f); err != nil {
			return err
		}
	}
	p, err := s.o.Flow.Plan(r.Context(), request(f), who)
	if err != nil {
		return err
	}
	return s.end(w, r, p, true)
}

// end carries the plan out. A form's answer does not redirect to another origin:
// browsers would hold every redirect that follows against our form-action.
func (s surface) end(w http.ResponseWriter, r *http.Request, p endsession.Plan, form bool) error {
	out := page.SignedOff{App: p.Client, To: p.To}
	if p.End != nil {
		frames, err := s.o.Flow.Frames(r.Context(), p.End.Session)
		if err != nil {
			return err
		}
		out.Frames = frames
		bye, err := s.o.Desk.Parting(r, *p.End, p.To)
		if err != nil {
			return err
		}
		if err := s.o.SignOut(r.Context(), user.By(p.End.User, p.End.Session.String(), web.Of(r).Caller.Source)); err != nil {
			return err
		}
		s.o.Desk.Forget(w, r, *p.End)
		out = by(bye, out)
	}
	switch {
	case out.To == "":
	case len(out.Frames) == 0 && !form:
		w.Header().Set("Location", out.To)
		w.WriteHeader(http.StatusSeeOther)
		return nil
	default:
		w.Header().Set("Refresh", wait(len(out.Frames))+"; url="+out.To)
	}
	return s.o.Desk.Show(w, r, http.StatusOK, out)
}

// by leads by way of the service that the session began with, which leads back to us
// and so on to the app; or offers that, where the browser goes nowhere else.
func by(bye federate.Farewell, out page.SignedOff) page.SignedOff {
	switch {
	case bye.Address == "":
	case bye.Always:
		out.To, out.App = bye.Address, ""
	case out.To == "":
		out.Service = page.Parting{Label: bye.Label, To: template.URL(bye.Address)} //nolint:gosec // made by the protocol of a connection
	}
	return out
}

// wait is how many seconds the frames have to load before the page leads on.
func wait(frames int) string {
	if frames == 0 {
		return "0"
	}
	return "3"
}
