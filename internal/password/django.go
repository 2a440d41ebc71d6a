package password

import (
	"crypto/sha256"
	"encoding/hex"
	"math/bits"
	"strings"
)

// Django writes "scheme$…" without a leading dollar and keeps salts as text.

func readDjangoPBKDF2(s string) (encoding, error) {
	f, err := fields(s, 3)
	if err != nil {
		return nil, err
	}
	_, tag, err := saltAndTag("", f[3])
	if err != nil {
		return nil, err
	}
	return newPBKDF2(strings.TrimPrefix(f[0], "pbkdf2_"), f[1], []byte(f[2]), tag)
}

func readDjangoArgon2(s string) (encoding, error) {
	inner := strings.TrimPrefix(s, "argon2")
	if !strings.HasPrefix(inner, "$argon2id$") && !strings.HasPrefix(inner, "$argon2i$") {
		return nil, ErrFormat.Becausef("password: Django Argon2 variety")
	}
	return readArgon2(inner)
}

// readDjangoScrypt reads scrypt$N$salt$r$p$tag.
func readDjangoScrypt(s string) (encoding, error) {
	f, err := fields(s, 5)
	if err != nil {
		return nil, err
	}
	_, tag, err := saltAndTag("", f[5])
	if err != nil {
		return nil, err
	}
	n, err1 := decimal(f[1], 1<<40)
	r, err2 := decimal(f[3], 1024)
	p, err3 := decimal(f[4], 1024)
	if err1 != nil || err2 != nil || err3 != nil || n < 2 || n&(n-1) != 0 {
		return nil, ErrFormat.Becausef("password: Django scrypt costs")
	}
	return &scryptHash{logN: bits.TrailingZeros64(n), r: int(r), p: int(p), salt: []byte(f[2]), tag: tag}, nil
}

// readDjangoBcrypt reads bcrypt$$2b$…: Django passes the password as it is, to a
// library that truncates at 72 bytes.
func readDjangoBcrypt(s string) (encoding, error) {
	e, err := bcryptAfter(s, "bcrypt$")
	if err != nil {
		return nil, err
	}
	e.truncates = true
	return e, nil
}

// readDjangoBcryptSHA256 reads bcrypt_sha256$$2b$…: bcrypt over the lower-case
// hexadecimal SHA-256, which has no NUL bytes and 64 characters.
func readDjangoBcryptSHA256(s string) (encoding, error) {
	e, err := bcryptAfter(s, "bcrypt_sha256$")
	if err != nil {
		return nil, err
	}
	return prehashed{e, func(pw []byte) []byte {
		sum := sha256.Sum256(pw)
		return []byte(hex.EncodeToString(sum[:]))
	}}, nil
}

func bcryptAfter(s, prefix string) (*bcryptHash, error) {
	inner := strings.TrimPrefix(s, prefix)
	if !strings.HasPrefix(inner, "$2a$") && !strings.HasPrefix(inner, "$2b$") && !strings.HasPrefix(inner, "$2y$") {
		return nil, ErrFormat.Becausef("password: bcrypt variety")
	}
	e, err := readBcrypt(inner)
	if err != nil {
		return nil, err
	}
	return e.(*bcryptHash), nil
}

// prehashed is an encoding over a digest of the password.
type prehashed struct {
	encoding
	digest func(pw []byte) []byte
}

func (h prehashed) matches(pw []byte) bool { return h.encoding.matches(h.digest(pw)) }
