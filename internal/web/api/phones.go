package api

import (
	"context"

	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) phoneTable() []endpoint {
	const tag = "My account"
	sending := []*problem.Error{phone.ErrOff, phone.ErrVoice, phone.ErrRegion, phone.ErrBudget, phone.ErrUnknown, ratelimit.ErrLimited}
	proof := append([]*problem.Error{signin.ErrSecond}, confirming...)
	return []endpoint{
		route(s, endpoint{
			Method: "POST", Path: "/signin/phone", Access: web.Anyone, Tag: "Sign-in", Name: "signin.phone", Once: true, Summary: "Have a code sent to the phone",
			Text:    "Continues the half-done sign-in of the flow, where sms was in next. Send the code to /signin as otp. A newer code replaces the older.",
			Example: `{"flow": "n1cX4Jx0vWm8s2gqkq3mT2m0b8yZk1fH0n7aQe5uR9E"}`, Errors: append([]*problem.Error{signin.ErrFlow}, sending...),
		}, s.sendCode),
		route(s, endpoint{
			Method: "POST", Path: "/me/factors/phone", Tag: tag, Name: "me.factors.phone.add", Summary: "Start adding a phone",
			Text:    "A code is sent to the number. Phones are restricted authenticators (NIST SP 800-63B-4): they count only while the account has no authenticator app.",
			Example: `{"current_password": "correct horse battery staple", "number": "+49 171 1234567"}`,
			Errors:  append(append([]*problem.Error{phone.ErrNumber, phone.ErrPremium, phone.ErrTooMany, phone.ErrStronger}, sending...), proof...),
		}, s.addPhone),
		route(s, endpoint{
			Method: "POST", Path: "/me/factors/phone/{factor}/confirm", Tag: tag, Name: "me.factors.phone.confirm", Summary: "Finish adding a phone",
			Text:    "With the first factor come recovery codes, shown this once.",
			Example: `{"code": "12345678"}`, Errors: []*problem.Error{phone.ErrCode, phone.ErrPending, phone.ErrTooMany},
		}, s.confirmPhone),
		route(s, endpoint{
			Method: "DELETE", Path: "/me/factors/phone/{factor}", Tag: tag, Name: "me.factors.phone.remove", Summary: "Remove a phone",
			Example: `{"current_password": "correct horse battery staple", "code": "12345678"}`, Errors: append([]*problem.Error{phone.ErrUnknown}, proof...),
		}, s.removePhone),
		route(s, endpoint{
			Method: "POST", Path: "/me/factors/phone/send", Tag: tag, Name: "me.factors.phone.send", Summary: "Have a code sent to my phone", Once: true,
			Text:    "For an act that asks for a second step: send it as code with that act, in this session.",
			Example: `{}`, Errors: sending,
		}, s.sendProof),
	}
}

// SendCodeRequest asks for a code in a half-done sign-in.
type SendCodeRequest struct {
	Flow    string `json:"flow,omitempty" doc:"Of the half-done sign-in, unless the cookie carries it."`
	Channel string `json:"channel,omitempty" enum:"sms,voice" doc:"sms unless said otherwise."`
}

// SentCode says where a code went.
type SentCode struct {
	To string `json:"to" doc:"The beginning and end of the number."`
}

func (s *surface) sendCode(ctx context.Context, c *Call, in SendCodeRequest) (SentCode, error) {
	r := signin.Request{By: c.Caller, Flow: s.flow(c, challenge.Purpose, in.Flow), Lang: s.lang(c)}
	n, err := s.SignIn.SendCode(ctx, r, in.Channel == "voice")
	return SentCode{n.Masked()}, err
}

// SendProofRequest asks for a code for an act.
type SendProofRequest struct {
	Channel string `json:"channel,omitempty" enum:"sms,voice" doc:"sms unless said otherwise."`
}

func (s *surface) sendProof(ctx context.Context, c *Call, in SendProofRequest) (SentCode, error) {
	n, err := s.SignIn.SendProof(ctx, c.Caller, s.lang(c), in.Channel == "voice")
	return SentCode{n.Masked()}, err
}

// NewPhone starts adding a phone.
type NewPhone struct {
	StepUp
	Number  string `json:"number" doc:"With its country code."`
	Channel string `json:"channel,omitempty" enum:"sms,voice" doc:"sms unless said otherwise."`
}

// PendingPhone waits for its code.
type PendingPhone struct {
	ID string `json:"id" doc:"phn_…"`
	To string `json:"to" doc:"The beginning and end of the number."`
}

func (s *surface) addPhone(ctx context.Context, c *Call, in NewPhone) (PendingPhone, error) {
	t, err := s.Factors.BeginPhone(ctx, c.Caller, in.proof(), in.Number, in.Channel == "voice", s.lang(c))
	if err != nil {
		return PendingPhone{}, err
	}
	return PendingPhone{t.ID.String(), t.Number.Masked()}, nil
}

// PhoneCode confirms a phone.
type PhoneCode struct {
	Factor string      `path:"factor" doc:"phn_…"`
	Code   secret.Text `json:"code" doc:"What was sent."`
}

func (s *surface) confirmPhone(ctx context.Context, c *Call, in PhoneCode) (RecoveryCodes, error) {
	id, err := phone.ParseID(in.Factor)
	if err != nil {
		return RecoveryCodes{}, phone.ErrPending.Because(err)
	}
	codes, err := s.Factors.ConfirmPhone(ctx, c.Caller, id, in.Code, s.lang(c))
	return showCodes(codes), err
}

func (s *surface) removePhone(ctx context.Context, c *Call, in FactorRemoval) (none, error) {
	id, err := phone.ParseID(in.Factor)
	if err != nil {
		return none{}, phone.ErrUnknown.Because(err)
	}
	return none{}, s.Factors.RemovePhone(ctx, c.Caller, in.proof(), id, s.lang(c))
}
