package approval

import (
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/user"
)

// Approver is what is known of who would approve.
type Approver struct {
	ID       user.ID
	Since    time.Time // administrator, with the passkeys of today, since
	Beholden bool      // the requester made, promoted, enabled or reset them
	SignedIn time.Time // when their session was last proven; zero: no session
	Methods  []string  // by which, in the names of RFC 8176
}

// Eligible is nil when a may approve r at now, else why not (TH-42).
func Eligible(r Request, a Approver, now time.Time) error {
	switch {
	case a.ID == r.Requester || a.ID == r.Subject:
		return ErrSelf
	case now.Sub(a.Since) < Seasoned:
		return ErrNew
	case a.Beholden:
		return ErrBeholden
	case now.Sub(a.SignedIn) > Fresh || !phishingResistant(a.Methods):
		return ErrWeak
	}
	return nil
}

// Deniable is nil when an administrator may deny r, else why not: whom it is about
// does not, that session may be a thief's; who asked takes it back (TH-43).
func Deniable(r Request, by user.ID) error {
	if by == r.Subject && by != r.Requester {
		return ErrSelf
	}
	return nil
}

// phishingResistant reports whether a key was used that answers only its own
// site: a passkey, in hardware or software.
func phishingResistant(methods []string) bool {
	return slices.Contains(methods, "hwk") || slices.Contains(methods, "swk")
}
