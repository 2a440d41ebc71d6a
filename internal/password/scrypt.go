package password

import (
	"math/bits"
	"strings"
	"time"

	"golang.org/x/crypto/scrypt"
)

// scryptHash is scrypt however it is written down.
type scryptHash struct {
	logN int
	r, p int
	salt []byte
	tag  []byte
}

// readScrypt reads $scrypt$ln=…,r=…,p=…$salt$tag (PHC, passlib).
func readScrypt(s string) (encoding, error) {
	f, err := fields(s, 3)
	if err != nil {
		return nil, err
	}
	o, err := parseOptions(f[1], "ln", "r", "p")
	if err != nil {
		return nil, ErrFormat.Because(err)
	}
	h := &scryptHash{logN: int(o.number("ln", 40)), r: int(o.number("r", 1024)), p: int(o.number("p", 1024))}
	if o.err != nil {
		return nil, ErrFormat.Because(o.err)
	}
	h.salt, h.tag, err = saltAndTag(f[2], f[3])
	return h, err
}

// readScryptCrypt reads the $7$ form of crypt(3): one character for N, five each
// for r and p, then the salt as it stands and 43 characters of tag.
func readScryptCrypt(s string) (encoding, error) {
	const head = len("$7$") + 11
	at := strings.LastIndexByte(s, '$')
	if len(s) < head || at < head {
		return nil, ErrFormat.Becausef("password: short $7$ hash")
	}
	n, ok1 := crypt64Number(s[3:4])
	r, ok2 := crypt64Number(s[4:9])
	p, ok3 := crypt64Number(s[9:14])
	tag, ok4 := crypt64Decode(s[at+1:])
	if !ok1 || !ok2 || !ok3 || !ok4 || len(tag) != 32 || n < 1 || n > 40 || r < 1 || r > 1024 || p < 1 || p > 1024 {
		return nil, ErrFormat.Becausef("password: $7$ hash")
	}
	return &scryptHash{logN: int(n), r: int(r), p: int(p), salt: []byte(s[head:at]), tag: tag}, nil
}

func (h *scryptHash) cost() Cost { return scryptCost(h.logN, h.r, h.p) }

func scryptCost(logN, r, p int) Cost {
	const perBlock = 400 * time.Nanosecond
	blocks := uint64(1) << logN * uint64(r)
	hi, work := bits.Mul64(blocks, uint64(p))
	if hi != 0 {
		work = 1<<64 - 1
	}
	return Cost{Bytes: int64(blocks)*128 + int64(r)*int64(p)*128, Time: nominal(work, perBlock)}
}

func (h *scryptHash) matches(pw []byte) bool {
	tag, err := scrypt.Key(pw, h.salt, 1<<h.logN, h.r, h.p, len(h.tag))
	return err == nil && equal(tag, h.tag)
}
