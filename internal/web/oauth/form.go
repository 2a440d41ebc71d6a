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

	"github.com/mortise-auth/mortise/internal/client"
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
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, nil, oauth.ErrInvalidRequest.Becausef("content type %q", r.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, nil, web.ErrTooLarge.Because(err)
	}
	if err != nil {
		return nil, nil, oauth.ErrInvalidRequest.Because(err)
	}
	return parse(string(body))
}

func parse(body string) (single map[string]string, resources []string, err error) {
	if strings.Count(body, "&") >= maxParameters {
		return nil, nil, oauth.ErrInvalidRequest.Becausef("too many parameters")
	}
	values, err := url.ParseQuery(body)
	if err != nil {
		return nil, nil, oauth.ErrInvalidRequest.Because(err)
	}
	single = make(map[string]string, len(values))
	for name, all := range values {
		for _, v := range all {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				return nil, nil, oauth.ErrInvalidRequest.Becausef("parameter %q is no text", name)
			}
		}
		switch {
		case name == "resource":
			resources = slices.DeleteFunc(all, func(v string) bool { return v == "" })
		case len(all) > 1:
			return nil, nil, oauth.ErrInvalidRequest.Becausef("parameter %q is repeated", name)
		case all[0] != "":
			single[name] = all[0]
		}
	}
	return single, resources, nil
}

// credentials are what the client presented, by exactly one method (OA-31).
func credentials(r *http.Request, form map[string]string) (client.Credentials, error) {
	headers := r.Header["Authorization"]
	_, posted := form["client_secret"]
	switch {
	case len(headers) > 1 || len(headers) == 1 && posted:
		return client.Credentials{}, oauth.ErrInvalidRequest.Becausef("more than one way of authenticating")
	case form["client_assertion"] != "" || form["client_assertion_type"] != "":
		return client.Credentials{}, client.ErrCredentials.Becausef("private_key_jwt is not supported")
	case len(headers) == 1:
		return basic(headers[0], form["client_id"])
	case posted:
		return client.Credentials{ID: form["client_id"], Method: client.AuthPost, Secret: secret.NewText(form["client_secret"])}, nil
	}
	return client.Credentials{ID: form["client_id"], Method: client.AuthNone}, nil
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

// Caller reads the credentials of a client from a request without a body: the
// revocation feed's (RFC 7617).
func Caller(r *http.Request) (client.Credentials, error) {
	if len(r.Header["Authorization"]) != 1 {
		return client.Credentials{}, client.ErrCredentials.Becausef("no credentials, or several")
	}
	return basic(r.Header.Get("Authorization"), "")
}
