package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Bounds of what the issuer may send.
const (
	maxMetadata      = 256 << 10
	maxKeySet        = 256 << 10
	maxIntrospection = 64 << 10
	maxBatch         = 128 << 20 // a snapshot of a million entries
	fetchWithin      = 10 * time.Second
	maxRedirects     = 3
)

var (
	errTooLong  = errors.New("the answer is larger than allowed")
	errRedirect = errors.New("redirected to another host")
	errInsecure = errors.New("must be https, or http on this machine when the issuer is")
)

// statusError is an answer that is not 200.
type statusError struct {
	status     int
	retryAfter time.Duration
}

func (e *statusError) Error() string { return fmt.Sprintf("answered %d", e.status) }

// transport is what verifiers dial with unless HTTPClient says otherwise. A dead
// HTTP/2 connection is noticed within two seconds.
func transport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:    3 * time.Second,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        90 * time.Second,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: time.Second, PingTimeout: time.Second},
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// fetcher asks the issuer: bounded in time and size, never across hosts.
type fetcher struct{ client *http.Client }

// newFetcher copies base, so that its redirect policy and its jar stay its own.
func newFetcher(base *http.Client) *fetcher {
	c := &http.Client{Transport: transport()}
	if base != nil {
		*c = *base
	}
	c.Jar = nil
	c.CheckRedirect = sameHost
	return &fetcher{client: c}
}

func sameHost(next *http.Request, via []*http.Request) error {
	first := via[0]
	if next.URL.Scheme != first.URL.Scheme || next.URL.Host != first.URL.Host || first.Method != http.MethodGet {
		return errRedirect
	}
	if len(via) > maxRedirects {
		return errors.New("too many redirects")
	}
	return nil
}

// do sends req and reads at most limit bytes of a 200; anything else is a
// *statusError or the transport's error.
func (f *fetcher) do(req *http.Request, limit int64) ([]byte, http.Header, error) {
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, nil, &statusError{status: resp.StatusCode, retryAfter: retryAfter(resp.Header)}
	}
	if resp.ContentLength > limit {
		return nil, nil, errTooLong
	}
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, nil, err
	}
	if n > limit {
		return nil, nil, errTooLong
	}
	return b.Bytes(), resp.Header, nil
}

// json gets a JSON document.
func (f *fetcher) json(ctx context.Context, address string, limit int64) ([]byte, http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Accept", "application/json, application/jwk-set+json")
	return f.do(req, limit)
}

// isJSON is for answers whose meaning rests on their being what was asked for.
func isJSON(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

func retryAfter(h http.Header) time.Duration {
	d, err := time.ParseDuration(h.Get("Retry-After") + "s")
	if err != nil || d < 0 {
		return 0
	}
	return min(d, time.Minute)
}

// endpoint parses an address that will be asked; local says that plain http on
// this machine is fine because the issuer is there too.
func endpoint(address string, local bool) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("%q is no address", address)
	}
	if u.Scheme == "https" || (u.Scheme == "http" && local && loopback(u.Hostname())) {
		return u, nil
	}
	return nil, fmt.Errorf("%q %w", address, errInsecure)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
