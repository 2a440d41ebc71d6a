package assertion

import "crypto/sha256"

// Type is the client_assertion_type of RFC 7523.
const Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// Key is what is remembered of an assertion.
type Key [32]byte

// KeyOf is the digest of a client and the jti of an assertion of it.
func KeyOf(client, id string) Key {
	b := make([]byte, 0, 256)
	b = append(append(b, client...), 0) // which no client_id has
	return sha256.Sum256(append(b, id...))
}
