package people

import (
	"context"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/setup"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// SignIn is the sign-in flow; see signin.Flow.
type SignIn interface {
	SignIn(ctx context.Context, r signin.Request) (signin.Result, error)
	Continue(ctx context.Context, r signin.Request) (signin.Result, error)
	Reach(ctx context.Context, owner user.ID) (assurance int, err error)
	Sole(ctx context.Context, owner user.ID) (passkey.Passkey, bool, error)
	OfferFactor(ctx context.Context, r signin.Request, method, name string) (signin.Offer, error)
	Enrol(ctx context.Context, r signin.Request, in signin.NewFactor) (signin.Result, error)
	Enrollers() []string
	Remembers(ctx context.Context, r signin.Request) (time.Time, error)
	Ways(ctx context.Context, r signin.Request) ([]string, error)
	ResendCode(ctx context.Context, r signin.Request) (signin.Result, error)
	ByMail() bool
	AskByMail(ctx context.Context, r signin.Request) (signin.Result, error)
	SendCode(ctx context.Context, r signin.Request, voice bool) (phone.Number, error)
	SendProof(ctx context.Context, by user.Caller, lang string, voice bool) (phone.Number, error)
	PeekMail(ctx context.Context, link, flow secret.Token) (signin.MailedLink, error)
	Confirm(ctx context.Context, by user.Caller, r signin.Response) (signin.Proven, error)
	Reauthenticate(ctx context.Context, by user.Caller, oldSecret string, r signin.Response) (session.Session, secret.Token, error)
	Rotate(ctx context.Context, by user.Caller, oldSecret string) (secret.Token, error)
	SignOut(ctx context.Context, by user.Caller) error
}

// Account is the flow of what people do to their own account; see account.Flow.
type Account interface {
	StartSignUp(ctx context.Context, in account.SignUp) (secret.Token, error)
	ResendSignUp(ctx context.Context, by user.Caller, flow secret.Token, typed, lang string) (secret.Token, error)
	FinishSignUp(ctx context.Context, by user.Caller, a account.Answer, chosen account.Chosen) (account.SignedUp, error)

	StartRecovery(ctx context.Context, by user.Caller, identifier, lang string) (secret.Token, error)
	TradeCode(ctx context.Context, by user.Caller, a account.Answer) (secret.Token, error)
	FinishRecovery(ctx context.Context, by user.Caller, a account.Answer, text secret.Text, lang string) (user.User, error)

	Get(ctx context.Context, by user.Caller) (user.User, error)
	Owned(ctx context.Context, by user.Caller) (map[string]string, error)
	SetProfile(ctx context.Context, by user.Caller, p user.Profile, revision int64) (user.User, error)
	PasswordState(ctx context.Context, by user.Caller) (since time.Time, compromised bool, err error)
	ChangePassword(ctx context.Context, in account.PasswordChange) error
	RemovePassword(ctx context.Context, by user.Caller, current account.Proof, lang string) error

	Emails(ctx context.Context, by user.Caller) ([]user.Email, []account.Pending, error)
	AddEmail(ctx context.Context, by user.Caller, current account.Proof, typed, lang string) (secret.Token, error)
	ResendEmail(ctx context.Context, by user.Caller, key, lang string) (secret.Token, error)
	ConfirmEmail(ctx context.Context, by user.Caller, a account.Answer, lang string) (user.Email, error)
	MakePrimary(ctx context.Context, by user.Caller, current account.Proof, key, lang string) error
	RemoveEmail(ctx context.Context, by user.Caller, current account.Proof, key, lang string) error
	Undo(ctx context.Context, by user.Caller, a account.Answer) error

	Sessions(ctx context.Context, by user.Caller) ([]session.Session, error)
	EndSession(ctx context.Context, by user.Caller, id session.ID) error
	EndOthers(ctx context.Context, by user.Caller) (int, error)
	EndEverywhere(ctx context.Context, by user.Caller) (int, error)
	Apps(ctx context.Context, by user.Caller) ([]account.App, error)
	EndGrant(ctx context.Context, by user.Caller, id token.ID) error
	EndApp(ctx context.Context, by user.Caller, client string) (int, error)
	Consents(ctx context.Context, by user.Caller) ([]account.Allowed, error)
	Withdraw(ctx context.Context, by user.Caller, client string) (int, error)
	Events(ctx context.Context, by user.Caller, before audit.ID, limit int) ([]audit.Event, error)
	Event(ctx context.Context, by user.Caller, id audit.ID) (audit.Event, bool, error)
	Report(ctx context.Context, by user.Caller, about, lang string) (secret.Token, error)

	Passkeys(ctx context.Context, by user.Caller) ([]passkey.Passkey, error)
	PasskeyProof(ctx context.Context, by user.Caller) (passkey.RequestOptions, bool, error)
	PasskeySignals(ctx context.Context, by user.Caller) (passkey.Signals, error)
	OfferPasskey(ctx context.Context, by user.Caller, current account.Proof) (passkey.CreationOptions, error)
	OfferUpgrade(ctx context.Context, by user.Caller) (passkey.CreationOptions, bool, error)
	AddPasskey(ctx context.Context, by user.Caller, answer []byte, silently bool, lang string) (passkey.Passkey, error)
	RenamePasskey(ctx context.Context, by user.Caller, id passkey.ID, name string) error
	RemovePasskey(ctx context.Context, by user.Caller, current account.Proof, id passkey.ID, lang string) error

	Export(ctx context.Context, by user.Caller, current account.Proof) (account.Export, error)
	RequestDeletion(ctx context.Context, by user.Caller, current account.Proof, lang string) (time.Time, error)
	CancelDeletion(ctx context.Context, by user.Caller, a account.Answer) error

	Peek(ctx context.Context, purpose proof.Purpose, a account.Answer) (account.Pending, error)
}

// Setup is the flow of the first run; see setup.Flow.
type Setup interface {
	Needed(ctx context.Context) (bool, error)
	Take(ctx context.Context, by user.Caller, source, typed string) (secret.Token, error)
	Taken(ctx context.Context, browser secret.Token) (bool, error)
	Ask(ctx context.Context, browser secret.Token, in setup.Administrator) (passkey.CreationOptions, error)
	Complete(ctx context.Context, by user.Caller, browser secret.Token, in setup.Administrator) (user.User, error)
}

// Keys seals what one page hands to the next; see keyring.Keyring.
type Keys interface {
	Seal(purpose string, aad, plaintext []byte) []byte
	Open(purpose string, aad, sealed []byte) ([]byte, error)
}

// Options configure Pages. All are required but those that say otherwise.
type Options struct {
	Frame    *web.Frame
	Render   *page.Renderer
	BasePath string // path of the public URL, such as "/auth"; may be empty
	SignIn   SignIn
	Account  Account
	Factors  Factors
	Rescue   Rescue
	Setup    Setup
	// Federation signs in with other services; nil: there are none.
	Federation Federation
	Keys       Keys
	Devices    Devices
	Link       func(path string) string // makes one of our paths absolute
	Now        func() time.Time
	Picture    func(address string) string // our path of a client's logo; nil: strangers' pictures are not shown

	Passkeys  Ceremonies    // nil: nobody is asked for passkeys
	Authorize Authorization // nil: apps ask for nothing here
	Desk      Desk          // of Authorize

	SignUp    bool                                    // people may sign up by themselves
	Ready     func(ctx context.Context) (bool, error) // setup is over
	MinLength int                                     // of a new password, in characters, as the policy wants it
	Map       []page.MapLine                          // the map of development; may be empty
	DevEntry  func(r *http.Request) *page.DevEntry    // nil outside development
}

// Pages answers every page. It is immutable and safe for concurrent use.
type Pages struct {
	o      Options
	assets map[string]page.Asset
	looks  map[string]bool // paths that a GET may come back to
}

// New makes Pages.
func New(o Options) *Pages {
	p := &Pages{o: o, assets: o.Render.Assets(), looks: map[string]bool{}}
	p.looks = lookable(p.routes())
	return p
}

// Surface is New(o).Surface().
func Surface(o Options) web.Surface { return New(o).Surface() }

// Surface is the pages as routes.
func (p *Pages) Surface() web.Surface {
	return web.Surface{Name: "people", Limit: ratelimit.PageSource, Routes: append(p.routes(), p.deviceImages()...), Fail: p.Fail}
}
