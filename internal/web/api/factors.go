package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/mortise-auth/mortise/internal/factor"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

// Factors is what the surface needs of factor.Flow.
type Factors interface {
	List(ctx context.Context, by user.Caller) (factor.Factors, error)
	Of(ctx context.Context, id user.ID) (factor.Factors, error)
	Begin(ctx context.Context, by user.Caller, p factor.Proof, name string) (factor.Enrolment, error)
	Confirm(ctx context.Context, by user.Caller, id totp.ID, code secret.Text, lang string) ([]secret.Text, error)
	Rename(ctx context.Context, by user.Caller, id totp.ID, name string) error
	Remove(ctx context.Context, by user.Caller, p factor.Proof, id totp.ID, lang string) error
	RemovePasskeyFor(ctx context.Context, by user.Caller, of user.ID, id passkey.ID) error
	RemoveFor(ctx context.Context, by user.Caller, of user.ID, id totp.ID) error
	BeginPhone(ctx context.Context, by user.Caller, p factor.Proof, typed string, voice bool, lang string) (factor.Telephone, error)
	ConfirmPhone(ctx context.Context, by user.Caller, id phone.ID, code secret.Text, lang string) ([]secret.Text, error)
	RemovePhone(ctx context.Context, by user.Caller, p factor.Proof, id phone.ID, lang string) error
	RemovePhoneFor(ctx context.Context, by user.Caller, of user.ID, id phone.ID) error
	Devices(ctx context.Context, by user.Caller) ([]trust.Device, error)
	ForgetDevice(ctx context.Context, by user.Caller, id trust.ID) error
	ForgetDevices(ctx context.Context, by user.Caller) (int, error)
	Renew(ctx context.Context, by user.Caller, p factor.Proof, lang string) ([]secret.Text, error)
}

func (s *surface) factorTable() []endpoint {
	const tag = "My account"
	proof := append([]*problem.Error{signin.ErrSecond}, confirming...)
	one := []*problem.Error{totp.ErrUnknown}
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/me/factors", Tag: tag, Name: "me.factors.list", Summary: "List my factors beyond the password"}, s.factors),
		route(s, endpoint{
			Method: "POST", Path: "/me/factors/totp", Tag: tag, Name: "me.factors.totp.add", Summary: "Start setting up an authenticator app",
			Text:    "The secret is shown this once. The app counts when its first code was confirmed, within a quarter of an hour.",
			Example: `{"current_password": "correct horse battery staple", "name": "Phone"}`,
			Errors:  append([]*problem.Error{totp.ErrTooMany}, proof...),
		}, s.addTOTP),
		route(s, endpoint{
			Method: "POST", Path: "/me/factors/totp/{factor}/confirm", Tag: tag, Name: "me.factors.totp.confirm", Summary: "Finish setting up an authenticator app",
			Text:    "With the first factor come recovery codes, shown this once.",
			Example: `{"code": "123456"}`, Errors: []*problem.Error{totp.ErrCode, totp.ErrPending},
		}, s.confirmTOTP),
		route(s, endpoint{
			Method: "PATCH", Path: "/me/factors/totp/{factor}", Tag: tag, Name: "me.factors.totp.rename", Summary: "Name an authenticator app",
			Example: `{"name": "Tablet"}`, Errors: one,
		}, s.renameTOTP),
		route(s, endpoint{
			Method: "DELETE", Path: "/me/factors/totp/{factor}", Tag: tag, Name: "me.factors.totp.remove", Summary: "Remove an authenticator app",
			Text:    "With the last one go the recovery codes, and sign-in asks for no second step any more.",
			Example: `{"current_password": "correct horse battery staple", "code": "123456"}`, Errors: append(one, proof...),
		}, s.removeTOTP),
		route(s, endpoint{
			Method: "POST", Path: "/me/factors/recovery-codes", Tag: tag, Name: "me.factors.recovery.renew", Summary: "Make new recovery codes",
			Text:    "They are shown this once; the old ones work no longer.",
			Example: `{"current_password": "correct horse battery staple", "code": "123456"}`, Errors: append([]*problem.Error{factor.ErrNoFactor}, proof...),
		}, s.renewRecovery),
		route(s, endpoint{
			Method: "GET", Path: "/users/{user}/factors", Access: web.Admin, Tag: "Users", Name: "users.factors.list", Summary: "List a user's factors beyond the password",
			Errors: []*problem.Error{user.ErrUnknown},
		}, s.userFactors),
		route(s, endpoint{
			Method: "DELETE", Path: "/users/{user}/factors/{factor}", Access: web.Host, Tag: "Users", Name: "users.factors.remove", Summary: "Remove a factor of a user",
			Text: "On the host only: no administrator resets another's factor alone. Its owner is told.", Errors: append(one, user.ErrUnknown, passkey.ErrUnknown, passkey.ErrLast, phone.ErrUnknown),
		}, s.removeUserFactor),
	}
}

// Factor is one factor beyond the password.
type Factor struct {
	ID         string     `json:"id" doc:"otp_…, phn_… or psk_…"`
	Type       string     `json:"type" enum:"totp,phone,passkey"`
	Name       string     `json:"name" doc:"Of a phone, the beginning and end of its number."`
	Restricted bool       `json:"restricted" doc:"The telephone network delivers its codes (NIST SP 800-63B-4): the weakest of all."`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
}

// FactorList is what an account has.
type FactorList struct {
	Data          []Factor `json:"data"`
	RecoveryCodes int      `json:"recovery_codes" doc:"How many unused recovery codes are left."`
}

func showFactors(all factor.Factors) FactorList {
	out := FactorList{Data: []Factor{}, RecoveryCodes: all.Recovery.Left}
	for _, d := range all.Apps {
		f := Factor{ID: d.ID.String(), Type: "totp", Name: d.Name, CreatedAt: d.CreatedAt.UTC()}
		if used := d.UsedAt.UTC(); !d.UsedAt.IsZero() {
			f.LastUsedAt = &used
		}
		out.Data = append(out.Data, f)
	}
	for _, p := range all.Phones {
		f := Factor{ID: p.ID.String(), Type: "phone", Name: p.Number.Masked(), Restricted: true, CreatedAt: p.CreatedAt.UTC()}
		if used := p.UsedAt.UTC(); !p.UsedAt.IsZero() {
			f.LastUsedAt = &used
		}
		out.Data = append(out.Data, f)
	}
	for _, k := range all.Passkeys {
		f := Factor{ID: k.ID.String(), Type: "passkey", Name: k.Name, CreatedAt: k.CreatedAt.UTC()}
		if used := k.UsedAt.UTC(); !k.UsedAt.IsZero() {
			f.LastUsedAt = &used
		}
		out.Data = append(out.Data, f)
	}
	return out
}

func (s *surface) factors(ctx context.Context, c *Call, _ struct{}) (FactorList, error) {
	all, err := s.Factors.List(ctx, c.Caller)
	return showFactors(all), err
}

// StepUp is the proof given for an act on factors.
type StepUp struct {
	Current secret.Text     `json:"current_password,omitempty"`
	Passkey json.RawMessage `json:"passkey,omitempty" doc:"Instead of both: the answer to the question of /me/passkeys/proof."`
	Code    secret.Text     `json:"code,omitempty" doc:"Of an authenticator app or sent to a phone (see /me/factors/phone/send), or a recovery code; needed when the account has a second factor."`
}

func (p StepUp) proof() factor.Proof {
	return factor.Proof{Password: p.Current, Code: p.Code, Passkey: p.Passkey}
}

// NewTOTP starts an enrolment.
type NewTOTP struct {
	StepUp
	Name string `json:"name,omitempty" doc:"What its owner calls the app or phone."`
}

// Enrolment is an authenticator app that waits for its first code.
type Enrolment struct {
	ID     string `json:"id"`
	Secret string `json:"secret" doc:"Base 32, for typing. Shown once."`
	URI    string `json:"uri" doc:"otpauth://…, for a QR code. It holds the secret."`
}

func (s *surface) addTOTP(ctx context.Context, c *Call, in NewTOTP) (Enrolment, error) {
	e, err := s.Factors.Begin(ctx, c.Caller, in.proof(), in.Name)
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{ID: e.Device.ID.String(), Secret: e.Secret.Reveal(), URI: e.URI}, nil
}

// FirstCode confirms an enrolment.
type FirstCode struct {
	Factor string      `path:"factor" doc:"otp_…"`
	Code   secret.Text `json:"code" doc:"What the app shows."`
}

// RecoveryCodes are shown once.
type RecoveryCodes struct {
	RecoveryCodes []string `json:"recovery_codes" doc:"Empty when the account has codes already."`
}

func showCodes(codes []secret.Text) RecoveryCodes {
	out := RecoveryCodes{RecoveryCodes: make([]string, 0, recovery.Count)}
	for _, c := range codes {
		out.RecoveryCodes = append(out.RecoveryCodes, c.Reveal())
	}
	return out
}

func (s *surface) confirmTOTP(ctx context.Context, c *Call, in FirstCode) (RecoveryCodes, error) {
	id, err := factorID(in.Factor)
	if err != nil {
		return RecoveryCodes{}, err
	}
	codes, err := s.Factors.Confirm(ctx, c.Caller, id, in.Code, s.lang(c))
	return showCodes(codes), err
}

// FactorName names a factor anew.
type FactorName struct {
	Factor string `path:"factor" doc:"otp_…"`
	Name   string `json:"name"`
}

func (s *surface) renameTOTP(ctx context.Context, c *Call, in FactorName) (none, error) {
	id, err := factorID(in.Factor)
	if err != nil {
		return none{}, err
	}
	return none{}, s.Factors.Rename(ctx, c.Caller, id, in.Name)
}

// FactorRemoval takes a factor away.
type FactorRemoval struct {
	Factor string `path:"factor" doc:"otp_…"`
	StepUp
}

func (s *surface) removeTOTP(ctx context.Context, c *Call, in FactorRemoval) (none, error) {
	id, err := factorID(in.Factor)
	if err != nil {
		return none{}, err
	}
	return none{}, s.Factors.Remove(ctx, c.Caller, in.proof(), id, s.lang(c))
}

func (s *surface) renewRecovery(ctx context.Context, c *Call, in StepUp) (RecoveryCodes, error) {
	codes, err := s.Factors.Renew(ctx, c.Caller, in.proof(), s.lang(c))
	return showCodes(codes), err
}

func (s *surface) userFactors(ctx context.Context, c *Call, in UserRef) (FactorList, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return FactorList{}, err
	}
	all, err := s.Factors.Of(ctx, u.ID)
	return showFactors(all), err
}

// UserFactor names a factor of a user.
type UserFactor struct {
	User   string `path:"user" doc:"usr_… or an e-mail address."`
	Factor string `path:"factor" doc:"otp_…, phn_… or psk_…"`
}

func (s *surface) removeUserFactor(ctx context.Context, c *Call, in UserFactor) (none, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return none{}, err
	}
	if id, err := passkey.ParseID(in.Factor); err == nil {
		return none{}, s.Factors.RemovePasskeyFor(ctx, c.Caller, u.ID, id)
	}
	if id, err := phone.ParseID(in.Factor); err == nil {
		return none{}, s.Factors.RemovePhoneFor(ctx, c.Caller, u.ID, id)
	}
	id, err := factorID(in.Factor)
	if err != nil {
		return none{}, err
	}
	return none{}, s.Factors.RemoveFor(ctx, c.Caller, u.ID, id)
}

func factorID(text string) (totp.ID, error) {
	id, err := totp.ParseID(text)
	if err != nil {
		return id, totp.ErrUnknown.Because(err)
	}
	return id, nil
}
