package oauth

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/claims"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// The token types of RFC 8693 section 3 that come and go here.
const (
	TypeAccessToken = "urn:ietf:params:oauth:token-type:access_token"
	TypeJWT         = "urn:ietf:params:oauth:token-type:jwt"
)

// exchange is the hook of token exchange (RFC 8693). A client gets, for the token
// of a person, another one for an API that its registration names: client ×
// subject × target are data, and what is not spelled out is refused (OA-62).
func (f *Flow) exchange(ctx context.Context, c *caller, r Request) (token.Issued, error) {
	d, err := f.derivation(ctx, c, r)
	if err != nil {
		return token.Issued{}, f.denied(ctx, c, err)
	}
	issued, err := f.o.Grants.Derive(ctx, d)
	if errors.Is(err, token.ErrBirth) || errors.Is(err, token.ErrRefused) {
		return token.Issued{}, f.denied(ctx, c, ErrInvalidRequest.Because(err))
	}
	return issued, err
}

// denied writes what was refused (AU-5).
func (f *Flow) denied(ctx context.Context, c *caller, err error) error {
	if unavailable(err) != nil {
		return err
	}
	ev := audit.New(token.ExchangeDenied, f.now(), audit.Actor{Type: audit.ActorClient, ID: string(c.ID)}, c.source, "").Failed(audit.Blocked, "exchange_refused")
	ev.Client = string(c.ID)
	if lost := f.o.Record(ctx, ev); lost != nil {
		f.o.Log.Warn("a refused exchange was not recorded", "error", lost)
	}
	return err
}

func (f *Flow) derivation(ctx context.Context, c *caller, r Request) (d token.Derivation, err error) {
	if !c.proven {
		return d, ErrUnauthorized.Becausef("a public client")
	}
	if kind := r.Form["requested_token_type"]; kind != "" && kind != TypeAccessToken && kind != TypeJWT {
		return d, ErrInvalidRequest.Becausef("requested_token_type %q", kind)
	}
	subject, err := f.inbound(ctx, c, r, "subject_token")
	if err != nil {
		return d, err
	}
	if _, err := user.ParseID(subject.Subject); err != nil || subject.Grant == "" {
		return d, ErrInvalidRequest.Becausef("a program has client_credentials")
	}
	actor, err := f.actor(ctx, c, r, subject)
	if err != nil {
		return d, err
	}
	audiences, err := f.targets(c, r)
	if err != nil {
		return d, err
	}
	scope, err := narrowed(c.Client, subject, r.Form["scope"])
	return token.Derivation{
		Subject: subject, Client: token.Own{Client: string(c.ID), ClientVersion: c.Version, TokenVersion: c.TokenVersion},
		Actor: actor, Audiences: audiences, Scope: scope, JKT: c.jkt, Source: c.source,
	}, err
}

// inbound checks a token that came in as if it were presented here: signature,
// times, and that nothing it names was revoked; then, that this client may bring it.
func (f *Flow) inbound(ctx context.Context, c *caller, r Request, name string) (*jwt.Access, error) {
	if kind := r.Form[name+"_type"]; r.Form[name] == "" || kind != TypeAccessToken && kind != TypeJWT {
		return nil, ErrInvalidRequest.Becausef("%s is missing, or its type %q is not taken", name, kind)
	}
	a, err := f.o.Checker.Access(ctx, r.Form[name])
	if err != nil {
		if down := unavailable(err); down != nil {
			return nil, down
		}
		return nil, ErrInvalidRequest.Because(err)
	}
	if a.Bound() {
		return nil, ErrInvalidRequest.Becausef("%s is bound to a key", name)
	}
	if a.ClientID == string(c.ID) && (slices.Contains(c.ExchangeSubjects, client.OwnSubjects) || name == "actor_token") {
		return a, nil
	}
	if !slices.Contains(c.ExchangeSubjects, client.ReceivedSubjects) {
		return nil, ErrInvalidRequest.Becausef("%s of client %s", name, a.ClientID)
	}
	for _, audience := range a.Audience {
		res, err := f.o.Registry.Resource(ctx, audience)
		switch {
		case errors.Is(err, resource.ErrUnknown):
		case err != nil:
			return nil, err
		case res.Verifies(string(c.ID)):
			return a, nil
		}
	}
	return nil, ErrInvalidRequest.Becausef("%s for %s", name, join(a.Audience))
}

// maxActors is how many act for each other in one token; package jwt reads no more.
const maxActors = 4

// actor is who acts from now on, before those who did until now: the subject of
// the actor token, else the client itself, else nobody besides when the client may
// impersonate.
func (f *Flow) actor(ctx context.Context, c *caller, r Request, subject *jwt.Access) (*jwt.Actor, error) {
	delegates := slices.Contains(c.ExchangeModes, client.Delegation)
	next := &jwt.Actor{Subject: string(c.ID), UserVersion: c.TokenVersion, Actor: subject.Actor}
	switch {
	case r.Form["actor_token"] == "" && r.Form["actor_token_type"] != "":
		return nil, ErrInvalidRequest.Becausef("actor_token_type without actor_token")
	case r.Form["actor_token"] != "" && !delegates:
		return nil, ErrInvalidRequest.Becausef("delegation is not allowed to this client")
	case r.Form["actor_token"] != "":
		a, err := f.inbound(ctx, c, r, "actor_token")
		if err != nil {
			return nil, err
		}
		if a.Actor != nil {
			return nil, ErrInvalidRequest.Becausef("the actor is acted for itself")
		}
		next.Subject, next.UserVersion = a.Subject, a.UserVersion
	case slices.Contains(c.ExchangeModes, client.Impersonation):
		return subject.Actor, nil
	case !delegates:
		return nil, ErrInvalidRequest.Becausef("this client may exchange nothing")
	}
	n := 0
	for one := next; one != nil; one = one.Actor {
		if n++; n > maxActors {
			return nil, ErrInvalidRequest.Becausef("more than %d act for each other", maxActors)
		}
	}
	return next, nil
}

// targets are the APIs asked for, by resource or by audience, or the only one the
// client may exchange for. Our own API is none: its tokens are for first parties.
func (f *Flow) targets(c *caller, r Request) ([]string, error) {
	asked := slices.Clone(r.Resource)
	if one := r.Form["audience"]; one != "" && !slices.Contains(asked, one) {
		asked = append(asked, one)
	}
	if len(asked) == 0 && len(c.ExchangeAudiences) == 1 {
		asked = c.ExchangeAudiences
	}
	if len(asked) == 0 {
		return nil, ErrInvalidTarget.Becausef("no resource")
	}
	for _, one := range asked {
		if one == f.o.Issuer || !slices.Contains(c.ExchangeAudiences, one) {
			return nil, ErrInvalidTarget.Comparing(join(c.ExchangeAudiences), one)
		}
	}
	return asked, nil
}

// narrowed is the scope asked for, or all of the subject's that the client may ask
// for and that is not about the sign-in.
func narrowed(c client.Client, subject *jwt.Access, asked string) (string, error) {
	may := func(name string) bool {
		return !personal(name) && claims.HasScope(subject.Scope, name) && c.MayAsk(name)
	}
	if asked == "" {
		return resource.FormatScopes(slices.DeleteFunc(strings.Fields(subject.Scope), func(s string) bool { return !may(s) })), nil
	}
	names, err := resource.ParseScopes(asked)
	if err != nil {
		return "", ErrInvalidScope.Because(err)
	}
	for _, name := range names {
		if !may(name) {
			return "", ErrInvalidScope.Comparing(subject.Scope, name)
		}
	}
	return resource.FormatScopes(names), nil
}
