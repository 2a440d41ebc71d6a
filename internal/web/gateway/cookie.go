package gateway

import "strings"

// foreign returns what a Cookie header says without the cookies of ours: the
// session's name and every name that continues it with a hyphen.
func foreign(lines []string, base string) string {
	var b strings.Builder
	for _, line := range lines {
		for line != "" {
			var part string
			part, line, _ = strings.Cut(line, ";")
			part = strings.Trim(part, " \t")
			name, _, _ := strings.Cut(part, "=")
			if part == "" || ours(strings.Trim(name, " \t"), base) {
				continue
			}
			if b.Len() > 0 {
				b.WriteString("; ")
			}
			b.WriteString(part)
		}
	}
	return b.String()
}

func ours(name, base string) bool {
	rest, ok := strings.CutPrefix(name, base)
	return ok && (rest == "" || rest[0] == '-')
}
