package authreq

import (
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Purposes of the secrets. Each has a digest of its own kind.
const (
	HandlePurpose  secret.Purpose = "authreq" // names a parked request
	PushedPurpose  secret.Purpose = "par"     // the end of a request_uri
	BrowserPurpose secret.Purpose = "authbrw" // the cookie that binds to a browser
)

const (
	// ParkedLife is how long a sign-in window stays open.
	ParkedLife = time.Hour
	// PushedLife is how long a request_uri may be brought; expires_in says so.
	PushedLife = 90 * time.Second
	// Kept is how much longer a request is remembered, so that its page can say
	// what it was and a completed one stays completed. It is longer than
	// ParkedLife: no parked request outlives the memory of its origin.
	Kept = 2 * time.Hour
	// MaxParams bounds the parameters of one request, in bytes.
	MaxParams = 64 << 10
)

// Request is an authorization request that waits.
type Request struct {
	Handle        secret.Digest
	Pushed        bool          // by the client; Handle is of its request_uri
	Origin        secret.Digest // the pushed request this one was made of; zero: none
	Client        string
	ClientVersion int64         // that was seen
	Browser       secret.Digest // of the cookie; zero for pushed ones
	Params        []byte        // JSON, opaque to this package
	CreatedAt     time.Time
	ExpiresAt     time.Time
	OfferedAt     time.Time // when the person was asked which account to use; zero: not
	CompletedAt   time.Time // zero: not yet
}

// Over reports whether r can come to nothing any more at now.
func (r *Request) Over(now time.Time) bool {
	return !r.CompletedAt.IsZero() || !now.Before(r.ExpiresAt)
}
