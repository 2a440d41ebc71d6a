package passkey

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/recent"
	"github.com/mortise-auth/mortise/internal/user"
)

// Options configure Ceremonies. All are required.
type Options struct {
	Instance [16]byte
	Now      func() time.Time
	Keys     Keys
	Store    Store
	Site     Site
	Policy   Policy
}

// Ceremonies asks for passkeys and judges what comes back. It is safe for
// concurrent use.
type Ceremonies struct {
	o      Options
	nobody lasting                         // whose key answers for unknown credentials
	recent *recent.Memory[string, lasting] // by credential
}

// New makes Ceremonies.
func New(o Options) *Ceremonies {
	return &Ceremonies{o: o, nobody: nobody().lasting(), recent: recent.New[string, lasting](recentHalf)}
}

// Site is the relying party.
func (c *Ceremonies) Site() Site { return c.o.Site }

// Check refuses a domain that stored passkeys do not belong to (PW-75). ErrDomain.
func (c *Ceremonies) Check(ctx context.Context) error {
	domains, err := c.o.Store.Domains(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(domains, func(d string) bool { return d != c.o.Site.ID }) {
		return ErrDomain
	}
	return nil
}

// Register judges the answer to Creation and returns the passkey to keep, without
// a name, and whom it is for. ErrChallenge, ErrMalformed, ErrRefused, ErrModel.
func (c *Ceremonies) Register(ctx context.Context, p Purpose, bound string, answer []byte) (Passkey, error) {
	in, err := readCreation(answer)
	if err != nil {
		return Passkey{}, err
	}
	subject, once, err := c.open(p, in.challenge(), bound)
	if err == nil {
		err = c.Spend(ctx, once)
	}
	if err != nil {
		return Passkey{}, err
	}
	k, err := in.verify(c.o.Site, c.o.Policy, c.now(), p == Upgrade)
	if err != nil {
		return Passkey{}, err
	}
	k.User, k.RPID = subject, c.o.Site.ID
	if err := c.o.Policy.admits(k); err != nil {
		return Passkey{}, err
	}
	k.CreatedAt = c.now()
	k.ID = NewID(k.CreatedAt)
	return k, nil
}

// Answer is an answer to Request that was read, with the passkey that it names.
// Nothing of it was judged.
type Answer struct {
	in      assertion
	passkey lasting
	known   bool // somebody has the credential
}

// Owner tells whose credential the answer names; false when nobody has it.
func (a *Answer) Owner() (user.ID, bool) { return a.passkey.User, a.known }

// Read reads an answer. ErrMalformed.
func (c *Ceremonies) Read(ctx context.Context, answer []byte) (*Answer, error) {
	in, err := readAssertion(answer)
	if err != nil {
		return nil, err
	}
	k, err := c.find(ctx, in.credential())
	if errors.Is(err, ErrUnknown) {
		return &Answer{in, c.nobody, false}, nil
	}
	return &Answer{in, k, true}, err
}

// find returns what never changes of a passkey. ErrUnknown.
func (c *Ceremonies) find(ctx context.Context, credential []byte) (lasting, error) {
	if k, ok := c.recent.Get(string(credential)); ok {
		return k, nil
	}
	p, err := c.o.Store.ByCredential(ctx, credential)
	if err != nil {
		return lasting{}, err
	}
	k := p.lasting()
	c.recent.Put(string(credential), k)
	return k, nil
}

// Asserted is a proof that was found good.
type Asserted struct {
	Passkey  Passkey // what never changes of it; it may be gone, see Keep
	Count    uint32
	BackedUp bool
	At       time.Time
	Once     Once // the challenge, not used up yet
}

// Assert judges the answer to Request. With an account that the question was about,
// the passkey must be its. Nothing is changed, so that what comes of a good answer
// uses up its challenge in its own transaction: see Keep. The challenge of one that is
// refused is used up here. ErrChallenge; ErrUnknown after the time of a judgement when
// nobody has the credential; ErrRefused.
func (c *Ceremonies) Assert(ctx context.Context, p Purpose, bound string, answer *Answer) (Asserted, error) {
	subject, once, err := c.open(p, answer.in.challenge(), bound)
	if err != nil {
		return Asserted{}, err
	}
	a, bad := c.judge(answer, subject)
	if bad != nil {
		if err := c.Spend(ctx, once); err != nil {
			return Asserted{}, err
		}
		return a, bad
	}
	a.Once = once
	return a, nil
}

func (c *Ceremonies) judge(answer *Answer, subject user.ID) (Asserted, error) {
	in, k := answer.in, answer.passkey.Passkey
	bad := in.verify(c.o.Site, k, answer.passkey.key)
	if !answer.known {
		return Asserted{}, ErrUnknown
	}
	a := Asserted{Passkey: k, Count: in.count(), BackedUp: in.backedUp(), At: c.now()}
	switch {
	case bad != nil:
		return a, bad
	case !c.owns(k.User, in.handle(), subject):
		return a, ErrRefused
	}
	return a, nil
}

// owns is PW-67: a handle must be the owner's, and only when the account was known
// beforehand may there be none.
func (c *Ceremonies) owns(owner user.ID, handle []byte, subject user.ID) bool {
	if !subject.IsZero() && subject != owner {
		return false
	}
	if len(handle) == 0 {
		return !subject.IsZero()
	}
	want := c.handle(owner)
	return subtle.ConstantTimeCompare(handle, want[:]) == 1
}

// Keep uses up the challenge of a good answer and notes the proof in tx, the store in
// the transaction of what comes of it. Nothing may come of it otherwise: here it is
// found out that the passkey is gone (ErrUnknown), that its counter went back where
// that is refused (ErrCounter, PW-69), or that the challenge was answered before
// (ErrChallenge). It may run again.
func (c *Ceremonies) Keep(ctx context.Context, tx Store, a Asserted, by user.Caller) error {
	if err := tx.Spend(ctx, a.Once.Digest, a.Once.Until); err != nil {
		return err
	}
	err := tx.Use(ctx, Use{
		ID: a.Passkey.ID, Count: a.Count, BackedUp: a.BackedUp, At: a.At, Strict: c.o.Policy.Strict,
		Event: func(n audit.Name) audit.Event {
			return by.Event(n, a.At, a.Passkey.User).With("passkey", a.Passkey.ID.String())
		},
	})
	if errors.Is(err, ErrUnknown) {
		c.recent.Forget(string(a.Passkey.Credential))
	}
	return err
}

func (c *Ceremonies) now() time.Time { return c.o.Now().UTC().Truncate(time.Microsecond) }
