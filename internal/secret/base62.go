package secret

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// Base62 in blocks: every eight bytes are eleven digits, so that the cost is
// linear and the length tells the size.
const (
	block         = 8
	digitsOfBlock = 11
	digits62      = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// put62 fills out with n, padded with zeros.
func put62(out []byte, n uint64) {
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = digits62[n%62]
		n /= 62
	}
}

func append62(out, body []byte) []byte {
	for ; len(body) >= block; body = body[block:] {
		var digits [digitsOfBlock]byte
		put62(digits[:], binary.BigEndian.Uint64(body))
		out = append(out, digits[:]...)
	}
	return out
}

// decode62 takes only what append62 makes of at least one block.
func decode62(text string) ([]byte, bool) {
	if text == "" || len(text)%digitsOfBlock != 0 {
		return nil, false
	}
	body := make([]byte, 0, len(text)/digitsOfBlock*block)
	for ; text != ""; text = text[digitsOfBlock:] {
		n, ok := read62(text[:digitsOfBlock])
		if !ok {
			return nil, false
		}
		body = binary.BigEndian.AppendUint64(body, n)
	}
	return body, true
}

// read62 refuses other characters and numbers beyond 64 bits.
func read62(text string) (n uint64, ok bool) {
	for i := range len(text) {
		digit := strings.IndexByte(digits62, text[i])
		over, low := bits.Mul64(n, 62)
		sum, carry := bits.Add64(low, uint64(max(digit, 0)), 0)
		if digit < 0 || over+carry != 0 {
			return 0, false
		}
		n = sum
	}
	return n, true
}
