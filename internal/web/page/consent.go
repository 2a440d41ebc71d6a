package page

import "time"

// Consent is /consent: who asks, what for, for how long, and where it leads
// (OA-23). It posts flow, account, decision ("approve" or "deny") and, where the
// person may choose, "yes" as scope:NAME for each scope that stays.
type Consent struct {
	Form
	Flow    string // names the one request that is decided
	Account string // id of the account it is decided for
	Back    string // /oauth2/authorize of this request, to come back to from the chooser
	App     ConsentApp
	Scopes  []ConsentScope
	APIs    []ConsentAPI
	Details []ConsentDetail
	Offline bool          // it goes on when the person has left
	Life    time.Duration // how long it lasts at most; 0: as long as the sign-in
	Partial bool          // scopes that are not required may be left out
}

// ConsentApp is how an app presents itself. Texts are of its own making.
type ConsentApp struct {
	Name, ID            string
	Logo                string // below the base path, of a picture we serve; may be empty
	Home, Policy, Terms Link   // may be empty
	Host                string // where the browser is sent
	SelfRegistered      bool   // nobody here vouches for it
}

// ConsentScope is one thing the app asks for.
type ConsentScope struct {
	Scope
	Required bool
	New      bool // was not agreed to before
	Off      bool // the person took it out and is shown the page again
}

// ConsentAPI is an API that the app wants to use.
type ConsentAPI struct{ Name, Identifier string }

// ConsentDetail is one typed request in lines of name and value.
type ConsentDetail struct {
	Name   string
	Fields [][2]string
}

// Renewed reports whether some of what is asked for was agreed to before, so that
// what is new is worth marking.
func (c Consent) Renewed() bool {
	for _, s := range c.Scopes {
		if !s.New {
			return true
		}
	}
	return false
}

// Choose is /choose, the accounts that are signed in in this browser: POST account
// and return_to there to go on with one, or to /choose/end to sign it out.
type Choose struct {
	Form
	List     []Seat
	ReturnTo string
	Full     bool // no further account fits
}

// Seat is an account that is signed in in this browser.
type Seat struct {
	ID      string // of its session
	Name    string
	Email   string
	Current bool
}

// Again is /login?again=1: whoever is signed in proves it once more. POST password
// and return_to to /login/again.
type Again struct {
	Form
	Passkey  bool // see Confirm
	Username string
	ReturnTo string
	ACR      string // posted back as acr: what has to be proven at least
	Others   bool   // further accounts are signed in here
	Code     bool   // the account has a second step: POST code too
	Phone    bool   // see Confirm: posted to /login/again/send
	Sent     string
	Calls    bool
	Called   bool

	NoPassword bool      // see Confirm
	Services   []Service // POST connection and return_to to /login/again/service
	Federated  string
	Service    string
}

func (Consent) sheet() sheet { return sheet{name: "consent", layout: card} }
func (Choose) sheet() sheet  { return sheet{name: "choose", layout: card} }
func (Again) sheet() sheet   { return sheet{name: "again", layout: card} }
