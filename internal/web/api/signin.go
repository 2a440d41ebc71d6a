package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) signinTable() []endpoint {
	const tag = "Sign-in"
	return []endpoint{
		route(s, endpoint{
			Method: "POST", Path: "/signin", Access: web.Anyone, Tag: tag, Name: "signin", Once: true,
			Summary: "Sign in",
			Text: "Answers complete with the session's cookie, or continue when more is needed. email_code in next: repeat " +
				"the request with the code that was mailed. otp, sms or recovery in next, the one this person is quickest with " +
				"first: send the flow with otp or recovery_code, and no password; /signin/phone has a code sent for sms. enroll in next: this account has to set up a second factor first, see /signin/enroll. passkey signs in by itself, or takes the second step; see /signin/passkey. With " +
				"method=email_code and no password a code and a link are mailed: repeat the request with the code; an unknown " +
				"address is answered alike. With an identifier alone whose domain an organisation has verified, federation is in " +
				"next: open federation.start in a browser. Browsers keep the flow's secret in a cookie; other programs get it as flow " +
				"and send it back in the body. The answer to a wrong password and to an unknown address is the same. With " +
				"deliver=tokens a first-party client gets an access token: a native app with a refresh token in the answer, a " +
				"page of one of the client's origins with one in a cookie that only /session/refresh reads. A page of another " +
				"origin names its client in the query too. federated ends what /signin/service began.",
			Example: `{"identifier": "ada@example.test", "password": "correct horse battery staple"}`,
			Errors:  []*problem.Error{signin.ErrWrong, signin.ErrSSORequired, signin.ErrPasskey, passkey.ErrChallenge, passkey.ErrMalformed, signin.ErrSecond, challenge.ErrGuesses, signin.ErrFlow, signin.ErrMailOff, signin.ErrLinkOnly, proof.ErrWrongCode, lockout.ErrWait, ratelimit.ErrLimited, oauth.ErrNotFirstParty, oauth.ErrOrigin, oauth.ErrInvalidScope, oauth.ErrInvalidTarget, signin.ErrFederated, federation.ErrAttempt},
			Admits:  s.admits,
		}, s.signIn),
		s.enrolEndpoint(tag),
		s.serviceEndpoint(tag),
		route(s, endpoint{
			Method: "GET", Path: "/session", Tag: tag, Name: "session.get", Summary: "Who is signed in, and until when",
			Errors: []*problem.Error{session.ErrEnded},
		}, s.current),
		route(s, endpoint{
			Method: "DELETE", Path: "/session", Tag: tag, Name: "session.end", Summary: "Sign out",
			Text:   "Ends the session of this request, or with all=true every session of the account.",
			Errors: []*problem.Error{session.ErrEnded},
		}, s.signOut),
	}
}

// SignInRequest is one step of a sign-in.
type SignInRequest struct {
	Identifier string          `json:"identifier,omitempty" doc:"An e-mail address."`
	Password   secret.Text     `json:"password,omitempty"`
	Method     string          `json:"method,omitempty" enum:"email_code" doc:"Instead of a password: a code by e-mail."`
	Deliver    string          `json:"deliver,omitempty" enum:"cookie,tokens" doc:"How the session is handed over. cookie unless said otherwise."`
	ClientID   string          `json:"client_id,omitempty" doc:"The app that asks for tokens."`
	Scope      string          `json:"scope,omitempty" doc:"Scopes of the tokens, separated by spaces; all the client has unless said otherwise."`
	Resource   []string        `json:"resource,omitempty" doc:"APIs the tokens are for; all the client has unless said otherwise."`
	From       string          `query:"client_id" doc:"Of a page of another origin: its client, as in the body."`
	Flow       string          `json:"flow,omitempty" doc:"Secret of the flow to continue, unless the cookie carries it."`
	Code       secret.Text     `json:"code,omitempty" doc:"The mailed code."`
	OTP        secret.Text     `json:"otp,omitempty" doc:"Second step: the code of an authenticator app, or the one that was sent to a phone."`
	Recovery   secret.Text     `json:"recovery_code,omitempty" doc:"Second step: a recovery code."`
	Passkey    json.RawMessage `json:"passkey,omitempty" doc:"AuthenticationResponseJSON, instead of identifier and password: the answer to the question of /signin/passkey."`
	Federated  string          `json:"federated,omitempty" doc:"Of the address that /signin/service led to, with the flow and client_id of that, instead of identifier and password."`
	NewPasskey json.RawMessage `json:"new_passkey,omitempty" doc:"Where enroll is next: RegistrationResponseJSON, the answer to the question of /signin/enroll."`
	Enrolment  string          `json:"enrollment,omitempty" doc:"Where enroll is next: of /signin/enroll, together with otp."`
	Remember   bool            `json:"remember_device,omitempty" doc:"With the second step: ask for none here for as long as the instance allows, if it does."`
	Trusted    string          `json:"trusted_device,omitempty" doc:"Of an earlier answer; browsers have it in a cookie."`
	Second     bool            `json:"second,omitempty" doc:"With passkey: the question was asked with second too."`
}

// second reports whether a request takes the second step.
func (in SignInRequest) second() bool {
	return in.enrols() || !in.OTP.IsZero() || !in.Recovery.IsZero() || in.Second && in.Passkey != nil
}

// enrols reports whether it sets up the factor that was asked for.
func (in SignInRequest) enrols() bool { return in.NewPasskey != nil || in.Enrolment != "" }

// Step is where a flow stands.
type Step struct {
	Status string   `json:"status" enum:"complete,continue"`
	Flow   string   `json:"flow,omitempty" doc:"Secret to continue with, for programs. Browsers have it in a cookie."`
	Next   []string `json:"next,omitempty" doc:"What would continue the flow." enum:"email_code,otp,sms,recovery,passkey,enroll,federation"`
}

// SignInStep is where a sign-in stands.
type SignInStep struct {
	Step
	User    *User    `json:"user,omitempty"`
	Session *Session `json:"session,omitempty"`
	TokenSet
	EnrolBy       *time.Time `json:"enroll_by,omitempty" doc:"Until then a second factor has to be set up."`
	RecoveryCodes []string   `json:"recovery_codes,omitempty" doc:"That came with a new factor, shown this once."`
	Federation    *Departure `json:"federation,omitempty" doc:"Where federation is next: the service to go to."`
	Trusted       string     `json:"trusted_device,omitempty" doc:"For programs that asked to be remembered: send it with the next sign-in."`
	TrustedUntil  *time.Time `json:"trusted_until,omitempty"`
}

func (s *surface) signIn(ctx context.Context, c *Call, in SignInRequest) (SignInStep, error) {
	if in.Deliver == "tokens" {
		return s.signInForTokens(ctx, c, in)
	}
	if err := s.foreign(c); err != nil {
		return SignInStep{}, err
	}
	r, err := s.request(c, in)
	if err != nil {
		return SignInStep{}, err
	}
	if step, ok, err := s.home(ctx, in); ok || err != nil {
		return step, err
	}
	r.Replaces = c.Secret
	got, err := s.run(ctx, in, r)
	if err != nil {
		return SignInStep{}, err
	}
	if !got.Complete() {
		return SignInStep{Step: s.goOn(c, got.Flow, codeLife, got.Next...)}, nil
	}
	return s.enter(ctx, c, got)
}

// mailed reports whether a request signs in by mail.
func (in SignInRequest) mailed() bool { return in.Method == "email_code" }

// run takes the step that a request is.
func (s *surface) run(ctx context.Context, in SignInRequest, r signin.Request) (signin.Result, error) {
	switch {
	case in.NewPasskey != nil:
		return s.SignIn.Enrol(ctx, r, signin.NewFactor{Method: "passkey", Passkey: in.NewPasskey})
	case in.Enrolment != "":
		return s.SignIn.Enrol(ctx, r, signin.NewFactor{Method: "otp", Sealed: in.Enrolment, Code: in.OTP})
	case in.second():
		return s.SignIn.Continue(ctx, r)
	case in.mailed() && in.Code.IsZero():
		return s.SignIn.AskByMail(ctx, r)
	}
	return s.SignIn.SignIn(ctx, r)
}

// onlyMailed refuses what would make it unclear what is to be judged.
func (in SignInRequest) onlyMailed() error {
	if in.Password.IsZero() && in.Passkey == nil {
		return nil
	}
	return errMembers.WithFields(problem.Field{Pointer: "/method", Code: "unknown_member", Message: "A code by e-mail goes without password and passkey."})
}

func (s *surface) request(c *Call, in SignInRequest) (signin.Request, error) {
	flow := secret.Token{}
	switch {
	case in.second():
		flow = s.flow(c, challenge.Purpose, in.Flow)
	case in.mailed():
		if err := in.onlyMailed(); err != nil {
			return signin.Request{}, err
		}
		if in.Code.IsZero() {
			flow = s.flow(c, proof.Enter.FlowPurpose(), in.Flow) // of the mail that this one replaces
		}
	case !in.Code.IsZero():
		flow = s.flow(c, proof.SignIn.FlowPurpose(), in.Flow)
	}
	answer := signin.Response{Password: in.Password, OTP: in.OTP, Recovery: in.Recovery}
	if in.mailed() && !in.Code.IsZero() {
		answer = signin.Response{Mailed: &signin.Mailed{Flow: s.flow(c, proof.Enter.FlowPurpose(), in.Flow), Code: in.Code}}
	}
	trusted := in.Trusted
	if trusted == "" {
		trusted, _ = web.Cookie(c.http, s.Cookies.Names().Trust) // two cookies are as good as none
	}
	if in.Passkey != nil { // it says whose it is
		in.Identifier, answer = "", signin.Response{Passkey: s.asserted(c, in)}
	}
	if in.Federated != "" {
		var err error
		if answer, err = s.vouched(c, in); err != nil {
			return signin.Request{}, err
		}
		in.Identifier = ""
	}
	device, err := web.Cookie(c.http, s.Cookies.Names().Device)
	return signin.Request{
		By: c.Caller, Identifier: in.Identifier, Response: answer,
		Code: in.Code, Flow: flow, Device: device, Lang: s.lang(c), Trusted: trusted, Remember: in.Remember,
	}, err
}

// codeLife and deviceLife are how long browsers keep the cookies.
const (
	codeLife   = 10 * time.Minute
	deviceLife = 400 * 24 * time.Hour // the most that browsers accept
)

func (s *surface) enter(ctx context.Context, c *Call, got signin.Result) (SignInStep, error) {
	by := user.By(got.User.ID, got.Session.ID.String(), c.Caller.Source)
	u := showUser(got.User, got.Email.Address, got.Email.Verified())
	if !got.Email.Primary { // another one was typed
		var err error
		if u, err = s.withEmail(ctx, by, got.User); err != nil {
			return SignInStep{}, err
		}
	}
	names := s.Cookies.Names()
	s.Cookies.SetCookie(c.w, names.Session, got.Secret.Reveal(), got.Session.ExpiresAt.Sub(s.Now()))
	s.Cookies.SetCookie(c.w, names.Device, got.Device, deviceLife)
	s.endFlow(c)
	shown := showSession(got.Session.ID.String(), nil)(got.Session)
	return s.beside(c, SignInStep{Step: Step{Status: "complete"}, User: &u, Session: &shown}, got), nil
}

// beside adds what a complete sign-in brought along.
func (s *surface) beside(c *Call, step SignInStep, got signin.Result) SignInStep {
	step.EnrolBy = moment(got.Due)
	for _, code := range got.Codes {
		step.RecoveryCodes = append(step.RecoveryCodes, code.Reveal())
	}
	if got.Trusted == "" {
		return step
	}
	step.TrustedUntil = moment(got.TrustUntil)
	if c.browser() {
		s.Cookies.SetCookie(c.w, s.Cookies.Names().Trust, got.Trusted, got.TrustUntil.Sub(s.Now()))
	} else {
		step.Trusted = got.Trusted
	}
	return step
}

// goOn answers what is needed: one of next, or else a mailed code. The secret goes to a browser as a
// cookie, so that no script sees it, and to a program in the body (TH-34).
func (s *surface) goOn(c *Call, flow secret.Token, life time.Duration, next ...string) Step {
	if next == nil {
		next = []string{"email_code"}
	}
	step := Step{Status: "continue", Next: next}
	if c.browser() {
		s.Cookies.SetCookie(c.w, s.Cookies.Names().Flow, flow.Reveal(), life)
	} else {
		step.Flow = flow.Reveal()
	}
	return step
}

// flow is the secret of the flow that a request continues: from the body, else
// from the cookie. The zero Token is a flow that nobody was mailed for.
func (s *surface) flow(c *Call, purpose secret.Purpose, given string) secret.Token {
	if given == "" {
		given, _ = web.Cookie(c.http, s.Cookies.Names().Flow) // two cookies are as good as none
	}
	t, err := secret.Parse(purpose, given)
	if err != nil {
		return secret.New(purpose) // fits nothing, and costs the same
	}
	return t
}

func (s *surface) endFlow(c *Call) {
	if v, err := web.Cookie(c.http, s.Cookies.Names().Flow); err != nil || v != "" {
		s.Cookies.ClearCookie(c.w, s.Cookies.Names().Flow)
	}
}

// Current is the session of a request.
type Current struct {
	User    User    `json:"user"`
	Session Session `json:"session"`
}

func (s *surface) current(ctx context.Context, c *Call, _ struct{}) (Current, error) {
	u, err := s.self(ctx, c)
	if err != nil {
		return Current{}, err
	}
	sessions, err := s.Account.Sessions(ctx, c.Caller)
	if err != nil {
		return Current{}, err
	}
	for _, one := range sessions {
		if one.ID.String() == c.Caller.Session {
			return Current{User: u, Session: showSession(c.Caller.Session, nil)(one)}, nil
		}
	}
	return Current{}, session.ErrEnded
}

// SignOutRequest says which sessions end.
type SignOutRequest struct {
	All bool `query:"all" doc:"Every session of the account, not only this one."`
}

func (s *surface) signOut(ctx context.Context, c *Call, in SignOutRequest) (none, error) {
	err := s.leave(ctx, c, in.All)
	if err == nil {
		s.Cookies.ClearCookie(c.w, s.Cookies.Names().Session)
	}
	return none{}, err
}

func (s *surface) leave(ctx context.Context, c *Call, all bool) error {
	if !all {
		return s.SignIn.SignOut(ctx, c.Caller)
	}
	_, err := s.Account.EndEverywhere(ctx, c.Caller)
	return err
}
