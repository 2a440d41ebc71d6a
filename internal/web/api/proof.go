package api

import (
	"context"
	"encoding/json"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) proofTable() []endpoint {
	const tag = "Sign-in"
	judged := []*problem.Error{proof.ErrWrongCode, proof.ErrExpired, ratelimit.ErrLimited}
	return []endpoint{
		route(s, endpoint{
			Method: "POST", Path: "/signup", Access: web.Anyone, Tag: tag, Name: "signup", Once: true, Summary: "Sign up",
			Text: "First with email, name and password: the answer is continue whether or not the address is known, and a " +
				"mail goes to it. Then with flow and code: the account exists, and nobody is signed in yet. With with=passkey " +
				"there is no password: the code is answered with continue, next passkey and public_key for " +
				"navigator.credentials.create; send what it gives as passkey, with flow and code once more.",
			Example: `{"email": "ada@example.test", "name": "Ada Lovelace", "password": "correct horse battery staple"}`,
			Errors:  append(append([]*problem.Error{account.ErrInput, account.ErrNoSignUp}, registering...), judged...),
		}, s.signUp),
		route(s, endpoint{
			Method: "POST", Path: "/recover", Access: web.Anyone, Tag: tag, Name: "recover", Once: true, Summary: "Set a forgotten password",
			Text: "First with identifier: the answer is continue whether or not there is such an account. Then with flow, " +
				"code and new_password: the password is set and every session of the account has ended.",
			Example: `{"identifier": "ada@example.test"}`,
			Errors:  append([]*problem.Error{password.ErrTooShort, account.ErrPasskeysOnly}, judged...),
		}, s.recover),
		route(s, endpoint{
			Method: "POST", Path: "/verify", Access: web.Anyone, Tag: tag, Name: "verify", Once: true, Summary: "Use a mailed link or code",
			Text: "token is the secret of a mailed link. With a code instead, flow is the secret that the request which " +
				"caused the mail was answered with. Links cannot be used by opening them: only this changes anything. " +
				"A sign-up's token without its flow needs new_password: whoever asked may not be who holds the mail. A sign-up " +
				"without a password goes on as in /signup.",
			Example: `{"purpose": "address", "flow": "n1cX4Jx0vWm8s2gqkq3mT2m0b8yZk1fH0n7aQe5uR9E", "code": "12345678"}`,
			Errors:  append(append([]*problem.Error{account.ErrPasswordAsked, account.ErrPasskeysOnly}, registering...), judged...),
		}, s.verify),
	}
}

// SignUpRequest is one step of a sign-up.
type SignUpRequest struct {
	Email    string          `json:"email,omitempty"`
	Name     string          `json:"name,omitempty"`
	Password secret.Text     `json:"password,omitempty"`
	With     string          `json:"with,omitempty" enum:"password,passkey" doc:"What is to open the account. password unless said otherwise."`
	Flow     string          `json:"flow,omitempty" doc:"Secret of the flow to continue, unless the cookie carries it."`
	Code     secret.Text     `json:"code,omitempty" doc:"The mailed code."`
	Passkey  json.RawMessage `json:"passkey,omitempty" doc:"RegistrationResponseJSON: the answer to public_key."`
}

// SignUpStep is where a sign-up stands.
type SignUpStep struct {
	Step
	PublicKey json.RawMessage `json:"public_key,omitempty" doc:"PublicKeyCredentialCreationOptionsJSON, where next is passkey."`
}

func (s *surface) signUp(ctx context.Context, c *Call, in SignUpRequest) (SignUpStep, error) {
	if !in.Code.IsZero() {
		a := s.answer(c, proof.SignUp, "", in.Flow, in.Code)
		return s.finishSignUp(ctx, c, a, account.Chosen{Password: in.Password, Passkey: in.Passkey})
	}
	flow, err := s.Account.StartSignUp(ctx, account.SignUp{
		By: c.Caller, Name: in.Name, Email: in.Email, Password: in.Password, Passkey: in.With == "passkey", Lang: s.lang(c),
	})
	if err != nil {
		return SignUpStep{}, err
	}
	return SignUpStep{Step: s.goOn(c, flow, account.SignUpLife)}, nil
}

// finishSignUp makes the account, or asks for the passkey that is to open it.
func (s *surface) finishSignUp(ctx context.Context, c *Call, a account.Answer, chosen account.Chosen) (SignUpStep, error) {
	made, err := s.Account.FinishSignUp(ctx, c.Caller, a, chosen)
	if err != nil || made.Ask == nil {
		done, err := s.finished(c, err)
		return SignUpStep{Step: done}, err
	}
	q, err := question(made.Ask)
	return SignUpStep{Step{Status: "continue", Next: []string{"passkey"}}, q.PublicKey}, err
}

// finished answers a flow that is over. Whose it was, whoever finished it knows.
func (s *surface) finished(c *Call, err error) (Step, error) {
	if err != nil {
		return Step{}, err
	}
	s.endFlow(c)
	return Step{Status: "complete"}, nil
}

// RecoverRequest is one step of a recovery.
type RecoverRequest struct {
	Identifier  string      `json:"identifier,omitempty" doc:"An e-mail address of the account."`
	Flow        string      `json:"flow,omitempty" doc:"Secret of the flow to continue, unless the cookie carries it."`
	Code        secret.Text `json:"code,omitempty" doc:"The mailed code."`
	NewPassword secret.Text `json:"new_password,omitempty"`
}

func (s *surface) recover(ctx context.Context, c *Call, in RecoverRequest) (Step, error) {
	if !in.Code.IsZero() {
		_, err := s.Account.FinishRecovery(ctx, c.Caller, s.answer(c, proof.Recover, "", in.Flow, in.Code), in.NewPassword, s.lang(c))
		return s.finished(c, err)
	}
	if in.Identifier == "" {
		return Step{}, missing("/identifier")
	}
	flow, err := s.Account.StartRecovery(ctx, c.Caller, in.Identifier, s.lang(c))
	if err != nil {
		return Step{}, err
	}
	return s.goOn(c, flow, account.RecoverLife), nil
}

func missing(pointer string) error {
	return signin.ErrMissing.WithFields(problem.Field{Pointer: pointer, Code: "missing", Message: "This member is required."})
}

// VerifyRequest uses a mailed link or code.
type VerifyRequest struct {
	Purpose     string          `json:"purpose" enum:"signup,address,recover,undo,keep" doc:"What the mail was about; keep cancels a deletion."`
	Token       secret.Text     `json:"token,omitempty" doc:"Secret of the link."`
	Flow        string          `json:"flow,omitempty" doc:"Secret of the flow, unless the cookie carries it."`
	Code        secret.Text     `json:"code,omitempty" doc:"The mailed code."`
	NewPassword secret.Text     `json:"new_password,omitempty" doc:"For recover, and for a sign-up whose link comes back without the flow."`
	Passkey     json.RawMessage `json:"passkey,omitempty" doc:"For a sign-up: the answer to public_key."`
}

var purposes = map[string]proof.Purpose{
	"signup": proof.SignUp, "address": proof.Address, "recover": proof.Recover, "undo": proof.Undo, "keep": proof.CancelDeletion,
}

func (s *surface) verify(ctx context.Context, c *Call, in VerifyRequest) (SignUpStep, error) {
	purpose := purposes[in.Purpose]
	switch {
	case in.Token.IsZero() && in.Code.IsZero():
		return SignUpStep{}, missing("/token")
	case !in.NewPassword.IsZero() && purpose != proof.Recover && purpose != proof.SignUp:
		return SignUpStep{}, errMembers.WithFields(problem.Field{Pointer: "/new_password", Code: "unknown_member", Message: "Only a recovery or a sign-up sets a password."})
	case in.Passkey != nil && purpose != proof.SignUp:
		return SignUpStep{}, errMembers.WithFields(problem.Field{Pointer: "/passkey", Code: "unknown_member", Message: "Only a sign-up makes a passkey."})
	}
	a := s.answer(c, purpose, in.Token.Reveal(), in.Flow, in.Code)
	if purpose == proof.SignUp {
		return s.finishSignUp(ctx, c, a, account.Chosen{Password: in.NewPassword, Passkey: in.Passkey})
	}
	done, err := s.finished(c, s.prove(ctx, c, purpose, a, in.NewPassword))
	return SignUpStep{Step: done}, err
}

func (s *surface) prove(ctx context.Context, c *Call, purpose proof.Purpose, a account.Answer, text secret.Text) (err error) {
	switch purpose {
	case proof.Address:
		_, err = s.Account.ConfirmEmail(ctx, c.Caller, a, s.lang(c))
	case proof.Recover:
		_, err = s.Account.FinishRecovery(ctx, c.Caller, a, text, s.lang(c))
	case proof.Undo:
		err = s.Account.Undo(ctx, c.Caller, a)
	case proof.CancelDeletion:
		err = s.Account.CancelDeletion(ctx, c.Caller, a)
	}
	return err
}

// answer is what somebody brought back from a mail. A link that no mint made
// opens what a used one opens: nothing.
func (s *surface) answer(c *Call, purpose proof.Purpose, link, flow string, code secret.Text) account.Answer {
	if link == "" {
		return account.Answer{Flow: s.flow(c, purpose.FlowPurpose(), flow), Code: code}
	}
	t, err := secret.Parse(purpose.LinkPurpose(), link)
	if err != nil {
		t = secret.New(purpose.LinkPurpose())
	}
	return account.Answer{Link: t, Flow: s.flow(c, purpose.FlowPurpose(), flow)}
}
