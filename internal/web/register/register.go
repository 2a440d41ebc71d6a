package register

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/mortise-auth/mortise/internal/client/document"
	"github.com/mortise-auth/mortise/internal/enroll"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/web"
)

// Path is the registration endpoint.
const Path = "/oauth2/register"

const maxBody = 64 << 10

// Flow is what the surface needs of enroll.Flow.
type Flow interface {
	Register(ctx context.Context, r enroll.Request) (enroll.Registered, error)
	Read(ctx context.Context, id string, r enroll.Request) (enroll.Registered, error)
	Update(ctx context.Context, id string, r enroll.Request) (enroll.Registered, error)
	Delete(ctx context.Context, id string, r enroll.Request) error
}

// Options configure the surface. All are required but Pages.
type Options struct {
	Issuer string // the public address without a slash at its end
	Flow   Flow
	// Pages of any origin may register clients and look after theirs: programs that run
	// in a browser, such as tools of the Model Context Protocol.
	Pages bool
	Log   *slog.Logger
}

type surface struct{ Options }

// Surface returns the routes. Leave it out while registration is off.
func Surface(o Options) web.Surface {
	s := &surface{o}
	const one = Path + "/{client_id}"
	routes := []web.Route{
		{Pattern: "POST " + Path, Access: web.Protocol, Limit: ratelimit.RegisterSource, Handler: s.shared(s.register)},
		{Pattern: "GET " + one, Access: web.Protocol, Handler: s.shared(s.read)},
		{Pattern: "PUT " + one, Access: web.Protocol, Handler: s.shared(s.update)},
		{Pattern: "DELETE " + one, Access: web.Protocol, Handler: s.shared(s.remove)},
	}
	if o.Pages {
		routes = append(
			routes,
			web.Route{Pattern: "OPTIONS " + Path, Access: web.Protocol, Handler: preflight("POST")},
			web.Route{Pattern: "OPTIONS " + one, Access: web.Protocol, Handler: preflight("GET, PUT, DELETE")},
		)
	}
	return web.Surface{
		Name: "register", Limit: ratelimit.APISource, Fail: s.fail,
		Refusals: []*problem.Error{document.ErrMetadata, document.ErrRedirect, document.ErrStatement, document.ErrUnapproved},
		Routes:   routes,
	}
}

func (s *surface) register(w http.ResponseWriter, r *http.Request) error {
	in, err := request(w, r, true)
	if err != nil {
		return err
	}
	made, err := s.Flow.Register(r.Context(), in)
	if err != nil {
		return err
	}
	s.show(w, http.StatusCreated, made, made.Token.Reveal())
	return nil
}

func (s *surface) read(w http.ResponseWriter, r *http.Request) error {
	in, err := request(w, r, false)
	if err != nil {
		return err
	}
	found, err := s.Flow.Read(r.Context(), r.PathValue("client_id"), in)
	if err != nil {
		return err
	}
	s.show(w, http.StatusOK, found, in.Bearer)
	return nil
}

func (s *surface) update(w http.ResponseWriter, r *http.Request) error {
	in, err := request(w, r, true)
	if err != nil {
		return err
	}
	changed, err := s.Flow.Update(r.Context(), r.PathValue("client_id"), in)
	if err != nil {
		return err
	}
	s.show(w, http.StatusOK, changed, in.Bearer)
	return nil
}

func (s *surface) remove(w http.ResponseWriter, r *http.Request) error {
	in, err := request(w, r, false)
	if err != nil {
		return err
	}
	if err := s.Flow.Delete(r.Context(), r.PathValue("client_id"), in); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// request reads the bearer token and, where there is one, the document.
func request(w http.ResponseWriter, r *http.Request, document bool) (in enroll.Request, err error) {
	q := web.Of(r)
	in.Source = q.Caller.Source
	q.Presents("registration", "")
	token, _, err := web.AccessToken(r)
	if in.Bearer = token.Token; err != nil || !document {
		return in, err
	}
	in.Body, err = body(w, r)
	return in, err
}

func body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, document.ErrMetadata.WithPublic("Send the client metadata as application/json.")
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, web.ErrTooLarge.Because(err)
	}
	if err != nil {
		return nil, document.ErrMetadata.Because(err)
	}
	return b, nil
}

// show writes the client information response (RFC 7591 section 3.2.1, RFC 7592
// section 3). The registration access token is one just made or the one that was
// presented: it is not kept.
func (s *surface) show(w http.ResponseWriter, status int, v enroll.Registered, token string) {
	out := map[string]any{}
	for name, value := range document.Members(v.Client) {
		out[name] = value
	}
	out["client_id_issued_at"] = v.Client.CreatedAt.Unix()
	out["registration_access_token"] = token
	out["registration_client_uri"] = s.Issuer + Path + "/" + url.PathEscape(string(v.Client.ID))
	if !v.Secret.IsZero() {
		out["client_secret"], out["client_secret_expires_at"] = v.Secret.Reveal(), 0 // never
	}
	s.write(w, status, out)
}

// fail writes err as RFC 7591 section 3.2.2 and RFC 6750 section 3 have it.
func (s *surface) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problem.Of(err)
	out := map[string]string{"error": code(p), "error_description": describe(p)}
	if q := web.Of(r); q.Why != "" {
		out["why"] = q.Why
	}
	if p.Kind == problem.Unauthenticated {
		challenge := `Bearer realm="` + s.Issuer + `"`
		if _, presented, _ := web.AccessToken(r); presented {
			challenge += `, error="invalid_token"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
	}
	s.write(w, p.Kind.Status(), out)
}

// code is the registered code of an error. What has none is told by its status too.
func code(p *problem.Error) string {
	switch {
	case p.Kind == problem.Limited || p.Kind == problem.Unavailable:
		return "temporarily_unavailable"
	case p.Kind == problem.Internal:
		return "server_error"
	case p.Kind == problem.Unauthenticated:
		return "invalid_token"
	case errors.Is(p, enroll.ErrDisabled):
		return "access_denied"
	case ours[p.Code]:
		return p.Code
	}
	return "invalid_request"
}

var ours = map[string]bool{
	document.ErrMetadata.Code: true, document.ErrRedirect.Code: true, document.ErrStatement.Code: true, document.ErrUnapproved.Code: true,
}

// describe says what is wrong, member by member, in the characters that an
// error_description may have (OA-26).
func describe(p *problem.Error) string {
	text := p.Public
	for _, f := range p.Fields {
		text += " " + strings.TrimPrefix(f.Pointer, "/") + ": " + f.Message
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r < 0x20 || r > 0x7e || r == '\\':
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
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	w.WriteHeader(status)
	if _, err := w.Write(append(b, '\n')); err != nil {
		s.Log.Debug("an answer was not taken", "error", err)
	}
}
