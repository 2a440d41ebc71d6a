package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/authorize"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/dpop"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/web"
)

// Flow is what the surface needs of oauth.Flow.
type Flow interface {
	Token(ctx context.Context, r oauth.Request) (oauth.Tokens, error)
	AuthorizeDevice(ctx context.Context, r oauth.Request) (oauth.DeviceAuthorization, error)
	Revoke(ctx context.Context, p oauth.Presented) error
	Introspect(ctx context.Context, p oauth.Presented) (oauth.Introspection, error)
	Trusts(ctx context.Context, client, origin string) bool
	UserInfo
}

// Options configure the surface. All are required.
type Options struct {
	URL      *url.URL // public address, with the path below which we are mounted
	Flow     Flow
	Clients  Clients
	Requests Requests
	// Tokens checks what is shown to UserInfo.
	Tokens Tokens
	Now    func() time.Time
	Log    *slog.Logger
}

type surface struct {
	Options
	json, jwt, noStore, noCache []string // headers of every answer; shared, and never changed
}

// Surface returns the routes of the protocol endpoints.
func Surface(o Options) web.Surface {
	s := &surface{o, []string{"application/json"}, []string{"application/jwt"}, []string{"no-store"}, []string{"no-cache"}}
	post := func(path string, h web.Handler) web.Route {
		return web.Route{Pattern: "POST " + path, Access: web.Protocol, Handler: h}
	}
	return web.Surface{
		Name: "oauth", Fail: s.fail,
		Refusals: []*problem.Error{oauth.ErrInvalidGrant, oauth.ErrUnauthorized, oauth.ErrInvalidScope, oauth.ErrInvalidTarget, oauth.ErrToken, oauth.ErrScope, oauth.ErrProof, oauth.ErrNonce, oauth.ErrDenied, oauth.ErrExpiredToken, authn.ErrProof, authn.ErrNonce},
		Routes: []web.Route{
			post("/oauth2/token", s.token),
			post("/oauth2/device_authorization", s.device),
			post("/oauth2/revoke", s.revoke),
			post("/oauth2/introspect", s.introspect),
			post("/oauth2/par", s.par),
			{Pattern: "OPTIONS /oauth2/token", Access: web.Protocol, Handler: preflight("POST", "Content-Type, DPoP")},
			{Pattern: "OPTIONS /oauth2/revoke", Access: web.Protocol, Handler: preflight("POST", "Content-Type, DPoP")},
			{Pattern: "OPTIONS /oauth2/device_authorization", Access: web.Protocol, Handler: preflight("POST", "Content-Type, DPoP")},
			{Pattern: "GET " + oauth.UserInfoPath, Access: web.Protocol, Handler: s.userInfo},
			post(oauth.UserInfoPath, s.userInfo),
			{Pattern: "OPTIONS " + oauth.UserInfoPath, Access: web.Protocol, Handler: preflight("GET, POST", "Authorization, Content-Type, DPoP")},
		},
	}
}

// fail writes err as RFC 6749 section 5.2 has it.
func (s *surface) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problem.Of(err)
	out := map[string]string{"error": codeOf(p), "error_description": describe(p.Public)}
	if q := web.Of(r); q.Why != "" {
		out["why"] = q.Why
	}
	status := p.Kind.Status()
	var due *dpop.NonceError
	if errors.As(err, &due) {
		w.Header().Set("DPoP-Nonce", due.Nonce)
	}
	if errors.Is(p, client.ErrCredentials) {
		// RFC 6749 wants the challenge when the header was used; it harms no one else.
		w.Header().Set("WWW-Authenticate", `Basic realm="`+strings.TrimRight(s.URL.String(), "/")+`", charset="UTF-8"`)
	}
	s.write(w, status, out)
}

// codeOf is the registered code of an error. What RFC 6749 has no code for is
// told by its status too.
func codeOf(p *problem.Error) string {
	switch {
	case errors.Is(p, client.ErrCredentials):
		return "invalid_client"
	case errors.Is(p, authn.ErrProof):
		return "invalid_dpop_proof"
	case errors.Is(p, authn.ErrNonce):
		return "use_dpop_nonce"
	case p.Kind == problem.Limited || p.Kind == problem.Unavailable:
		return "temporarily_unavailable"
	case p.Kind == problem.Internal:
		return "server_error"
	case registered[p.Code]:
		return p.Code
	}
	return "invalid_request"
}

var registered = map[string]bool{
	oauth.ErrInvalidRequest.Code: true, oauth.ErrInvalidGrant.Code: true, oauth.ErrUnauthorized.Code: true,
	authorize.ErrResponseType.Code: true, authorize.ErrInvalidDetails.Code: true, authorize.ErrInvalidObject.Code: true, authorize.ErrObjectUnsupported.Code: true,
	oauth.ErrUnsupportedGrant.Code: true, oauth.ErrInvalidScope.Code: true, oauth.ErrInvalidTarget.Code: true,
	oauth.ErrToken.Code: true, oauth.ErrScope.Code: true,
	oauth.ErrProof.Code: true, oauth.ErrNonce.Code: true,
	oauth.ErrPending.Code: true, oauth.ErrSlowDown.Code: true, oauth.ErrDenied.Code: true, oauth.ErrExpiredToken.Code: true,
}

// describe keeps to the characters that error_description may have (OA-26).
func describe(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, text)
}

func (s *surface) write(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		s.Log.Error("an answer was not written", "error", err)
		status, b = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	s.send(w, status, b)
}

func (s *surface) send(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"], h["Cache-Control"], h["Pragma"] = s.json, s.noStore, s.noCache
	h["Content-Length"] = []string{strconv.Itoa(len(body) + 1)}
	w.WriteHeader(status)
	if _, err := w.Write(append(body, '\n')); err != nil {
		s.Log.Debug("an answer was not taken", "error", err)
	}
}
