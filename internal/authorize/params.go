package authorize

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/authreq"
)

// Params are the parameters of a request, decoded, by name.
type Params = map[string][]string

// names are the parameters that are read; all others are ignored (OA-10). What
// carries a request instead of being part of it is not among them.
var names = []string{
	"client_id", "response_type", "response_mode", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method",
	"prompt", "max_age", "id_token_hint", "login_hint", "ui_locales", "acr_values", "display", "claims", "claims_locales",
	"authorization_details", "dpop_jkt", "resource",
}

// one is the value of a parameter that may come once, or empty.
func one(p Params, name string) string {
	if values := p[name]; len(values) == 1 {
		return values[0]
	}
	return ""
}

// repeated is a parameter that came more than once and may not, or empty. Only
// resource may (RFC 8707).
func repeated(p Params) string {
	for name, values := range p {
		if len(values) > 1 && name != "resource" {
			return name
		}
	}
	return ""
}

// known is p without what is not read and what is empty.
func known(p Params) Params {
	out := Params{}
	for _, name := range names {
		for _, value := range p[name] {
			if value != "" {
				out[name] = append(out[name], value)
			}
		}
	}
	return out
}

// pack writes the parameters as they are kept.
func pack(p Params) ([]byte, error) {
	b, err := json.Marshal(known(p))
	if err == nil && len(b) > authreq.MaxParams {
		err = ErrInvalidRequest.Becausef("%d bytes of parameters", len(b))
	}
	return b, err
}

func unpack(b []byte) (p Params, err error) {
	err = json.Unmarshal(b, &p)
	return p, err
}

// Bounds of what goes back as it came (OA-18).
const (
	maxState = 2048
	maxNonce = 1024
)

// echoes reports whether s survives the way back: a form of HTML writes line ends
// in its own way.
func echoes(s string, most int) bool {
	return len(s) <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
