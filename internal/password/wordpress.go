package password

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
)

// readWordPress reads $wp$2y$…, WordPress 6.8 and later: bcrypt over the base64
// of HMAC-SHA-384 of the trimmed password.
func readWordPress(s string) (encoding, error) {
	e, err := bcryptAfter(s, "$wp")
	if err != nil {
		return nil, err
	}
	return prehashed{e, func(pw []byte) []byte {
		mac := hmac.New(sha512.New384, []byte("wp-sha384"))
		mac.Write(bytes.Trim(pw, " \n\r\t\v\x00"))
		return []byte(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}}, nil
}
