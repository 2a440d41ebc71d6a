package account

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

func (f *Flow) mint() proof.Mint { return proof.Mint{Instance: f.o.Instance, Keys: f.o.Keys} }

// Answer is what a person brings back from a mail: the link's secret, or the code
// together with the flow secret their browser holds. With a link, the flow secret
// shows that it was opened in the browser that asked.
type Answer struct {
	Link secret.Token
	Flow secret.Token
	Code secret.Text
}

// open finds the live proof an answer belongs to and judges its code. Unknown,
// used, expired, replaced: proof.ErrExpired. A wrong code, or a flow nobody was
// mailed for: proof.ErrWrongCode.
func (f *Flow) open(ctx context.Context, by user.Caller, purpose proof.Purpose, a Answer) (proof.Proof, error) {
	if err := f.limit(ctx, ratelimit.Key{Limit: ratelimit.CodeSource, Of: ratelimit.SourceOf(by.Source.IP)}); err != nil {
		return proof.Proof{}, err
	}
	now := f.now()
	if !a.Link.IsZero() {
		p, err := f.o.Read.Proofs().ByLink(ctx, purpose, a.Link.Digest(f.o.Instance))
		if err != nil {
			return p, err
		}
		return p, p.Usable(now)
	}
	p, err := f.o.Read.Proofs().ByFlow(ctx, purpose, a.Flow.Digest(f.o.Instance))
	if err != nil {
		return p, proof.ErrWrongCode.Because(err)
	}
	if err := f.o.Read.Proofs().Attempt(ctx, p.ID, now); err != nil {
		// Not ErrExpired: a flow nobody was mailed for never runs out of tries,
		// and the two must look alike (PW-30).
		return p, proof.ErrWrongCode.Because(err)
	}
	if !f.mint().Fits(p, a.Code) {
		return p, proof.ErrWrongCode
	}
	return p, p.Usable(now)
}

// Peek tells what a mailed link is about without changing anything: mail
// scanners open links (lessons row 9).
func (f *Flow) Peek(ctx context.Context, purpose proof.Purpose, a Answer) (Pending, error) {
	p, err := f.o.Read.Proofs().ByLink(ctx, purpose, a.Link.Digest(f.o.Instance))
	if err != nil {
		return Pending{}, err
	}
	if err := p.Usable(f.now()); err != nil {
		return Pending{}, err
	}
	out, err := f.describe(p)
	if err == nil && p.Purpose == proof.Recover {
		out.Sessions, err = f.ending(ctx, p)
		if err == nil {
			err = f.losable(ctx, p, &out)
		}
	}
	if err == nil && p.Purpose == proof.SignUp {
		var in signUp
		in, err = f.wished(p)
		out.Ask, out.Keyless = f.askFirst(p, in), in.Hash == ""
	}
	out.Asked = f.asked(p, a)
	return out, err
}

// losable fills in what the account asks for beyond a password.
func (f *Flow) losable(ctx context.Context, p proof.Proof, out *Pending) error {
	apps, err := f.o.Read.TOTP().Of(ctx, p.User)
	if err != nil {
		return err
	}
	keys, err := f.o.Read.Passkeys().Of(ctx, p.User)
	if err != nil {
		return err
	}
	numbers, err := f.o.Read.Phones().Of(ctx, p.User)
	if err != nil {
		return err
	}
	out.Factors = len(apps)+len(keys)+len(numbers) > 0
	err = f.admitRecovery(ctx, f.o.Read, p)
	out.OnlyPasskeys = errors.Is(err, ErrPasskeysOnly)
	if out.OnlyPasskeys {
		return nil
	}
	return err
}

// ending are the sessions that a reset with p will end: none when p would not be
// taken any more, because account or password changed since (TH-1).
func (f *Flow) ending(ctx context.Context, p proof.Proof) ([]session.Session, error) {
	u, err := f.o.Read.Users().ByID(ctx, p.User)
	if absent(err) || err == nil && (u.State != user.Active || u.Version != p.UserVersion) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := f.o.Read.Passwords().ByUser(ctx, p.User)
	if err != nil && !errors.Is(err, password.ErrNone) || c.Version != p.PasswordVersion {
		return nil, err
	}
	return f.o.Read.Sessions().Of(ctx, p.User, f.now())
}

// Pending is what may be shown to whoever holds the link.
type Pending struct {
	Purpose   proof.Purpose
	Address   string
	Name      string
	ExpiresAt time.Time
	Owner     user.ID           // the account it belongs to; zero for a sign-up; never shown
	Sessions  []session.Session // from Peek at a reset: what it will end
	Asked     bool              // from Peek: whoever holds the link asked for it
	// From Peek at a reset: the account has factors beyond a password, and has no
	// password at all.
	Factors, OnlyPasskeys bool
	// Ask is, from Peek at a sign-up, the question for a passkey of the account to be;
	// Keyless: no password was chosen.
	Ask     *passkey.CreationOptions
	Keyless bool
}

func (f *Flow) describe(p proof.Proof) (Pending, error) {
	out := Pending{Purpose: p.Purpose, Address: p.Key, ExpiresAt: p.ExpiresAt, Owner: p.User}
	if len(p.Payload) == 0 {
		return out, nil
	}
	var known struct{ Name, Address string }
	if err := f.mint().Payload(p, &known); err != nil {
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
