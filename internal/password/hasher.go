package password

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Hasher makes and verifies hashes. It is the only place where passwords are
// normalised and where slow hashes run, always behind its Gate. It is safe for
// concurrent use.
type Hasher struct {
	params  Parameters
	bounds  Bounds
	peppers Peppers
	gate    *Gate
	dummy   []byte // salt of hashes nobody has
}

// HasherOptions configure a Hasher. Zero members take the defaults.
type HasherOptions struct {
	Parameters Parameters // of new hashes; DefaultParameters when zero
	Bounds     Bounds     // of stored ones; never above what the Gate can hold
	Peppers    Peppers    // NoPeppers when nil
	Gate       *Gate      // required
}

// NewHasher returns a Hasher. Parameters below the floor, out of bounds, or
// larger than the gate's memory are ErrParameters; a current pepper with a bad id
// or a short key is ErrPepper.
func NewHasher(o HasherOptions) (*Hasher, error) {
	if o.Parameters == (Parameters{}) {
		o.Parameters = DefaultParameters()
	}
	if o.Peppers == nil {
		o.Peppers = NoPeppers{}
	}
	if err := o.Parameters.check(); err != nil {
		return nil, err
	}
	if id, key, ok := o.Peppers.Current(); ok && !validPepper(id, key) {
		return nil, ErrPepper.Becausef("password: current pepper has a bad id or fewer than 32 bytes")
	}
	h := &Hasher{params: o.Parameters, bounds: o.Bounds.orDefault(), peppers: o.Peppers, gate: o.Gate, dummy: make([]byte, saltSize)}
	h.bounds.Bytes = min(h.bounds.Bytes, o.Gate.memory)
	if err := h.bounds.check(h.params.cost()); err != nil {
		return nil, ErrParameters.Because(err)
	}
	secret.Fill(h.dummy)
	return h, nil
}

// Parameters are those of new hashes.
func (h *Hasher) Parameters() Parameters { return h.params }

// Hash returns what to store for text, which Policy.Check has accepted. Errors:
// ErrTooLong, ErrUnprintable (not UTF-8), ErrBusy, ctx.Err().
func (h *Hasher) Hash(ctx context.Context, t Ticket, text secret.Text) (Hash, error) {
	pw, ok := formOpaque.apply(text)
	if !ok {
		if len(text.Reveal()) > MaxBytes || pw != nil {
			return "", ErrTooLong
		}
		return "", ErrUnprintable
	}
	a := &argon2Hash{id: true, params: h.params, salt: make([]byte, saltSize), tag: make([]byte, tagSize)}
	secret.Fill(a.salt)
	keyID := h.season(a)
	if err := h.gate.Do(ctx, t, a.cost(), func() { a.tag = a.derive(pw) }); err != nil {
		return "", err
	}
	return envelope{form: formOpaque, pepper: keyID, inner: a.String()}.seal(), nil
}

// season attaches the current pepper, if there is one, and returns its id.
func (h *Hasher) season(a *argon2Hash) string {
	id, key, ok := h.peppers.Current()
	if !ok {
		return ""
	}
	a.pepper = key
	return id
}

// Verify compares candidate with a stored hash. When ok and upgrade are both
// true the caller should Hash candidate again and Store.Upgrade it; that is a
// courtesy, so ErrBusy there must not fail the sign-in. Errors: ErrBusy,
// ctx.Err(), and for a hash that cannot be used ErrFormat, ErrCostly or ErrPepper,
// after the time that a wrong password takes. An unusable hash is simply wrong.
// A wrong password against a much cheaper foreign hash takes that time as well, or
// the accounts that moved in could be told from those that do not exist.
func (h *Hasher) Verify(ctx context.Context, t Ticket, stored Hash, candidate secret.Text) (ok, upgrade bool, err error) {
	e, enc, err := h.read(stored)
	if err != nil {
		if busy := h.VerifyDummy(ctx, t, candidate); busy != nil {
			return false, false, busy
		}
		if errors.Is(err, ErrUnusable) {
			err = nil
		}
		return false, false, err
	}
	pw, fits := e.form.apply(candidate)
	if !fits {
		return false, false, h.VerifyDummy(ctx, t, candidate)
	}
	cost, pad := enc.cost(), func() {}
	if a := h.unknown(); cost.Time < a.cost().Time/2 {
		cost, pad = a.cost(), func() { a.matches(pw) }
	}
	err = h.gate.Do(ctx, t, cost, func() {
		if ok = enc.matches(pw); !ok {
			pad()
		}
	})
	if err != nil {
		return false, false, err
	}
	return ok, ok && h.outdated(e, enc), nil
}

// VerifyDummy takes the time of a Verify that finds a wrong password, for
// accounts that do not exist or have none (PW-16). Errors: ErrBusy, ctx.Err().
func (h *Hasher) VerifyDummy(ctx context.Context, t Ticket, candidate secret.Text) error {
	if !possible(candidate) {
		return nil
	}
	// What is too long in this form may fit that of an account that moved in, so
	// it costs the same.
	pw, _ := formOpaque.apply(candidate)
	a := h.unknown()
	return h.gate.Do(ctx, t, a.cost(), func() { a.matches(pw) })
}

// unknown is the hash of an account that does not exist. Nothing matches it.
func (h *Hasher) unknown() *argon2Hash {
	a := &argon2Hash{id: true, params: h.params, salt: h.dummy, tag: make([]byte, tagSize)}
	h.season(a)
	return a
}

// NeedsUpgrade reports whether stored is not what Hash would make now.
func (h *Hasher) NeedsUpgrade(stored Hash) bool {
	e, enc, err := h.read(stored)
	return err != nil || h.outdated(e, enc)
}

func (h *Hasher) read(stored Hash) (envelope, encoding, error) {
	e, err := openEnvelope(stored)
	if err != nil {
		return e, nil, err
	}
	enc, err := e.read(h.bounds, h.peppers)
	return e, enc, err
}

func (h *Hasher) outdated(e envelope, enc encoding) bool {
	a, ours := enc.(*argon2Hash)
	if !ours || !a.id || e.form != formOpaque || len(a.salt) < saltSize || len(a.tag) < tagSize {
		return true
	}
	id, _, _ := h.peppers.Current()
	return e.pepper != id || a.params.weaker(h.params)
}
