package signin

import (
	"context"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// Response is what a person answers a Method with.
type Response struct {
	Password secret.Text
}

// Request asks for a session.
type Request struct {
	By         user.Caller
	Identifier string // as typed
	Response   Response
	Code       secret.Text // mailed code, once one was asked for
	Flow       secret.Token
	Device     string // value of the device cookie
	Replaces   string // value of the session cookie the request came with
	Lang       string // for mails, when the account has no preference
	Deliver    Deliver
}

// Deliver hands a new session over in another form than its cookie, in the
// transaction of its birth: both are kept or neither. Nil: the cookie is all. It
// may run again.
type Deliver func(ctx context.Context, st token.Store, s session.Session) error

// Result is a new session, or what is still missing for one.
type Result struct {
	User     user.User
	Session  session.Session
	Secret   secret.Token // for the cookie; zero when more is needed
	Device   string       // new value of the device cookie
	NeedCode bool         // a code was mailed, if there is an account: ask for it
	Flow     secret.Token // to present with the code
}

// Complete reports whether there is a session.
func (r Result) Complete() bool { return !r.Secret.IsZero() }

func (r Request) validate() error {
	var missing []problem.Field
	if r.Identifier == "" {
		missing = append(missing, problem.Field{Pointer: "/identifier", Code: "missing", Message: "Enter your e-mail address."})
	}
	if r.Response.Password.IsZero() {
		missing = append(missing, problem.Field{Pointer: "/password", Code: "missing", Message: "Enter your password."})
	}
	if missing != nil {
		return ErrMissing.WithFields(missing...)
	}
	return nil
}
