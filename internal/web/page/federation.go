package page

import (
	"html/template"
	"time"
)

// Service is another service that people may sign in with. Name goes into its
// address: /federation/{name}/start.
type Service struct {
	Name  string
	Label string
	Last  bool // this browser signed in with it last
}

// Connections is /account/connections: POST connection to /account/connections/link
// begins a link, POST id to /account/connections/remove ends one.
type Connections struct {
	Form
	List   []Connection
	Offers []Service // that are not linked yet
}

// Connection is a link of the account.
type Connection struct {
	ID    string
	Label string // of the service
	Email string // over there; may be empty
	Added time.Time
	Used  time.Time // zero: never
	Off   bool      // the service is switched off here
}

// Existing says that an account has the address with which somebody came back, and
// that it must be signed in to before both are linked.
type Existing struct {
	Label string
	Email string
}

// ServiceDown says that a service does not answer, and offers the other ways.
type ServiceDown struct {
	Label    string
	Code     string // of the problem
	Retry    string // below the base path: to try it again
	ReturnTo string // where signing in leads on to
	Others   []Service
}

// Trial shows an administrator who a service says they are, as we would keep it.
type Trial struct {
	Label   string
	Email   string
	Counts  bool // the address would count as verified
	Subject string
	Lines   []TrialLine
}

// TrialLine is one field of ours and what it would hold.
type TrialLine struct{ Field, Value string }

// Parting is a way out of a service that somebody signed in with.
type Parting struct {
	Label string
	To    template.URL // empty: none
}

func (Connections) sheet() sheet {
	return sheet{name: "connections", layout: account, menu: "connections"}
}
func (Existing) sheet() sheet    { return sheet{name: "existing", layout: card} }
func (ServiceDown) sheet() sheet { return sheet{name: "service_down", layout: card} }
func (Trial) sheet() sheet       { return sheet{name: "trial", layout: card} }
