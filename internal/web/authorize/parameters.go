package authorize

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	flow "github.com/mortise-auth/mortise/internal/authorize"
	"github.com/mortise-auth/mortise/internal/web"
)

const (
	maxForm       = 64 << 10
	maxParameters = 64
)

// parameters reads a query or form. What comes more than once stays so: whether it
// may is the flow's to say, which knows where to say it.
func parameters(text string) (flow.Params, error) {
	if len(text) > maxForm {
		return nil, web.ErrTooLarge
	}
	if strings.Count(text, "&") >= maxParameters {
		return nil, web.ErrBadRequest.Becausef("too many parameters")
	}
	p := flow.Params{}
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		if strings.Contains(pair, ";") {
			return nil, web.ErrBadRequest.Becausef("a semicolon between parameters")
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return nil, web.ErrBadRequest.Because(err)
		}
		if !utf8.ValidString(name) || !utf8.ValidString(value) || strings.Contains(value, "\x00") {
			return nil, web.ErrBadRequest.Becausef("a parameter is no text")
		}
		if value != "" { // an empty one is absent (OA-10)
			p[name] = append(p[name], value)
		}
	}
	return p, nil
}

// posted reads a form; parameters beside it, in the address, are refused.
func posted(w http.ResponseWriter, r *http.Request) (flow.Params, error) {
	if r.URL.RawQuery != "" {
		return nil, web.ErrBadRequest.Becausef("parameters in the query of a form")
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, web.ErrMedia
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return nil, web.ErrTooLarge
	}
	if err != nil {
		return nil, web.ErrBadRequest.Because(err)
	}
	return parameters(string(body))
}
