package site

import (
	"strings"
	"unicode/utf8"
)

// MaxTarget bounds a request target, path and query, in bytes.
const MaxTarget = 8 << 10

// Path reads the path of a request target as it goes over the wire, with or
// without a query, and returns it decoded once: what the upstream will act on.
// Whatever an upstream may read as another path is ErrAmbiguous: encoded slashes,
// backslashes and dots, double encoding, empty and dot segments, path parameters,
// fragments, control characters and text that is not UTF-8 (SE-52).
//
// It does not allocate unless something is encoded.
func Path(target string) (string, error) {
	if len(target) > MaxTarget || target == "" || target[0] != '/' {
		return "", ErrAmbiguous.Becausef("target of %d bytes", len(target))
	}
	if strings.IndexByte(target, '#') >= 0 {
		return "", ErrAmbiguous.Becausef("fragment")
	}
	raw, query, _ := strings.Cut(target, "?")
	if !visible(query) {
		return "", ErrAmbiguous.Becausef("character in the query")
	}
	path, ok := decode(raw)
	if !ok || !plain(path) {
		return "", ErrAmbiguous.Becausef("path %q", raw)
	}
	return path, nil
}

// visible reports whether s has no byte that a request line cannot carry.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// decode undoes the percent encoding once. Encoded characters that mean
// something in a path are refused, and so is an encoding inside an encoding.
func decode(raw string) (string, bool) {
	if !visible(raw) {
		return "", false
	}
	if strings.IndexByte(raw, '%') < 0 {
		return raw, true
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '%' {
			if i+2 >= len(raw) || unhex(raw[i+1]) > 15 || unhex(raw[i+2]) > 15 {
				return "", false
			}
			c = unhex(raw[i+1])<<4 | unhex(raw[i+2])
			if c == '/' || c == '\\' || c == '.' || c == ';' || c < ' ' || c == 0x7f || c == '%' && encodes(raw[i+3:]) {
				return "", false
			}
			i += 2
		}
		out = append(out, c)
	}
	return string(out), utf8.Valid(out)
}

// encodes reports whether a percent sign before s would start an encoding, or
// complete one when the first digit is itself encoded.
func encodes(s string) bool {
	return len(s) > 0 && (unhex(s[0]) <= 15 || s[0] == '%' || s[0] == 'u')
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

// plain reports whether every segment of a decoded path names something: none is
// empty but the last, none is a dot segment, and nothing in it is a separator
// to some upstream.
func plain(path string) bool {
	if strings.ContainsAny(path, "\\;") {
		return false
	}
	for _, r := range path {
		if r < ' ' || 0x7f <= r && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return false
		}
	}
	rest := path[1:]
	for {
		segment, after, more := strings.Cut(rest, "/")
		if segment == "." || segment == ".." || segment == "" && more {
			return false
		}
		if !more {
			return true
		}
		rest = after
	}
}
