package oauth

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/devicecode"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// Registry answers for clients and resources; package registry is one.
type Registry interface {
	Authenticate(ctx context.Context, c client.Credentials) (client.Client, error)
	Client(ctx context.Context, id string) (client.Client, error)
	Resource(ctx context.Context, identifier string) (resource.Resource, error)
}

// Grants are what token.Grants does for the flow.
type Grants interface {
	BeginIn(ctx context.Context, st token.Store, b token.Birth) (token.Pending, error)
	Refresh(ctx context.Context, r token.Request) (token.Issued, error)
	Rules(ctx context.Context, client string, audiences []string) (token.Rules, error)
	Replayed(ctx context.Context, id token.ID, ev audit.Event, from audit.Source) error
	Claims(ctx context.Context, id token.ID) (json.RawMessage, error)
	Described(g token.Grant, a token.Authority) *jwt.Access
	Revoke(ctx context.Context, r token.Request) (token.Grant, error)
	RevokeOpaque(ctx context.Context, r token.Request) error
	RevokeOwn(ctx context.Context, claims *jwt.Access, r token.Request) error
	RevokeJWT(ctx context.Context, claims *jwt.Access, r token.Request) error
	Derive(ctx context.Context, d token.Derivation) (token.Issued, error)
	Derived(ctx context.Context, claims *jwt.Access) (bool, error)
	IssueOwn(ctx context.Context, b token.OwnBirth) (token.Issued, error)
	Inspect(ctx context.Context, r token.Request) (token.Grant, error)
	End(ctx context.Context, by user.Caller, owner user.ID, id token.ID, cause token.Cause) error
}

// Checker checks access tokens of any audience, and knows what was revoked.
type Checker interface {
	Access(ctx context.Context, text string) (*jwt.Access, error)
}

// Signer signs with the current token key of an algorithm.
type Signer interface {
	Sign(ctx context.Context, alg jose.Algorithm, typ string, payload []byte) (string, error)
}

// Options configure a Flow. All are required but Used.
type Options struct {
	Issuer   string
	Registry Registry
	Grants   Grants
	Codes    Codes
	People   People
	Secrets  Secrets
	// Authority is what tokens may say of an account now; for the preview.
	Authority func(ctx context.Context, u user.User) (token.Authority, error)
	InTx      func(context.Context, func(Tx) error) error // one transaction; fn may run again
	Checker   Checker
	Signer    Signer
	Proofs    Proofs
	Rates     ratelimit.Store
	// Record may leave out what repeats; Append writes every event.
	Record, Append func(context.Context, audit.Event) error
	// Used learns that a session was used, by the refreshing of its tokens.
	Used func(ctx context.Context, session token.SessionID)
	// Of device authorization.
	Instance [16]byte
	Keys     devicecode.Keys
	Devices  devicecode.Store
	Sessions Sessions
	Scopes   Scopes
	Now      func() time.Time
	Log      *slog.Logger
}

// Flow hands out tokens and takes them back. It is safe for concurrent use.
type Flow struct {
	o     Options
	hooks map[string]Hook
	// userInfo is the audience of UserInfo.
	userInfo string
	tally    *tally
}

// New makes a Flow.
func New(o Options) *Flow {
	f := &Flow{o: o, userInfo: o.Issuer + UserInfoPath, tally: &tally{append: o.Append, rows: map[string]*tallied{}}}
	f.hooks = map[string]Hook{
		client.GrantRefresh: f.refresh, client.GrantCode: f.code, client.GrantClientCredentials: f.credentials, client.GrantDevice: f.device,
		client.GrantExchange: f.exchange,
	}
	return f
}

// GrantTypes are those the token endpoint takes, for the metadata.
func (f *Flow) GrantTypes() []string {
	return slices.Sorted(maps.Keys(f.hooks))
}

func (f *Flow) now() time.Time { return f.o.Now().UTC().Truncate(time.Microsecond) }
