package authorize

import (
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// Visit is a browser that comes with a request.
type Visit struct {
	Browser string // value of the cookie that binds requests to a browser; empty: none yet
	Who     *Who   // nil: nobody is signed in
	Source  audit.Source
}

// Who is the account that the browser's session is of. What the session proves is
// read anew when it counts.
type Who struct {
	User    user.ID
	Session session.ID
	Others  int // further accounts signed in to in this browser
}

// StepKind says what has to happen next.
type StepKind int

const (
	SignIn         StepKind = iota + 1 // nobody is signed in
	SignUp                             // prompt=create, where people may sign up
	Reauthenticate                     // the same person has to prove it again: prompt=login, max_age
	Choose                             // which of the accounts
	Consent                            // the page that View describes
	Done                               // Response says where to go
)

// Step is what has to happen next with a request.
type Step struct {
	Kind     StepKind
	Handle   string   // names the request, for every kind but Done
	Hint     string   // login_hint: what to fill in as the name of the account; may be empty
	ACR      string   // of Reauthenticate: the least that has to be proven; empty: what the account asks
	Lang     []string // ui_locales, most wanted first
	Response Response // of Done
}

// Response goes back to the client by way of the browser.
type Response struct {
	Mode   Mode
	To     string      // the redirect address as the client is registered or sent it
	Params [][2]string // in order; secrets may be among them
	Client string      // its client_id
	// Pause: show where it leads and let the person decide, since nobody vouches
	// for the client (OA-21).
	Pause bool
}

// Mode is a response_mode.
type Mode string

const (
	Query    Mode = "query"
	Fragment Mode = "fragment"
	FormPost Mode = "form_post"
)

// Page is what a person is asked to agree to (OA-23). Texts are of the client's or
// an administrator's making: they are shown, and believed by nobody.
type Page struct {
	Handle    string
	Client    Client
	Scopes    []Scope
	Resources []Resource    // APIs that the tokens are for
	Details   []Detail      // authorization_details
	Offline   bool          // goes on when the person has left
	Life      time.Duration // how long the access lasts at most; 0: as long as the sign-in
	Partial   bool          // scopes that are not required may be left out
}

// Client is how an app presents itself.
type Client struct {
	ID, Name                 string
	URI, Logo, Policy, Terms string // may be empty
	Host                     string // where the browser is sent: a host, or the name of a scheme
	SelfRegistered           bool   // nobody here vouches for what it says
}

// Scope is one line of what is asked for.
type Scope struct {
	Name        string
	Description string // in plain words; the name when nobody wrote any
	Required    bool   // cannot be left out
	New         bool   // was not agreed to before
}

// Resource is an API.
type Resource struct{ Identifier, Name string }

// Detail is one object of authorization_details, as lines to read.
type Detail struct {
	Type   string
	Name   string      // in plain words
	Fields [][2]string // what it is called, and its value
	New    bool
}

// Choice is what a person agreed to.
type Choice struct {
	// Scopes that were left ticked; nil: all. What is required stays, whatever
	// this says, and nothing is added that was not asked for.
	Scopes []string
}
