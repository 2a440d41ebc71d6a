package oauth

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/web"
)

// UserInfo is what the surface needs of oauth.Flow to tell about people.
type UserInfo interface {
	UserInfo(ctx context.Context, text string) (oauth.UserInfo, error)
}

// userInfo answers GET and POST (OpenID Connect Core section 5.3). Pages of the
// token's client may read the answer (OA-97).
func (s *surface) userInfo(w http.ResponseWriter, r *http.Request) error {
	text, err := s.presentedToken(w, r)
	if err != nil {
		s.challenge(w, err, text != "")
		return err
	}
	web.Of(r).Presents("bearer", "")
	told, err := s.Flow.UserInfo(r.Context(), text)
	s.share(w, r, told.Client, err)
	if err != nil {
		s.challenge(w, err, true)
		return err
	}
	if told.Signed {
		s.sendAs(w, s.jwt, told.Body)
	} else {
		s.send(w, http.StatusOK, told.Body)
	}
	return nil
}

// presentedToken is the access token of the Authorization header, or of the form
// of a POST; of one of them, and never of the query (OA-50).
func (s *surface) presentedToken(w http.ResponseWriter, r *http.Request) (string, error) {
	if strings.Contains(r.URL.RawQuery, "access_token") {
		return "", oauth.ErrInvalidRequest.Becausef("a token in the query")
	}
	text, presented, err := web.BearerToken(r)
	if err != nil {
		return "", err
	}
	if r.Method == http.MethodPost && isForm(r.Header.Get("Content-Type")) {
		single, _, err := form(w, r)
		switch {
		case err != nil:
			return "", err
		case presented && single["access_token"] != "":
			return "", oauth.ErrInvalidRequest.Becausef("more than one token")
		case !presented:
			text = single["access_token"]
		}
	}
	if text == "" {
		return "", oauth.ErrToken.Becausef("no token")
	}
	return text, nil
}

// challenge is the header of RFC 6750 section 3. What went wrong is told only to
// who presented something.
func (s *surface) challenge(w http.ResponseWriter, err error, presented bool) {
	p := problem.Of(err)
	out := `Bearer realm="` + strings.TrimRight(s.URL.String(), "/") + `"`
	switch {
	case errors.Is(p, oauth.ErrScope):
		out += `, error="insufficient_scope", scope="openid"`
	case p.Kind == problem.Unauthenticated && presented:
		out += `, error="invalid_token"`
	case p.Kind == problem.Invalid:
		out += `, error="invalid_request"`
	case p.Kind != problem.Unauthenticated:
		return
	}
	w.Header()["Www-Authenticate"] = []string{out}
}

// sendAs sends a text of another kind than JSON.
func (s *surface) sendAs(w http.ResponseWriter, kind []string, body []byte) {
	h := w.Header()
	h["Content-Type"], h["Cache-Control"], h["Pragma"] = kind, s.noStore, s.noCache
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(http.StatusOK)
	if _, err := w.Write(body); err != nil {
		s.Log.Debug("an answer was not taken", "error", err)
	}
}
