package oauth

import (
	"context"
	"errors"
	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/jwt"
	"net/http"
	"strconv"
	"strings"

	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/web"
)

// UserInfo is what the surface needs of oauth.Flow to tell about people.
type UserInfo interface {
	UserInfo(ctx context.Context, a *jwt.Access) (oauth.UserInfo, error)
}

// Holders checks access tokens and that whoever presents a bound one holds its key;
// an *authn.Authenticator is one.
type Holders interface {
	Held(ctx context.Context, p *authn.Presented) (*jwt.Access, error)
}

// userInfo answers GET and POST (OpenID Connect Core section 5.3). Pages of the
// token's client may read the answer (OA-97).
func (s *surface) userInfo(w http.ResponseWriter, r *http.Request) error {
	p, err := s.presentedToken(w, r)
	if err != nil {
		s.challenge(w, r, err, false)
		return err
	}
	web.Of(r).Presents("bearer", "")
	a, err := s.Tokens.Held(r.Context(), &p)
	if p.Nonce != "" {
		w.Header().Set("DPoP-Nonce", p.Nonce)
	}
	var told oauth.UserInfo
	if err == nil {
		told, err = s.Flow.UserInfo(r.Context(), a)
	}
	s.share(w, r, told.Client, err)
	if err != nil {
		s.challenge(w, r, err, true)
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
func (s *surface) presentedToken(w http.ResponseWriter, r *http.Request) (p authn.Presented, err error) {
	if strings.Contains(r.URL.RawQuery, "access_token") {
		return p, oauth.ErrInvalidRequest.Becausef("a token in the query")
	}
	p, presented, err := web.AccessToken(r)
	if err != nil {
		return p, err
	}
	p.URL = s.URL.Scheme + "://" + s.URL.Host + r.URL.EscapedPath()
	if r.Method == http.MethodPost && isForm(r.Header.Get("Content-Type")) {
		single, _, err := form(w, r)
		switch {
		case err != nil:
			return p, err
		case presented && single["access_token"] != "":
			return p, oauth.ErrInvalidRequest.Becausef("more than one token")
		case !presented:
			p.Token = single["access_token"]
		}
	}
	if p.Token == "" {
		return p, oauth.ErrToken.Becausef("no token")
	}
	return p, nil
}

// challenge is the header of RFC 6750 section 3 and RFC 9449 section 7.1. What went
// wrong is told only to who presented something.
func (s *surface) challenge(w http.ResponseWriter, r *http.Request, err error, presented bool) {
	p := problem.Of(err)
	realm := strings.TrimRight(s.URL.String(), "/")
	out := web.Challenge(r, web.Realm{Name: realm}, p)
	switch {
	case errors.Is(p, oauth.ErrScope):
		out = `Bearer realm="` + realm + `", error="insufficient_scope", scope="openid"`
	case p.Kind == problem.Invalid:
		out = `Bearer realm="` + realm + `", error="invalid_request"`
	case p.Kind == problem.Unauthenticated && presented && !strings.Contains(out, "error="):
		out += `, error="invalid_token"` // of a form
	}
	if out != "" {
		w.Header()["Www-Authenticate"] = []string{out}
	}
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
