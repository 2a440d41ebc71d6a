package clientaddr

import (
	"net/netip"
	"strings"

	"github.com/mortise-auth/mortise/internal/ratelimit"
)

// Request is what the connection and the headers say.
type Request struct {
	Peer    string              // remote address, host:port; "" or "@" on a unix socket
	TLS     bool                // the connection to us is TLS
	Host    string              // of the request line or Host header
	Headers map[string][]string // canonical names; an http.Header fits
}

// Client is who asks, as far as it can be known.
type Client struct {
	Addr      netip.Addr // not 4-in-6, without zone; invalid for a unix socket
	Scheme    string     // "http" or "https"
	Host      string     // lower case, port kept; empty when it is not a valid host
	ViaProxy  bool       // a believed proxy sent it
	Forwarded bool       // some forwarding header is present, believed or not
}

// Source is the network that limits count: a /32 or a /64. Clients on a unix
// socket, which only the owner of its file can be, are "unix".
func (c Client) Source() string {
	if !c.Addr.IsValid() {
		return "unix"
	}
	return ratelimit.Source(c.Addr).String()
}

// Of finds the client of a request.
func (t Trust) Of(r Request) Client {
	c := Client{Addr: peer(r.Peer), Scheme: "http", Host: host(r.Host), Forwarded: forwarding(r.Headers)}
	if r.TLS {
		c.Scheme = "https"
	}
	switch {
	case !c.Addr.IsValid():
		if t.unix {
			t.believeX(&c, r.Headers)
		}
	case contains(t.forwarded, c.Addr):
		t.believeForwarded(&c, r.Headers["Forwarded"])
	case contains(t.xff, c.Addr):
		t.believeX(&c, r.Headers)
	}
	return c
}

// believeX reads X-Forwarded-*. Of several schemes or hosts the last counts: it
// is the one our own proxy wrote.
func (t Trust) believeX(c *Client, h map[string][]string) {
	c.ViaProxy = true
	var few [2]hop
	t.walk(c, xffHops(few[:0], h["X-Forwarded-For"]))
	c.setScheme(last(h["X-Forwarded-Proto"]))
	if v := last(h["X-Forwarded-Host"]); v != "" {
		c.Host = host(v)
	}
}

// believeForwarded reads RFC 7239. Scheme and host come from the element that
// names the client, which a believed proxy wrote.
func (t Trust) believeForwarded(c *Client, lines []string) {
	c.ViaProxy = true
	hops, ok := parseForwarded(lines)
	if !ok || len(hops) == 0 {
		return
	}
	seen := t.walk(c, hops)
	if seen < 0 {
		return
	}
	c.setScheme(hops[seen].proto)
	if v := hops[seen].host; v != "" {
		c.Host = host(v)
	}
}

// hop is one step of the way, as the proxy after it saw it.
type hop struct{ node, proto, host string }

// walk goes from the right to the first address that is no proxy, and returns
// its index, or that of the last hop that could be read; -1 when none could.
func (t Trust) walk(c *Client, hops []hop) int {
	seen := -1
	for i := len(hops) - 1; i >= 0; i-- {
		addr, ok := parseNode(hops[i].node)
		if !ok {
			return seen
		}
		c.Addr, seen = addr, i
		if !t.proxy(addr) {
			return seen
		}
	}
	return seen
}

func (c *Client) setScheme(s string) {
	switch s = strings.ToLower(s); s {
	case "http", "https":
		c.Scheme = s
	}
}
