package dpop

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// How long a nonce is taken, and from when on an answer brings the next.
const (
	NonceLife  = 5 * time.Minute
	nonceRenew = 2 * time.Minute
	nonceAhead = 10 * time.Second // clocks of replicas differ
)

// Epoch names a memory of proofs. Nonces of another epoch are void.
type Epoch [16]byte

const (
	noncePurpose = "dpop nonce"
	nonceTag     = 12
	nonceSize    = 4 + nonceTag
)

// MAC authenticates parts under a key that all who share nonces have; a keyring's
// method for a purpose is one.
type MAC func(purpose string, parts ...[]byte) [32]byte

// nonce is the time in seconds, and a MAC over it and the epoch.
func (m MAC) nonce(e Epoch, now time.Time) string {
	var b [nonceSize]byte
	binary.BigEndian.PutUint32(b[:], uint32(now.Unix()))
	sum := m(noncePurpose, e[:], b[:4])
	copy(b[4:], sum[:nonceTag])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// read reports when a nonce was made, and whether it is one of epoch that still
// holds.
func (m MAC) read(nonce string, e Epoch, now time.Time) (made time.Time, ok bool) {
	var b [nonceSize + 2]byte
	if len(nonce) != base64.RawURLEncoding.EncodedLen(nonceSize) {
		return made, false
	}
	n, err := base64.RawURLEncoding.Strict().Decode(b[:], []byte(nonce))
	if err != nil || n != nonceSize {
		return made, false
	}
	sum := m(noncePurpose, e[:], b[:4])
	if !hmac.Equal(sum[:nonceTag], b[4:nonceSize]) {
		return made, false
	}
	made = time.Unix(int64(binary.BigEndian.Uint32(b[:])), 0)
	age := now.Sub(made)
	return made, age <= NonceLife && age >= -nonceAhead
}
