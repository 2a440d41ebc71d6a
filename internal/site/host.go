package site

import (
	"net"
	"strconv"
	"strings"
)

// Host brings a host, with or without a port, into the one form sites are known
// by: lower case, without the scheme's usual port. It reports false for what is
// no host: names are compared whole, never by their end (SE-55).
func Host(host, scheme string) (string, bool) {
	if len(host) > 255 || host == "" {
		return "", false
	}
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		name, port = host[:i], host[i+1:]
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || port[0] == '0' {
			return "", false
		}
	}
	if port == "443" && scheme == "https" || port == "80" && scheme == "http" {
		port = ""
	}
	if !named(name) {
		return "", false
	}
	name = lower(name)
	if port == "" {
		return name, true
	}
	if len(name)+1+len(port) == len(host) && name == host[:len(name)] {
		return host, true
	}
	return name + ":" + port, true
}

// named reports whether s is a name of labels, or an address in brackets.
func named(s string) bool {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		return ok && strings.Contains(inner, ":") && net.ParseIP(inner) != nil
	}
	if s == "" || len(s) > 253 {
		return false
	}
	label := 0
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			label++
		case c == '-' || c == '_':
			if label == 0 {
				return false
			}
			label++
		case c == '.':
			if label == 0 || s[i-1] == '-' {
				return false
			}
			label = 0
		default:
			return false
		}
		if label > 63 {
			return false
		}
	}
	return label > 0 && s[len(s)-1] != '-'
}

// lower is strings.ToLower for ASCII that seldom has anything to do.
func lower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return strings.ToLower(s)
		}
	}
	return s
}
