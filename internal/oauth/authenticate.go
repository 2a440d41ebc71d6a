package oauth

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/assertion"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/ratelimit"
)

// AuthenticationFailed is a client that could not prove who it is (AU-2).
var AuthenticationFailed = audit.Define("client.auth_failed", audit.Warning, "")

// caller is an authenticated client, or a public one that named itself.
type caller struct {
	client.Client
	proven bool // by a secret or a signature
	source audit.Source
	keys   ratelimit.Keys // charged; given back when the request succeeds
}

// authenticate finds out which client asks. Requests are charged first and given
// back when they succeed, so only what fails uses up a source or the guesses at
// one client (OA-7), however busy the others are.
func (f *Flow) authenticate(ctx context.Context, c client.Credentials, from audit.Source) (*caller, error) {
	keys, err := f.charge(ctx, c.ID, from)
	if err != nil {
		return nil, err
	}
	found, err := f.o.Registry.Authenticate(ctx, c)
	if errors.Is(err, client.ErrCredentials) {
		f.suspect(ctx, c.ID, from, err)
	}
	if err != nil {
		return nil, err
	}
	return &caller{Client: found, proven: !found.Public(), source: from, keys: keys}, nil
}

// Verifier authenticates a client that asks about others' tokens: one that can
// prove who it is.
func (f *Flow) Verifier(ctx context.Context, c client.Credentials, from audit.Source) (client.Client, error) {
	found, err := f.authenticate(ctx, c, from)
	if err != nil {
		return client.Client{}, err
	}
	if !found.proven {
		return client.Client{}, client.ErrCredentials.Becausef("a public client")
	}
	f.done(ctx, found)
	return found.Client, nil
}

func (f *Flow) charge(ctx context.Context, id string, from audit.Source) (ratelimit.Keys, error) {
	source := ratelimit.SourceOf(from.IP)
	keys := ratelimit.All(
		ratelimit.Key{Limit: ratelimit.ClientSource, Of: source},
		ratelimit.Key{Limit: ratelimit.ClientPair, Of: id, And: source},
	)
	d, err := f.o.Rates.Take(ctx, keys)
	if err != nil {
		return keys, err
	}
	return keys, d.Err()
}

// done gives back what a request that succeeded was charged.
func (f *Flow) done(ctx context.Context, c *caller) {
	if err := f.o.Rates.Refund(ctx, c.keys); err != nil {
		f.o.Log.Warn("a limit was not given back", "error", err)
	}
}

// suspect records a failed authentication. What was typed as a name is not kept
// when no client has it: people paste secrets into the wrong field (AU-23).
func (f *Flow) suspect(ctx context.Context, id string, from audit.Source, cause error) {
	actor := audit.Actor{Type: audit.ActorAnonymous}
	name := AuthenticationFailed
	if errors.Is(cause, assertion.ErrReplayed) {
		name = assertion.Replayed
	}
	ev := audit.New(name, f.now(), actor, from, "").Failed(audit.Failure, "invalid_client")
	if known, err := f.o.Registry.Client(ctx, id); err == nil {
		ev.Client = string(known.ID)
	}
	if err := f.o.Record(ctx, ev); err != nil {
		f.o.Log.Warn("a failed client authentication was not recorded", "error", err, "cause", cause)
	}
}
