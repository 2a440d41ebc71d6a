package authorize

import (
	"context"
	"log/slog"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// Registry answers for clients and resources; see package registry.
type Registry interface {
	Client(ctx context.Context, id string) (client.Client, error)
	Resource(ctx context.Context, identifier string) (resource.Resource, error)
}

// Scopes tells what scopes are for, and the types of authorization_details; see
// resource.Store.
type Scopes interface {
	Scope(ctx context.Context, name string) (resource.Scope, error)
}

// Sessions is what the flow needs of session.Store.
type Sessions interface {
	ByID(ctx context.Context, id session.ID) (session.Session, error)
}

// Consents is what the flow needs of consent.Store to read.
type Consents interface {
	Get(ctx context.Context, owner user.ID, client string) (consent.Consent, error)
}

// Notices tells people that they let an app act for them for the first time (AU-60).
// What goes wrong with it holds nobody up.
type Notices interface {
	Consented(ctx context.Context, owner user.ID, app client.Client, from audit.Source)
}

// Tx is the part of a transaction in which a request ends.
type Tx interface {
	AuthRequests() authreq.Store
	Codes() authcode.Store
	Consents() consent.Store
}

// Codes makes codes; see authcode.Codes.
type Codes interface {
	IssueIn(ctx context.Context, st authcode.Store, c authcode.Code, from audit.Source) (secret.Token, error)
}

// IDTokens makes the ID tokens that go through the browser, beside code if it is
// not empty.
type IDTokens interface {
	Front(ctx context.Context, c authcode.Code, code string) (string, error)
}

// Subjects names a person to a client as its ID tokens do.
type Subjects interface {
	Subject(c client.Client, u user.ID) string
}

// RequestObjects reads what a client signed (RFC 9101): by value, or from one of
// its registered addresses. A refusal is one of the errors registered for it.
type RequestObjects interface {
	Parameters(ctx context.Context, c client.Client, request, requestURI string) (map[string][]string, error)
}

// Options configure a Flow. All are required but those that say otherwise.
type Options struct {
	Issuer   string
	Instance [16]byte
	Registry Registry
	Scopes   Scopes
	Requests authreq.Store
	Sessions Sessions
	Consents Consents
	Codes    Codes
	InTx     func(ctx context.Context, fn func(Tx) error) error
	Keys     func() jose.Keys // of our ID tokens, for id_token_hint
	Subjects Subjects         // nil: everybody is called by their id
	IDTokens IDTokens         // nil: no response type has one
	Objects  RequestObjects   // nil: none are taken
	Notices  Notices          // nil: nobody is told of what they agreed to
	// Reach is the highest assurance that a person can sign in with; nil: nobody is
	// asked to prove more than they did.
	Reach  func(ctx context.Context, owner user.ID) (int, error)
	SignUp bool // people may sign up by themselves
	Rates  ratelimit.Store
	Record func(context.Context, audit.Event) error // of suspicions
	Now    func() time.Time
	Log    *slog.Logger
}

// Flow takes authorization requests. It is safe for concurrent use.
type Flow struct{ o Options }

// New makes a Flow.
func New(o Options) *Flow { return &Flow{o} }

func (f *Flow) now() time.Time { return f.o.Now().UTC().Truncate(time.Microsecond) }

// Objects reports whether request objects are taken, for the metadata.
func (f *Flow) Objects() bool { return f.o.Objects != nil }

// charge counts a request against its source and the client it names.
func (f *Flow) charge(ctx context.Context, id string, from audit.Source) error {
	d, err := f.o.Rates.Take(ctx, ratelimit.All(
		ratelimit.Key{Limit: ratelimit.AuthorizePair, Of: id, And: ratelimit.SourceOf(from.IP)},
	))
	if err != nil {
		return err
	}
	return d.Err()
}

// suspect records what may be an attack. It decides nothing.
func (f *Flow) suspect(ctx context.Context, c client.Client, reason string, from audit.Source) {
	ev := audit.New(Refused, f.now(), audit.Actor{Type: audit.ActorAnonymous}, from, "").Failed(audit.Blocked, reason)
	ev.Client = string(c.ID)
	if err := f.o.Record(ctx, ev); err != nil {
		f.o.Log.Warn("a refused authorization request was not recorded", "client", c.ID, "error", err)
	}
}
