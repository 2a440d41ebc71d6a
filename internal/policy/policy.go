package policy

import (
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
)

const (
	// Least and Most are the levels that can be asked of every sign-in. Level 3
	// depends on the models of authenticators; routes ask for it by themselves.
	Least = 1
	Most  = 2
	// MaxGrace is the longest time to set up a factor.
	MaxGrace = 90 * Day
	// MaxRemember is the longest time that a browser is remembered.
	MaxRemember = 30 * Day
	// Day is the unit of both.
	Day = 24 * time.Hour
)

// Policy is what an instance asks of everybody.
type Policy struct {
	Assurance int           // Least or Most
	Grace     time.Duration // whole days; 0: a factor is set up at once
	Remember  time.Duration // whole days; 0: no browser is remembered
	ManagedBy string        // "file" when declared by apply, else empty
	Revision  int64         // raised by each change; 0 in Put: whatever it is
	UpdatedAt time.Time     // zero: never
}

// Asked is what is asked of one account now, and whether it has an answer.
type Asked struct {
	Policy
	Role     int       // the highest level that a role of theirs asks for; 0: none does
	Since    time.Time // when they were asked first; zero: never
	Equipped bool      // it has something that can be a second step
}

// Level is the highest that applies.
func (a Asked) Level() int { return max(a.Assurance, a.Role, Least) }

// Due is when the time to set up a factor is over, for who is asked at now.
func (a Asked) Due(now time.Time) time.Time {
	if a.Since.IsZero() {
		return now.Add(a.Grace)
	}
	return a.Since.Add(a.Grace)
}

var (
	ErrBadPolicy = problem.New(problem.Unprocessable, "bad_policy", "A sign-in policy asks for assurance 1 or 2, gives at most 90 days to set up a second step, and remembers a device for at most 30 days.")
	// ErrStale: it was changed since it was read.
	ErrStale = problem.New(problem.Conflict, "policy_stale", "The sign-in policy was changed in the meantime. Read it again and repeat the change.")
)

// Changed: what is asked of everybody is another thing now.
var Changed = audit.Define("policy.changed", audit.Critical, "")

// Clean returns p in canonical form, or ErrBadPolicy.
func (p Policy) Clean() (Policy, error) {
	if p.Assurance == 0 {
		p.Assurance = Least
	}
	switch {
	case p.Assurance < Least || p.Assurance > Most:
		return p, ErrBadPolicy.Becausef("assurance %d", p.Assurance)
	case p.Grace < 0 || p.Grace > MaxGrace || p.Grace%Day != 0:
		return p, ErrBadPolicy.Becausef("grace %s", p.Grace)
	case p.Remember < 0 || p.Remember > MaxRemember || p.Remember%Day != 0:
		return p, ErrBadPolicy.Becausef("remember %s", p.Remember)
	}
	return p, nil
}

// Same reports whether q asks for the same as p.
func (p Policy) Same(q Policy) bool {
	return p.Assurance == q.Assurance && p.Grace == q.Grace && p.Remember == q.Remember && p.ManagedBy == q.ManagedBy
}
