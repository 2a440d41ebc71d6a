package password

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Source says what an encoding alone cannot tell about where it comes from. The
// zero Source assumes nothing.
type Source struct {
	// TruncatesAt72 is set for systems whose bcrypt ignores everything after 72
	// bytes (PHP, older Python and Node libraries), so that their users with
	// longer passwords can still sign in once and be hashed again.
	TruncatesAt72 bool
}

// Import checks a foreign encoding against the bounds and returns it as it may be
// stored. It hashes nothing. Errors: ErrFormat, ErrCostly, ErrUnusable (store no
// password for that account).
func (h *Hasher) Import(encoded string, from Source) (Hash, error) {
	if strings.HasPrefix(encoded, envelopePrefix) {
		// A move from another Mortise: the envelope already says everything.
		e, err := openEnvelope(Hash(encoded))
		if err == nil {
			_, err = e.read(h.bounds, h.peppers)
		}
		return Hash(encoded), err
	}
	enc, err := read(encoded, h.bounds)
	if err != nil {
		return "", err
	}
	_, isBcrypt := enc.(*bcryptHash)
	return envelope{truncates: isBcrypt && from.TruncatesAt72 && encoded[0] == '$', inner: encoded}.seal(), nil
}

// FromKeycloak turns the credentialData and secretData of a Keycloak password
// credential, each a JSON document, into an encoding for Import.
func FromKeycloak(credentialData, secretData string) (string, error) {
	var c struct {
		HashIterations int    `json:"hashIterations"`
		Algorithm      string `json:"algorithm"`
		Additional     struct {
			Type        []string `json:"type"`
			Version     []string `json:"version"`
			Memory      []string `json:"memory"`
			Parallelism []string `json:"parallelism"`
		} `json:"additionalParameters"`
	}
	var s struct {
		Value string `json:"value"`
		Salt  string `json:"salt"`
	}
	if err := errors.Join(json.Unmarshal([]byte(credentialData), &c), json.Unmarshal([]byte(secretData), &s)); err != nil {
		return "", ErrFormat.Becausef("password: Keycloak credential: %w", err)
	}
	salt, tag, err := saltAndTag(s.Salt, s.Value)
	if err != nil {
		return "", err
	}
	tail := b64write(salt) + "$" + b64write(tag)
	a := c.Additional
	switch {
	case c.Algorithm == "pbkdf2":
		return fmt.Sprintf("$pbkdf2$i=%d$%s", c.HashIterations, tail), nil
	case c.Algorithm == "pbkdf2-sha256", c.Algorithm == "pbkdf2-sha512":
		return fmt.Sprintf("$%s$i=%d$%s", c.Algorithm, c.HashIterations, tail), nil
	case c.Algorithm == "argon2" && first(a.Version) == "1.3" && (first(a.Type) == "id" || first(a.Type) == "i"):
		return fmt.Sprintf("$argon2%s$v=19$m=%s,t=%d,p=%s$%s", first(a.Type), first(a.Memory), c.HashIterations, first(a.Parallelism), tail), nil
	}
	return "", ErrFormat.Becausef("password: Keycloak algorithm %q", c.Algorithm)
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

// FromBetterAuth turns the salt:key form of Better Auth's default hash into a
// Hash: scrypt with N=16384, r=16, p=1 over the NFKC form of the password, salted
// with the hexadecimal text of the salt.
func FromBetterAuth(s string) (Hash, error) {
	salt, key, ok := strings.Cut(s, ":")
	tag, err := hex.DecodeString(key)
	if _, bad := hex.DecodeString(salt); !ok || err != nil || bad != nil || len(tag) != 64 || len(salt) != 32 {
		return "", ErrFormat.Becausef("password: Better Auth hash")
	}
	inner := fmt.Sprintf("$scrypt$ln=14,r=16,p=1$%s$%s", b64write([]byte(salt)), b64write(tag))
	return envelope{form: formNFKC, inner: inner}.seal(), nil
}
