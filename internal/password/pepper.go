package password

import (
	"crypto/hmac"
	"crypto/sha256"
)

// Peppers are secret keys kept outside the database, so that a stolen table
// alone cannot be guessed at (PW-14). Keys have at least 32 bytes; ids match
// [A-Za-z0-9._-]{1,32} and are never used again for another key.
type Peppers interface {
	// Current is the key for new hashes; ok is false when there is none.
	Current() (id string, key []byte, ok bool)
	// ByID returns a key that some stored hash may still name.
	ByID(id string) (key []byte, ok bool)
}

// NoPeppers is the Peppers of an instance without any.
type NoPeppers struct{}

func (NoPeppers) Current() (string, []byte, bool) { return "", nil, false }
func (NoPeppers) ByID(string) ([]byte, bool)      { return nil, false }

func season(key, tag []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(tag)
	return mac.Sum(nil)
}

func validPepper(id string, key []byte) bool { return validPepperID(id) && len(key) >= 32 }

func validPepperID(id string) bool {
	for i := range len(id) {
		c := id[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-') {
			return false
		}
	}
	return id != "" && len(id) <= 32
}
