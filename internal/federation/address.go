package federation

import (
	"net/netip"
	"net/url"
	"strings"
)

const maxAddress = 2048

// address reads an absolute address that we call or send browsers to: https, or in
// development http on this machine. The second result says what is wrong with it.
func address(text string, dev bool) (*url.URL, string) {
	u, err := url.Parse(text)
	switch {
	case text == "" || len(text) > maxAddress || err != nil || !u.IsAbs() || u.Opaque != "" || u.Hostname() == "":
		return nil, "is not a complete address"
	case u.User != nil:
		return nil, "holds a user name"
	case u.Fragment != "" || strings.Contains(text, "#"):
		return nil, "has a fragment"
	case u.String() != text || strings.ToLower(u.Host) != u.Host:
		return nil, "can be written in another way; write it as " + strings.ToLower(u.Scheme+"://"+u.Host) + u.RequestURI()
	case u.Scheme == "https" || u.Scheme == "http" && dev && loopback(u):
		return u, ""
	}
	return nil, "is not https"
}

func loopback(u *url.URL) bool {
	if u.Hostname() == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.IsLoopback()
}

// Tenant is the tenant in an issuer of Microsoft: an id, or common,
// organizations or consumers. Empty: it is no such issuer.
func Tenant(issuer string) string {
	front, ok := strings.CutSuffix(issuer, "/v2.0")
	if !ok {
		return ""
	}
	tenant := front[strings.LastIndexByte(front, '/')+1:]
	switch {
	case IsTenant(tenant), tenant == "common", tenant == "organizations", tenant == "consumers":
		return tenant
	}
	return ""
}

// IsTenant reports whether s is the id of a tenant: a UUID in lower case.
func IsTenant(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') || !dash && !strings.Contains("0123456789abcdef", s[i:i+1]) {
			return false
		}
	}
	return true
}
