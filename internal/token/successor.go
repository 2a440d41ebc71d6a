package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"

	"github.com/mortise-auth/mortise/internal/secret"
)

const successorPurpose = "refresh successor"

// seal encrypts the successor's secret so that only a process with the keyring
// that is shown the parent again can read it (TH-6). The parent is nowhere in
// the store.
func (t refreshToken) seal(k Keys, successor [secretSize]byte) []byte {
	aead := t.successorCipher(k)
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+secretSize+aead.Overhead())
	secret.Fill(nonce)
	return aead.Seal(nonce, nonce, successor[:], nil)
}

// open reads what seal made. false: it was made under another parent or keyring,
// or altered.
func (t refreshToken) open(k Keys, sealed []byte) (refreshToken, bool) {
	aead := t.successorCipher(k)
	if len(sealed) != aead.NonceSize()+secretSize+aead.Overhead() {
		return refreshToken{}, false
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
	if err != nil {
		return refreshToken{}, false
	}
	return refreshTokenOf(k, t.family, t.generation+1, [secretSize]byte(plain)), true
}

// successorCipher is AES-256-GCM under HKDF(keyring key, parent's secret,
// family, generation).
func (t refreshToken) successorCipher(k Keys) cipher.AEAD {
	generation := binary.BigEndian.AppendUint64(nil, uint64(t.generation))
	salt := k.MAC(successorPurpose, t.family[:], generation)
	key, err := hkdf.Key(sha256.New, t.secret[:], salt[:], "mortise/refresh/v1/successor", 32)
	if err != nil {
		panic("token: " + err.Error()) // only for lengths beyond 8160 bytes
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("token: " + err.Error()) // only for other key sizes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("token: " + err.Error()) // only for other block sizes
	}
	return aead
}
