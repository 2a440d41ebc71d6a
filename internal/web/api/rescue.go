package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/rescue"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

// Rescue is what the surface needs of rescue.Flow.
type Rescue interface {
	Begin(ctx context.Context, by user.Caller, link secret.Token, lang string) (reclaim.Claim, error)
	Object(ctx context.Context, by user.Caller, veto secret.Token) (reclaim.Claim, error)
	Offer(ctx context.Context, by user.Caller, token secret.Token) (rescue.Offer, error)
	Finish(ctx context.Context, by user.Caller, in rescue.Completion) ([]secret.Text, error)
	Running(ctx context.Context, owner user.ID) (reclaim.Claim, error)
	ObjectTo(ctx context.Context, by user.Caller) (reclaim.Claim, error)
	Stop(ctx context.Context, by user.Caller, p rescue.Proof) (stopped bool, err error)
	Link(ctx context.Context, by user.Caller, owner user.ID) (string, time.Time, error)
	Request(ctx context.Context, by user.Caller, of user.ID, reason string) (approval.Request, error)
	Promote(ctx context.Context, by user.Caller, who user.ID, reason string) (approval.Request, error)
	SetPolicy(ctx context.Context, by user.Caller, p reclaim.Policy, reason string) (r approval.Request, done bool, err error)
	Policy(ctx context.Context) (reclaim.Policy, error)
	Requests(ctx context.Context, by user.Caller, limit int) ([]approval.Request, error)
	Claims(ctx context.Context, by user.Caller, limit int) ([]reclaim.Claim, error)
	Approve(ctx context.Context, by user.Caller, id approval.ID) (approval.Request, error)
	Deny(ctx context.Context, by user.Caller, id approval.ID) error
	DenyClaim(ctx context.Context, by user.Caller, id reclaim.ID) error
}

func (s *surface) rescueTable() []endpoint {
	const tag = "Sign-in"
	objecting := []*problem.Error{reclaim.ErrNone, reclaim.ErrDelayed}
	return []endpoint{
		route(s, endpoint{
			Method: "POST", Path: "/recover/lost", Access: web.Anyone, Tag: tag, Name: "recover.lost", Summary: "Start getting back in without the second step",
			Text: "After POST /recover with identifier: flow and the mailed code, or token, the secret of the mailed link. Every " +
				"address of the account is told, daily, and from due_at on the account's address is mailed a link that completes it.",
			Example: `{"flow": "n1cX4Jx0vWm8s2gqkq3mT2m0b8yZk1fH0n7aQe5uR9E", "code": "12345678"}`,
			Errors:  []*problem.Error{proof.ErrWrongCode, proof.ErrExpired, rescue.ErrNothingLost, rescue.ErrOff, rescue.ErrStopped, rescue.ErrHeld, reclaim.ErrRunning},
		}, s.lost),
		route(s, endpoint{
			Method: "POST", Path: "/recover/object", Access: web.Anyone, Tag: tag, Name: "recover.object", Summary: "Object to a recovery",
			Text:    "Delays it, once, and calls the administrators. To stop it, sign in and use /me/recovery/stop.",
			Example: `{"token": "n1cX4Jx0vWm8s2gqkq3mT2m0b8yZk1fH0n7aQe5uR9E"}`, Errors: objecting,
		}, s.object),
		route(s, endpoint{
			Method: "POST", Path: "/recover/offer", Access: web.Anyone, Tag: tag, Name: "recover.offer", Once: true, Summary: "Ask what can take the place of lost factors",
			Text:    "token is the secret of the link that was mailed when the recovery was due. Nothing changes.",
			Example: `{"token": "n1cX4Jx0vWm8s2gqkq3mT2m0b8yZk1fH0n7aQe5uR9E"}`, Errors: []*problem.Error{reclaim.ErrNone, rescue.ErrHeld},
		}, s.offerFactors),
		route(s, endpoint{
			Method: "POST", Path: "/recover/finish", Access: web.Anyone, Tag: tag, Name: "recover.finish", Once: true, Summary: "Complete a recovery with a new factor",
			Text: "Brings one new factor: enrolment and the first code of an authenticator app, or passkey, what " +
				"navigator.credentials.create gave for the offer. The lost factors are removed and every session ends; nobody is signed in.",
			Example: `{"token": "n1cX4Jx0vWm8s2gqkq3mT2m0b8yZk1fH0n7aQe5uR9E", "enrolment": "AAEC", "code": "123456"}`,
			Errors:  []*problem.Error{reclaim.ErrNone, rescue.ErrHeld, rescue.ErrFactor, rescue.ErrWeaker, rescue.ErrPasswordNeeded, totp.ErrCode, passkey.ErrChallenge, passkey.ErrMalformed, passkey.ErrRefused, passkey.ErrModel, passkey.ErrTaken},
		}, s.finishRecovery),
		route(s, endpoint{Method: "GET", Path: "/me/recovery", Tag: "My account", Name: "me.recovery.get", Summary: "Read the recovery that runs for my account", Errors: []*problem.Error{reclaim.ErrNone}}, s.myRecovery),
		route(s, endpoint{
			Method: "POST", Path: "/me/recovery/object", Tag: "My account", Name: "me.recovery.object", Summary: "Object to the recovery of my account",
			Text: "Delays it, once, and calls the administrators.", Errors: objecting,
		}, s.objectToMine),
		route(s, endpoint{
			Method: "POST", Path: "/me/recovery/stop", Tag: "My account", Name: "me.recovery.stop", Summary: "Stop the recovery of my account",
			Text:    "With a proof worth as much as what the recovery would give: password and code, or a passkey. Anything less delays it, once.",
			Example: `{"current_password": "correct horse battery staple", "code": "123456"}`, Errors: append(objecting, append([]*problem.Error{signin.ErrSecond}, confirming...)...),
		}, s.stopMine),
	}
}

// LostRequest starts a recovery of lost factors.
type LostRequest struct {
	Token secret.Text `json:"token,omitempty" doc:"Secret of the mailed link."`
	Flow  string      `json:"flow,omitempty" doc:"Secret of the flow, unless the cookie carries it."`
	Code  secret.Text `json:"code,omitempty" doc:"The mailed code."`
}

// Recovery is a way back into an account whose factors are lost.
type Recovery struct {
	ID        string     `json:"id" doc:"rcl_…"`
	User      string     `json:"user,omitempty"`
	Kind      string     `json:"kind" enum:"waiting,reset,link" doc:"By waiting, by two administrators, by the host."`
	Assurance int        `json:"assurance" doc:"Of what is lost; what replaces it has it too."`
	StartedAt time.Time  `json:"started_at"`
	DueAt     time.Time  `json:"due_at" doc:"When it can be completed."`
	ExpiresAt time.Time  `json:"expires_at"`
	DelayedAt *time.Time `json:"delayed_at,omitempty" doc:"When somebody objected."`
	Vouched   string     `json:"vouched,omitempty" doc:"Who vouched."`
}

func showRecovery(r reclaim.Claim) Recovery {
	return Recovery{
		ID: r.ID.String(), Kind: string(r.Kind), Assurance: r.Level, StartedAt: r.StartedAt.UTC(), DueAt: r.DueAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
		DelayedAt: moment(r.DelayedAt),
	}
}

func (s *surface) lost(ctx context.Context, c *Call, in LostRequest) (Recovery, error) {
	a := s.answer(c, proof.Recover, in.Token.Reveal(), in.Flow, in.Code)
	if in.Token.IsZero() {
		link, err := s.Account.TradeCode(ctx, c.Caller, account.Answer{Flow: a.Flow, Code: in.Code})
		if err != nil {
			return Recovery{}, err
		}
		a.Link = link
	}
	r, err := s.Rescue.Begin(ctx, c.Caller, a.Link, s.lang(c))
	if err != nil {
		return Recovery{}, err
	}
	s.endFlow(c)
	return showRecovery(r), nil
}

// RecoveryToken is the secret of a mailed link.
type RecoveryToken struct {
	Token secret.Text `json:"token" doc:"Secret of the link."`
}

// presented reads a secret; one that no mint made fits nothing.
func presented(purpose secret.Purpose, text secret.Text) secret.Token {
	t, err := secret.Parse(purpose, text.Reveal())
	if err != nil {
		return secret.New(purpose)
	}
	return t
}

func (s *surface) object(ctx context.Context, c *Call, in RecoveryToken) (Recovery, error) {
	r, err := s.Rescue.Object(ctx, c.Caller, presented(reclaim.Veto, in.Token))
	if err != nil {
		return Recovery{}, err
	}
	return showRecovery(r), nil
}

// ReplacementOffer is what can take the place of lost factors.
type ReplacementOffer struct {
	Assurance      int                     `json:"assurance"`
	PasswordNeeded bool                    `json:"password_needed" doc:"The account has none: an authenticator app needs new_password too."`
	Secret         string                  `json:"secret,omitempty" doc:"Of a new authenticator app, base 32. Absent where only a security key will do."`
	URI            string                  `json:"uri,omitempty" doc:"otpauth://…, for a QR code. It holds the secret."`
	Enrolment      string                  `json:"enrolment,omitempty" doc:"Send it back with the first code."`
	Passkey        passkey.CreationOptions `json:"passkey" doc:"For navigator.credentials.create."`
}

func (s *surface) offerFactors(ctx context.Context, c *Call, in RecoveryToken) (ReplacementOffer, error) {
	o, err := s.Rescue.Offer(ctx, c.Caller, presented(reclaim.Finish, in.Token))
	if err != nil {
		return ReplacementOffer{}, err
	}
	return ReplacementOffer{
		Assurance: o.Claim.Level, PasswordNeeded: !o.HasPassword, Secret: o.Secret.Reveal(), URI: o.URI, Enrolment: o.Enrolment, Passkey: o.Passkey,
	}, nil
}

// FinishRequest completes a recovery.
type FinishRequest struct {
	Token       secret.Text     `json:"token" doc:"Secret of the link."`
	NewPassword secret.Text     `json:"new_password,omitempty" doc:"Optional where there is a password."`
	Enrolment   string          `json:"enrolment,omitempty" doc:"Of the offer."`
	Code        secret.Text     `json:"code,omitempty" doc:"What the new app shows."`
	Passkey     json.RawMessage `json:"passkey,omitempty" doc:"RegistrationResponseJSON, instead of enrolment and code."`
}

func (s *surface) finishRecovery(ctx context.Context, c *Call, in FinishRequest) (RecoveryCodes, error) {
	codes, err := s.Rescue.Finish(ctx, c.Caller, rescue.Completion{
		Secret: presented(reclaim.Finish, in.Token), Password: in.NewPassword, Enrolment: in.Enrolment, Code: in.Code, Passkey: in.Passkey, Lang: s.lang(c),
	})
	return showCodes(codes), err
}

func (s *surface) myRecovery(ctx context.Context, c *Call, _ struct{}) (Recovery, error) {
	r, err := s.Rescue.Running(ctx, c.Caller.User)
	if err != nil {
		return Recovery{}, err
	}
	return showRecovery(r), nil
}

func (s *surface) objectToMine(ctx context.Context, c *Call, _ struct{}) (Recovery, error) {
	r, err := s.Rescue.ObjectTo(ctx, c.Caller)
	if err != nil {
		return Recovery{}, err
	}
	return showRecovery(r), nil
}

// StopResult says what became of a recovery.
type StopResult struct {
	Status string `json:"status" enum:"stopped,delayed"`
}

func (s *surface) stopMine(ctx context.Context, c *Call, in StepUp) (StopResult, error) {
	stopped, err := s.Rescue.Stop(ctx, c.Caller, rescue.Proof(in.proof()))
	switch {
	case err != nil:
		return StopResult{}, err
	case stopped:
		return StopResult{"stopped"}, nil
	}
	return StopResult{"delayed"}, nil
}
