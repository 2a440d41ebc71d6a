package token

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/jose"
)

// Resources knows how a client's access tokens for an audience are made. It is
// asked for each token, so it answers from memory.
type Resources interface {
	Access(ctx context.Context, client string, audiences []string) (Rules, error)
}

// Rules of the access tokens for one set of audiences.
type Rules struct {
	Opaque    bool
	Lifetime  time.Duration  // brought between MinLifetime and MaxLifetime
	Algorithm jose.Algorithm // of a JWT
}

// An access token lives between these (JW-34).
const (
	MinLifetime = 5 * time.Minute
	MaxLifetime = 15 * time.Minute
)

// Signer signs with the current token key of an algorithm; package signing is one.
type Signer interface {
	Sign(ctx context.Context, alg jose.Algorithm, typ string, payload []byte) (string, error)
}

// Notices tells people, and those who watch, that a grant was ended to protect
// the account (AU-60, AU-61). It is called after the commit of the act, which
// has written its event; it must not fail the request, so it returns nothing.
type Notices interface {
	GrantEnded(ctx context.Context, g Grant, cause Cause, from audit.Source)
}

// Events appends what changes no grant.
type Events interface {
	Append(ctx context.Context, ev audit.Event) error
}

// Options of Grants.
type Options struct {
	Issuer   string
	Instance [16]byte
	// Window in which an unused successor is given again to a sender that proves
	// nothing. 0 is strict; MaxWindow is what the documentation advises and the
	// most there is.
	Window time.Duration
}

// Parts are what Grants needs of others. All are required.
type Parts struct {
	Store     Store
	Keys      Keys
	Resources Resources
	Signer    Signer
	Notices   Notices
	Events    Events
}

// Grants begins, refreshes and ends grants. It is safe for concurrent use.
type Grants struct {
	Parts
	options Options
	now     func() time.Time

	sweeping sync.Mutex
	swept    ID // the last that Sweep has looked at; zero: it begins anew
}

// New returns Grants.
func New(p Parts, o Options, now func() time.Time) *Grants {
	o.Window = min(max(o.Window, 0), MaxWindow)
	return &Grants{Parts: p, options: o, now: func() time.Time { return now().UTC().Truncate(time.Microsecond) }}
}

// Wanted narrows one access token. Empty means all that was granted.
type Wanted struct {
	Scope     string   // names separated by single spaces
	Audiences []string // resource identifiers
	JKT, X5T  string   // thumbprint of the key that was proven in this request; the token is bound to it
}

// narrowed is w in full, or ErrScope or ErrTarget when it is more than g (OA-46).
func (w Wanted) narrowed(g *Grant) (Wanted, error) {
	if w.Scope == "" {
		w.Scope = g.Scope
	} else if granted := strings.Fields(g.Scope); !within(strings.Fields(w.Scope), granted) {
		return w, ErrScope
	}
	if len(w.Audiences) == 0 {
		w.Audiences = g.Audiences
	} else if !within(w.Audiences, g.Audiences) {
		return w, ErrTarget
	}
	return w, nil
}

func within(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// event starts an event by the grant's client about its owner.
func (g *Grant) event(n audit.Name, now time.Time, from audit.Source) audit.Event {
	ev := audit.New(n, now, audit.Actor{Type: audit.ActorClient, ID: g.Client}, from, g.User.String()).InSession(g.Session.String())
	ev.Client = g.Client
	return ev.With("grant", g.ID.String())
}
