package oauth

import (
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/assertion"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/web"
)

const (
	maxBody       = 64 << 10
	maxParameters = 64
)

// form reads the body of a protocol request (OA-10, OA-30): each parameter once,
// but for resource; unknown ones are ignored, empty ones are absent.
func form(w http.ResponseWriter, r *http.Request) (single map[string]string, resources []string, err error) {
	if r.URL.RawQuery != "" {
		return nil, nil, oauth.ErrInvalidRequest.Becausef("parameters in the query")
	}
	if !isForm(r.Header.Get("Content-Type")) {
		return nil, nil, oauth.ErrInvalidRequest.Becausef("content type %q", r.Header.Get("Content-Type"))
	}
	body, err := read(http.MaxBytesReader(w, r.Body, maxBody), r.ContentLength)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, nil, web.ErrTooLarge.Because(err)
	}
	if err != nil {
		return nil, nil, oauth.ErrInvalidRequest.Because(err)
	}
	return parse(body)
}

func isForm(header string) bool {
	const form = "application/x-www-form-urlencoded"
	if header == form {
		return true
	}
	kind, _, err := mime.ParseMediaType(header)
	return err == nil && kind == form
}

// read takes all of a body; announced is how long it is said to be, or -1.
func read(body io.Reader, announced int64) (string, error) {
	if announced < 0 || announced > maxBody {
		b, err := io.ReadAll(body)
		return string(b), err
	}
	b := make([]byte, announced) // net/http ends the body there
	_, err := io.ReadFull(body, b)
	return string(b), err
}

// parameter is one of a form, decoded.
type parameter struct{ name, value string }

func parse(body string) (single map[string]string, resources []string, err error) {
	if strings.Count(body, "&") >= maxParameters {
		return nil, nil, oauth.ErrInvalidRequest.Becausef("too many parameters")
	}
	var space [8]parameter
	all := space[:0]
	single = make(map[string]string, cap(all))
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		p, err := decode(pair)
		if err != nil {
			return nil, nil, err
		}
		if p.name == "resource" {
			if p.value != "" {
				resources = append(resources, p.value)
			}
			continue
		}
		if slices.ContainsFunc(all, func(other parameter) bool { return other.name == p.name }) {
			return nil, nil, oauth.ErrInvalidRequest.Becausef("parameter %q is repeated", p.name)
		}
		all = append(all, p)
		if p.value != "" {
			single[p.name] = p.value
		}
	}
	return single, resources, nil
}

// decode reads a pair as url.ParseQuery does, and takes only text.
func decode(pair string) (p parameter, err error) {
	if strings.Contains(pair, ";") {
		return p, oauth.ErrInvalidRequest.Becausef("a semicolon between parameters")
	}
	name, value, _ := strings.Cut(pair, "=")
	if p.name, err = url.QueryUnescape(name); err == nil {
		p.value, err = url.QueryUnescape(value)
	}
	switch {
	case err != nil:
		return p, oauth.ErrInvalidRequest.Because(err)
	case !utf8.ValidString(p.value) || strings.Contains(p.value, "\x00"):
		return p, oauth.ErrInvalidRequest.Becausef("parameter %q is no text", p.name)
	}
	return p, nil
}

// credentials are what the client presented, by exactly one method (OA-31).
func credentials(r *http.Request, form map[string]string) (client.Credentials, error) {
	headers := r.Header["Authorization"]
	_, posted := form["client_secret"]
	asserted := form["client_assertion"] != "" || form["client_assertion_type"] != ""
	switch {
	case len(headers) > 1 || len(headers) == 1 && (posted || asserted) || posted && asserted:
		return client.Credentials{}, oauth.ErrInvalidRequest.Becausef("more than one way of authenticating")
	case asserted:
		return signed(form)
	case len(headers) == 1:
		return basic(headers[0], form["client_id"])
	case posted:
		return client.Credentials{ID: form["client_id"], Method: client.AuthPost, Secret: secret.NewText(form["client_secret"])}, nil
	}
	return client.Credentials{ID: form["client_id"], Method: client.AuthNone}, nil
}

// signed reads the parameters of RFC 7523. client_id is optional beside them, and
// says the same as the assertion (RFC 7521 section 4.2).
func signed(form map[string]string) (client.Credentials, error) {
	text := form["client_assertion"]
	c := client.Credentials{ID: jwt.ClaimedClient(text), Method: client.AuthPrivateKeyJWT, Assertion: secret.NewText(text)}
	if form["client_assertion_type"] != assertion.Type {
		return c, client.ErrCredentials.Becausef("client_assertion_type %.80q", form["client_assertion_type"])
	}
	if named := form["client_id"]; named != "" && named != c.ID {
		return c, client.ErrCredentials.Becausef("the assertion is not from client_id")
	}
	return c, nil
}

// basic reads the header of RFC 7617. Both halves are form-encoded (RFC 6749
// section 2.3.1).
func basic(header, named string) (client.Credentials, error) {
	c := client.Credentials{Method: client.AuthBasic}
	scheme, encoded, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Basic") {
		return c, client.ErrCredentials.Becausef("scheme %.20q", scheme)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return c, client.ErrCredentials.Because(errors.New("not base64"))
	}
	id, pass, ok := strings.Cut(string(raw), ":")
	if !ok {
		return c, client.ErrCredentials.Because(errors.New("no colon"))
	}
	if c.ID, err = url.QueryUnescape(id); err != nil {
		return c, client.ErrCredentials.Because(errors.New("client_id is not form-encoded"))
	}
	plain, err := url.QueryUnescape(pass)
	if err != nil {
		return c, client.ErrCredentials.Because(errors.New("the secret is not form-encoded"))
	}
	if named != "" && named != c.ID {
		return c, oauth.ErrInvalidRequest.Becausef("two client_ids")
	}
	c.Secret = secret.NewText(plain)
	return c, nil
}

// Caller reads the credentials of a client that follows the revocation feed: the
// header of RFC 7617, or a form with an assertion, for those that have no secret.
func Caller(r *http.Request) (client.Credentials, error) {
	if r.Method == http.MethodPost {
		return posted(r)
	}
	if len(r.Header["Authorization"]) != 1 {
		return client.Credentials{}, client.ErrCredentials.Becausef("no credentials, or several")
	}
	return basic(r.Header.Get("Authorization"), "")
}

// posted reads the credentials in a form. The question stays in the query.
func posted(r *http.Request) (client.Credentials, error) {
	if !isForm(r.Header.Get("Content-Type")) {
		return client.Credentials{}, oauth.ErrInvalidRequest.Becausef("content type %q", r.Header.Get("Content-Type"))
	}
	body, err := read(http.MaxBytesReader(nil, r.Body, maxBody), r.ContentLength)
	if err != nil {
		return client.Credentials{}, oauth.ErrInvalidRequest.Because(err)
	}
	form, _, err := parse(body)
	if err != nil {
		return client.Credentials{}, err
	}
	return credentials(r, form)
}
