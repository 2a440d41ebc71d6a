package oauth

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/web"
)

// UserInfo is what the surface needs of oauth.Flow to tell about people.
type UserInfo interface {
	UserInfo(ctx context.Context, a *jwt.Access) (oauth.UserInfo, error)
}

// Tokens checks access tokens and the binding they have; authn.Authenticator is one.
type Tokens interface {
	Proven(ctx context.Context, p *authn.Presented) (*jwt.Access, error)
}

// userInfo answers GET and POST (OpenID Connect Core section 5.3). Pages of the
// token's client may read the answer (OA-97).
func (s *surface) userInfo(w http.ResponseWriter, r *http.Request) error {
	p, err := s.presentedToken(w, r)
	var told oauth.UserInfo
	if err == nil {
		told, err = s.told(w, r, p)
	}
	s.share(w, r, told.Client, err)
	if err != nil {
		s.challenge(w, r, p.Token != "", problem.Of(err))
		return err
	}
	if told.Signed {
		s.sendAs(w, s.jwt, told.Body)
	} else {
		s.send(w, http.StatusOK, told.Body)
	}
	return nil
}

func (s *surface) told(w http.ResponseWriter, r *http.Request, p *authn.Presented) (oauth.UserInfo, error) {
	web.Of(r).Presents("bearer", "")
	if p.DPoP {
		p.URL = web.PublicURL(s.URL, r)
	}
	a, err := s.Tokens.Proven(r.Context(), p)
	if p.Nonce != "" {
		w.Header().Set("DPoP-Nonce", p.Nonce)
	}
	if err != nil {
		return oauth.UserInfo{}, err
	}
	return s.Flow.UserInfo(r.Context(), a)
}

// presentedToken is the access token of the Authorization header, or of the form
// of a POST; of one of them, and never of the query (OA-50). It is never nil.
func (s *surface) presentedToken(w http.ResponseWriter, r *http.Request) (*authn.Presented, error) {
	p, presented, err := web.AccessToken(r)
	switch {
	case err != nil:
		return &p, err
	case strings.Contains(r.URL.RawQuery, "access_token"):
		return &p, oauth.ErrInvalidRequest.Becausef("a token in the query")
	}
	if r.Method == http.MethodPost && isForm(r.Header.Get("Content-Type")) {
		single, _, err := form(w, r)
		switch {
		case err != nil:
			return &p, err
		case presented && single["access_token"] != "":
			return &p, oauth.ErrInvalidRequest.Becausef("more than one token")
		case !presented:
			p.Token = single["access_token"]
		}
	}
	if p.Token == "" {
		return &p, oauth.ErrToken.Becausef("no token")
	}
	return &p, nil
}

// challenge is the header of RFC 6750 section 3. What went wrong is told only to
// who presented something.
func (s *surface) challenge(w http.ResponseWriter, r *http.Request, presented bool, p *problem.Error) {
	realm := strings.TrimRight(s.URL.String(), "/")
	out := web.Challenge(r, web.Realm{Name: realm}, p)
	scheme := "Bearer"
	if token, _, err := web.AccessToken(r); err == nil && token.DPoP {
		scheme = "DPoP"
	}
	switch {
	case errors.Is(p, oauth.ErrScope):
		out = scheme + ` realm="` + realm + `", error="insufficient_scope", scope="openid"`
	case p.Kind == problem.Invalid:
		out = scheme + ` realm="` + realm + `", error="invalid_request"`
	case p.Kind == problem.Unauthenticated && presented && r.Header["Authorization"] == nil: // in the form
		out = `Bearer realm="` + realm + `", error="invalid_token"`
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
