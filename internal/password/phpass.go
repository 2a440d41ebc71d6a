package password

import (
	"crypto/md5"
	"strings"
	"time"
)

// phpassHash is the portable hash of phpass, $P$ (WordPress before 6.8) and $H$
// (phpBB): MD5 iterated over salt and password.
type phpassHash struct {
	logN int
	salt string
	tag  []byte
}

func readPhpass(s string) (encoding, error) {
	const length = 34
	if len(s) != length {
		return nil, ErrFormat.Becausef("password: phpass hash of %d bytes", len(s))
	}
	tag, ok := crypt64Decode(s[12:])
	logN := strings.IndexByte(crypt64, s[3])
	if !ok || logN < 7 || logN > 30 {
		return nil, ErrFormat.Becausef("password: phpass hash")
	}
	return &phpassHash{logN: logN, salt: s[4:12], tag: tag}, nil
}

// The password is hashed again in every iteration, so its cap bounds the cost.
func (h *phpassHash) cost() Cost {
	return Cost{Bytes: MaxBytes, Time: nominal(1<<h.logN, 2*time.Microsecond)}
}

func (h *phpassHash) matches(pw []byte) bool {
	sum := md5.Sum(append([]byte(h.salt), pw...))
	buf := append(make([]byte, md5.Size, md5.Size+len(pw)), pw...)
	for range 1 << h.logN {
		copy(buf, sum[:])
		sum = md5.Sum(buf)
	}
	return equal(sum[:], h.tag)
}
