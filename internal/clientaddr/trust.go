package clientaddr

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Trust is the set of proxies that are believed. The zero Trust believes nobody.
// It is immutable and safe for concurrent use.
type Trust struct {
	xff       []netip.Prefix // believed in X-Forwarded-*
	forwarded []netip.Prefix // believed in Forwarded (RFC 7239)
	unix      bool           // peers on a unix socket are believed in X-Forwarded-*
}

// NewTrust reads a list of proxies: an address, a CIDR, "loopback", or "unix" for
// peers on a unix socket; "forwarded=" before an address, CIDR or "loopback"
// marks proxies that write RFC 7239. A network that holds the whole internet is
// refused, because then anybody is a proxy.
func NewTrust(entries []string) (Trust, error) {
	var t Trust
	for _, entry := range entries {
		if err := t.add(strings.TrimSpace(entry)); err != nil {
			return Trust{}, err
		}
	}
	return t, nil
}

func (t *Trust) add(entry string) error {
	if entry == "unix" {
		t.unix = true
		return nil
	}
	network, rfc7239 := strings.CutPrefix(entry, "forwarded=")
	prefixes, err := parseNetwork(network)
	if err != nil {
		return err
	}
	if rfc7239 {
		t.forwarded = append(t.forwarded, prefixes...)
	} else {
		t.xff = append(t.xff, prefixes...)
	}
	return nil
}

func parseNetwork(s string) ([]netip.Prefix, error) {
	if s == "loopback" {
		return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, nil
	}
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return []netip.Prefix{netip.PrefixFrom(addr, addr.BitLen())}, nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return nil, fmt.Errorf("clientaddr: %q is not an address, a network such as 10.0.0.0/8, loopback or unix", s)
	}
	if p.Bits() == 0 {
		return nil, fmt.Errorf("clientaddr: trusting %s would let every client choose its own address; name the networks of your proxies", s)
	}
	if p.Addr().Is4In6() {
		if p.Bits() <= 96 {
			return nil, fmt.Errorf("clientaddr: write the IPv4 network %s in IPv4 form", s)
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return []netip.Prefix{p.Masked()}, nil
}

// proxy reports whether a is a believed proxy of either kind.
func (t Trust) proxy(a netip.Addr) bool { return contains(t.xff, a) || contains(t.forwarded, a) }

func contains(list []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}
