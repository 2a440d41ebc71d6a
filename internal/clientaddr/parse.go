package clientaddr

import (
	"net/netip"
	"strings"
)

// Bounds of what is read, from the right.
const (
	maxHops  = 32
	maxBytes = 4096
	maxHost  = 255 + 6 // a name and a port
)

// forwardingHeaders are those that proxies set, in canonical form.
var forwardingHeaders = [...]string{
	"Forwarded", "Via", "X-Forwarded", "X-Forwarded-By", "X-Forwarded-For", "X-Forwarded-Host",
	"X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Proto", "X-Forwarded-Scheme",
	"X-Forwarded-Server", "X-Forwarded-Ssl", "X-Forwarded-Uri", "X-Forwarded-Method",
	"X-Original-Forwarded-For", "X-Original-Host", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip",
	"True-Client-Ip", "Cf-Connecting-Ip", "Fastly-Client-Ip", "X-Envoy-External-Address",
}

// forwarding reports whether any forwarding header is present, even an empty one.
func forwarding(h map[string][]string) bool {
	for _, name := range forwardingHeaders {
		if _, ok := h[name]; ok {
			return true
		}
	}
	return false
}

// peer reads the remote address of a connection.
func peer(s string) netip.Addr {
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		return netip.Addr{}
	}
	return plain(ap.Addr())
}

// plain removes what makes two spellings of one address differ.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// parseNode reads an address as proxies write it: bare, with a port, bracketed.
func parseNode(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return plain(a), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return plain(ap.Addr()), true
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		if a, err := netip.ParseAddr(inner); ok && err == nil && a.Is6() {
			return plain(a), true
		}
	}
	return netip.Addr{}, false
}

// xffHops lists the right-most hops of X-Forwarded-For, in order; it begins in
// the memory of reversed, which is empty.
func xffHops(reversed []hop, lines []string) []hop {
	bytes := 0
	for i := len(lines) - 1; i >= 0; i-- {
		rest, more := lines[i], true
		for more {
			if len(reversed) == maxHops {
				break
			}
			var item string
			rest, item, more = cutLast(rest)
			if bytes += len(item); bytes > maxBytes {
				return backwards(reversed)
			}
			reversed = append(reversed, hop{node: strings.Trim(item, " \t")})
		}
	}
	return backwards(reversed)
}

// cutLast splits s at its last comma.
func cutLast(s string) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, ','); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return "", s, false
}

func backwards(h []hop) []hop {
	for i, j := 0, len(h)-1; i < j; i, j = i+1, j-1 {
		h[i], h[j] = h[j], h[i]
	}
	return h
}

// last is the last value of a comma-separated header.
func last(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	_, item, _ := cutLast(lines[len(lines)-1])
	return strings.Trim(item, " \t")
}

// host returns s in lower case when it is a host with an optional port, else "".
func host(s string) string {
	if s == "" || len(s) > maxHost {
		return ""
	}
	for i := range len(s) {
		switch b := s[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		case strings.IndexByte("-._:[]", b) >= 0:
		default:
			return ""
		}
	}
	return strings.ToLower(s)
}
