package keyring

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Keyring seals and authenticates under the data keys of one instance.
type Keyring struct {
	store   Store
	masters Masters
	now     func() time.Time
	ring    atomic.Pointer[ring]

	mu     sync.Mutex // one loader at a time
	loaded time.Time  // when the last load began
}

// Load opens the data keys of an instance, and makes the first one if there is
// none; of several replicas that start together, one makes it. Without the right
// master key it returns ErrWrongKey.
func Load(ctx context.Context, st Store, ms Masters, now func() time.Time) (*Keyring, error) {
	if ms.Current == nil {
		return nil, ErrMalformedKey.Becausef("no master key was given")
	}
	k := &Keyring{store: st, masters: ms, now: now}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.load(ctx); err != nil {
		return nil, err
	}
	if k.ring.Load().current == nil {
		if err := k.extend(ctx); err != nil {
			return nil, err
		}
	}
	return k, nil
}

const (
	version    = 1
	headerSize = 1 + len(keyID{})
)

// Seal encrypts plaintext for one purpose and one aad (most often the id of the
// row), neither of which is stored in it. The result names its data key; it is
// 57 bytes longer than plaintext and different each time.
func (k *Keyring) Seal(purpose string, aad, plaintext []byte) []byte {
	d := k.ring.Load().current
	header := make([]byte, headerSize)
	header[0] = version
	copy(header[1:], d.id[:])
	return seal(d.cipher(purpose), header, bound(header, aad), plaintext)
}

// Open returns what Seal was given, or ErrUnreadable. A value sealed by a
// replica with a newer data key makes it look for that key, at most once a second.
func (k *Keyring) Open(purpose string, aad, sealed []byte) ([]byte, error) {
	key, ok := keyOf(sealed)
	if !ok {
		return nil, ErrUnreadable
	}
	d, err := k.find(key)
	if err != nil {
		return nil, err
	}
	return open(d.cipher(purpose), bound(sealed[:headerSize], aad), sealed[headerSize:])
}

// Reseal returns sealed under the current data key and true, or unchanged and
// false when it already is.
func (k *Keyring) Reseal(purpose string, aad, sealed []byte) ([]byte, bool, error) {
	key, ok := keyOf(sealed)
	if !ok {
		return nil, false, ErrUnreadable
	}
	if key == k.ring.Load().current.id {
		return sealed, false, nil
	}
	plain, err := k.Open(purpose, aad, sealed)
	if err != nil {
		return nil, false, err
	}
	return k.Seal(purpose, aad, plain), true, nil
}

// KeyID names the data key that sealed was made with; it proves nothing.
// Text that Seal never made is ErrUnreadable.
func KeyID(sealed []byte) (string, error) {
	key, ok := keyOf(sealed)
	if !ok {
		return "", ErrUnreadable
	}
	return key.String(), nil
}

func keyOf(sealed []byte) (keyID, bool) {
	if len(sealed) < headerSize || sealed[0] != version {
		return keyID{}, false
	}
	return keyID(sealed[1:headerSize]), true
}

// bound is the associated data: the header has a fixed length, so the two
// parts cannot run together.
func bound(header, aad []byte) []byte {
	return append(header[:headerSize:headerSize], aad...)
}

// MAC is the HMAC-SHA-256 of parts for one purpose. Each part is preceded by
// its length, so ("ab", "c") and ("a", "bc") differ. The result is the same for
// the life of the instance, whatever rotates. Compare with hmac.Equal.
func (k *Keyring) MAC(purpose string, parts ...[]byte) [32]byte {
	return k.ring.Load().first.mac(purpose).sum(parts)
}

func (k *Keyring) String() string             { return secret.Redacted }
func (k *Keyring) GoString() string           { return secret.Redacted }
func (k *Keyring) LogValue() slog.Value       { return slog.StringValue(secret.Redacted) }
func (k *Keyring) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(secret.Redacted)) }
