package dpop

import (
	"net/url"
	"strings"
)

// SameURL reports whether a proof's htu names the address of a request: without
// regard to query and fragment, to the case of scheme and host, to a default port,
// and to how unreserved characters of the path are written (RFC 9449, 4.3; RFC
// 3986, 6.2.2 and 6.2.3). Dot segments are not resolved: no client sends them.
func SameURL(htu, address string) bool {
	if htu == address {
		return isAbsolute(htu)
	}
	a, ok := normal(htu)
	if !ok {
		return false
	}
	b, ok := normal(address)
	return ok && a == b
}

func isAbsolute(address string) bool {
	_, ok := normal(address)
	return ok
}

// address is what is compared of a URL.
type address struct{ scheme, host, path string }

func normal(text string) (address, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" {
		return address{}, false
	}
	a := address{strings.ToLower(u.Scheme), strings.ToLower(u.Host), unreserved(u.EscapedPath())}
	switch a.scheme {
	case "https":
		a.host = strings.TrimSuffix(a.host, ":443")
	case "http":
		a.host = strings.TrimSuffix(a.host, ":80")
	default:
		return address{}, false
	}
	a.host = strings.TrimSuffix(a.host, ":")
	if a.path == "" {
		a.path = "/"
	}
	return a, true
}

// unreserved decodes escapes of characters that need none, and writes the others in
// capitals.
func unreserved(path string) string {
	if strings.IndexByte(path, '%') < 0 {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] != '%' || i+2 >= len(path) {
			b.WriteByte(path[i])
			continue
		}
		if c := unhex(path[i+1])<<4 | unhex(path[i+2]); isUnreserved(c) {
			b.WriteByte(c)
		} else {
			b.WriteString(strings.ToUpper(path[i : i+3]))
		}
		i += 2
	}
	return b.String()
}

// unhex is of a digit that url.Parse has seen to be one.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return (c | 0x20) - 'a' + 10
}

func isUnreserved(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
