package api

import (
	"context"
	"encoding/json"

	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) enrolEndpoint(tag string) endpoint {
	return route(s, endpoint{
		Method: "POST", Path: "/signin/enroll", Access: web.Anyone, Tag: tag, Name: "signin.enroll", Once: true, Summary: "Set up a factor inside a sign-in",
		Text: "For a flow with enroll in next. otp answers a secret for an authenticator app and an enrollment: send both back to /signin as enrollment and otp. " +
			"passkey answers what to hand to navigator.credentials.create: send what it gives to /signin as new_passkey. Nothing is kept before that.",
		Example: `{"method": "otp", "flow": "secret-of-the-flow"}`, Errors: []*problem.Error{signin.ErrFlow, ratelimit.ErrLimited}, Admits: s.admits,
	}, s.offerFactor)
}

// EnrolRequest asks for a factor to set up.
type EnrolRequest struct {
	Flow   string `json:"flow,omitempty" doc:"Of the half-done sign-in, unless the cookie carries it."`
	Method string `json:"method" enum:"otp,passkey"`
	Name   string `json:"name,omitempty" doc:"What its owner calls the app or phone."`
	From   string `query:"client_id" doc:"Of a page of another origin: its client."`
}

// FactorOffer is a factor that waits for its first proof.
type FactorOffer struct {
	Enrolment string          `json:"enrollment,omitempty" doc:"Of otp: send it back. It is good in this sign-in only."`
	Secret    string          `json:"secret,omitempty" doc:"Of otp: base 32, for typing. Shown once."`
	URI       string          `json:"uri,omitempty" doc:"Of otp: otpauth://…, for a QR code. It holds the secret."`
	PublicKey json.RawMessage `json:"public_key,omitempty" doc:"Of passkey: PublicKeyCredentialCreationOptionsJSON."`
}

func (s *surface) offerFactor(ctx context.Context, c *Call, in EnrolRequest) (FactorOffer, error) {
	if origin := c.http.Header.Get("Origin"); in.From != "" && s.Tokens.Trusts(ctx, in.From, origin) {
		s.share(c, origin)
	}
	r := signin.Request{By: c.Caller, Flow: s.flow(c, challenge.Purpose, in.Flow), Lang: s.lang(c)}
	o, err := s.SignIn.OfferFactor(ctx, r, in.Method, in.Name)
	if err != nil {
		return FactorOffer{}, err
	}
	out := FactorOffer{Enrolment: o.Sealed, Secret: o.Secret.Reveal(), URI: o.URI}
	if o.Passkey != nil {
		out.PublicKey, err = json.Marshal(o.Passkey)
	}
	return out, err
}
