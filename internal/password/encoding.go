package password

import (
	"crypto/subtle"
	"strings"
)

// encoding is one stored hash, read and within bounds.
type encoding interface {
	cost() Cost
	// matches derives again from pw and compares in constant time.
	matches(pw []byte) bool
}

// schemes maps the beginning of an encoding to its reader. The longest prefix
// is listed first where one begins another.
var schemes = []struct {
	prefix string
	read   func(s string) (encoding, error)
}{
	{"$argon2id$", readArgon2},
	{"$argon2i$", readArgon2},
	{"$2a$", readBcrypt},
	{"$2b$", readBcrypt},
	{"$2y$", readBcrypt},
	{"$scrypt$", readScrypt},
	{"$7$", readScryptCrypt},
	{"$pbkdf2", readPBKDF2},
	{"$firebase-scrypt$", readFirebase},
	{"$P$", readPhpass},
	{"$H$", readPhpass},
	{"$wp$2y$", readWordPress},
	{"{SSHA", readSSHA},
	{"pbkdf2_", readDjangoPBKDF2},
	{"argon2$", readDjangoArgon2},
	{"scrypt$", readDjangoScrypt},
	{"bcrypt_sha256$", readDjangoBcryptSHA256},
	{"bcrypt$", readDjangoBcrypt},
}

// read parses any encoding known here and refuses one that costs too much.
func read(s string, b Bounds) (encoding, error) {
	if len(s) > maxEncoded {
		return nil, ErrFormat.Becausef("password: hash of %d bytes", len(s))
	}
	if strings.HasPrefix(s, "!") {
		return nil, ErrUnusable
	}
	for _, sc := range schemes {
		if !strings.HasPrefix(s, sc.prefix) {
			continue
		}
		e, err := sc.read(s)
		if err != nil {
			return nil, err
		}
		return e, b.check(e.cost())
	}
	return nil, ErrFormat.Becausef("password: unknown hash scheme")
}

// fields splits "$name$a$b" or "name$a$b" into exactly n members after the name.
func fields(s string, n int) ([]string, error) {
	f := strings.Split(strings.TrimPrefix(s, "$"), "$")
	if len(f) != n+1 {
		return nil, ErrFormat.Becausef("password: %d members in hash", len(f))
	}
	return f, nil
}

func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
