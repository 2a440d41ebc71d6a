package page

import (
	"html/template"
	"time"
)

// EnrolChoice is /login/enrol: this sign-in ends in setting up a second step. POST to
// /login/enrol/app or /login/enrol/passkey.
type EnrolChoice struct {
	Form
	Passkey bool   // one can be set up here
	Flow    string // posted back as flow
}

// EnrolApp hands an app its secret inside a sign-in: POST code, flow and enrolment to
// /login/enrol.
type EnrolApp struct {
	Form
	Secret    string // for typing, in groups
	QR        template.HTML
	Flow      string
	Enrolment string
	Remember  time.Time // see Second
}

// EnrolKey asks the browser for a passkey inside a sign-in: POST passkey and flow to
// /login/enrol.
type EnrolKey struct {
	Form
	Options string // PublicKeyCredentialCreationOptionsJSON
	Flow    string
}

// FirstCodes shows the recovery codes that came with it, this once, to somebody who is
// signed in by the same answer.
type FirstCodes struct {
	List     []string
	Flow     string // posted to /account/security/download
	ReturnTo string // where "continue" leads below the base path; empty: /account
}

// EnrolSoon is /login/enrol/soon: a second step has to be set up until Due. Later leads
// on to ReturnTo.
type EnrolSoon struct {
	Due      time.Time
	ReturnTo string
}

func (EnrolChoice) sheet() sheet { return sheet{name: "enrol_choice", layout: card} }
func (EnrolApp) sheet() sheet    { return sheet{name: "enrol_app", layout: card, labels: secondCode} }
func (EnrolKey) sheet() sheet    { return sheet{name: "enrol_key", layout: card} }
func (FirstCodes) sheet() sheet  { return sheet{name: "first_codes", layout: card} }
func (EnrolSoon) sheet() sheet   { return sheet{name: "enrol_soon", layout: card} }
