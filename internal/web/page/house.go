package page

import (
	"net/url"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

// Landing is / : a welcome for strangers, and in development the map.
type Landing struct {
	Signup bool
	Map    []MapLine // only shown in development
}

// MapLine is one address of the development map. Path is below the base path.
type MapLine struct{ Label, Path, Note string }

// SetupCode is the first step of /setup: POST setup-code to /setup.
type SetupCode struct{ Form }

// SetupPerson is the second: POST display-name, email, new-password to
// /setup/administrator.
type SetupPerson struct {
	Form
	DisplayName string
	Email       string
	MinLength   int
	Passkeys    bool // one may take the place of the password: POST with=passkey
}

// SetupKey is the second step of whoever wants a passkey: POST display-name, email,
// with=key, and passkey or new-password, to /setup/administrator.
type SetupKey struct {
	Form
	DisplayName string
	Email       string
	MinLength   int
	Options     string // PublicKeyCredentialCreationOptionsJSON
}

// SetupClosed tells that too many codes were wrong, and the command that opens
// setup again.
type SetupClosed struct{ RequestID string }

// SetupDone is the end of it.
type SetupDone struct {
	Email   string
	Passkey bool // a passkey is all that opens the account
}

// Fault is any error as a page of its own: 404, 405, 429, 503 and the rest.
type Fault struct {
	Err       *problem.Error
	RequestID string
	Why       string // why-code; may be empty
	Back      string // where "back" leads below the base path; empty: /
	FromApp   bool   // an app sent the browser with it, and the person can mend nothing here
}

// Explain is /errors/{code}: what an error code means and what to try.
type Explain struct{ Err *problem.Error }

func (f Fault) subject() *problem.Error   { return f.Err }
func (e Explain) subject() *problem.Error { return e.Err }

// Mailbox is /dev/mail, newest first.
type Mailbox struct{ Messages []Mail }

// Mail is a message that would have been sent. HTML is not shown by this
// package: the frame asks /dev/mail/{id}/html, which the caller serves under
// "Content-Security-Policy: sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'",
// and the page itself needs frame-src 'self'.
type Mail struct {
	ID      string
	To      string
	Channel string // mail, sms
	Subject string
	Text    string
	HTML    bool   // there is an HTML part
	Links   []Link // found in Text
	Code    string
	At      time.Time
}

// Link is an address found in a message. It is followed only when it is http or
// https (SE-44).
type Link string

// Href is l when it may be followed, else nothing.
func (l Link) Href() string {
	u, err := url.Parse(string(l))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return u.String()
}

// Letter is /dev/mail/{id}.
type Letter struct{ Mail Mail }

func (Landing) sheet() sheet   { return sheet{name: "landing", layout: card} }
func (SetupCode) sheet() sheet { return sheet{name: "setup_code", layout: card} }
func (SetupPerson) sheet() sheet {
	return sheet{name: "setup_person", layout: card, labels: firstPassword}
}

func (SetupKey) sheet() sheet    { return sheet{name: "setup_key", layout: card, labels: firstPassword} }
func (SetupClosed) sheet() sheet { return sheet{name: "setup_closed", layout: card} }
func (SetupDone) sheet() sheet   { return sheet{name: "setup_done", layout: card} }
func (Fault) sheet() sheet       { return sheet{name: "fault", layout: card} }
func (Explain) sheet() sheet     { return sheet{name: "explain", layout: card} }
func (Mailbox) sheet() sheet     { return sheet{name: "mailbox", layout: wide} }
func (Letter) sheet() sheet      { return sheet{name: "letter", layout: wide} }
