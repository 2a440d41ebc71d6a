package signin

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
)

// Ceremonies is what the passkey method needs of passkey.Ceremonies.
type Ceremonies interface {
	Read(ctx context.Context, answer []byte) (*passkey.Answer, error)
	Assert(ctx context.Context, p passkey.Purpose, bound string, answer *passkey.Answer) (passkey.Asserted, error)
	Keep(ctx context.Context, tx passkey.Store, a passkey.Asserted, by user.Caller) error
	Spend(ctx context.Context, o passkey.Once) error
}

// passkeys is the name of the method.
const passkeys = "passkey"

// PasskeyMethod proves an account by a WebAuthn credential, which names the
// account by itself. Since the authenticator verifies its user, it stands for two
// factors.
type PasskeyMethod struct{ ceremonies Ceremonies }

// NewPasskey makes the passkey method.
func NewPasskey(c Ceremonies) *PasskeyMethod { return &PasskeyMethod{c} }

func (*PasskeyMethod) Name() string            { return passkeys }
func (*PasskeyMethod) Factor() Factor          { return Has }
func (*PasskeyMethod) Answers(r Response) bool { return r.Passkey != nil }
func (*PasskeyMethod) Whole()                  {}
func (*PasskeyMethod) Refusal() *problem.Error { return ErrPasskey }

// Locate implements Locator.
func (m *PasskeyMethod) Locate(ctx context.Context, r Response) (user.ID, error) {
	answer, err := m.read(ctx, r.Passkey)
	if err != nil {
		return user.ID{}, err
	}
	owner, known := answer.Owner()
	if !known {
		return user.ID{}, user.ErrUnknown
	}
	return owner, nil
}

// read reads the answer, once.
func (m *PasskeyMethod) read(ctx context.Context, in *Passkey) (*passkey.Answer, error) {
	if in.answer != nil {
		return in.answer, nil
	}
	answer, err := m.ceremonies.Read(ctx, in.Credential)
	in.answer = answer
	return answer, err
}

// Standing implements Second. A passkey asks for nothing after a password: it signs
// in by itself, and stands in for the code where one is asked for.
func (*PasskeyMethod) Standing(ctx context.Context, tx Tx, owner user.ID) (Standing, error) {
	have, err := tx.Passkeys().Of(ctx, owner)
	st := Standing{Enrolled: len(have) > 0, Backup: true}
	for _, k := range have {
		if k.UsedAt.After(st.UsedAt) {
			st.UsedAt = k.UsedAt
		}
	}
	return st, err
}

// Finish implements Method. A credential that nobody has is judged by a key that
// nobody has.
func (m *PasskeyMethod) Finish(ctx context.Context, a *Attempt, r Response) (Proven, error) {
	in := r.Passkey
	answer, err := m.read(ctx, in)
	if err != nil {
		return Proven{}, err
	}
	got, err := m.ceremonies.Assert(ctx, in.Purpose, in.Bound, answer)
	switch {
	case errors.Is(err, passkey.ErrUnknown):
		return Proven{}, wrong(reasonGone)
	case errors.Is(err, passkey.ErrRefused):
		return Proven{}, wrong(reasonPasskey)
	case err != nil:
		return Proven{}, err
	}
	out := Proven{
		Methods: got.Passkey.Methods(), Assurance: got.Passkey.Assurance(),
		// Removed, wherever and whenever, or used by a copy: nothing is born of it (TH-1).
		Spend: func(ctx context.Context, tx Tx) error {
			err := m.ceremonies.Keep(ctx, tx.Passkeys(), got, a.By)
			switch {
			case errors.Is(err, passkey.ErrUnknown):
				return wrong(reasonGone)
			case errors.Is(err, passkey.ErrCounter):
				return wrong(reasonCounter)
			}
			return err
		},
		Waste: func(ctx context.Context) error {
			err := m.ceremonies.Spend(ctx, got.Once)
			if errors.Is(err, passkey.ErrChallenge) {
				return nil
			}
			return err
		},
	}
	if got.Passkey.User != a.Account.ID {
		return out, wrong(reasonPasskey)
	}
	return out, nil
}
