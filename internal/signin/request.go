package signin

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// Response is what a person answers a Method with: one field per method.
type Response struct {
	Password secret.Text
	OTP      secret.Text // of an authenticator app, as typed
	Recovery secret.Text // a recovery code, as typed
	Passkey  *Passkey
	Mailed   *Mailed
	Least    int // of Reauthenticate: the assurance that is asked for; 0: what the account asks
	// Federated is whom another service vouched for: what the flow federate made of
	// what came back, never what a request says of itself.
	Federated *federation.Vouched
}

// Passkey is an assertion of an authenticator (WebAuthn).
type Passkey struct {
	Purpose    passkey.Purpose // SignIn, or Confirm
	Bound      string          // the browser or session that the challenge was put to
	Credential []byte          // PublicKeyCredential as JSON

	answer *passkey.Answer // Credential, once it was read
}

// Mailed is what somebody brings back from a mail that signs in: its code or its
// link, with the flow secret of the browser or program that asked for it.
type Mailed struct {
	Flow secret.Token
	Code secret.Text  // as typed
	Link secret.Token // of the link; zero: the code counts
}

// Request asks for a session.
type Request struct {
	By         user.Caller
	Identifier string // as typed; empty when the response names the account
	Response   Response
	Code       secret.Text  // mailed code, once one was asked for
	Flow       secret.Token // of the mailed code, or in Continue of the half-done sign-in
	Device     string       // value of the device cookie
	Replaces   string       // value of the session cookie the request came with
	Lang       string       // for mails, when the account has no preference
	Deliver    Deliver
	Least      int    // assurance that a client asks for; 0: it asks for nothing
	Trusted    string // value of the cookie of remembered devices
	Remember   bool   // no second step is to be asked here for a while
	Upstream   Upstream

	anew bool // nothing is recalled
}

// Deliver hands a new session over in another form than its cookie, in the
// transaction of its birth: both are kept or neither. Nil: the cookie is all. It
// may run again.
type Deliver func(ctx context.Context, st token.Store, s session.Session) error

// Result is a new session, or what is still missing for one.
type Result struct {
	User     user.User
	Email    user.Email // that was typed, or else the primary one
	Session  session.Session
	Secret   secret.Token // for the cookie; zero when more is needed
	Device   string       // new value of the device cookie
	NeedCode bool         // a code was mailed, if there is an account: ask for it
	Next     []string     // one of these methods is needed, the quickest for this person first; "enroll": a second factor must be set up
	Flow     secret.Token // to present with the code, to Continue, or to Enrol

	Due        time.Time     // until then a second factor has to be set up; zero: nothing is asked
	Codes      []secret.Text // recovery codes that came with a new factor, shown once
	Trusted    string        // new value of the cookie of remembered devices; empty: it stays
	TrustUntil time.Time
}

// Complete reports whether there is a session.
func (r Result) Complete() bool { return !r.Secret.IsZero() }

func (r Request) validate(m Method) error {
	var missing []problem.Field
	if _, names := m.(Locator); r.Identifier == "" && !names {
		missing = append(missing, problem.Field{Pointer: "/identifier", Code: "missing", Message: "Enter your e-mail address."})
	}
	if r.Response.Mailed != nil && !m.Answers(r.Response) {
		return ErrMailOff
	}
	if !m.Answers(r.Response) {
		missing = append(missing, problem.Field{Pointer: "/password", Code: "missing", Message: "Enter your password."})
	}
	if missing != nil {
		return ErrMissing.WithFields(missing...)
	}
	return nil
}
