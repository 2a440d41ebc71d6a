package oidc

import (
	"strings"

	"github.com/mortise-auth/mortise/internal/federation"
)

// appleName adds the name that Apple's form brings, once in a person's life, beside
// the code. Nobody signed it, and whoever sits at the browser may have written it:
// it is a name and nothing else, so the address in it is not read.
func appleName(claims map[string]any, user string) {
	if user == "" || len(user) > maxAppleUser {
		return
	}
	form, err := federation.ParseClaims([]byte(user))
	if err != nil {
		return
	}
	name, _ := form["name"].(map[string]any)
	given, family := text(name["firstName"]), text(name["lastName"])
	claims["given_name"], claims["family_name"] = given, family
	claims["name"] = strings.TrimSpace(given + " " + family)
}

const maxAppleUser = 4 << 10
