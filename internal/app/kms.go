package app

import (
	"context"

	"github.com/mortise-auth/mortise/internal/keyring"
)

// KMS is what the root package offers under the same name.
type KMS interface {
	KeyID() string
	WrapKey(ctx context.Context, id string, key []byte) (wrapped []byte, err error)
	UnwrapKey(ctx context.Context, id string, wrapped []byte) (key []byte, err error)
}

// remote is one key of a KMS, as the keyring sees it.
type remote struct {
	kms KMS
	id  string
}

func (r remote) ID() string { return r.id }

func (r remote) Wrap(ctx context.Context, plain []byte) ([]byte, error) {
	return r.kms.WrapKey(ctx, r.id, plain)
}

func (r remote) Unwrap(ctx context.Context, wrapped []byte) ([]byte, error) {
	return r.kms.UnwrapKey(ctx, r.id, wrapped)
}

// underKMS lets k wrap from now on. Keys held in memory open what they once
// wrapped; whatever else is named is a former key of k.
func underKMS(k KMS, held keyring.Masters) keyring.Masters {
	ms := keyring.Masters{
		Current: remote{k, k.KeyID()},
		Named:   func(id string) (keyring.Wrapper, bool) { return remote{k, id}, true },
	}
	if held.Current != nil {
		ms.Older = append([]keyring.Wrapper{held.Current}, held.Older...)
	}
	return ms
}
