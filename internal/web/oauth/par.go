package oauth

import (
	"context"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authorize"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/web"
)

// Requests takes authorization requests from clients; see authorize.Flow.
type Requests interface {
	Push(ctx context.Context, c client.Client, p authorize.Params, jkt string, v authorize.Visit) (uri string, life time.Duration, err error)
}

// Clients authenticates whoever pushes; see oauth.Flow.
type Clients interface {
	Client(ctx context.Context, c client.Credentials, from audit.Source) (found client.Client, done func(), err error)
	Prove(ctx context.Context, c client.Client, proofs []string, path string, from audit.Source) (oauth.Proven, error)
}

// Pushed is the answer of the PAR endpoint (RFC 9126 section 2.2).
type Pushed struct {
	RequestURI string `json:"request_uri"`
	ExpiresIn  int64  `json:"expires_in"`
}

// par is POST /oauth2/par. The client authenticates as at the token endpoint
// (OA-73); what it authenticates with is no part of the request.
func (s *surface) par(w http.ResponseWriter, r *http.Request) error {
	form, resources, err := form(w, r)
	if err != nil {
		return err
	}
	c, err := credentials(r, form)
	if err != nil {
		return err
	}
	web.Of(r).Presents("client", named(c))
	from := web.Of(r).Caller.Source
	found, done, err := s.Clients.Client(r.Context(), c, from)
	if err != nil {
		return err
	}
	proven, err := s.proof(w, r, found, from)
	if err != nil {
		return err
	}
	p := authorize.Params{}
	for name, value := range form {
		if name != "client_secret" && name != "client_assertion" && name != "client_assertion_type" {
			p[name] = []string{value}
		}
	}
	if resources != nil {
		p["resource"] = resources
	}
	uri, life, err := s.Requests.Push(r.Context(), found, p, proven.JKT, authorize.Visit{Source: from})
	if err != nil {
		return err
	}
	done()
	s.write(w, http.StatusCreated, Pushed{RequestURI: uri, ExpiresIn: int64(life / time.Second)})
	return nil
}

// proof is the key that a DPoP proof of this request is of (OA-84). A client of
// bound tokens may leave it out here: the token endpoint insists.
func (s *surface) proof(w http.ResponseWriter, r *http.Request, c client.Client, from audit.Source) (oauth.Proven, error) {
	proofs := r.Header["Dpop"]
	if len(proofs) == 0 {
		return oauth.Proven{}, nil
	}
	proven, err := s.Clients.Prove(r.Context(), c, proofs, "/oauth2/par", from)
	if proven.Nonce != "" {
		w.Header()["Dpop-Nonce"] = []string{proven.Nonce}
	}
	return proven, err
}
