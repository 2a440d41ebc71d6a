package oauth2

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
)

// HTTP makes outbound requests: egress.Client.
type HTTP interface {
	Do(ctx context.Context, r egress.Request) (egress.Response, error)
}

// Options of a Service and a Client. All are required.
type Options struct {
	HTTP    HTTP
	Keyring federation.Opener // of the connections' secrets
	Now     func() time.Time
}

// Client makes the requests of OAuth 2.0. It is safe for concurrent use.
type Client struct {
	http    HTTP
	keyring federation.Opener
	now     func() time.Time
}

// NewClient makes a Client.
func NewClient(o Options) *Client { return &Client{o.HTTP, o.Keyring, o.Now} }

// Bounds of a request to a service and its answer.
const (
	maxAnswer = 256 << 10
	timeout   = 8 * time.Second
)

// Get asks a resource for JSON, with an access token unless that is empty.
func (c *Client) Get(ctx context.Context, address string, token secret.Text, header map[string]string) (any, error) {
	h := map[string][]string{"Accept": {"application/json"}}
	if !token.IsZero() {
		h["Authorization"] = []string{"Bearer " + token.Reveal()}
	}
	for name, value := range header {
		h[name] = []string{value}
	}
	status, body, err := c.do(ctx, egress.Request{URL: address, Header: h})
	if err != nil {
		return nil, err
	}
	if status != statusOK {
		return nil, statusError(status)
	}
	v, err := federation.ParseValue(body)
	if err != nil {
		return nil, federation.ErrUpstream.Because(err)
	}
	return v, nil
}

const statusOK = 200

// ErrStatus in a chain says that the service answered, and not with 200.
type ErrStatus int

func (e ErrStatus) Error() string { return "answered with another status than 200" }

// statusError is ErrRefused for what the service does not want, ErrUpstream for
// what it cannot.
func statusError(status int) error {
	if status >= 400 && status < 500 && status != 408 && status != 429 {
		return federation.ErrRefused.Because(ErrStatus(status))
	}
	return federation.ErrUpstream.Because(ErrStatus(status))
}

func (c *Client) do(ctx context.Context, r egress.Request) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r.MaxBytes = maxAnswer
	resp, err := c.http.Do(ctx, r)
	if err != nil {
		return 0, nil, Unreachable(err)
	}
	return resp.Status, resp.Body, nil
}

// Unreachable is ErrUpstream for an error of egress, which says when to try again.
func Unreachable(err error) error {
	out := federation.ErrUpstream.Because(err)
	var p *problem.Error
	if errors.As(err, &p) && p.RetryAfter > 0 {
		return out.After(p.RetryAfter)
	}
	return out
}

// Address is an endpoint with more parameters.
func Address(endpoint string, params url.Values) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", federation.ErrUpstream.Because(err)
	}
	q := u.Query()
	for name, values := range params {
		q[name] = values
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// Authorization are the parameters that every authorization request has, and what
// has to be kept for its answer.
func Authorization(c federation.Connection, a federation.Ask) (url.Values, federation.Kept) {
	verifier := random()
	sum := sha256.Sum256([]byte(verifier))
	params := url.Values{
		"response_type": {"code"}, "client_id": {c.Settings.ClientID}, "redirect_uri": {a.Callback}, "state": {a.State},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	if scopes := c.Scopes(); len(scopes) > 0 {
		params.Set("scope", strings.Join(scopes, " "))
	}
	return params, federation.Kept{Issuer: c.Issuer(), Verifier: secret.NewText(verifier), Callback: a.Callback}
}

// Random is a value that nobody guesses: 43 characters of base64url.
func random() string {
	var b [32]byte
	secret.Fill(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Nonce is one for an ID token.
func Nonce() string { return random() }
