package keyring

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/secret"
)

// keyID names a data key; stored and sealed as 16 bytes, written key_….
type keyID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "key" }

// dataKey is an opened data key with the subkeys used so far. Purposes are
// constants of the code, so there are few.
type dataKey struct {
	id      keyID
	key     [KeySize]byte
	ciphers sync.Map // purpose string -> cipher.AEAD
	macs    sync.Map // purpose string -> *mac
}

func newDataKey(now time.Time) *dataKey {
	d := &dataKey{id: id.New[noun](now)}
	secret.Fill(d.key[:])
	return d
}

// wrap seals d. Its id goes in with the key, so rows cannot be swapped even
// under a Wrapper that knows no associated data.
func (d *dataKey) wrap(ctx context.Context, w Wrapper) ([]byte, error) {
	return w.Wrap(ctx, append(bytes.Clone(d.id[:]), d.key[:]...))
}

func unwrap(ctx context.Context, ms Masters, k SealedKey) (*dataKey, error) {
	key, err := id.Parse[noun](k.ID)
	if err != nil {
		return nil, ErrUnreadable.Becausef("stored data key %q: %w", k.ID, err)
	}
	w, ok := ms.find(k.WrappedBy)
	if !ok {
		return nil, wrongKey(k, ms)
	}
	plain, err := w.Unwrap(ctx, k.Wrapped)
	if err != nil {
		return nil, fmt.Errorf("keyring: unwrap %s with master key %s: %w", k.ID, k.WrappedBy, err)
	}
	if len(plain) != len(key)+KeySize || !bytes.Equal(plain[:len(key)], key[:]) {
		return nil, ErrUnreadable.Becausef("data key %s holds another key", k.ID)
	}
	return &dataKey{id: key, key: [KeySize]byte(plain[len(key):])}, nil
}

func wrongKey(k SealedKey, ms Masters) error {
	return ErrWrongKey.WithPublic("The stored keys were sealed with master key %s, but MORTISE_SECRET_KEY holds %s. Start with master key %s, or list it after the new one.",
		k.WrappedBy, ms.names(), k.WrappedBy).Becausef("data key %s wants master key %s, have %s", k.ID, k.WrappedBy, ms.names())
}

func (d *dataKey) cipher(purpose string) cipher.AEAD {
	if a, ok := d.ciphers.Load(purpose); ok {
		return a.(cipher.AEAD)
	}
	a, _ := d.ciphers.LoadOrStore(purpose, newAEAD(d.derive("seal", purpose)))
	return a.(cipher.AEAD)
}

func (d *dataKey) mac(purpose string) *mac {
	if m, ok := d.macs.Load(purpose); ok {
		return m.(*mac)
	}
	m, _ := d.macs.LoadOrStore(purpose, newMAC(d.derive("mac", purpose)))
	return m.(*mac)
}

// derive makes a subkey. Uses hold no slash, so use and purpose cannot run together.
func (d *dataKey) derive(use, purpose string) []byte {
	sub, err := hkdf.Key(sha256.New, d.key[:], nil, "mortise/keyring/v1/"+use+"/"+purpose, KeySize)
	if err != nil {
		panic("keyring: " + err.Error()) // only for lengths beyond 8160 bytes
	}
	return sub
}
