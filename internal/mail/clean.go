package mail

import (
	"strings"
	"unicode"
)

// line makes one line of s: no control or direction-changing characters, no
// invalid UTF-8, single spaces, at most limit characters.
func line(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r) && r != '\u200d', r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > limit {
		s = strings.TrimSpace(string(r[:limit-1])) + "…"
	}
	return s
}

// greetable is a name to greet with. One that a mail program could turn into a
// link is dropped, because whoever signs up with a stranger's address chooses
// the name and would advertise through us.
func greetable(name string) string {
	name = line(name, 60)
	if strings.ContainsAny(name, `/\:@<>`) {
		return ""
	}
	for i, r := range name {
		if (r == '.' || r == '。') && i+len(string(r)) < len(name) && name[i+len(string(r))] != ' ' {
			return ""
		}
	}
	return name
}
