package password

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"slices"

	"golang.org/x/crypto/scrypt"
)

// FirebaseProject is the block of hash parameters that the Firebase console
// shows for a project. All strings are base64 as shown there.
type FirebaseProject struct {
	SignerKey     string
	SaltSeparator string
	Rounds        int // r, usually 8
	MemoryCost    int // log2 N, usually 14
}

// firebaseHash is Firebase's modified scrypt: the derived key encrypts the
// project's signer key, and the ciphertext is what is kept.
type firebaseHash struct {
	scryptHash
	separator []byte
	signer    []byte
}

// FromFirebase turns one exported user's passwordHash and salt into a Hash that
// carries the project's parameters with it.
func FromFirebase(p FirebaseProject, passwordHash, salt string) (Hash, error) {
	var raw [4][]byte
	for i, s := range []string{p.SignerKey, p.SaltSeparator, salt, passwordHash} {
		b, err := b64(s)
		if err != nil {
			return "", ErrFormat.Becausef("password: Firebase base64: %w", err)
		}
		raw[i] = b
	}
	s := fmt.Sprintf("$firebase-scrypt$ln=%d,r=%d,sep=%s,key=%s$%s$%s", p.MemoryCost, p.Rounds,
		b64write(raw[1]), b64write(raw[0]), b64write(raw[2]), b64write(raw[3]))
	if _, err := readFirebase(s); err != nil {
		return "", err
	}
	return Hash(s), nil
}

func readFirebase(s string) (encoding, error) {
	f, err := fields(s, 3)
	if err != nil {
		return nil, err
	}
	o, err := parseOptions(f[1], "ln", "r", "sep", "key")
	if err != nil {
		return nil, ErrFormat.Because(err)
	}
	h := &firebaseHash{scryptHash: scryptHash{logN: int(o.number("ln", 40)), r: int(o.number("r", 1024)), p: 1}}
	if o.err != nil {
		return nil, ErrFormat.Because(o.err)
	}
	h.salt, h.tag, err = saltAndTag(f[2], f[3])
	if err != nil {
		return nil, err
	}
	h.separator, err = b64(o.m["sep"])
	if err == nil {
		h.signer, err = b64(o.m["key"])
	}
	if err != nil || len(h.signer) != len(h.tag) {
		return nil, ErrFormat.Becausef("password: Firebase signer key")
	}
	return h, nil
}

func (h *firebaseHash) matches(pw []byte) bool {
	key, err := scrypt.Key(pw, slices.Concat(h.salt, h.separator), 1<<h.logN, h.r, h.p, 32)
	if err != nil {
		return false
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return false
	}
	out := make([]byte, len(h.signer))
	// The zero counter is Firebase's own choice; the key is used once per salt.
	cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(out, h.signer)
	return equal(out, h.tag)
}
