package page

import (
	"html/template"
	"time"
)

// Second is /login/second: the second step of a sign-in. POST code and flow there;
// Ways lead to /login/second?way=….
type Second struct {
	Form
	Way  string   // otp, sms or recovery: what is asked for; empty: only a passkey
	Ways []string // what else would do
	Flow string   // posted back as flow
	Sent string   // for sms: the phone that a code was sent to; the form posted to /login/second/send sends one
	// Calls: channel=voice posted there has it read out in a call; Called: it was
	Calls, Called bool
	// Passkey: one would do too, by GET /login/passkey, posted as passkey; Quick: it is
	// what this person used last
	Passkey, Quick bool
	// Remember is until when this device would be remembered, if remember-device is
	// posted with it; zero: that is not offered
	Remember time.Time
}

// Security is /account/security: the second steps of an account. POST device-name to
// /account/security/add; each app posts id to /account/security/remove, and id and
// device-name to /account/security/rename; codes are renewed by /account/security/codes.
type Security struct {
	Form
	Apps     []Authenticator
	Codes    int       // unused recovery codes
	CodesAt  time.Time // when they were made; zero: there are none
	Passkeys int       // that sign in by themselves
	Phones   []Telephone
	AddPhone bool // POST phone-number to /account/security/phone/add
	Calls    bool // and channel=voice with it: to be called there
	Devices  []Remembered
	Strong   bool // this session was proven with a second step
	// Recovering: somebody is replacing the factors; /account/recovery says more
	Recovering bool
}

// Authenticator is one app that shows codes.
type Authenticator struct {
	ID    string
	Name  string
	Added time.Time
	Used  time.Time // zero: never
}

// Telephone is a phone that codes are sent to. Its id is posted to
// /account/security/phone/remove.
type Telephone struct {
	ID     string
	Number string // masked
	Added  time.Time
	Used   time.Time // zero: never
}

// EnrolPhone takes the code that proves a number: POST code and flow to
// /account/security/phone/confirm.
type EnrolPhone struct {
	Form
	Number string // masked
	Called bool   // the code is read out in a call
	Flow   string
}

// Remembered is a device on which no second step is asked: POST id to
// /account/security/forget, or all=yes.
type Remembered struct {
	ID       string
	Browser  string
	Place    string
	Since    time.Time
	Until    time.Time
	LastUsed time.Time // zero: never
}

// Enrol is the page that hands an app its secret: POST code and flow to
// /account/security/confirm.
type Enrol struct {
	Form
	Name   string
	Secret string // for typing, in groups
	QR     template.HTML
	Flow   string
}

// Codes shows recovery codes, this once. POST flow to /account/security/download for
// a text file.
type Codes struct {
	List []string
	Flow string
}

func (Second) sheet() sheet   { return sheet{name: "second", layout: card, labels: secondCode} }
func (Security) sheet() sheet { return sheet{name: "security", layout: account, menu: "security"} }
func (Enrol) sheet() sheet    { return sheet{name: "enrol", layout: account, menu: "security"} }
func (Codes) sheet() sheet    { return sheet{name: "codes", layout: account, menu: "security"} }

func (EnrolPhone) sheet() sheet {
	return sheet{name: "enrol_phone", layout: account, menu: "security"}
}

var secondCode = map[string]string{"code": "second.code"}
