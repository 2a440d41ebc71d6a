package jose

import "github.com/mortise-auth/mortise/internal/jose/strictjson"

// header is what is read of a JWS header. That alg and kid are all that leads to a
// key is on purpose: jwk, jku, x5u and x5c are read past.
type header struct {
	alg, kid, typ string
	hasID         bool
}

func parseHeader(encoded string) (header, error) {
	return parseHeaderAnd(encoded, func(r *strictjson.Reader, _ string) { r.Skip() })
}

// parseHeaderAnd is parseHeader, and hands over members that are not of every header.
func parseHeaderAnd(encoded string, other func(r *strictjson.Reader, name string)) (header, error) {
	var space [512]byte
	text, ok := decode(space[:0], encoded)
	if !ok {
		return header{}, ErrMalformed
	}
	var h header
	critical := false
	r := strictjson.New(string(text))
	r.Object(func(name string) {
		switch name {
		case "alg":
			h.alg = r.String()
		case "kid":
			h.kid, h.hasID = r.String(), true
		case "typ":
			h.typ = r.String()
		case "crit", "b64": // none is understood; b64 (RFC 7797) not even unannounced
			critical = true
			r.Skip()
		default:
			other(&r, name)
		}
	})
	switch {
	case r.Close() != nil:
		return header{}, ErrMalformed
	case critical:
		return header{}, ErrCritical
	}
	return h, nil
}
