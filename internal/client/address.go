package client

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Addresses says which addresses may be registered beyond those of production.
type Addresses struct {
	Dev bool // http on this machine, for any client
	// Localhost is for native clients that registered themselves: many tools
	// listen on http://localhost, which is compared as exactly as any address (OA-2).
	Localhost bool
}

const maxAddress = 2048

var (
	hostName = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	// Addresses are compared as they are written, so they are written without
	// anything that a browser or a proxy would write differently.
	plain = regexp.MustCompile(`^[A-Za-z0-9!$&'()*+,;=:@/?._~%\[\]-]+$`)
	// refused never lead to a program of a client, whatever its type (OA-3).
	refused = []string{"javascript", "data", "vbscript", "file", "blob", "about"}
)

// Redirect checks a redirect or post-logout address of a client of type t
// (OA-3), and returns what is wrong with it, or nothing.
func (a Addresses) Redirect(text string, t Type) string {
	u, fault := address(text)
	if fault != "" {
		return fault
	}
	switch {
	case slices.Contains(refused, u.Scheme):
		return "its scheme is never a redirect"
	case u.Scheme == "https":
		return ""
	case u.Scheme == "http":
		if (a.Dev || a.Localhost && t == Native) && loopbackName(u) || t == Native && loopbackLiteral(u) {
			return ""
		}
		return "plain http is for 127.0.0.1 and [::1] of native clients, and for loopback in development"
	case t != Native:
		return "only native clients have a scheme of their own"
	case !strings.Contains(u.Scheme, "."):
		return "a scheme of one's own is a reversed domain name, with a dot (RFC 8252)"
	}
	return ""
}

// Endpoint checks an address that we will call ourselves.
func (a Addresses) Endpoint(text string) string {
	u, fault := address(text)
	switch {
	case fault != "":
		return fault
	case u.Scheme == "https" || u.Scheme == "http" && a.Dev && loopbackName(u):
		return ""
	}
	return "it is not https"
}

// Document checks a client_id that is the address of the client's metadata: an
// https address with a path, written in the only way it can be.
func (a Addresses) Document(text string) string {
	u, fault := address(text)
	switch {
	case fault != "":
		return fault
	case len(u.Path) < 2:
		return "it has no path"
	case u.RawQuery != "" || u.ForceQuery:
		return "it has a query"
	}
	return a.Endpoint(text)
}

// Origin checks the origin of a browser's page, in the form browsers send it
// (RFC 6454).
func (a Addresses) Origin(text string) string {
	u, fault := address(text)
	switch {
	case fault != "":
		return fault
	case u.Scheme+"://"+u.Host != text:
		return "an origin ends with its host and port"
	case u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80":
		return "browsers leave the usual port out"
	case u.Scheme == "https" || u.Scheme == "http" && a.Dev && loopbackName(u):
		return ""
	}
	return "it is not https"
}

// address reads an absolute address that means the same to everybody.
func address(text string) (*url.URL, string) {
	if text == "" || len(text) > maxAddress || !plain.MatchString(text) {
		return nil, "it is empty, too long, or has characters that an address does not have"
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme == "" || u.Opaque != "":
		return nil, "it is not a complete address"
	case !strings.HasPrefix(text, u.Scheme+":/"):
		return nil, "its scheme is written in lower case and followed by :/"
	case u.User != nil || strings.Contains(u.Host, "@"):
		return nil, "it holds a user name"
	case u.String() != text:
		return nil, "it can be written in another way; write it as " + u.String()
	case dotted(u.Path):
		return nil, "its path has a dot segment, which browsers resolve"
	}
	if web := u.Scheme == "https" || u.Scheme == "http"; web || u.Host != "" {
		return u, host(u)
	}
	return u, ""
}

// host checks the authority of u.
func host(u *url.URL) string {
	name, port := u.Hostname(), u.Port()
	if n, err := strconv.Atoi(port); port == "" && strings.HasSuffix(u.Host, ":") || port != "" && (err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != port) {
		return "its port is not a number from 1 to 65535"
	}
	if strings.HasPrefix(u.Host, "[") {
		ip, err := netip.ParseAddr(name)
		if err != nil || !ip.Is6() || ip.Zone() != "" || ip.String() != name {
			return "its host is not an IPv6 address in its usual form"
		}
		return ""
	}
	if len(name) > 253 || !hostName.MatchString(name) {
		return "its host is not a name in lower-case ASCII"
	}
	// What ends in a number is an IPv4 address to browsers, in forms such as 0x7f.1.
	last := name[strings.LastIndexByte(name, '.')+1:]
	if ip, err := netip.ParseAddr(name); numeric(last) && (err != nil || !ip.Is4()) {
		return "its host is not an IPv4 address in its usual form"
	}
	return ""
}

func numeric(label string) bool {
	if strings.HasPrefix(label, "0x") {
		return true
	}
	return strings.Trim(label, "0123456789") == ""
}

// dotted looks at the path as browsers do, to whom %2e is a dot.
func dotted(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// loopbackLiteral is the loopback address as RFC 8252 has it: localhost is a
// name that a resolver may give to somebody else (OA-2).
func loopbackLiteral(u *url.URL) bool {
	return u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
}

func loopbackName(u *url.URL) bool { return loopbackLiteral(u) || u.Hostname() == "localhost" }

// Matches reports whether a redirect address that was sent is one of c's: the
// same text (OA-1), or for a native client a loopback literal that differs in
// nothing but its port (OA-2).
func (c Client) Matches(sent string) bool {
	if slices.Contains(c.RedirectURIs, sent) {
		return true
	}
	if c.Type != Native {
		return false
	}
	bare, ok := withoutPort(sent)
	return ok && slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		other, ok := withoutPort(registered)
		return ok && other == bare
	})
}

// withoutPort takes the port out of a loopback literal's address.
func withoutPort(text string) (string, bool) {
	u, fault := address(text)
	if fault != "" || u.Scheme != "http" || !loopbackLiteral(u) {
		return "", false
	}
	front, rest, _ := strings.Cut(text, u.Host)
	return front + strings.TrimSuffix(u.Host, ":"+u.Port()) + rest, true
}

// RedirectOrigins are the origins of a public client's pages, as far as its https
// redirect addresses tell: a page that is sent the code may redeem it.
func (c Client) RedirectOrigins() []string {
	if !c.Public() {
		return nil
	}
	var out []string
	for _, text := range c.RedirectURIs {
		if u, err := url.Parse(text); err == nil && u.Scheme == "https" && (Addresses{}).Origin(u.Scheme+"://"+u.Host) == "" {
			out = append(out, u.Scheme+"://"+u.Host)
		}
	}
	return set(out)
}
