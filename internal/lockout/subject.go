package lockout

import (
	"hash/maphash"

	"github.com/mortise-auth/mortise/internal/user"
)

// Subject is who a guess claims to be: an account, or a name nobody has. All
// identifiers of one account are one subject (CVE-2025-24806).
type Subject struct {
	account user.ID
	name    string
}

// Account is the subject of an existing account.
func Account(id user.ID) Subject { return Subject{account: id} }

// Unknown is the subject of an identifier that no account has, in the form it
// was looked up by (PW-24).
func Unknown(key string) Subject { return Subject{name: key} }

// Known reports whether s is an existing account.
func (s Subject) Known() bool { return !s.account.IsZero() }

// Attempt is one guess about to be made.
type Attempt struct {
	Subject Subject
	Source  string // the source network, as ratelimit.Source writes it
	Device  string // a device known to this very account, else empty
	Code    bool   // a mailed code was already presented and was right
	Own     bool   // with Code: a key of the account's own, so that its count is first looked at when it is settled
}

// tags are the keyed hashes by which an attempt is counted.
type tags struct{ subject, pair, device uint64 }

func tagsOf(seed maphash.Seed, a Attempt) tags {
	type key struct {
		kind    uint8
		subject Subject
		other   string
	}
	hash := func(kind uint8, other string) uint64 {
		return max(1, maphash.Comparable(seed, key{kind, a.Subject, other})) // zero marks an empty mark
	}
	return tags{subject: hash(0, ""), pair: hash(1, a.Source), device: hash(2, a.Device)}
}

// ghost is an id that no account has, the same for the same name, so that an
// unknown subject costs the same look-up as an account.
func ghost(tag uint64) (id user.ID) {
	for i := range id {
		id[i] = byte(tag >> (8 * (i % 8)))
	}
	return id
}
