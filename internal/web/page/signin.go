package page

import "time"

// Login is /login: identifier and password together, one POST to /login.
type Login struct {
	Form
	Identifier string    // as typed
	ReturnTo   string    // posted back as return_to; already checked by SE-45
	Signup     bool      // people may create accounts here
	Beside     bool      // whoever is signed in stays so: posted back as beside
	Seats      int       // accounts that are signed in in this browser
	Services   []Service // to sign in with instead
	Passkeys   bool      // offers to sign in with one: GET /login/passkey, posted back as passkey
	Forgotten  string    // a passkey that nobody has, as JSON for the browser to forget it
	Mail       bool      // offers a code by mail: the same form, posted to /login/mail
	Homes      bool      // an address alone may lead to the service of an organisation: posted back as home
	Dev        *DevEntry // nil outside development
}

// DevEntry is the strip "Enter as Ada" (TH-29). It posts person, and code while
// the browser is unproved, to /dev/enter.
type DevEntry struct {
	People []DevPerson
	Proved bool // this browser gave the terminal's code before
	Failed bool // the code just given was wrong
}

// DevPerson is one of the demo people. Key is posted as person.
type DevPerson struct{ Key, Name, Note string }

// Signup is /signup: POST display-name, email, new-password to /signup.
type Signup struct {
	Form
	DisplayName string
	Email       string
	ReturnTo    string    // posted back, and where the link to sign-in leads on to
	MinLength   int       // of a password, in characters
	Passkeys    bool      // one may take the place of the password: POST with=passkey
	Services    []Service // to sign up with instead
}

// CodePurpose says why a code was mailed.
type CodePurpose string

const (
	CodeSignup  CodePurpose = "signup"  // POST code to /verify; resend: POST /signup/resend
	CodeRecover CodePurpose = "recover" // POST code to /recover/code; resend: POST /recover
	CodeAddress CodePurpose = "address" // POST code to /account/addresses/verify; resend: POST /account/addresses/resend
	CodeLogin   CodePurpose = "login"   // POST code and password to /login/verify; resend: POST /login/resend
	CodeMail    CodePurpose = "mail"    // POST code to /login/verify; resend: POST /login/resend
)

// Code is "check your mail": a neutral answer, and a field for the code of the
// message. It says nothing about whether an account exists.
type Code struct {
	Form
	Purpose CodePurpose
	Email   string // where to look, as typed
	Flow    string // posted back as flow; empty: the browser's cookie binds it
}

// Magic is /magic from the link of a message that signs in. Showing it changes
// nothing. Where the message was asked for, its one button posts token to /magic;
// anywhere else it only shows the Code, to be typed there.
type Magic struct {
	Form
	Email string
	Asked time.Time
	From  string // device and place it was asked from; may be empty
	Token string // empty: another browser asked
	Code  string
}

// VerifyPurpose says what a link confirms.
type VerifyPurpose string

const (
	VerifySignup  VerifyPurpose = "signup"
	VerifyAddress VerifyPurpose = "address"
)

// Verify is /verify from the link of a message. Showing it changes nothing;
// its one button posts token to /verify (PW-31).
type Verify struct {
	Form
	Purpose VerifyPurpose
	Email   string
	Name    string    // of the account; may be empty
	Asked   time.Time // when it was asked for; zero: unknown
	From    string    // device and place it was asked from; may be empty
	Token   string
	Flow    string // instead of Token: posted back as flow
	// Choose asks for a new-password of at least MinLength: the sign-up was
	// started elsewhere, so the password chosen then may be somebody else's, or
	// none was.
	Choose    bool
	Keyless   bool // none was
	MinLength int
	Options   string // of a sign-up: PublicKeyCredentialCreationOptionsJSON, the answer posted as passkey
}

// Verified is the good end of /verify. Signed-in people go on to the account.
type Verified struct {
	Purpose  VerifyPurpose
	Email    string
	ReturnTo string // where "continue" leads below the base path; empty: /login or /account
}

// Recover is /recover: POST identifier to /recover.
type Recover struct {
	Form
	Identifier string
	ReturnTo   string // posted back as return_to
}

// RecoverPassword takes the new password: POST new-password and token to
// /recover/password. Sessions are those that will end.
type RecoverPassword struct {
	Form
	Username  string // hidden, so that managers save the right pair
	Token     string // empty: the browser's cookie binds it
	Sessions  []Session
	MinLength int
	// Lost: the account asks for more than a password, which may be lost too: POST
	// token to /recover/lost. OnlyPasskeys: there is no password to replace.
	Lost, OnlyPasskeys bool
}

// Recovered is the good end of recovery. Nobody is signed in by it (PW-33).
type Recovered struct {
	Ended    int
	ReturnTo string // where signing in leads on to
}

// LinkKind says what a dead link was for.
type LinkKind string

const (
	LinkVerify  LinkKind = "verify"
	LinkRecover LinkKind = "recover"
	LinkUndo    LinkKind = "undo"
	LinkLogin   LinkKind = "login"
)

// DeadLink answers a link that expired, was used, was replaced or never was:
// one page for all, since a stranger must not tell them apart.
type DeadLink struct {
	Kind      LinkKind
	Code      string // problem code
	RequestID string
}

// Logout is /logout. Two forms post to /logout: the second with scope=all.
type Logout struct {
	Form
	Sessions int    // live ones, this one included
	Others   []Seat // further accounts signed in in this browser; a third form posts scope=browser
	ReturnTo string // posted back as return_to
}

// LoggedOut is the page after it.
type LoggedOut struct {
	Everywhere bool
	Others     bool    // further accounts are signed in in this browser
	Service    Parting // that they signed in with, and may be signed in to still
}

func (Login) sheet() sheet           { return sheet{name: "login", layout: card} }
func (Signup) sheet() sheet          { return sheet{name: "signup", layout: card, labels: firstPassword} }
func (Code) sheet() sheet            { return sheet{name: "code", layout: card} }
func (Magic) sheet() sheet           { return sheet{name: "magic", layout: card} }
func (Verify) sheet() sheet          { return sheet{name: "verify", layout: card, labels: firstPassword} }
func (Verified) sheet() sheet        { return sheet{name: "verified", layout: card} }
func (Recover) sheet() sheet         { return sheet{name: "recover", layout: card} }
func (RecoverPassword) sheet() sheet { return sheet{name: "recover_password", layout: card} }
func (Recovered) sheet() sheet       { return sheet{name: "recovered", layout: card} }
func (DeadLink) sheet() sheet        { return sheet{name: "dead_link", layout: card} }
func (Logout) sheet() sheet          { return sheet{name: "logout", layout: card} }
func (LoggedOut) sheet() sheet       { return sheet{name: "logged_out", layout: card} }
