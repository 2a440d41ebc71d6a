package password

import (
	"strconv"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// bcryptLimit is how many bytes of its input bcrypt uses.
const bcryptLimit = 72

// bcryptHash is $2a$, $2b$ or $2y$, which name the same algorithm for valid
// input. Compare would silently use the first 72 bytes, so longer passwords are
// refused unless the hash comes from a source that truncates (PW-12).
type bcryptHash struct {
	text      string
	rounds    int
	truncates bool
}

func readBcrypt(s string) (encoding, error) {
	const length = 60
	if len(s) != length || s[6] != '$' {
		return nil, ErrFormat.Becausef("password: bcrypt hash of %d bytes", len(s))
	}
	rounds, err := strconv.ParseUint(s[4:6], 10, 8)
	if err != nil || rounds < uint64(bcrypt.MinCost) || rounds > uint64(bcrypt.MaxCost) {
		return nil, ErrFormat.Becausef("password: bcrypt cost")
	}
	return &bcryptHash{text: s, rounds: int(rounds)}, nil
}

func (h *bcryptHash) cost() Cost {
	return Cost{Bytes: 8 << 10, Time: nominal(1<<h.rounds, 50*time.Microsecond)}
}

func (h *bcryptHash) matches(pw []byte) bool {
	fits := len(pw) <= bcryptLimit || h.truncates
	// Too long a password costs the same time as any wrong one.
	return bcrypt.CompareHashAndPassword([]byte(h.text), pw) == nil && fits
}
