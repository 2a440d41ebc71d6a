package password

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strings"
	"time"
)

// pbkdf2Hash is PBKDF2 over HMAC with SHA-1, SHA-256 or SHA-512.
type pbkdf2Hash struct {
	prf        prf
	iterations int
	salt, tag  []byte
}

type prf struct {
	new  func() hash.Hash
	size int
	each time.Duration // nominal, one iteration
}

var prfs = map[string]prf{
	"sha1":   {sha1.New, sha1.Size, 250 * time.Nanosecond},
	"sha256": {sha256.New, sha256.Size, 300 * time.Nanosecond},
	"sha512": {sha512.New, sha512.Size, 700 * time.Nanosecond},
}

// readPBKDF2 reads the PHC form $pbkdf2-sha256$i=…,l=…$salt$tag and passlib's
// $pbkdf2-sha256$29000$salt$tag; plain $pbkdf2$ is SHA-1.
func readPBKDF2(s string) (encoding, error) {
	f, err := fields(s, 3)
	if err != nil {
		return nil, err
	}
	digest := "sha1"
	if f[0] != "pbkdf2" {
		digest = strings.TrimPrefix(f[0], "pbkdf2-")
	}
	iterations := f[1]
	if strings.Contains(f[1], "=") {
		o, err := parseOptions(f[1], "i", "l")
		if err != nil {
			return nil, ErrFormat.Because(err)
		}
		iterations = o.m["i"]
	}
	salt, tag, err := saltAndTag(f[2], f[3])
	if err != nil {
		return nil, err
	}
	return newPBKDF2(digest, iterations, salt, tag)
}

func newPBKDF2(digest, iterations string, salt, tag []byte) (encoding, error) {
	p, ok := prfs[digest]
	n, err := decimal(iterations, 1<<31-1)
	if !ok || err != nil {
		return nil, ErrFormat.Becausef("password: PBKDF2 with %q: %v", digest, err)
	}
	return &pbkdf2Hash{p, int(n), salt, tag}, nil
}

func (h *pbkdf2Hash) cost() Cost {
	blocks := (len(h.tag) + h.prf.size - 1) / h.prf.size
	return Cost{Bytes: 4 << 10, Time: nominal(uint64(h.iterations)*uint64(blocks), h.prf.each)}
}

func (h *pbkdf2Hash) matches(pw []byte) bool {
	tag, err := pbkdf2.Key(h.prf.new, string(pw), h.salt, h.iterations, len(h.tag))
	return err == nil && equal(tag, h.tag)
}
