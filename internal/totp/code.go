package totp

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238's default, and what every app speaks; HMAC does not need collision resistance
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"hash"
	"time"
)

const (
	// Digits of a code.
	Digits = 6
	// Period is how long a step lasts.
	Period = 30 * time.Second
	// skew is how many steps before and after now are right (PW-41).
	skew = 1
)

// StepAt is the time step of t.
func StepAt(t time.Time) int64 { return t.Unix() / int64(Period/time.Second) }

// CodeAt is the code of a secret at t, as an app shows it.
func CodeAt(secret []byte, t time.Time) string { return hotp(sha1.New, secret, StepAt(t), Digits) }

// hotp is RFC 4226 §5.3.
func hotp(h func() hash.Hash, secret []byte, counter int64, digits int) string {
	var message [8]byte
	binary.BigEndian.PutUint64(message[:], uint64(counter)) //nolint:gosec // steps are not negative
	mac := hmac.New(h, secret)
	mac.Write(message[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	modulus := uint32(1)
	for range digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%modulus)
}

// match returns the latest step around t whose code is typed and which is later
// than last. Every step is computed and compared, whatever fits.
func match(secret []byte, typed string, t time.Time, last int64) (step int64, ok bool) {
	now := StepAt(t)
	for s := now - skew; s <= now+skew; s++ {
		fits := subtle.ConstantTimeCompare([]byte(hotp(sha1.New, secret, s, Digits)), []byte(typed)) == 1
		if fits && s > last {
			step, ok = s, true
		}
	}
	return step, ok
}

// Parse reads what a person typed: spaces, hyphens and full-width digits are
// understood, anything else and any other length is no code (PW-43).
func Parse(typed string) (code string, ok bool) {
	if len(typed) > 8*Digits {
		return "", false
	}
	digits := make([]byte, 0, Digits)
	for _, r := range typed {
		switch {
		case '0' <= r && r <= '9':
			digits = append(digits, byte(r))
		case '０' <= r && r <= '９':
			digits = append(digits, byte(r-'０')+'0')
		case r == ' ', r == '-', r == '\t', r == '\u00a0', r == '\u2009', r == '\u202f', r == '\u3000':
		default:
			return "", false
		}
	}
	return string(digits), len(digits) == Digits
}
