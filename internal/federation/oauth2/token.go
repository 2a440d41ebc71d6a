package oauth2

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/secret"
)

// Server is the authorization server that a token request goes to.
type Server struct {
	Issuer   string // audience of what we sign
	Endpoint string
	Method   string // one of federation's Auth methods
}

// Exchange trades a code that came back for tokens. The answer is not judged but
// for being one.
func (c *Client) Exchange(ctx context.Context, con federation.Connection, to Server, k federation.Kept, code string) (federation.Tokens, error) {
	if code == "" || len(code) > maxCode {
		return federation.Tokens{}, federation.ErrStatement.Becausef("a code of %d bytes", len(code))
	}
	return c.token(ctx, con, to, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {k.Callback}, "code_verifier": {k.Verifier.Reveal()},
	})
}

const (
	maxCode     = 8 << 10
	maxToken    = 32 << 10
	longestLife = 10 * 365 * 24 * time.Hour
)

// Refresh trades a refresh token for new tokens. Those that do not come anew are
// the old ones.
func (c *Client) Refresh(ctx context.Context, con federation.Connection, to Server, t federation.Tokens) (federation.Tokens, error) {
	if t.Refresh.IsZero() {
		return federation.Tokens{}, federation.ErrRefused.Becausef("no refresh token")
	}
	fresh, err := c.token(ctx, con, to, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {t.Refresh.Reveal()}})
	if err != nil {
		return federation.Tokens{}, err
	}
	if fresh.Refresh.IsZero() {
		fresh.Refresh = t.Refresh
	}
	if fresh.ID.IsZero() {
		fresh.ID = t.ID
	}
	if fresh.Scope == "" {
		fresh.Scope = t.Scope
	}
	return fresh, nil
}

// Revoke gives a token back (RFC 7009). A token that the service does not know is
// as good as revoked.
func (c *Client) Revoke(ctx context.Context, con federation.Connection, to Server, token secret.Text, hint string) error {
	if token.IsZero() {
		return nil
	}
	r, err := c.post(con, to, url.Values{"token": {token.Reveal()}, "token_type_hint": {hint}})
	if err != nil {
		return err
	}
	status, _, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	if status/100 != 2 {
		return statusError(status)
	}
	return nil
}

func (c *Client) token(ctx context.Context, con federation.Connection, to Server, form url.Values) (federation.Tokens, error) {
	r, err := c.post(con, to, form)
	if err != nil {
		return federation.Tokens{}, err
	}
	asked := c.now()
	status, body, err := c.do(ctx, r)
	if err != nil {
		return federation.Tokens{}, err
	}
	claims, err := federation.ParseClaims(body)
	if code, said := claims["error"].(string); err == nil && said {
		return federation.Tokens{}, Refusal(code, text(claims["error_description"]))
	}
	switch {
	case status != statusOK:
		return federation.Tokens{}, statusError(status)
	case err != nil:
		return federation.Tokens{}, federation.ErrUpstream.Because(err)
	}
	return tokens(claims, asked)
}

// post is a form with what proves who we are (OA-31).
func (c *Client) post(con federation.Connection, to Server, form url.Values) (egress.Request, error) {
	h := map[string][]string{"Accept": {"application/json"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	key, err := con.OpenSecret(c.keyring)
	if err != nil {
		return egress.Request{}, err
	}
	id := con.Settings.ClientID
	if to.Method == federation.AuthBasic {
		both := url.QueryEscape(id) + ":" + url.QueryEscape(key.Reveal())
		h["Authorization"] = []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(both))}
	} else {
		form.Set("client_id", id)
	}
	switch to.Method {
	case federation.AuthPost:
		form.Set("client_secret", key.Reveal())
	case federation.AuthApple:
		signed, err := c.assertion(con, key, con.Settings.TeamID, to.Issuer)
		if err != nil {
			return egress.Request{}, err
		}
		form.Set("client_secret", signed)
	case federation.AuthPrivateKeyJWT:
		signed, err := c.assertion(con, key, id, to.Issuer)
		if err != nil {
			return egress.Request{}, err
		}
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", signed)
	}
	return egress.Request{Method: "POST", URL: to.Endpoint, Header: h, Body: []byte(form.Encode())}, nil
}

// assertionLife is how long what we sign proves who we are.
const assertionLife = time.Minute

// assertion is a JWT that says who we are, for the service alone (RFC 7523, RFC
// 10070): what Apple wants as a secret, and others as it is.
func (c *Client) assertion(con federation.Connection, pem secret.Text, issuer, audience string) (string, error) {
	key, err := federation.SigningKey(pem, con.Settings.KeyID)
	if err != nil {
		return "", federation.ErrUpstream.Because(err)
	}
	now := c.now()
	payload, err := json.Marshal(map[string]any{
		"iss": issuer, "sub": con.Settings.ClientID, "aud": audience, "jti": random(), "iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	if err != nil {
		return "", err
	}
	return key.Sign("JWT", payload)
}

func tokens(claims map[string]any, asked time.Time) (federation.Tokens, error) {
	t := federation.Tokens{
		Access: secret.NewText(text(claims["access_token"])), Refresh: secret.NewText(text(claims["refresh_token"])),
		ID: secret.NewText(text(claims["id_token"])), Scope: text(claims["scope"]),
	}
	if kind, said := claims["token_type"]; said && !strings.EqualFold(text(kind), "bearer") {
		return federation.Tokens{}, federation.ErrStatement.Becausef("a token of another type")
	}
	for _, one := range []secret.Text{t.Access, t.Refresh, t.ID} {
		if len(one.Reveal()) > maxToken || strings.ContainsFunc(one.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }) {
			return federation.Tokens{}, federation.ErrStatement.Becausef("a token that is none")
		}
	}
	if t.Access.IsZero() {
		return federation.Tokens{}, federation.ErrStatement.Becausef("no access token")
	}
	if n, ok := claims["expires_in"].(json.Number); ok {
		if seconds, err := n.Int64(); err == nil && seconds > 0 && seconds < int64(longestLife/time.Second) {
			t.ExpiresAt = asked.Add(time.Duration(seconds) * time.Second).UTC().Truncate(time.Microsecond)
		}
	}
	return t, nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// Refusal is what an error of the authorization or token endpoint means.
func Refusal(code, description string) error {
	err := federation.ErrRefused
	switch code {
	case "server_error", "temporarily_unavailable":
		err = federation.ErrUpstream
	}
	return err.Becausef("%.64q: %.256q", code, description)
}
