package password

import (
	"fmt"

	"golang.org/x/crypto/argon2"
)

const (
	saltSize = 16
	tagSize  = 32
)

// argon2Hash is $argon2id$v=19$m=…,t=…,p=…$salt$tag, or argon2i. With a pepper
// the tag kept is the HMAC of Argon2's.
type argon2Hash struct {
	id     bool // argon2id
	params Parameters
	salt   []byte
	tag    []byte
	pepper []byte
}

func readArgon2(s string) (encoding, error) {
	f, err := fields(s, 4)
	if err != nil {
		return nil, err
	}
	if f[1] != "v=19" {
		return nil, ErrFormat.Becausef("password: Argon2 %s", f[1])
	}
	o, err := parseOptions(f[2], "m", "t", "p")
	if err != nil {
		return nil, ErrFormat.Because(err)
	}
	h := &argon2Hash{id: f[0] == "argon2id"}
	h.params = Parameters{
		MemoryKiB: uint32(o.number("m", 1<<32-1)), Passes: uint32(o.number("t", 1<<32-1)), Lanes: uint8(o.number("p", maxLanes)),
	}
	if o.err != nil {
		return nil, ErrFormat.Because(o.err)
	}
	h.salt, h.tag, err = saltAndTag(f[3], f[4])
	return h, err
}

func (h *argon2Hash) cost() Cost { return h.params.cost() }

func (h *argon2Hash) matches(pw []byte) bool { return equal(h.derive(pw), h.tag) }

func (h *argon2Hash) derive(pw []byte) []byte {
	f := argon2.Key
	if h.id {
		f = argon2.IDKey
	}
	n := len(h.tag)
	if h.pepper != nil {
		n = tagSize
	}
	tag := f(pw, h.salt, h.params.Passes, h.params.MemoryKiB, h.params.Lanes, uint32(n))
	if h.pepper != nil {
		return season(h.pepper, tag)
	}
	return tag
}

func (h *argon2Hash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$%s$%s$%s", argon2.Version, h.params, b64write(h.salt), b64write(h.tag))
}
