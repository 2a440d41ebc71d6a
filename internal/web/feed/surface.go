package feed

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/revocation/publish"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/api"
)

// Clients authenticates followers.
type Clients interface {
	// Authenticate returns the client that r comes from and the resources it is a
	// verifier of. Its refusals are of the kind Unauthenticated.
	Authenticate(ctx context.Context, r *http.Request) (clientID string, audiences []string, err error)
}

// Publisher is what the surface needs of publish.Publisher.
type Publisher interface {
	Answer(ctx context.Context, q publish.Poll, emit publish.Emit) error
	Stream(ctx context.Context, q publish.Poll, emit publish.Emit) error
}

// Options configure the surface. All are required.
type Options struct {
	URL       *url.URL // public address, with the path below which we are mounted
	Clients   Clients
	Publisher Publisher
	// Keys returns the public keys of the feed, next ones included, as a JWK set
	// (TH-19).
	Keys func(ctx context.Context) ([]byte, error)
	Now  func() time.Time
	Log  *slog.Logger
}

// Path is where the feed stands below the mount path.
const Path = api.Prefix + "/revocations"

// streamsMost is how many answers may be open at once, of all followers.
const streamsMost = 2000

type surface struct {
	Options
	open chan struct{}
}

// Surface returns the routes of the feed.
func Surface(o Options) web.Surface {
	s := &surface{Options: o, open: make(chan struct{}, streamsMost)}
	return web.Surface{Name: "feed", Limit: ratelimit.FeedSource, Fail: s.fail, Routes: []web.Route{
		{Pattern: "GET " + Path, Access: web.Anyone, Handler: s.follow},    // clients, not people: see Clients
		{Pattern: "POST " + Path, Access: web.Protocol, Handler: s.follow}, // the same, with an assertion in a form (RFC 7523)
		{Pattern: "GET " + Path + "/keys", Access: web.Anyone, Handler: s.keys},
	}}
}

// fail writes err as the API does. Waits are spread, so that followers who were
// turned away together do not come back together (TH-17).
func (s *surface) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problem.Of(err)
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	switch p.Kind {
	case problem.Unauthenticated:
		h.Set("WWW-Authenticate", `Basic realm="revocations"`)
	case problem.Unavailable, problem.Gone:
		h.Set("Retry-After", jitter())
	}
	title, _, _ := strings.Cut(p.Public, ". ")
	body, err := json.Marshal(api.Problem{
		Type: strings.TrimRight(s.URL.String(), "/") + "/errors/" + p.Code, Title: strings.TrimSuffix(title, "."),
		Status: p.Kind.Status(), Code: p.Code, Detail: p.Public, Errors: p.Fields, RequestID: web.Of(r).ID,
	})
	if err != nil {
		s.Log.Error("a problem was not written", "error", err)
		return
	}
	w.WriteHeader(p.Kind.Status())
	if _, err := w.Write(append(body, '\n')); err != nil {
		s.Log.Debug("an answer was not taken", "error", err)
	}
}

// jitter is 1 to 5 seconds.
func jitter() string { return string(rune('1' + rand.IntN(5))) }
