package page

import "time"

// Passkeys is /account/passkeys. Each posts id and name to /account/passkeys/rename,
// or id to /account/passkeys/remove; another one begins at /account/passkeys/offer.
type Passkeys struct {
	Form
	List []Passkey
}

// Passkey is one of them.
type Passkey struct {
	ID       string
	Name     string
	Synced   bool      // several devices may hold it
	BackedUp bool      // it is not lost with its device
	Sole     bool      // it would be, and nothing else opens the account
	Suspect  bool      // its counter went back
	Created  time.Time //
	Used     time.Time // zero: never
}

// EnrolPasskey asks the browser for a passkey: POST passkey to /account/passkeys.
type EnrolPasskey struct {
	Form
	Options string // PublicKeyCredentialCreationOptionsJSON
}

func (Passkeys) sheet() sheet {
	return sheet{name: "passkeys", layout: account, menu: "passkeys"}
}

func (EnrolPasskey) sheet() sheet {
	return sheet{name: "enrol_passkey", layout: account, menu: "passkeys"}
}
