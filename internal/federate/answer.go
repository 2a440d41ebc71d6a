package federate

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/secret"
)

// answer is a Vouched that waits in a browser or a program until it is used, once,
// for what it is bound to.
type sealedAnswer struct {
	Nonce   string              `json:"n"`
	Bound   string              `json:"b"`
	Vouched *federation.Vouched `json:"v"`
	Version int64               `json:"cv"`
	At      time.Time           `json:"t"`
}

// answer seals what out vouches for when it is not used at once. Tokens are not
// carried through browsers.
func (f *Flow) answer(out *Outcome) {
	if out.Carry.Bound == "" {
		return
	}
	v := *out.Vouched
	v.Tokens, v.Person.Groups, v.Person.Roles, v.Person.Picture = nil, nil, nil, ""
	out.Answer = f.seal(sealAnswer, sealedAnswer{secret.New(statePurpose).Reveal(), out.Carry.Bound, &v, out.Connection.Version, f.now()})
	out.Vouched = nil
}

// Redeem opens an Answer that was sealed for bound, once. federation.ErrAttempt.
func (f *Flow) Redeem(ctx context.Context, bound, text string) (*federation.Vouched, error) {
	var a sealedAnswer
	if !f.unseal(sealAnswer, text, &a) || a.Bound != bound || bound == "" || !live(a.At, answerLife, f.now()) {
		return nil, federation.ErrAttempt
	}
	c, err := f.o.Read.Federation().ByID(ctx, a.Vouched.Person.Connection)
	if errors.Is(err, federation.ErrUnknown) || err == nil && (!c.Enabled || c.Version != a.Version) {
		return nil, federation.ErrAttempt
	}
	if err != nil {
		return nil, err
	}
	return a.Vouched, f.o.Read.Federation().Spend(ctx, once("answer", a.Nonce), a.At.Add(2*answerLife))
}
