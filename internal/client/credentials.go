package client

import "github.com/mortise-auth/mortise/internal/secret"

// Credentials are what a client presented, by the one method it used.
type Credentials struct {
	ID     string
	Method Auth
	Secret secret.Text // empty with AuthNone
}
