package jose

// Algorithm names how a key signs (RFC 7518, 3.1; RFC 8037, 3.1).
type Algorithm string

// The algorithms there are.
const (
	EdDSA Algorithm = "EdDSA" // Ed25519; its name of RFC 9864 is read too
	ES256 Algorithm = "ES256" // ECDSA on P-256 with SHA-256
	PS256 Algorithm = "PS256" // RSASSA-PSS with SHA-256, salt of 32 bytes
	RS256 Algorithm = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256
)

// algorithm is the Algorithm that a header or a JWK names, byte for byte.
func algorithm(name string) (Algorithm, bool) {
	switch name {
	case "EdDSA", "Ed25519":
		return EdDSA, true
	case "ES256":
		return ES256, true
	case "PS256":
		return PS256, true
	case "RS256":
		return RS256, true
	}
	return "", false
}
