package account

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// pending is a proof about to be mailed, with the secrets that are never stored.
type pending struct {
	proof.Proof
	link secret.Token
	flow secret.Token
	code secret.Text
}

// newPending mints a proof. payload is sealed to the proof's id.
func (f *Flow) newPending(purpose proof.Purpose, key string, life time.Duration, payload any) (pending, error) {
	now := f.now()
	p := pending{link: secret.New(purpose.LinkPurpose()), flow: secret.New(purpose.FlowPurpose()), code: secret.Code(codeDigits)}
	p.Proof = proof.Proof{ID: proof.NewID(now), Purpose: purpose, Key: key, CreatedAt: now, ExpiresAt: now.Add(life)}
	p.Link, p.Flow = p.link.Digest(f.o.Instance), p.flow.Digest(f.o.Instance)
	p.Code = f.codeMAC(p.ID, p.code)
	if payload == nil {
		return p, nil
	}
	plain, err := json.Marshal(payload)
	if err != nil {
		return p, err
	}
	p.Payload = f.o.Keys.Seal("proof", p.ID[:], plain)
	return p, nil
}

// codeMAC is how a code is kept and compared: keyed, and bound to its proof.
func (f *Flow) codeMAC(id proof.ID, code secret.Text) []byte {
	mac := f.o.Keys.MAC("code", id[:], []byte(code.Reveal()))
	return mac[:]
}

// payload opens what newPending sealed.
func (f *Flow) payload(p proof.Proof, into any) error {
	plain, err := f.o.Keys.Open("proof", p.ID[:], p.Payload)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, into)
}

// Answer is what a person brings back from a mail: the link's secret, or the code
// together with the flow secret their browser holds.
type Answer struct {
	Link secret.Token
	Flow secret.Token
	Code secret.Text
}

// open finds the live proof an answer belongs to and judges its code. Unknown,
// used, expired, replaced: proof.ErrExpired. A wrong code, or a flow nobody was
// mailed for: proof.ErrWrongCode.
func (f *Flow) open(ctx context.Context, by user.Caller, purpose proof.Purpose, a Answer) (proof.Proof, error) {
	if err := f.limit(ctx, ratelimit.Key{Limit: ratelimit.CodeSource, Of: sourceOf(by)}); err != nil {
		return proof.Proof{}, err
	}
	now := f.now()
	if !a.Link.IsZero() {
		p, err := f.o.Read.Proofs().ByLink(ctx, purpose, a.Link.Digest(f.o.Instance))
		if err != nil {
			return p, err
		}
		return p, usable(p, now)
	}
	p, err := f.o.Read.Proofs().ByFlow(ctx, purpose, a.Flow.Digest(f.o.Instance))
	if err != nil {
		return p, proof.ErrWrongCode.Because(err)
	}
	if err := f.o.Read.Proofs().Attempt(ctx, p.ID, now); err != nil {
		return p, err
	}
	if subtle.ConstantTimeCompare(p.Code, f.codeMAC(p.ID, a.Code)) != 1 {
		return p, proof.ErrWrongCode
	}
	return p, usable(p, now)
}

func usable(p proof.Proof, now time.Time) error {
	if !p.UsedAt.IsZero() || !now.Before(p.ExpiresAt) {
		return proof.ErrExpired
	}
	return nil
}

// Peek tells what a mailed link is about without changing anything: mail
// scanners open links (lessons row 9).
func (f *Flow) Peek(ctx context.Context, purpose proof.Purpose, link secret.Token) (Pending, error) {
	p, err := f.o.Read.Proofs().ByLink(ctx, purpose, link.Digest(f.o.Instance))
	if err != nil {
		return Pending{}, err
	}
	if err := usable(p, f.now()); err != nil {
		return Pending{}, err
	}
	return f.describe(p)
}

// Pending is what may be shown to whoever holds the link.
type Pending struct {
	Purpose   proof.Purpose
	Address   string
	Name      string
	ExpiresAt time.Time
}

func (f *Flow) describe(p proof.Proof) (Pending, error) {
	out := Pending{Purpose: p.Purpose, Address: p.Key, ExpiresAt: p.ExpiresAt}
	if p.Payload == nil {
		return out, nil
	}
	var known struct{ Name, Address string }
	if err := f.payload(p, &known); err != nil {
		return out, err
	}
	out.Name = known.Name
	if known.Address != "" {
		out.Address = known.Address
	}
	return out, nil
}

// spend uses p inside tx.
func (f *Flow) spend(ctx context.Context, tx Tx, p proof.Proof, ev audit.Event) error {
	return tx.Proofs().Spend(ctx, p.ID, f.now(), ev)
}
