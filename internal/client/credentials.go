package client

import "github.com/mortise-auth/mortise/internal/secret"

// Credentials are what a client presented, by the one method it used.
type Credentials struct {
	ID     string
	Method Auth
	Secret secret.Text // of AuthBasic and AuthPost
	// Assertion is the signed text of AuthPrivateKeyJWT. ID is then what it claims
	// to be from, believed only once it is checked.
	Assertion secret.Text
}
