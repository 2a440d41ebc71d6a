package mail

import (
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Template names what is said. The names are stored and shown in delivery logs.
type Template string

// The templates. Those marked "act" are notices and need Data.Act.
const (
	VerifySignup      Template = "verify_signup"      // code, link
	VerifyAddress     Template = "verify_address"     // code, link; Address is the new one
	AddressChanged    Template = "address_changed"    // act, to the old address; Address is the new one, link takes it back
	Recover           Template = "recover"            // code, link
	RecoverPasskeys   Template = "recover_passkeys"   // code, link, act: there is no password to reset; it begins a recovery that waits
	SigninCode        Template = "signin_code"        // code, act
	SigninLink        Template = "signin_link"        // code, link, act: either signs in
	PhoneCode         Template = "phone_code"         // code; made for the channels of phones
	PasswordChanged   Template = "password_changed"   // act
	PasswordRemoved   Template = "password_removed"   // act
	Recovered         Template = "recovered"          // act
	NewDevice         Template = "new_device"         // act
	UnfinishedSignin  Template = "unfinished_signin"  // act: a right password, no second step
	UnfinishedMail    Template = "unfinished_mail"    // act: a right mailed code, no second step
	FactorAdded       Template = "factor_added"       // act, Detail is the factor's name
	FactorRemoved     Template = "factor_removed"     // act, Detail is the factor's name
	RecoveryUsed      Template = "recovery_used"      // act, Count is how many codes are left
	RecoveryRenewed   Template = "recovery_renewed"   // act
	GrantStolen       Template = "grant_stolen"       // act, Detail is the app's name
	GrantLost         Template = "grant_lost"         // act, Detail is the app's name
	AppAllowed        Template = "app_allowed"        // act, Detail is the app's name
	ManyFailures      Template = "many_failures"      // act, Count
	SettingChanged    Template = "setting_changed"    // act, Detail in the person's language
	AccountExists     Template = "account_exists"     // somebody signed up with a known address
	DeletionScheduled Template = "deletion_scheduled" // act, Due, link cancels
	DeletionDone      Template = "deletion_done"
	Suspended         Template = "account_suspended"
	RecoveryWaiting   Template = "recovery_waiting"  // act, Due is when it can be completed, link objects
	RecoveryPhone     Template = "recovery_phone"    // made for the channels of phones: somebody began it
	RecoveryReady     Template = "recovery_ready"    // act, Due is until when, link completes it
	RecoveryEnded     Template = "recovery_ended"    // act
	RecoveryDone      Template = "recovery_done"     // act
	RecoveryObjected  Template = "recovery_objected" // to administrators; Address is the account's
	ApprovalWaiting   Template = "approval_waiting"  // link, to administrators; Address is the account's
	ApprovalGranted   Template = "approval_granted"  // to who asked; Address is the account's
	ApprovalDenied    Template = "approval_denied"   // the same
	AdminRecovery     Template = "admin_recovery"    // code, link: an administrator started it
	Invitation        Template = "invitation"        // link
	Test              Template = "test"
)

// shape is what a template needs and offers.
type shape struct {
	code, link, act bool
	object          string // path of the page where one objects; empty: none
}

var shapes = map[Template]shape{
	VerifySignup:      {code: true, link: true},
	VerifyAddress:     {code: true, link: true},
	AddressChanged:    {link: true, act: true},
	Recover:           {code: true, link: true},
	RecoverPasskeys:   {code: true, link: true, act: true, object: "/account/passkeys"},
	SigninCode:        {code: true, act: true, object: "/recover"},
	SigninLink:        {code: true, link: true, act: true},
	PhoneCode:         {code: true},
	PasswordChanged:   {act: true, object: "/recover"},
	PasswordRemoved:   {act: true, object: "/account/security"},
	Recovered:         {act: true, object: "/recover"},
	NewDevice:         {act: true, object: "/account/sessions"},
	UnfinishedSignin:  {act: true, object: "/recover"},
	UnfinishedMail:    {act: true, object: "/account/activity"},
	FactorAdded:       {act: true, object: "/account/security"},
	FactorRemoved:     {act: true, object: "/account/security"},
	RecoveryUsed:      {act: true, object: "/account/security"},
	RecoveryRenewed:   {act: true, object: "/account/security"},
	GrantStolen:       {act: true, object: "/account/sessions"},
	GrantLost:         {act: true, object: "/account/sessions"},
	AppAllowed:        {act: true, object: "/account/apps"},
	ManyFailures:      {act: true, object: "/account/activity"},
	SettingChanged:    {act: true, object: "/account/activity"},
	AccountExists:     {object: "/recover"},
	DeletionScheduled: {link: true, act: true},
	DeletionDone:      {},
	Suspended:         {},
	RecoveryWaiting:   {link: true, act: true},
	RecoveryPhone:     {},
	RecoveryReady:     {link: true, act: true},
	RecoveryEnded:     {act: true, object: "/account/activity"},
	RecoveryDone:      {act: true, object: "/recover"},
	RecoveryObjected:  {link: true},
	ApprovalWaiting:   {link: true},
	ApprovalGranted:   {object: "/account/sessions"},
	ApprovalDenied:    {object: "/account/sessions"},
	AdminRecovery:     {code: true, link: true},
	Invitation:        {link: true},
	Test:              {},
}

// Message is something to tell one person. Its address has been parsed by
// user.ParseEmail, its number by phone.Parse.
type Message struct {
	Template Template
	Channel  string // empty: Email
	To       string // an address, or for phones a number
	Lang     string // BCP 47; languages we do not have become English
	TimeZone string // IANA name; empty or unknown: UTC
	Data     Data
}

// Data is what a template may mention. Text that is too long is cut, control
// characters are removed, and a Name that could pass for a link is left out.
type Data struct {
	Name    string        // of the person, for the greeting
	Code    secret.Text   // to type where it was asked for
	Path    string        // of the link: path and query below our origin, "/verify?token=…"
	Valid   time.Duration // of code and link; mail that could only arrive later is not sent
	Act     Act
	Address string    // another address that matters
	Due     time.Time // when something will happen
	Count   int       // how often something happened, 2 or more
	Detail  string    // what was changed, in the person's language
}

// Act is the circumstances of what happened (AU-60). When is required.
type Act struct {
	When   time.Time
	Device string // "Firefox on Linux"
	Place  string // approximate; most often unknown
	IP     string
}
