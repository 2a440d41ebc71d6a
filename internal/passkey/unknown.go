package passkey

import (
	"context"
	"encoding/base64"
)

// Unknown is what the Signal API of browsers wants to know of a passkey that nobody has,
// to stop suggesting it (PW-73).
type Unknown struct {
	RPID       string `json:"rpId"`
	Credential string `json:"credentialId"`
}

// Unknown describes the passkey that an answer names, if nobody has it: for whoever
// just was refused with it, and for nobody else.
func (c *Ceremonies) Unknown(ctx context.Context, answer []byte) (Unknown, bool) {
	read, err := c.Read(ctx, answer)
	if err != nil || read.known {
		return Unknown{}, false
	}
	return Unknown{c.o.Site.ID, base64.RawURLEncoding.EncodeToString(read.in.credential())}, true
}
