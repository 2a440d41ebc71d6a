package page

import "time"

// Account is /account: how safe the account is in words, what waits for the
// person, and what happened lately.
type Account struct {
	Health  Health
	Pending []Pending
	Recent  []Event
	Offer   bool // there is no passkey yet: one is suggested, where the browser has them
	// Recovering: somebody is replacing the factors; /account/recovery says more
	Recovering bool
	// Deciding: requests wait for a second administrator; /account/approvals says which
	Deciding bool
	// Administers: /account/approvals is there for this person
	Administers bool
}

// Health is what the overview says about safety.
type Health struct {
	PasswordChanged time.Time // zero: there is no password
	Keyless         bool      // passkeys open the account, and no password does
	Sole            bool      // nothing but one passkey opens it, and that is lost with its device: another one is offered
	Compromised     bool      // the password is on a list of known ones
	Verified        int       // addresses
	Unverified      int
	Sessions        int
}

// PendingKind says what waits.
type PendingKind string

const (
	PendingAddress  PendingKind = "address"  // Email wants its code
	PendingDeletion PendingKind = "deletion" // the account goes at Due
)

// Pending is one thing that waits for the person.
type Pending struct {
	Kind  PendingKind
	Email string
	Due   time.Time
}

// Profile is /account/profile: POST display-name, language, time-zone there.
type Profile struct {
	Form
	DisplayName string
	Language    string            // tag; empty: as the browser says
	TimeZone    string            // IANA name; empty: as the browser says
	TimeZones   []string          // to choose from, sorted
	Owned       map[string]string // name and locale, if a service keeps them up to date, and what it is called
}

// Addresses is /account/addresses: POST email there to add one. Each address
// posts id to /account/addresses/primary, /remove and /resend.
type Addresses struct {
	Form
	List  []Address
	Email string // as typed
}

// Address is one e-mail address.
type Address struct {
	ID       string
	Email    string
	Primary  bool
	Verified bool
	Since    time.Time
	OnlyOne  bool // the last verified one cannot be removed
}

// Password is /account/password: POST password, new-password and
// sign-out-others ("yes" or absent) there.
type Password struct {
	Form
	Username  string
	Changed   time.Time
	Others    int // other live sessions
	Keep      bool
	MinLength int
	Passkey   bool // the account has one: it proves instead of the password, and the password may go by /account/password/remove
}

// Act names what a person is asked to confirm with the password.
type Act string

const (
	ActAddAddress     Act = "add_address"
	ActPrimary        Act = "primary"
	ActRemove         Act = "remove_address"
	ActExport         Act = "export"
	ActDelete         Act = "delete"
	ActEndAll         Act = "end_all"
	ActAddPasskey     Act = "add_passkey"
	ActRemovePasskey  Act = "remove_passkey"
	ActRemovePassword Act = "remove_password"
	ActAddApp         Act = "add_app"
	ActRemoveApp      Act = "remove_app"
	ActAddPhone       Act = "add_phone"
	ActRemovePhone    Act = "remove_phone"
	ActNewCodes       Act = "new_codes"
	ActLink           Act = "link"
	ActUnlink         Act = "unlink"
	ActStopRecovery   Act = "stop_recovery"
)

// Acts lists every Act.
var Acts = []Act{ActAddAddress, ActPrimary, ActRemove, ActExport, ActDelete, ActEndAll, ActAddPasskey, ActRemovePasskey, ActRemovePassword, ActAddApp, ActRemoveApp, ActAddPhone, ActRemovePhone, ActNewCodes, ActLink, ActUnlink, ActStopRecovery}

// Confirm asks for the password once more, for an act that needs a proof of its
// own (TH-36): POST password and flow to /account/confirm.
type Confirm struct {
	Form
	Username string
	Act      Act
	Object   string // the address the act is about; may be empty
	Flow     string // the parked act
	Back     string // where "cancel" leads, below the base path
	Code     bool   // the act needs the second step too: POST code
	Phone    bool   // its code is sent: the same form, posted to /account/confirm/send
	Sent     string // to this phone it was
	Calls    bool   // channel=voice has it read out in a call
	Called   bool   // it was
	Passkey  bool   // a passkey does it too: GET /account/confirm/passkey, posted as passkey

	NoPassword bool      // the account has none
	Services   []Service // that do it too: POST connection and flow to /account/confirm/service
	Federated  string    // one has just done it: posted as federated
	Service    string    // which
	Proven     bool      // they have just signed in for this act: nothing more is asked
}

// Sessions is /account/sessions. Each posts id to /account/sessions/end; the
// others go by /account/sessions/others, all by /account/sessions/all.
type Sessions struct {
	Form
	List []Session
}

// Device is the shape of a device, for its picture.
type Device string

const (
	DeviceUnknown Device = ""
	DeviceDesktop Device = "desktop"
	DevicePhone   Device = "phone"
	DeviceTablet  Device = "tablet"
	DeviceProgram Device = "program"
)

// Session is one sign-in on one device.
type Session struct {
	ID      string
	Device  Device
	System  string // macOS
	Browser string // Firefox
	Place   string // approximate; may be empty
	IP      string
	First   time.Time
	Last    time.Time
	Current bool
	Apps    []string // names of the apps that are signed in by it
}

// Apps is /account/apps. Each sign-in of an app posts id to /account/apps/end; an
// app with several of them posts client to /account/apps/end-all, and one that was
// allowed something to /account/apps/withdraw.
type Apps struct {
	Form
	List []App
}

// App is what one app may do.
type App struct {
	Client  string
	Name    string
	Allowed []Scope     // what the person agreed to; empty when nobody was asked
	Since   time.Time   // of that; zero when nobody was asked
	SignIns []AppSignIn // newest first
}

// AppSignIn is one sign-in of an app.
type AppSignIn struct {
	ID     string
	Scopes []Scope
	APIs   []string // that its tokens are for
	Since  time.Time
	Used   time.Time // to the last renewal
	Device string    // of the session it hangs on: Firefox on macOS; may be empty
	Stays  bool      // it outlives sessions
}

// Scope is one thing an app may do.
type Scope struct {
	Name string
	Text string // in plain words; empty: nobody described it
}

// Activity is /account/activity, the security log. "This was not me" posts id
// to /account/activity/not-me.
type Activity struct {
	Events []Event
	Older  string // cursor for ?before=; empty: this is the end
	Newest bool   // this is the first page
	// Recovering: somebody is replacing the factors; /account/recovery says more
	Recovering bool
}

// Event is one line of the security log.
type Event struct {
	ID       string
	Name     string // the audit name; its sentence comes from the catalogue
	Time     time.Time
	Failed   bool
	Device   string // Firefox on macOS
	Place    string
	IP       string
	Detail   string // an address or a device name
	Disputed bool   // the person already said it was not them
	CanDeny  bool   // "this was not me" makes sense
}

// NotMe asks before securing the account: POST id to /account/activity/secure
// ends every session and mails a link for a new password.
type NotMe struct {
	Form
	Event    Event
	Sessions int
}

// Data is /account/data: POST format=json|html to /account/data/export, POST
// to /account/data/delete, POST to /account/data/keep while Deletion is set.
type Data struct {
	Form
	Deletion time.Time // when the account goes; zero: it stays
	Days     int       // waiting time of a deletion
}

// UndoEmail is the link told to the old address: POST token to /account/undo.
// Nobody is signed in by it (TH-43).
type UndoEmail struct {
	Form
	Old, New string
	At       time.Time
	Token    string
}

// UndoneEmail is the good end of it.
type UndoneEmail struct{ Email string }

// KeepAccount is the link of the deletion message: POST token to /account/keep.
type KeepAccount struct {
	Form
	Email string
	Due   time.Time
	Token string
}

// KeptAccount is the good end of it.
type KeptAccount struct{}

func (Account) sheet() sheet   { return sheet{name: "account", layout: account, menu: "overview"} }
func (Profile) sheet() sheet   { return sheet{name: "profile", layout: account, menu: "profile"} }
func (Addresses) sheet() sheet { return sheet{name: "addresses", layout: account, menu: "addresses"} }

func (Password) sheet() sheet {
	return sheet{name: "password", layout: account, menu: "password", labels: currentPassword}
}
func (Confirm) sheet() sheet  { return sheet{name: "confirm", layout: card} }
func (Sessions) sheet() sheet { return sheet{name: "sessions", layout: account, menu: "sessions"} }
func (Apps) sheet() sheet     { return sheet{name: "apps", layout: account, menu: "apps"} }

func (Activity) sheet() sheet    { return sheet{name: "activity", layout: account, menu: "activity"} }
func (NotMe) sheet() sheet       { return sheet{name: "not_me", layout: card} }
func (Data) sheet() sheet        { return sheet{name: "data", layout: account, menu: "data"} }
func (UndoEmail) sheet() sheet   { return sheet{name: "undo_email", layout: card} }
func (UndoneEmail) sheet() sheet { return sheet{name: "undone_email", layout: card} }
func (KeepAccount) sheet() sheet { return sheet{name: "keep_account", layout: card} }
func (KeptAccount) sheet() sheet { return sheet{name: "kept_account", layout: card} }
