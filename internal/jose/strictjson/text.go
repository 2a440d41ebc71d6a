package strictjson

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// String reads a string.
func (r *Reader) String() string {
	text, escaped := r.rawString()
	if !escaped {
		return text
	}
	return r.unescape(text)
}

func (r *Reader) skipString() {
	if text, escaped := r.rawString(); escaped {
		r.unescape(text) // for its errors
	}
}

// rawString takes the string's text as it is written, without the quotes.
func (r *Reader) rawString() (text string, escaped bool) {
	if !r.take('"') {
		return "", false
	}
	for i := r.i; i < len(r.s); i++ {
		switch c := r.s[i]; {
		case c == '"':
			text = r.s[r.i:i]
			r.i = i + 1
			return text, escaped
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			r.bad = true
			return "", false
		}
	}
	r.bad = true
	return "", false
}

func (r *Reader) unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s) && !r.bad; i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		i++ // rawString saw a character after each backslash
		switch s[i] {
		case '"', '\\', '/':
			b = append(b, s[i])
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			char, n := codePoint(s[i-1:])
			r.bad = n == 0
			b = utf8.AppendRune(b, char)
			i += n - 2
		default:
			r.bad = true
		}
	}
	return string(b)
}

// codePoint reads \uXXXX, or two of them that form a surrogate pair, and how many
// bytes they take: 0 for hexadecimal that is none and for half a pair.
func codePoint(s string) (rune, int) {
	first, ok := unit(s)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(first) {
		return first, 6
	}
	second, ok := unit(s[6:])
	char := utf16.DecodeRune(first, second)
	if !ok || char == utf8.RuneError {
		return 0, 0
	}
	return char, 12
}

func unit(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	for _, c := range []byte(s[2:6]) {
		if !isDigit(c) && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}
