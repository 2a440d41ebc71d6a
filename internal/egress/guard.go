package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

type (
	plainKey     struct{} // bool: the request is plain http
	redirectsKey struct{} // int: how many redirects may be followed
)

// control checks an address at the moment a connection is made to it.
type control func(ctx context.Context, network, address string, _ syscall.RawConn) error

// guard admits public addresses over https, and allowed networks in any case.
// The address is the one being connected to, not one that was looked up before.
func (c *Client) guard(ctx context.Context, _, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return ErrBlocked.Because(err)
	}
	if c.allow.network(ap.Addr()) {
		return nil
	}
	if !Public(ap.Addr()) {
		return ErrBlocked.Becausef("%s is not a public address", ap.Addr())
	}
	if plain, _ := ctx.Value(plainKey{}).(bool); plain {
		return ErrBlocked.Becausef("plain http")
	}
	return nil
}

// transport bounds everything and takes nothing from the environment.
func transport(check control, roots *x509.CertPool) *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, ControlContext: check}
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        time.Minute,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    2,
		MaxConnsPerHost:        16,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
	}
}

// redirect follows as far as the request says, on the same scheme, host and
// port, and only to what is allowed for the same reason as the start.
func (c *Client) redirect(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	most, _ := req.Context().Value(redirectsKey{}).(int)
	same := req.URL.Scheme == first.Scheme && authority(req.URL) == authority(first) && req.URL.User == nil
	if len(via) > most || !same || c.allow.names(req.URL) != c.allow.names(first) {
		return http.ErrUseLastResponse
	}
	return nil
}
