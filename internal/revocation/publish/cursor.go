package publish

import (
	"crypto/hmac"
	"encoding/base64"
	"strconv"
	"strings"
)

// cursor is how far a follower has come. Its text is epoch, number and a MAC, so
// that a number ahead of the store can only be one that this issuer gave out.
type cursor struct {
	epoch  string
	number int64
}

const cursorLimit = 200 // bytes

// cursorText writes c for one audience.
func (p *Publisher) cursorText(audience string, c cursor) string {
	body := c.epoch + "." + strconv.FormatInt(c.number, 10)
	return body + "." + base64.RawURLEncoding.EncodeToString(p.cursorMAC(audience, body))
}

func (p *Publisher) cursorMAC(audience, body string) []byte {
	sum := p.o.Keys.MAC("feed cursor", []byte(audience), []byte(body))
	return sum[:16]
}

// readCursor reads what cursorText wrote for the same audience. ErrGone is a
// well-made cursor under a key of another history.
func (p *Publisher) readCursor(audience, text string) (c cursor, err error) {
	c, body, mac, ok := splitCursor(text)
	if !ok {
		return c, ErrPoll
	}
	if !hmac.Equal(mac, p.cursorMAC(audience, body)) {
		return c, ErrGone
	}
	return c, nil
}

func splitCursor(text string) (c cursor, body string, mac []byte, ok bool) {
	last := strings.LastIndexByte(text, '.')
	if last < 0 || len(text) > cursorLimit {
		return c, "", nil, false
	}
	body = text[:last]
	epoch, digits, _ := strings.Cut(body, ".")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != digits || epoch == "" {
		return c, "", nil, false
	}
	mac, err = base64.RawURLEncoding.Strict().DecodeString(text[last+1:])
	return cursor{epoch, n}, body, mac, err == nil && len(mac) == 16
}
