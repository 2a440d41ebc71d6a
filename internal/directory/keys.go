package directory

import (
	"context"
	"strconv"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/user"
)

// Signing is what the flow needs of signing.Ring.
type Signing interface {
	Keys(ctx context.Context) ([]signing.Key, error)
	Rotate(ctx context.Context, by user.Caller, u signing.Use, alg jose.Algorithm) (signing.Key, error)
	Replace(ctx context.Context, by user.Caller, u signing.Use, alg jose.Algorithm) (signing.Key, error)
	Retire(ctx context.Context, by user.Caller, id string) (signing.Key, error)
}

// Masters is what it needs of keyring.Keyring.
type Masters interface {
	RotateMaster(ctx context.Context) (int, error)
	Master() string
}

// SigningKeys returns every signing key there ever was, oldest first.
func (f *Flow) SigningKeys(ctx context.Context, by user.Caller) ([]signing.Key, error) {
	if err := f.allow(ctx, by, "keys.list"); err != nil {
		return nil, err
	}
	return f.o.Signing.Keys(ctx)
}

// RotateKey replaces a signing key: when its successor is known to everybody, or
// at once, as an emergency that kills whatever its algorithm signed.
func (f *Flow) RotateKey(ctx context.Context, by user.Caller, u signing.Use, alg jose.Algorithm, emergency bool) (signing.Key, error) {
	if err := f.allow(ctx, by, "keys.rotate"); err != nil {
		return signing.Key{}, err
	}
	if emergency {
		return f.o.Signing.Replace(ctx, by, u, alg)
	}
	return f.o.Signing.Rotate(ctx, by, u, alg)
}

// RetireKey ends one signing key.
func (f *Flow) RetireKey(ctx context.Context, by user.Caller, id string) (signing.Key, error) {
	if err := f.allow(ctx, by, "keys.retire"); err != nil {
		return signing.Key{}, err
	}
	return f.o.Signing.Retire(ctx, by, id)
}

// RotateMaster wraps every data key by the current master key. It returns how many
// it changed and the id of that key.
func (f *Flow) RotateMaster(ctx context.Context, by user.Caller) (int, string, error) {
	if err := f.allow(ctx, by, "keys.rotate_master"); err != nil {
		return 0, "", err
	}
	n, err := f.o.Masters.RotateMaster(ctx)
	master := f.o.Masters.Master()
	if n > 0 { // those of an attempt that stopped half-way, too
		ev := audit.New(keyring.MasterRotated, f.now(), by.Actor, by.Source, master).InSession(by.Session).With("keys", strconv.Itoa(n))
		if err != nil {
			ev = ev.Failed(audit.Failure, "stopped")
		}
		if recorded := f.o.Read.Audit().Append(ctx, ev); err == nil {
			err = recorded
		}
	}
	return n, master, err
}
