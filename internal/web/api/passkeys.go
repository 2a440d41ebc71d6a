package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

// Ceremonies asks whoever it is for a passkey; see passkey.Ceremonies.
type Ceremonies interface {
	Request(p passkey.Purpose, subject user.ID, bound string, only []passkey.Passkey) passkey.RequestOptions
}

// askPasskeyFor is the purpose of the secrets that a question for a passkey is bound to.
const askPasskeyFor secret.Purpose = "passkey"

// registering are the refusals of a new passkey.
var registering = []*problem.Error{passkey.ErrChallenge, passkey.ErrMalformed, passkey.ErrRefused, passkey.ErrModel, passkey.ErrTaken}

func (s *surface) passkeyTable() []endpoint {
	const tag = "My account"
	one := []*problem.Error{passkey.ErrUnknown}
	proof := append([]*problem.Error{signin.ErrSecond}, confirming...)
	return []endpoint{
		route(s, endpoint{
			Method: "POST", Path: "/signin/passkey", Access: web.Anyone, Tag: "Sign-in", Name: "signin.passkey", Once: true, Summary: "Ask for a passkey",
			Text: "Answers what to hand to navigator.credentials.get, for anybody's passkey. Send what it gives to /signin as " +
				"passkey, with the flow: it signs in by itself. With second=true it continues the half-done sign-in of the flow " +
				"instead, where passkey was in next.",
			Example: `{}`,
		}, s.askPasskey),
		route(s, endpoint{Method: "GET", Path: "/me/passkeys", Tag: tag, Name: "me.passkeys.list", Summary: "List my passkeys"}, s.passkeys),
		route(s, endpoint{
			Method: "POST", Path: "/me/passkeys/proof", Tag: tag, Name: "me.passkeys.prove", Summary: "Ask for a passkey as proof", Once: true,
			Text:   "Send what navigator.credentials.get gives as passkey, in the place of current_password and code.",
			Errors: one,
		}, s.provePasskey),
		route(s, endpoint{
			Method: "POST", Path: "/me/passkeys/options", Tag: tag, Name: "me.passkeys.offer", Summary: "Ask for another passkey", Once: true,
			Text:    "Answers what to hand to navigator.credentials.create, in this session and within five minutes.",
			Example: `{"current_password": "correct horse battery staple"}`, Errors: proof,
		}, s.offerPasskey),
		route(s, endpoint{
			Method: "POST", Path: "/me/passkeys", Status: 201, Tag: tag, Name: "me.passkeys.add", Summary: "Add a passkey",
			Text:    "credential is what navigator.credentials.create gave, as JSON.",
			Example: `{"credential": {"id": "AAECAw", "type": "public-key", "response": {}}}`,
			Errors:  append([]*problem.Error{passkey.ErrMany, passkey.ErrBirth}, registering...),
		}, s.addPasskey),
		route(s, endpoint{
			Method: "PATCH", Path: "/me/passkeys/{passkey}", Tag: tag, Name: "me.passkeys.rename", Summary: "Name a passkey",
			Example: `{"name": "Work laptop"}`, Errors: append(one, passkey.ErrName),
		}, s.renamePasskey),
		route(s, endpoint{
			Method: "DELETE", Path: "/me/passkeys/{passkey}", Tag: tag, Name: "me.passkeys.remove", Summary: "Remove a passkey",
			Example: `{"current_password": "correct horse battery staple"}`, Errors: append(append(one, passkey.ErrLast), proof...),
		}, s.removePasskey),
	}
}

// AskPasskeyRequest asks for a question.
type AskPasskeyRequest struct {
	Second bool   `json:"second,omitempty" doc:"Continue the half-done sign-in of the flow."`
	Flow   string `json:"flow,omitempty" doc:"Of the half-done sign-in, unless the cookie carries it."`
}

// PasskeyQuestion is what an authenticator is to answer.
type PasskeyQuestion struct {
	Flow      string          `json:"flow,omitempty" doc:"Secret to answer with, for programs. Browsers have it in a cookie."`
	PublicKey json.RawMessage `json:"public_key" doc:"PublicKeyCredentialRequestOptionsJSON, or for a new one PublicKeyCredentialCreationOptionsJSON."`
}

func question(o any) (PasskeyQuestion, error) {
	text, err := json.Marshal(o)
	return PasskeyQuestion{PublicKey: text}, err
}

func (s *surface) askPasskey(_ context.Context, c *Call, in AskPasskeyRequest) (PasskeyQuestion, error) {
	flow := secret.New(askPasskeyFor)
	if in.Second {
		flow = s.flow(c, challenge.Purpose, in.Flow)
	}
	q, err := question(s.Passkeys.Request(passkey.SignIn, user.ID{}, flowBound(flow), nil))
	if err == nil && !in.Second {
		q.Flow = s.goOn(c, flow, codeLife).Flow
	}
	return q, err
}

func flowBound(flow secret.Token) string { return "flow " + flow.Reveal() }

// asserted is the answer to askPasskey in a request.
func (s *surface) asserted(c *Call, in SignInRequest) *signin.Passkey {
	purpose := askPasskeyFor
	if in.Second {
		purpose = challenge.Purpose
	}
	return &signin.Passkey{Purpose: passkey.SignIn, Bound: flowBound(s.flow(c, purpose, in.Flow)), Credential: in.Passkey}
}

// Passkey is one of the account's.
type Passkey struct {
	ID         string     `json:"id" doc:"psk_…"`
	Name       string     `json:"name"`
	Model      string     `json:"aaguid" doc:"Model of the authenticator; all zero when it does not tell."`
	Synced     bool       `json:"synced" doc:"Several devices may hold it."`
	BackedUp   bool       `json:"backed_up" doc:"As last seen, it is not lost with its device."`
	Suspect    bool       `json:"suspect" doc:"Its counter went back: it may have been copied."`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
}

func showPasskey(k passkey.Passkey) Passkey {
	p := Passkey{ID: k.ID.String(), Name: k.Name, Model: k.Model.String(), Synced: k.Synced(), BackedUp: k.BackedUp, Suspect: !k.SuspectAt.IsZero(), CreatedAt: k.CreatedAt.UTC()}
	if used := k.UsedAt.UTC(); !k.UsedAt.IsZero() {
		p.LastUsedAt = &used
	}
	return p
}

// PasskeyList is all of them, oldest first.
type PasskeyList struct {
	Data []Passkey `json:"data"`
}

func (s *surface) passkeys(ctx context.Context, c *Call, _ struct{}) (PasskeyList, error) {
	have, err := s.Account.Passkeys(ctx, c.Caller)
	out := PasskeyList{Data: []Passkey{}}
	for _, k := range have {
		out.Data = append(out.Data, showPasskey(k))
	}
	return out, err
}

func (s *surface) provePasskey(ctx context.Context, c *Call, _ struct{}) (PasskeyQuestion, error) {
	o, has, err := s.Account.PasskeyProof(ctx, c.Caller)
	if err == nil && !has {
		err = passkey.ErrUnknown
	}
	if err != nil {
		return PasskeyQuestion{}, err
	}
	return question(o)
}

func (s *surface) offerPasskey(ctx context.Context, c *Call, in StepUp) (PasskeyQuestion, error) {
	o, err := s.Account.OfferPasskey(ctx, c.Caller, account.Proof(in.proof()))
	if err != nil {
		return PasskeyQuestion{}, err
	}
	return question(o)
}

// NewPasskey is an authenticator's answer.
type NewPasskey struct {
	Credential json.RawMessage `json:"credential" doc:"RegistrationResponseJSON."`
}

func (s *surface) addPasskey(ctx context.Context, c *Call, in NewPasskey) (Passkey, error) {
	k, err := s.Account.AddPasskey(ctx, c.Caller, in.Credential, false, s.lang(c))
	return showPasskey(k), err
}

// PasskeyName names a passkey anew.
type PasskeyName struct {
	Passkey string `path:"passkey" doc:"psk_…"`
	Name    string `json:"name" doc:"1 to 64 characters."`
}

func (s *surface) renamePasskey(ctx context.Context, c *Call, in PasskeyName) (none, error) {
	id, err := passkeyID(in.Passkey)
	if err != nil {
		return none{}, err
	}
	return none{}, s.Account.RenamePasskey(ctx, c.Caller, id, in.Name)
}

// PasskeyRemoval takes a passkey away.
type PasskeyRemoval struct {
	ID string `path:"passkey" doc:"psk_…"`
	StepUp
}

func (s *surface) removePasskey(ctx context.Context, c *Call, in PasskeyRemoval) (none, error) {
	id, err := passkeyID(in.ID)
	if err != nil {
		return none{}, err
	}
	return none{}, s.Account.RemovePasskey(ctx, c.Caller, account.Proof(in.proof()), id, s.lang(c))
}

func passkeyID(text string) (passkey.ID, error) {
	id, err := passkey.ParseID(text)
	if err != nil {
		return id, passkey.ErrUnknown.Because(err)
	}
	return id, nil
}
