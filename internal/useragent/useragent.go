// Package useragent says in a few words what browser or program a User-Agent
// header claims to be. It is for people to read, never for decisions.
package useragent

import (
	"strings"

	ua "github.com/mileusna/useragent"
)

// MaxLen is how much of a header is kept (AU-20).
const MaxLen = 256

// Clip bounds a header and removes what does not belong in one.
func Clip(header string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(header, ""))
	if len(clean) > MaxLen {
		clean = strings.ToValidUTF8(clean[:MaxLen], "")
	}
	return clean
}

// Describe returns "Firefox on Linux", the name of a program, or "" when the
// header says nothing.
func Describe(header string) string {
	if header == "" {
		return ""
	}
	p := ua.Parse(Clip(header))
	switch {
	case p.Name != "" && p.OS != "":
		return p.Name + " on " + p.OS
	case p.Name != "":
		return p.Name
	}
	name, _, _ := strings.Cut(Clip(header), "/")
	return name
}

// Mobile reports whether the header claims to be a phone or tablet.
func Mobile(header string) bool {
	p := ua.Parse(header)
	return p.Mobile || p.Tablet
}
