package egress

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

// Options of a Client. The zero value of each is safe.
type Options struct {
	Allow   []string       // host:port, CIDR or URL prefixes that may be private or plain http
	Agent   string         // User-Agent; empty: "mortise"
	Timeout time.Duration  // for a whole request; 0: 10 s
	Roots   *x509.CertPool // trusted authorities; nil: the system's
	Blocked func(context.Context, Blocked)
	Now     func() time.Time // for the rests of failing hosts; required
}

// Blocked tells about a refused request: ssrf.blocked in the audit trail.
type Blocked struct {
	Host   string // host:port as asked for
	Reason string
}

// Client makes outbound requests.
type Client struct {
	allow   allow
	agent   string
	blocked func(context.Context, Blocked)
	breaker breaker
	guarded *http.Client // targets nobody named
	named   *http.Client // targets the operator named; connections are not shared
}

// New makes a client. A faulty Allow entry is an error.
func New(o Options) (*Client, error) {
	a, err := parseAllow(o.Allow)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		return nil, errors.New("egress: a clock is required")
	}
	c := &Client{allow: a, agent: o.Agent, blocked: o.Blocked, breaker: breaker{now: o.Now, hosts: make(map[string]*health)}}
	if c.agent == "" {
		c.agent = "mortise"
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	c.guarded = &http.Client{Timeout: o.Timeout, Transport: transport(c.guard, o.Roots), CheckRedirect: c.redirect}
	c.named = &http.Client{Timeout: o.Timeout, Transport: transport(nil, o.Roots), CheckRedirect: c.redirect}
	return c, nil
}

// Request is one outbound request.
type Request struct {
	Method    string // empty: GET
	URL       string
	Header    http.Header
	Body      []byte
	MaxBytes  int64 // of the answer's body, at least 1
	Redirects int   // how many to follow, on the same scheme, host and port only
}

// Response is a whole answer, of any status. A redirect that is not followed is
// returned as it is.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Get is Do for a GET.
func (c *Client) Get(ctx context.Context, rawURL string, maxBytes int64, header http.Header) (Response, error) {
	return c.Do(ctx, Request{URL: rawURL, MaxBytes: maxBytes, Header: header})
}

// Do makes one request and reads the whole answer. It fails with ErrBlocked,
// ErrTooLarge, ErrResting or ErrFailed.
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	u, err := parseURL(r.URL)
	if err != nil {
		return Response{}, c.report(ctx, "", err) // the text may hold anything, a password too
	}
	host := authority(u)
	if wait := c.breaker.admit(host); wait > 0 {
		return Response{}, ErrResting.After(wait)
	}
	resp, err := c.exchange(ctx, u, r)
	switch {
	case errors.Is(err, ErrBlocked):
		return Response{}, c.report(ctx, host, err)
	case err != nil && ctx.Err() != nil:
		return Response{}, ErrFailed.Because(err) // we gave up: not the host's fault
	case err != nil, resp.Status >= 500:
		c.breaker.failed(host)
	default:
		c.breaker.succeeded(host)
	}
	return resp, err
}

func (c *Client) exchange(ctx context.Context, u *url.URL, r Request) (Response, error) {
	ctx = context.WithValue(ctx, redirectsKey{}, r.Redirects)
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), bytes.NewReader(r.Body))
	if err != nil {
		return Response{}, ErrBlocked.Because(err)
	}
	if r.Header != nil {
		req.Header = r.Header.Clone()
	}
	req.Header.Set("User-Agent", c.agent)
	client := c.guarded
	if c.allow.names(u) {
		client = c.named
	} else {
		req = req.WithContext(context.WithValue(ctx, plainKey{}, u.Scheme == "http"))
	}
	resp, err := client.Do(req)
	if err != nil {
		return Response{}, classify(err)
	}
	defer resp.Body.Close()
	return read(resp, max(r.MaxBytes, 1))
}

func read(resp *http.Response, most int64) (Response, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return Response{}, ErrFailed.Because(err)
	}
	if int64(len(body)) > most {
		return Response{}, ErrTooLarge.Becausef("over %d bytes", most)
	}
	return Response{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

// classify brings out the guard's own refusal, without the URL that net/http
// puts around it.
func classify(err error) error {
	var p *problem.Error
	if errors.As(err, &p) && errors.Is(p, ErrBlocked) {
		return p
	}
	return ErrFailed.Because(err)
}

func (c *Client) report(ctx context.Context, target string, err error) error {
	if c.blocked != nil {
		c.blocked(ctx, Blocked{Host: target[:min(len(target), 256)], Reason: err.Error()})
	}
	return fmt.Errorf("egress: %w", err)
}
