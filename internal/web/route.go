package web

import (
	"net/http"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
)

// Access says who may reach a route. The zero Access is the strict one of
// ordinary people, so forgetting it locks the door.
type Access int

const (
	SignedIn Access = iota // a live session
	Anyone                 // nobody has to be signed in; whoever is, is known
	Admin                  // the host, or a session of an administrator proven within Fresh, to change anything within Recent
	Host                   // only the socket in the data folder
	// Protocol: the handler authenticates the caller by what its protocol says.
	// Cookies are not looked at, so requests that other sites cause are no danger.
	Protocol
)

// Handler answers a request or returns why not.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is one line of the table of routes. Pattern is one of http.ServeMux with
// its method: "POST /login".
type Route struct {
	Pattern string
	Access  Access
	Recent  bool           // of Admin: looking is taken for a change, as an export is (SE-24)
	Limit   ratelimit.Name // per source; empty: the surface's own
	// Admits says that a request which another origin caused may pass, because a
	// client is registered there. Nil: none may. It never widens other routes (TH-9).
	Admits  func(r *http.Request) bool
	Handler Handler
}

// Surface is a set of routes that answer in the same form.
type Surface struct {
	Name   string
	Limit  ratelimit.Name // of routes that name none
	Routes []Route
	// Refusals say no to somebody though their kind is Invalid, as OAuth's do: they
	// are explained to administrators like those of the kinds that always do.
	Refusals []*problem.Error
	// Fail writes err in the surface's form. It has been classified and logged.
	Fail func(w http.ResponseWriter, r *http.Request, err error)
}
