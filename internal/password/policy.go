package password

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
)

// Policy decides which new passwords are accepted, after NIST SP 800-63B-4:
// length, lists of known passwords, words that belong to the account, and how
// easily a pattern is guessed. There are no composition rules (PW-4). A Policy is
// safe for concurrent use.
type Policy struct{ o PolicyOptions }

// PolicyOptions configure a Policy. Zero members take the defaults.
type PolicyOptions struct {
	MinAlone      int      // code points where the password alone signs in; default 15, at least 8
	MinWithFactor int      // where a second factor is always asked; default 8, at least 8
	Service       string   // the name people know this service by
	Words         []string // further words to refuse, such as the company's name

	// Breaches are asked in order, after everything local has passed.
	Breaches []Breaches
	// Report learns that a list could not be asked; the password is then judged
	// without it. The caller logs it and appends LookupFailed.
	Report func(ctx context.Context, err error)
}

const (
	defaultMin = 15
	lowestMin  = 8
)

// NewPolicy returns a Policy. A minimum below 8 is ErrParameters.
func NewPolicy(o PolicyOptions) (*Policy, error) {
	if o.MinAlone == 0 {
		o.MinAlone = defaultMin
	}
	if o.MinWithFactor == 0 {
		o.MinWithFactor = lowestMin
	}
	if o.MinAlone < lowestMin || o.MinWithFactor < lowestMin || o.MinAlone > MaxBytes/4 || o.MinWithFactor > o.MinAlone {
		return nil, ErrParameters.Becausef("password: minimum length %d alone, %d with a second factor", o.MinAlone, o.MinWithFactor)
	}
	if o.Report == nil {
		o.Report = func(context.Context, error) {}
	}
	return &Policy{o}, nil
}

// Context is what the policy may know about whose password it is.
type Context struct {
	Names        []string // as the account shows them
	Emails       []string
	SecondFactor bool   // the account can never sign in with the password alone
	Field        string // JSON pointer for the refusal; default /password
}

// MinLength is the minimum that applies, in code points.
func (p *Policy) MinLength(c Context) int {
	if c.SecondFactor {
		return p.o.MinWithFactor
	}
	return p.o.MinAlone
}

// Check returns nil for an acceptable new password, else one of ErrTooShort,
// ErrTooLong, ErrUnprintable, ErrCommon, ErrContextual, ErrBreached, ErrWeak, with
// a problem.Field. Its own work is bounded to a few milliseconds; a Breaches may wait for ctx.
func (p *Policy) Check(ctx context.Context, candidate secret.Text, c Context) error {
	e := p.local(candidate, c)
	if e == nil && p.breached(ctx, candidate) {
		e = ErrBreached
	}
	if e == nil {
		return nil
	}
	if c.Field == "" {
		c.Field = "/password"
	}
	return e.WithFields(problem.Field{Pointer: c.Field, Code: e.Code, Message: e.Public})
}

func (p *Policy) local(candidate secret.Text, c Context) *problem.Error {
	typed := candidate.Reveal()
	if len(typed) > MaxBytes {
		return ErrTooLong
	}
	if !utf8.ValidString(typed) || unprintable(typed) {
		return ErrUnprintable
	}
	b, ok := formOpaque.apply(candidate)
	if !ok {
		return ErrTooLong
	}
	s := string(b)
	words := p.words(c)
	switch minimum := p.MinLength(c); {
	case utf8.RuneCountInString(s) < minimum:
		return ErrTooShort.WithPublic("That password is too short: at least %d characters are needed. A few unrelated words make a good one.", minimum)
	case isCommon(s):
		return ErrCommon
	case words.are(s):
		return ErrContextual
	}
	if st := estimate(s, words); st.Guesses < p.floor(c) {
		return ErrWeak.WithPublic("That password is easy to guess. %s", st.Hint.Text)
	}
	return nil
}

// floor is the log10 of the guesses a password must withstand. With a second
// factor the password is not the only hurdle.
func (p *Policy) floor(c Context) float64 {
	if c.SecondFactor {
		return 6
	}
	return 8
}

// breached fails open: a list that cannot be asked must not stop sign-ups (PW-6).
func (p *Policy) breached(ctx context.Context, candidate secret.Text) bool {
	for _, b := range p.o.Breaches {
		seen, err := b.Seen(ctx, candidate)
		if seen {
			return true
		}
		if err != nil {
			p.o.Report(ctx, fmt.Errorf("password: accepted without a breach list: %w", err))
		}
	}
	return false
}

// Estimate tells how hard candidate is to guess for somebody who knows c. Only
// what Check would read is looked at, so any length is safe.
func (p *Policy) Estimate(candidate secret.Text, c Context) Strength {
	b, ok := formOpaque.apply(candidate)
	if !ok {
		return Strength{Hint: hintShort}
	}
	s := string(b)
	if isCommon(s) {
		return Strength{Guesses: costCommon, Score: score(costCommon), Hint: hintCommon}
	}
	return estimate(s, p.words(c))
}
