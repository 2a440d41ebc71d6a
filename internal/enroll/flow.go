package enroll

import (
	"context"
	"log/slog"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// ErrDisabled: whoever administers has disabled the client.
var ErrDisabled = problem.New(problem.Forbidden, "registration_disabled", "This client was disabled here. Tell the operator.")

// Mode says who may register a client.
type Mode string

// The modes. The zero Mode is Off.
const (
	Off   Mode = "off"
	Token Mode = "token" // whoever has an initial access token
	Open  Mode = "open"  // anybody
)

// Tx is what one act of the flow may touch.
type Tx interface {
	Clients() client.Store
	Registrations() registration.Store
	Resources() resource.Store
}

// Options configure a Flow. All are required but Addresses.
type Options struct {
	Instance  [16]byte
	Mode      Mode
	Policy    registration.Policy // of the instance; see DefaultPolicy
	Read      Tx                  // outside transactions
	InTx      func(ctx context.Context, fn func(Tx) error) error
	Keys      client.Keys
	Addresses client.Addresses
	Documents client.Documents // that clients refer to
	Unused    time.Duration    // after which a client is swept
	Record    func(context.Context, audit.Event) error
	Now       func() time.Time
	Log       *slog.Logger
}

// Flow registers clients. It is safe for concurrent use.
type Flow struct{ o Options }

// New makes a Flow.
func New(o Options) *Flow {
	o.Addresses.Localhost = true // they register themselves
	return &Flow{o}
}

// DefaultPolicy is what clients that register themselves may have unless the
// operator says otherwise.
func DefaultPolicy() registration.Policy {
	return registration.Policy{
		Scopes:      []string{"openid", "profile", "email", "offline_access"},
		Grants:      []string{client.GrantCode, client.GrantRefresh},
		AuthMethods: []string{string(client.AuthNone), string(client.AuthBasic), string(client.AuthPost), string(client.AuthPrivateKeyJWT)},
	}
}

// Registered is a client as its registration leaves it.
type Registered struct {
	Client client.Client
	Secret secret.Text       // a new one, to be shown this once; zero: none was made
	Token  secret.Credential // registration access token, to be shown this once
}

func (f *Flow) now() time.Time { return f.o.Now().UTC().Truncate(time.Microsecond) }

// event is one about a client, by itself or by a stranger.
func (f *Flow) event(n audit.Name, id client.ID, by audit.ActorType, from audit.Source, now time.Time) audit.Event {
	actor := audit.Actor{Type: by}
	if by == audit.ActorClient {
		actor.ID = string(id)
	}
	ev := audit.New(n, now, actor, from, "")
	ev.Client = string(id)
	return ev
}

// refuse records that somebody came without the token for it.
func (f *Flow) refuse(ctx context.Context, from audit.Source, id string, cause error) error {
	ev := f.event(registration.Refused, "", audit.ActorAnonymous, from, f.now()).Failed(audit.Blocked, registration.ErrToken.Code)
	if id != "" {
		if known, err := f.o.Read.Clients().ByID(ctx, client.ID(id)); err == nil {
			ev.Client = string(known.ID)
		}
	}
	if err := f.o.Record(ctx, ev); err != nil {
		f.o.Log.Warn("a refused registration was not recorded", "error", err)
	}
	return registration.ErrToken.Because(cause)
}

// Sweep deletes at most limit clients that nobody vouched for and nobody uses, and
// forgets initial access tokens that expired a month ago.
func (f *Flow) Sweep(ctx context.Context, limit int) (int, error) {
	now := f.now()
	if _, err := f.o.Read.Registrations().SweepTokens(ctx, now.Add(-30*24*time.Hour), limit); err != nil {
		return 0, err
	}
	idle, err := f.o.Read.Registrations().Idle(ctx, now.Add(-f.o.Unused), now, limit)
	for n, id := range idle {
		ev := user.System().Event(registration.Swept, now, user.ID{})
		ev.Client = id
		if err := f.o.Read.Clients().Delete(ctx, client.ID(id), now, ev); err != nil {
			return n, err
		}
	}
	return len(idle), err
}
