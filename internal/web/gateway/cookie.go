package gateway

import "strings"

// foreign returns what a Cookie header says without the cookies of ours: the
// session's name and every name that continues it with a hyphen.
//
// It does not allocate when ours stand together at one end of the only line.
func foreign(lines []string, base string) string {
	if len(lines) == 1 {
		if rest, ok := trimmed(lines[0], base); ok {
			return rest
		}
	}
	var b strings.Builder
	for _, line := range lines {
		for line != "" {
			var part string
			part, line, _ = strings.Cut(line, ";")
			part = strings.Trim(part, " \t")
			if part == "" || ours(part, base) {
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

// trimmed cuts ours from both ends of a line; it reports false when some of ours
// stand in the middle.
func trimmed(line, base string) (string, bool) {
	first, end, gap := -1, 0, false
	for i := 0; i < len(line); {
		part, _, _ := strings.Cut(line[i:], ";")
		switch {
		case strings.Trim(part, " \t") == "": // kept or cut with its neighbours
		case ours(strings.Trim(part, " \t"), base):
			gap = first >= 0
		case gap:
			return "", false
		default:
			if first < 0 {
				first = i
			}
			end = i + len(part)
		}
		i += len(part) + 1
	}
	if first < 0 {
		return "", true
	}
	return strings.Trim(line[first:end], " \t"), true
}

// ours reports whether a part of a Cookie header is a cookie of ours.
func ours(part, base string) bool {
	name, _, _ := strings.Cut(part, "=")
	rest, ok := strings.CutPrefix(strings.Trim(name, " \t"), base)
	return ok && (rest == "" || rest[0] == '-')
}
