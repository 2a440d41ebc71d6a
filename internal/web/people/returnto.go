package people

import (
	"net/url"
	"path"
	"strings"
)

// maxReturnTo bounds an address to come back to, in bytes.
const maxReturnTo = 1024

// ReturnTo reads an address to come back to: a path on this origin with its
// query, in printable ASCII, without backslashes, dot segments or empty segments,
// parsed and put together again (SE-45). Everything else is refused, so nothing a
// browser or proxy may read as another host ever gets into a redirect.
func ReturnTo(s string) (string, bool) {
	if s == "" || len(s) > maxReturnTo || s[0] != '/' {
		return "", false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == '\\' {
			return "", false
		}
	}
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" {
		return "", false
	}
	if strings.ContainsAny(u.Path, "\\\x00\r\n\t") || !clean(u.Path) || !clean(u.EscapedPath()) {
		return "", false
	}
	out := u.EscapedPath()
	if u.RawQuery != "" {
		out += "?" + u.RawQuery
	}
	return out, true
}

func clean(p string) bool {
	return p == "/" || path.Clean(p) == strings.TrimSuffix(p, "/")
}

// ReturnTo is the address to come back to that a form carries, or "".
func (p *Pages) ReturnTo(typed string) string {
	to, _ := ReturnTo(typed)
	return to
}
