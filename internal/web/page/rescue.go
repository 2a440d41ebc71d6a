package page

import (
	"html/template"
	"time"
)

// Reclaiming is the good end of starting a recovery without the second step.
type Reclaiming struct {
	Due   time.Time
	Ready bool // it was due already: the message that completes it was sent again
}

// Objection is /recover/veto, from the messages about a recovery: POST token there.
type Objection struct {
	Form
	Token   string
	Started time.Time
	Due     time.Time
	Delayed bool // somebody objected before
}

// Objected is the good end of an objection.
type Objected struct{ Due time.Time }

// Replace is /recover/finish: POST token, flow and code of the new app there, or
// token and passkey; new-password with an app where there is no password.
type Replace struct {
	Form
	Username     string
	Token        string
	Flow         string // of the app; empty: only a security key will do
	Secret       string // for typing, in groups
	QR           template.HTML
	NeedPassword bool
	MinLength    int
	Options      string // PublicKeyCredentialCreationOptionsJSON
}

// Replacement is the good end: recovery codes of the new app, shown this once.
type Replacement struct{ List []string }

// Reclaim is /account/recovery: the recovery that runs. POST to /account/recovery/stop,
// or to /account/recovery/object.
type Reclaim struct {
	Form
	None    bool
	Kind    string // waiting, reset or link
	Started time.Time
	Due     time.Time
	Delayed bool
}

func (Reclaiming) sheet() sheet  { return sheet{name: "reclaiming", layout: card} }
func (Objection) sheet() sheet   { return sheet{name: "objection", layout: card} }
func (Objected) sheet() sheet    { return sheet{name: "objected", layout: card} }
func (Replace) sheet() sheet     { return sheet{name: "replace", layout: card, labels: secondCode} }
func (Replacement) sheet() sheet { return sheet{name: "replacement", layout: card} }
func (Reclaim) sheet() sheet     { return sheet{name: "reclaim", layout: account, menu: "activity"} }
