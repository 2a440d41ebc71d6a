package gateway

import (
	"net/netip"

	"github.com/mortise-auth/mortise/internal/authn"
)

// Original is the request a proxy asks about.
type Original struct {
	Scheme, Host string
	Method       string
	Target       string // path and query as they came over the wire
	Client       netip.Addr

	Navigate bool   // a browser that wants a page
	Upgrade  bool   // to another protocol, such as a WebSocket
	Origin   string // header; "" when absent
	Site     string // Sec-Fetch-Site; "" when absent

	Token   authn.Presented // of Authorization; its Token is "" when absent
	Gate    string          // cookie of this host; "" when absent
	Session string          // the provider's own cookie: only looked at on the provider's own host
}

// unsafe reports whether the method may change something (RFC 9110, 9.2.1).
func (o *Original) unsafe() bool {
	switch o.Method {
	case "GET", "HEAD", "OPTIONS":
		return false
	}
	return true
}

// sameOrigin is SE-31 against the site's own origin, and for upgrades TH-39.
func (o *Original) sameOrigin(cookie bool) bool {
	own := func() bool {
		n := len(o.Scheme)
		return len(o.Origin) == n+3+len(o.Host) && o.Origin[:n] == o.Scheme && o.Origin[n:n+3] == "://" && o.Origin[n+3:] == o.Host
	}
	switch {
	case o.Upgrade:
		return own() || o.Origin == "" && !cookie
	case !o.unsafe() || !cookie:
		return true
	case o.Site != "":
		return o.Site == "same-origin" || o.Site == "none"
	}
	return o.Origin == "" || own()
}
