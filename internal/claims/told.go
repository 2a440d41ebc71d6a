package claims

import (
	"encoding/json"
	"slices"
	"strings"
)

// Place is where claims are told.
type Place struct {
	Scope string // granted; empty where scopes put no claims, as in most ID tokens
	Asked []Asked
	// May says whether the app is registered for a scope: what it asks for by name
	// reaches no further. nil: nothing may be asked for by name.
	May func(scope string) bool
}

// Reason says why a claim is told.
type Reason string

const (
	Unasked  Reason = ""         // it is not
	ByScope  Reason = "scope"    // its scope was granted
	ByClaims Reason = "claims"   // asked for by name
	Always   Reason = "required" // every token of this kind has it
)

// Why says why the place is told c.
func (p *Place) Why(c *Claim) Reason {
	switch {
	case HasScope(p.Scope, c.Scope):
		return ByScope
	case slices.ContainsFunc(p.Asked, func(a Asked) bool { return a.Name == c.Name }) && p.May != nil && p.May(c.Scope):
		return ByClaims
	}
	return Unasked
}

// Append appends the members that the place is told of who, each after a comma.
func (p *Place) Append(b []byte, who *Person) []byte {
	for i := range Table {
		c := &Table[i]
		if p.Why(c) == Unasked {
			continue
		}
		from := len(b)
		b = append(append(append(b, ',', '"'), c.Name...), `":`...)
		value := len(b)
		if b = c.write(b, who); len(b) == value {
			b = b[:from]
		}
	}
	return b
}

// Line is a claim with its value and the reason it is told.
type Line struct {
	Name  string
	Value json.RawMessage
	Why   Reason
	Scope string // of the claim; empty for the tokens' own
}

// Lines are what Append tells, to be looked at.
func (p *Place) Lines(who *Person) (lines []Line) {
	for i := range Table {
		c := &Table[i]
		why := p.Why(c)
		if value := c.write(nil, who); why != Unasked && len(value) > 0 {
			lines = append(lines, Line{c.Name, value, why, c.Scope})
		}
	}
	return lines
}

// HasScope reports whether a list of scopes has one.
func HasScope(scope, name string) bool {
	for one := range strings.SplitSeq(scope, " ") {
		if one == name {
			return true
		}
	}
	return false
}
