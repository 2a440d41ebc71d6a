package federation

import (
	"context"
	"net/http"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// Flow decides; see federate.Flow.
type Flow interface {
	Start(ctx context.Context, w federate.Wish) (federate.Begun, error)
	Finish(ctx context.Context, r federate.Return) (federate.Outcome, error)
	Ended(ctx context.Context, from audit.Source, connection, token string) error
}

// Desk is how pages are read and written; see people.Pages.
type Desk interface {
	Read(w http.ResponseWriter, r *http.Request) (map[string]string, error)
	Show(w http.ResponseWriter, r *http.Request, status int, v page.View) error
	Fail(w http.ResponseWriter, r *http.Request, err error)
	ReturnTo(typed string) string
	Locales(r *http.Request) []string

	Depart(w http.ResponseWriter, r *http.Request, b federate.Begun) error
	Arrived(w http.ResponseWriter, r *http.Request, state string) (sealed string, err error)
	SignInWith(w http.ResponseWriter, r *http.Request, out federate.Outcome) error
	AskExisting(w http.ResponseWriter, pending string) error
	AskLink(w http.ResponseWriter, r *http.Request, pending string) error
	StepUp(w http.ResponseWriter, r *http.Request, out federate.Outcome) error
	LoginAgain(w http.ResponseWriter, r *http.Request, c federate.Carry, err error) error
	StepUpAgain(w http.ResponseWriter, r *http.Request, c federate.Carry, err error) error
	ConnectionsAgain(w http.ResponseWriter, r *http.Request, err error) error
	ServiceRefused(w http.ResponseWriter, r *http.Request, out federate.Outcome) error
	ServiceDown(w http.ResponseWriter, r *http.Request, c federation.Connection, returnTo string, cause error) error
}

// Options configure the surface. All are required.
type Options struct {
	BasePath string // path of the public URL; may be empty
	Frame    *web.Frame
	Desk     Desk
	Flow     Flow
}

type surface struct{ o Options }

// Surface is the endpoints as routes.
func Surface(o Options) web.Surface {
	s := surface{o}
	anyOrigin := func(*http.Request) bool { return true } // it does nothing but ask again by GET
	const path = "/federation/{connection}/"
	return web.Surface{Name: "federation", Limit: ratelimit.PageSource, Fail: o.Desk.Fail, Routes: []web.Route{
		{Pattern: "GET " + path + "start", Access: web.Anyone, Handler: s.start},
		{Pattern: "GET " + path + "callback", Access: web.Anyone, Handler: s.callback},
		{Pattern: "POST " + path + "callback", Access: web.Anyone, Admits: anyOrigin, Handler: s.posted},
		{Pattern: "POST " + path + "backchannel-logout", Access: web.Protocol, Handler: s.ended},
	}}
}
