package password

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"strings"
	"time"
)

// sshaHash is an LDAP salted digest: base64 of the digest followed by the salt.
type sshaHash struct {
	new  func() hash.Hash
	tag  []byte
	salt []byte
}

func readSSHA(s string) (encoding, error) {
	name, text, ok := strings.Cut(strings.TrimPrefix(s, "{"), "}")
	h := &sshaHash{}
	switch name {
	case "SSHA":
		h.new = sha1.New
	case "SSHA256":
		h.new = sha256.New
	case "SSHA512":
		h.new = sha512.New
	default:
		ok = false
	}
	if !ok {
		return nil, ErrFormat.Becausef("password: LDAP scheme")
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	n := h.new().Size()
	if err != nil || len(raw) <= n || len(raw) > n+128 {
		return nil, ErrFormat.Becausef("password: LDAP digest of %d bytes", len(raw))
	}
	h.tag, h.salt = raw[:n], raw[n:]
	return h, nil
}

func (h *sshaHash) cost() Cost { return Cost{Bytes: MaxBytes, Time: 10 * time.Microsecond} }

func (h *sshaHash) matches(pw []byte) bool {
	d := h.new()
	d.Write(pw)
	d.Write(h.salt)
	return equal(d.Sum(nil), h.tag)
}
