package egress

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
)

// allow is what the operator named.
type allow struct {
	hosts    []string // host:port, lower case
	networks []netip.Prefix
	urls     []*url.URL
}

// parseAllow reads host:port, CIDR or address, and URL prefixes.
func parseAllow(entries []string) (allow, error) {
	var a allow
	for _, e := range entries {
		if err := a.add(strings.TrimSpace(e)); err != nil {
			return allow{}, err
		}
	}
	return a, nil
}

func (a *allow) add(entry string) error {
	if strings.Contains(entry, "://") {
		u, err := parseURL(entry)
		if err != nil || u.RawQuery != "" {
			return fmt.Errorf("egress: %q is not an http or https URL prefix", entry)
		}
		a.urls = append(a.urls, u)
		return nil
	}
	if p, err := netip.ParsePrefix(entry); err == nil {
		a.networks = append(a.networks, p.Masked())
		return nil
	}
	if addr, err := netip.ParseAddr(entry); err == nil {
		a.networks = append(a.networks, netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()))
		return nil
	}
	host, port, err := net.SplitHostPort(entry)
	if err != nil || host == "" || port == "" {
		return fmt.Errorf("egress: %q is neither host:port, a network such as 10.0.0.0/8, nor a URL prefix", entry)
	}
	a.hosts = append(a.hosts, strings.ToLower(net.JoinHostPort(host, port)))
	return nil
}

// names reports whether u itself is allowed, wherever its name points.
func (a *allow) names(u *url.URL) bool {
	if slices.Contains(a.hosts, authority(u)) {
		return true
	}
	return slices.ContainsFunc(a.urls, func(p *url.URL) bool {
		return p.Scheme == u.Scheme && authority(p) == authority(u) && under(u.Path, p.Path)
	})
}

// under reports whether p is prefix or lies below it. Dots are resolved first,
// as the other server may.
func under(p, prefix string) bool {
	p, prefix = path.Clean("/"+p), path.Clean("/"+prefix)
	return prefix == "/" || p == prefix || strings.HasPrefix(p, prefix+"/")
}

// network reports whether addr lies in an allowed network.
func (a *allow) network(addr netip.Addr) bool { return within(a.networks, addr.WithZone("").Unmap()) }

// authority is the host and port of u, in one spelling.
func authority(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), port)
}

// parseURL reads an absolute http or https URL without user information.
func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, ErrBlocked.Becausef("malformed URL")
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "", u.User != nil, u.Opaque != "":
		return nil, ErrBlocked.Becausef("not an absolute http or https URL without user information")
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}
